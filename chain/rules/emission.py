"""What a day releases, and how it is split over the two kinds of task and over the tasks of a kind.

    daily_wei(day)   = floor(P 99^m 100^(59-m) / (30 (100^60 - 99^60))),  m = floor(day / 30);  0 from day 1,800 on
    lowered          = floor(amount factor / 10,000)
    split            = floor(total S_kind / (S_arena + S_alliance)) for each kind; the rest is unearned
    powered          = floor(sqrt(floor(stake / 10^9)^halves)), 0 without a whole gwei
    weighed          = powered percent, 100 percent without gauge votes, 200 at most
    task_share       = floor(total weighed / sum of weighed)

The first is the exact rational E0 d^m, d = 0.99, E0 = P (1-d) / (30 (1-d^60)), cleared of fractions. 256 bits do not
hold it; the contract starts from `FIRST_X128` = floor(E0 2^128), takes m times x <- floor(99 x / 100), and releases
floor(x / 2^128). A test shows that this gives the same wei in all 60 months. Every other product fits 256 bits: an
amount has 90, a day's release 79, the fourth power of a stake in gwei 248, a powered stake 124, a weighed one 132.

Source: FLock litepaper v1.1; mechanism.md, section 2.
"""

from math import isqrt

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, WAD, require_amounts, require_range, require_stakes
from fl_alliance.chain.types import WEI_PER_GWEI

POOL_WEI = 420_000_000 * WAD
"""What the whole schedule releases at most."""
MONTHS = 60
DAYS_A_MONTH = 30
MAX_HALVES = 4
"""An exponent is counted in halves: 0 to 2 in steps of 1/2; 2 halves are the plain stake."""
MAX_POWERED = (MAX_STAKE_WEI // WEI_PER_GWEI) ** (MAX_HALVES // 2)
"""What a powered stake, and the sum of all, is at most: below 2^124."""
WHOLE, MAX_PERCENT = 100, 200
"""What of 100 a powered stake weighs without gauge votes, and at most."""
MAX_WEIGHED = MAX_POWERED * MAX_PERCENT
"""What a weighed stake, and the sum of all, is at most: below 2^132."""

_KEPT, _OF = 99, 100  # a month releases 99 / 100 of what the one before did
_DIVISOR = DAYS_A_MONTH * (_OF**MONTHS - _KEPT**MONTHS)

FIRST_X128 = (POOL_WEI * _OF ** (MONTHS - 1) << 128) // _DIVISOR
"""A day of the first month in 2^-128 wei, rounded down: 207 bits, the one constant of the contract's schedule."""


def daily_wei(day: int) -> int:
    """Return what day `day` of the schedule releases, in wei, rounded down; 0 from day 1,800 on.

    Day 0 is 309,157.68 FML. The sum over all days is at most `POOL_WEI`, and less by fewer than 1,800 wei.
    """
    require_range("day", day, 0, 2**64 - 1)
    month = day // DAYS_A_MONTH
    if month >= MONTHS:
        return 0
    released: int = POOL_WEI * _KEPT**month * _OF ** (MONTHS - 1 - month) // _DIVISOR
    return released


def lowered(amount_wei: int, factor_bps: int) -> int:
    """Return what the DAO's factor, 0 to 10,000, leaves of an amount, rounded down."""
    require_amounts(amount_wei=amount_wei)
    require_range("factor_bps", factor_bps, 0, BPS)
    return amount_wei * factor_bps // BPS


def next_factor(current_bps: int, given_bps: int) -> int:
    """Return the factor after the DAO set it: it falls, or the proposal is refused.

    Raises
    ------
    ValueError
        The new factor is not below the current one.
    """
    require_range("current_bps", current_bps, 0, BPS)
    if not 0 <= given_bps < current_bps:
        raise ValueError(
            f"lower: given {given_bps} bps, needed less than the current {current_bps}: emission only falls"
        )
    return given_bps


def split(total_wei: int, arena_stake_wei: int, alliance_stake_wei: int) -> tuple[int, int, int]:
    """Return what the Arena's tasks, the Alliance's tasks and nobody earn of a day's release.

    By the total stake in active verified tasks of each kind. Both parts round down; what is left, all of it where
    nothing is staked, is unearned and burned. The three add up to the total.
    """
    require_amounts(total_wei=total_wei)
    require_stakes(arena_stake_wei=arena_stake_wei, alliance_stake_wei=alliance_stake_wei)
    staked = arena_stake_wei + alliance_stake_wei
    if not staked:
        return 0, 0, total_wei
    arena, alliance = (total_wei * part // staked for part in (arena_stake_wei, alliance_stake_wei))
    return arena, alliance, total_wei - arena - alliance


def powered(stake_wei: int, halves: int) -> int:
    """Return a stake to the power of `halves` / 2, of its whole gwei, rounded down; 0 where it holds no whole gwei.

    Exact for whole powers. The power 0 counts every stake of a gwei or more as 1.
    """
    require_stakes(stake_wei=stake_wei)
    require_range("halves", halves, 0, MAX_HALVES)
    gwei = stake_wei // WEI_PER_GWEI
    return isqrt(gwei**halves) if gwei else 0


def weighed(stake_wei: int, halves: int, percent: int = WHOLE) -> int:
    """Return a powered stake times what gauge votes let it weigh, 100 to 200: nothing is rounded."""
    require_range("percent", percent, WHOLE, MAX_PERCENT)
    return powered(stake_wei, halves) * percent


def task_share(total_wei: int, task_powered: int, sum_powered: int) -> int:
    """Return what one task earns of its kind's part, rounded down; 0 where no task has stake.

    Parameters
    ----------
    total_wei : int
        What the tasks of its kind share.
    task_powered : int
        The task's stake (creator, nodes, validators and their delegators), as `weighed`; `powered` where none is.
    sum_powered : int
        The sum over all active verified tasks of the kind, this one included.
    """
    require_amounts(total_wei=total_wei)
    require_range("sum_powered", sum_powered, 0, MAX_WEIGHED)
    require_range("task_powered", task_powered, 0, sum_powered)
    return total_wei * task_powered // sum_powered if sum_powered else 0
