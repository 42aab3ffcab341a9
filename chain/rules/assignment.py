"""Which submissions a validator scores on a day, and how many.

    z     = floor(2 stake 10^18 / s_min)
    e     = exp_neg_wad(|z - 4 10^18|)
    quota = floor(limit 10^18 / (10^18 + e))  where z >= 4 10^18, else floor(limit e / (10^18 + e));  0 below s_min
    start  = floor(beta / 2^128) mod m
    stride = the first of beta mod 2^128 mod m, and the numbers after it, that has no divisor in common with m
    places = (start + i stride) mod m,  i = 0 .. min(quota, m) - 1

The quota is limit / (1 + e^(-2 (s / s_min - 2))): from two minimum stakes on it grows ever more slowly. Every place is
as likely as any other, to 2^-112. A stride is found within 22 numbers. Every product fits 256 bits.

Source: FLock litepaper v1.1, AI Arena; mechanism.md, section 4. Places by the validator's own VRF output are ours.
"""

from math import gcd

from fl_alliance.chain.rules.exponential import exp_neg_wad
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, WAD, require_range, require_stakes

MAX_SUBMISSIONS = 65_535
"""Submissions of one day, and a validator's limit, at most."""

_BETA_BYTES = 32
_LOW = (1 << 128) - 1


def validator_quota(stake_wei: int, min_stake_wei: int, limit: int) -> int:
    """Return how many submissions a validator scores, rounded down: .119, .5, .982 of the limit at 1, 2, 4 minimums.

    Parameters
    ----------
    stake_wei : int
        Its stake; below `min_stake_wei` it scores nothing.
    min_stake_wei : int
        1 or more.
    limit : int
        What the largest validator scores, 0 to 65,535.
    """
    require_stakes(stake_wei=stake_wei)
    require_range("min_stake_wei", min_stake_wei, 1, MAX_STAKE_WEI)
    require_range("limit", limit, 0, MAX_SUBMISSIONS)
    if stake_wei < min_stake_wei:
        return 0
    twice, middle = 2 * stake_wei * WAD // min_stake_wei, 4 * WAD
    falling = exp_neg_wad(abs(twice - middle))
    return limit * (WAD if twice >= middle else falling) // (WAD + falling)


def places(beta: bytes, submissions: int, quota: int) -> tuple[int, ...]:
    """Return the places, 0 to `submissions` - 1, that a validator scores, all different, in the order of its scores.

    Parameters
    ----------
    beta : bytes
        The 32-byte output of its VRF for this task and day.
    submissions : int
        How many were revealed, at most 65,535; places are in the order of their commitments.
    quota : int
        `validator_quota`; with more than there are submissions it scores all of them.
    """
    if len(beta) != _BETA_BYTES:
        raise ValueError(f"beta: given {len(beta)} bytes, needed {_BETA_BYTES}")
    require_range("submissions", submissions, 0, MAX_SUBMISSIONS)
    require_range("quota", quota, 0, MAX_SUBMISSIONS)
    if not submissions:
        return ()
    number = int.from_bytes(beta, "big")
    start, stride = (number >> 128) % submissions, (number & _LOW) % submissions
    while gcd(stride, submissions) != 1:
        stride += 1
    return tuple((start + i * stride) % submissions for i in range(min(quota, submissions)))
