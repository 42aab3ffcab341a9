"""Whether the chain would take a transaction: it is run as a call first, on the latest block."""

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.errors import WouldFail
from fl_alliance.agent.transactions import GAS, Transaction
from fl_alliance.chain.errors import RequestRefused, TransactionReverted
from fl_alliance.chain.refusals import ERC20InsufficientAllowance
from fl_alliance.chain.reverts import explained
from fl_alliance.market.place import Place


def simulate(transactions: tuple[Transaction, ...], spends_wei: int, place: Place) -> None:
    """Run transactions as calls from the account, and refuse what a contract refuses.

    An action behind an allowance meets a chain on which that does not exist yet. A token takes its allowance last, so
    the action passes where the missing allowance is all that it is refused for and the account holds the amount.

    Raises
    ------
    WouldFail
        With the contract's reason.
    """
    held_wei = place.arena.token.balance_wei()
    if held_wei < spends_wei:
        raise WouldFail(f"{place.me} holds {exactly(held_wei)}, this takes {exactly(spends_wei)}")
    for one in transactions:
        refusal = refusal_of(one, place)
        if refusal is not None and not (len(transactions) > 1 and _lacks_allowance(refusal)):
            raise WouldFail(f"the chain would refuse it: {refusal}")


def refusal_of(one: Transaction, place: Place) -> TransactionReverted | None:
    """Return why a transaction would do nothing now, None where it would do what it is for."""
    request = {"from": place.me, "to": one.to, "data": "0x" + one.data.hex(), "gas": hex(GAS)}
    try:
        place.rpc("eth_call", request, "latest")
    except RequestRefused as refusal:
        return explained(TransactionReverted(one.label, refusal.reason, refusal.data), one.label)
    return None


def _lacks_allowance(refusal: TransactionReverted) -> bool:
    return isinstance(refusal, ERC20InsufficientAllowance)
