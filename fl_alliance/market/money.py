"""What an account has for gas and in FML, what is missing, and how a person gets it."""

from fl_alliance.arena.errors import FundsMissing
from fl_alliance.arena.events import fml
from fl_alliance.chain.accounts import DEVELOPMENT_CHAIN
from fl_alliance.chain.rpc import Rpc
from fl_alliance.market.errors import AccountShort


def require_gas(rpc: Rpc, account: str, chain_id: int) -> None:
    """Refuse to begin with an account that cannot pay for a transaction; raises `AccountShort`."""
    if not rpc.number("eth_getBalance", account, "latest"):
        raise AccountShort(
            f"{account} has no coin of chain {chain_id} to pay for transactions; {how_to_get_some(account, chain_id)}"
        )


def require_fml(account: str, held_wei: int, needed_wei: int, purpose: str, chain_id: int) -> None:
    """Refuse to begin with less FML than something takes; raises `AccountShort`."""
    if held_wei < needed_wei:
        text = f"{account} has {fml(held_wei)}, {purpose} takes {fml(needed_wei)}"
        raise AccountShort(f"{text}; {how_to_get_some(account, chain_id)}")


def in_words(missing: FundsMissing, chain_id: int) -> AccountShort:
    """Return what a role found missing, in FML, with how to get it."""
    text = f"{missing.account} has {fml(missing.found_wei)}, it takes {fml(missing.needed_wei)}"
    return AccountShort(f"{text}; {how_to_get_some(missing.account, chain_id)}")


def how_to_get_some(account: str, chain_id: int) -> str:
    """Return the way to coin and FML, in words."""
    if chain_id == DEVELOPMENT_CHAIN:
        return f"get some with `fl-alliance arena fund {account} key.development=0`"
    return "send it some first"
