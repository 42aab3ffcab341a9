"""Putting FML behind a delegate and taking them back, from the command line."""

from collections.abc import Callable
from datetime import UTC, datetime

from fl_alliance.arena.clock import ChainClock
from fl_alliance.arena.delegator import Delegator
from fl_alliance.arena.errors import FundsMissing, TaskMismatch
from fl_alliance.arena.events import fml
from fl_alliance.arena.role import Desk
from fl_alliance.arena.task import Task
from fl_alliance.chain.pools import DelegationPool, Redemption
from fl_alliance.market.errors import SettingRefused, TaskClosed
from fl_alliance.market.money import in_words, require_gas
from fl_alliance.market.place import Place
from fl_alliance.market.units import duration


def delegate(place: Place, desk: Desk, task: Task, node: str, amount_wei: int, tell: Callable[[str], None]) -> None:
    """Put an amount behind a delegate, once.

    Raises
    ------
    SettingRefused
        Nothing is to be delegated.
    TaskClosed
        The delegate takes no delegators, or the days on dataset A are over.
    AccountShort
        The account has less.
    """
    require_payable(place, amount_wei)
    pool = pool_of(place, task.number, node)
    if place.now() >= place.arena.ends_at(task.number):
        raise TaskClosed(
            f"task {task.number} is on its last day or over, nobody can delegate; see `fl-alliance arena status`"
        )
    try:
        Delegator(desk, task, {node: amount_wei}).join()
    except FundsMissing as missing:
        raise in_words(missing, place.market.chain_id) from None
    except TaskMismatch as mismatch:
        raise TaskClosed(str(mismatch)) from None
    tell(standing(pool, node))


def undelegate(
    place: Place, pool: DelegationPool, node: str, look_s: float, waits: bool, tell: Callable[[str], None]
) -> None:
    """Ask a delegate's pool for all that the account has there, or take it where that can be done now.

    Parameters
    ----------
    pool : DelegationPool
        As `pool_of`, or `alliance_delegating.pool_of`, returns it.
    waits : bool
        Whether to wait until it can be taken, and take it.

    Raises
    ------
    TaskClosed
        There is nothing of this account's behind the delegate.
    """
    require_gas(place.rpc, place.me, place.market.chain_id)
    if not pool.shares:
        raise TaskClosed(f"{place.me} has nothing behind {node} in this task")
    asked = _asked(place, pool, tell)
    if place.now() < asked.from_at:
        span = f"from {_shown(asked.from_at)} to {_shown(asked.until_at)}"
        tell(f"can be taken in {duration(asked.from_at - place.now())}, {span}")
        if not waits:
            return
        ChainClock(place.rpc, poll_s=look_s).wait_until(asked.from_at)
    tell(f"{fml(pool.redeem())} came back from {node}'s pool")


def require_payable(place: Place, amount_wei: int) -> None:
    """Refuse to delegate nothing, or without gas; raises `SettingRefused`, `AccountShort`."""
    require_gas(place.rpc, place.me, place.market.chain_id)
    if not amount_wei:
        raise SettingRefused("AMOUNT: needs more than 0 FML")


def standing(pool: DelegationPool, node: str) -> str:
    """Return what a delegator has in a delegate's pool, and on what terms."""
    return f"{node} keeps {pool.sigma_bps / 100:g} % of what they earn; yours there: {fml(pool.worth_wei)}"


def pool_of(place: Place, task: int, node: str) -> DelegationPool:
    """Return a delegate's pool as this account uses it; raises `TaskClosed` where there is none."""
    found = place.arena.stake_of(task, node)
    if not found.has_pool:
        raise TaskClosed(
            f"{node} takes no delegators in task {task}; it would with "
            f"`fl-alliance arena {'validate' if found.vrf_x else 'train'} {task} delegation.accept=true`"
        )
    return DelegationPool(place.sender, found.pool)


def _asked(place: Place, pool: DelegationPool, tell: Callable[[str], None]) -> Redemption:
    """Return what is asked for; asks for all of it where nothing is, or where that has run out."""
    asked = pool.redemption()
    if asked.shares and place.now() < asked.until_at:
        return asked
    asked = pool.request_redeem(pool.shares)
    tell(f"asked for all that is there, {fml(pool.worth_wei)} today")
    return asked


def _shown(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M} UTC"
