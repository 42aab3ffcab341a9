"""Putting the market on a chain: the token's emission, what delegation pools are clones of, and the Arena.

The deployer holds every role of the DAO until there is one, to which it hands them over.
"""

from dataclasses import dataclass

from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    CAP_WEI,
    EMISSION,
    POOLS,
    TOKEN,
    Contract,
    Deployment,
    deploy_contract,
)
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.rules.emission import POOL_WEI
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

MAX_SUPPLY_WEI = CAP_WEI - POOL_WEI
"""FML that may exist before the emission: what its cap leaves beside all that the schedule releases, 580 million."""
_ROLE_GAS = 200_000


@dataclass(frozen=True, slots=True)
class MarketTerms:
    """What a market has for good, the first apart, which the DAO can change.

    Attributes
    ----------
    min_creator_stake_wei : int
        Least stake of a task's creator.
    withdrawal_delay_s : int
        Seconds between a delegator's request and its redemption, 30 days at most. A misdeed should be settled by then:
        a day and the time in which anybody settles it.
    """

    min_creator_stake_wei: int = 100 * WEI_PER_FML
    withdrawal_delay_s: int = 7 * 86_400


def deploy_market(
    sender: Sender, start_at: int, supply_wei: int = MAX_SUPPLY_WEI, terms: MarketTerms | None = None
) -> Deployment:
    """Deploy a market with a token of its own, of which the sender gets `supply_wei`.

    Parameters
    ----------
    start_at : int
        Second at which day 0 of the emission begins, not before the chain's time.
    supply_wei : int
        0 to `MAX_SUPPLY_WEI`.

    Raises
    ------
    ValueError
        Supply or start are out of their range; nothing was deployed.
    Refused, TransactionError
        A deployment failed.
    """
    _require_supply(supply_wei)
    _require_start(sender, start_at)
    contracts: dict[str, Contract] = {}
    block = deploy_contract(sender, TOKEN, (supply_wei,), contracts)
    return add_market(sender, Deployment(sender.chain_id, block, contracts), start_at, terms)


def add_market(sender: Sender, deployment: Deployment, start_at: int, terms: MarketTerms | None = None) -> Deployment:
    """Deploy a market over the token of a deployment, and return it with both.

    The sender must be able to let the emission mint: hold FML's `DEFAULT_ADMIN_ROLE`, as its deployer does.

    Raises
    ------
    ValueError
        There is a market already, there is more FML than the emission needs the cap for, or day 0 has passed.
    Refused, TransactionError
        A deployment failed.
    """
    if deployment.has_market:
        raise ValueError(f"add_market: given a deployment with an Arena at {deployment.arena}, needed one without")
    _require_supply(Fml(sender, deployment.fml).total_supply_wei)
    _require_start(sender, start_at)
    terms = terms or MarketTerms()
    contracts, dao = dict(deployment.contracts), sender.address
    deploy_contract(sender, EMISSION, (deployment.fml, start_at, dao), contracts)
    deploy_contract(sender, POOLS, (deployment.fml, terms.withdrawal_delay_s), contracts)
    emission, pools = contracts[EMISSION].address, contracts[POOLS].address
    deploy_contract(sender, ARENA, (emission, pools, terms.min_creator_stake_wei, dao), contracts)
    _grant(sender, TOKEN, deployment.fml, "MINTER_ROLE", emission)
    _grant(sender, EMISSION, emission, "MARKET_ROLE", contracts[ARENA].address)
    return Deployment(deployment.chain_id, deployment.block, contracts)


def add_alliance_market(sender: Sender, deployment: Deployment) -> Deployment:
    """Deploy what pays the tasks of a deployment's Alliance from its emission, and return the deployment with it.

    The DAO then verifies tasks of it: their source is this contract.

    Raises
    ------
    ContractMissing
        The deployment lacks the Alliance or the market.
    ValueError
        It has this contract already.
    TransactionError
        The deployment failed.
    """
    if ALLIANCE_MARKET in deployment.contracts:
        at = deployment.address(ALLIANCE_MARKET)
        raise ValueError(f"add_alliance_market: given a deployment with one at {at}, needed one without")
    contracts = dict(deployment.contracts)
    parts = (deployment.alliance, deployment.emission, deployment.address(POOLS))
    deploy_contract(sender, ALLIANCE_MARKET, parts, contracts)
    return Deployment(deployment.chain_id, deployment.block, contracts)


def _grant(sender: Sender, artifact: str, address: str, role: str, holder: str) -> None:
    contract = BoundContract(sender, artifact, address)
    contract.send(_ROLE_GAS, "grantRole", contract.read(role), holder)


def _require_supply(supply_wei: int) -> None:
    if not 0 <= supply_wei <= MAX_SUPPLY_WEI:
        raise ValueError(
            f"supply: given {supply_wei} wei before the emission, needed 0 to {MAX_SUPPLY_WEI}: the cap of {CAP_WEI} "
            f"must leave the {POOL_WEI} that the schedule releases"
        )


def _require_start(sender: Sender, start_at: int) -> None:
    now = sender.rpc.second()
    if start_at <= now:
        raise ValueError(f"start_at: given second {start_at}, needed later than the chain's time {now}")
