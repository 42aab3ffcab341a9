"""Putting a DAO over a market, with marketplace and gauges: deploy, hand over every role, note all in the manifest."""

from collections.abc import Callable
from pathlib import Path

from fl_alliance.chain.dao_deploy import DaoTerms, add_dao, add_gauges, hand_over
from fl_alliance.chain.deploy import DAO, GAUGES, MODELS, TREASURY, Deployment
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.marketplace import add_marketplace
from fl_alliance.governance.errors import DaoThere
from fl_alliance.market.money import require_fml, require_gas
from fl_alliance.market.place import Place


def found(
    place: Place, manifest: Path, guardian: str, terms: DaoTerms, treasury_wei: int, say: Callable[[str], None]
) -> Deployment:
    """Put a DAO over a market, once, with marketplace and gauges: killed in between, the same call goes on.

    Parameters
    ----------
    manifest : Path
        The market's, which then names the DAO's contracts too. It is written before the roles are handed over.
    guardian : str
        Who may pause.
    treasury_wei : int
        What the account gives the treasury.

    Raises
    ------
    DaoThere
        There is one, which owns everything.
    AccountShort
        The account lacks gas, or what the treasury is to have.
    Refused
        The account does not hold the DAO's roles.
    """
    require_gas(place.rpc, place.me, place.market.chain_id)
    market = place.market
    if DAO in market.contracts:
        if not place.emission.may_verify(place.me):
            raise DaoThere(market.address(DAO))
        say(f"goes on with the DAO at {market.address(DAO)}")
    else:
        require_fml(place.me, place.arena.token.balance_wei(), treasury_wei, "the treasury", market.chain_id)
        market = add_dao(place.sender, market, guardian, terms)
        if treasury_wei:
            Fml(place.sender, market.fml).transfer(market.address(TREASURY), treasury_wei)
        market.save(manifest)
        say(f"deployed the DAO at {market.address(DAO)}")
    for name, add in ((MODELS, add_marketplace), (GAUGES, add_gauges)):
        if name not in market.contracts:
            market = add(place.sender, market)
            market.save(manifest)
            say(f"deployed {name} at {market.address(name)}")
    hand_over(place.sender, market)
    say(
        "gave its time lock every role of every contract, and the guardian the brake: from here on proposals alone "
        "change anything"
    )
    return market
