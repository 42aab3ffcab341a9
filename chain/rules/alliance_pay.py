"""How an Alliance task's share of a day's emission is parted between its pool and its members' delegators.

    weight(i)  = floor(del_i / 10^9) (10,000 - sigma_i);  0 where the member has no seat
    pool       = floor(A (10,000 S - W) / (10,000 S)) gwei,  W = sum of weight(i)
    delegators = A - pool;  of it member i's: floor(delegators weight(i) / W)

A is the share in whole gwei, S the task's stake in whole gwei that the emission counted at the end of the day, del_i
what member i's delegators had then, in wei, sigma_i its cut at the begin of the day. W is at most 10,000 S: S counts
every stake in W. So delegators get at least A (1 - sigma_i) del_i / S each, which is their part f_i (1 - sigma_i)
del_i / (own_i + del_i) of what the member's stake earned, f_i = A (own_i + del_i) / S; what rounding leaves of it stays
with the market, less than a wei for each member. Own stakes' and sigmas' part is the pool's, from which rounds pay.
Everything fits 256 bits: A has 60 in gwei and 90 in wei, 10,000 S and W have 74.

Source: mechanism.md, sections 2, 3 and 5; that the own part goes to the pool and not to the member at once is ours.
"""

from dataclasses import dataclass

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, MAX_WEI, require_amounts, require_range, require_stakes
from fl_alliance.chain.types import WEI_PER_GWEI


@dataclass(frozen=True, slots=True)
class RewardParts:
    """What of a day's share goes to the task's pool, whole gwei, and what to all its delegators, in wei."""

    pool_wei: int
    delegated_wei: int


def delegated_weight(delegated_wei: int, sigma_bps: int) -> int:
    """Return what a seated member's delegators count with: whole gwei times what sigma, 0 to 10,000, leaves them."""
    require_stakes(delegated_wei=delegated_wei)
    require_range("sigma_bps", sigma_bps, 0, BPS)
    return delegated_wei // WEI_PER_GWEI * (BPS - sigma_bps)


def reward_parts(share_wei: int, staked_gwei: int, weight: int) -> RewardParts:
    """Part a day's share between pool and delegators; the pool's is rounded down to whole gwei.

    Parameters
    ----------
    share_wei : int
        A, whole gwei: the emission pays an Alliance in such.
    staked_gwei : int
        S, more than 0 where there is a share.
    weight : int
        W, the sum of `delegated_weight` over all members, 0 to 10,000 S.
    """
    require_amounts(share_wei=share_wei)
    require_range("share_wei in a gwei", share_wei % WEI_PER_GWEI, 0, 0)
    require_range("staked_gwei", staked_gwei, 1, MAX_STAKE_WEI // WEI_PER_GWEI)
    parts = staked_gwei * BPS
    require_range("weight", weight, 0, parts)
    pool_wei = share_wei // WEI_PER_GWEI * (parts - weight) // parts * WEI_PER_GWEI
    return RewardParts(pool_wei, share_wei - pool_wei)


def delegators_share(delegated_wei: int, weight: int, total_weight: int) -> int:
    """Return what one member's delegators get of all delegators' part, rounded down."""
    require_range("delegated_wei", delegated_wei, 0, MAX_WEI)
    require_range("weight", weight, 0, total_weight)
    return delegated_wei * weight // total_weight if total_weight else 0
