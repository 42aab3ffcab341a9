"""Delegators of an Alliance's members, from the command line: a member takes them, and they put FML behind it.

They are paid from the emission by what they put in, beside the member, and are not slashed with it (`chain/README.md`).
"""

from collections.abc import Callable

from fl_alliance.arena.delegator import deposit_once
from fl_alliance.arena.errors import FundsMissing
from fl_alliance.arena.role import Desk
from fl_alliance.chain.market_refusals import NotSeated
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.market.alliances import open_alliance
from fl_alliance.market.delegating import require_payable, standing
from fl_alliance.market.errors import TaskClosed
from fl_alliance.market.money import in_words, require_gas
from fl_alliance.market.place import Place


def accept(place: Place, task: int, sigma_bps: int, tell: Callable[[str], None]) -> None:
    """Open the pool of this account, a member of the task; says so where it is open. It keeps `sigma_bps` of 10,000.

    Raises
    ------
    TaskClosed
        The account is no member, its stake is gone, or the task is over.
    AccountShort
        It cannot pay for a transaction.
    """
    require_gas(place.rpc, place.me, place.market.chain_id)
    market = open_alliance(place, task)
    if (pool := market.pool(task, place.me)) is not None:
        tell(f"takes delegators already, and keeps {pool.sigma_bps / 100:g} % of what they earn: pool {pool.address}")
        return
    member = market.member(task, place.me)
    if member is None:
        raise TaskClosed(f"{place.me} is no member of task {task}; join it first, or act as one: key.env=VARIABLE")
    if market.is_finished(task):
        raise TaskClosed(f"task {task} is over")
    try:
        address = market.open_pool(task, member, sigma_bps)
    except NotSeated:
        raise TaskClosed(f"{place.me} has no stake in task {task} any more") from None
    tell(f"takes delegators now, and keeps {sigma_bps / 100:g} % of what they earn: pool {address}")
    tell(f"they come with: fl-alliance arena delegate alliance:{task} {place.me} AMOUNT")


def delegate(place: Place, desk: Desk, task: int, node: str, amount_wei: int, tell: Callable[[str], None]) -> None:
    """Put an amount behind a member, once.

    Raises
    ------
    SettingRefused
        Nothing is to be delegated.
    TaskClosed
        The member takes no delegators, or the task is over.
    AccountShort
        The account has less.
    """
    require_payable(place, amount_wei)
    pool = pool_of(place, task, node)
    if open_alliance(place, task).is_finished(task):
        raise TaskClosed(f"task {task} is over, nobody can delegate")
    try:
        deposit_once(desk, task, pool, node, amount_wei)
    except FundsMissing as missing:
        raise in_words(missing, place.market.chain_id) from None
    tell(standing(pool, node))


def pool_of(place: Place, task: int, node: str) -> DelegationPool:
    """Return a member's pool as this account uses it; raises `TaskClosed` where there is none."""
    pool = open_alliance(place, task).pool(task, node)
    if pool is None:
        raise TaskClosed(
            f"{node} takes no delegators in task {task} of the Alliance; it would with "
            f"`fl-alliance arena accept alliance:{task}`"
        )
    return pool
