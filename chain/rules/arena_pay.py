"""How a task's reward of a day is parted between nodes and validators, and what each validator earns of it.

    R_nodes      = floor(R0 (g (T+V) + (10,000 - 2g) T) / (10,000 (T+V))),  R_validators with V for T;  0 where T+V is 0
    held         = (A, amount - A),  A = floor(amount delta / 10,000)
    e_ij         = exp_neg_wad(floor(lambda |consensus_i - score_ij| / 10^6))
    F_ij         = floor(e_ij powered(s_j) 10^18 / sum over i's validators of e_ik powered(s_k));  0 where the sum is
    weight_j     = floor(sum of F_ij over what j validated / how many)
    share_j      = floor(weight_j 10^18 / sum of weight over those paid);  paid: the first k2 by (weight down, index up)
    paid         = floor(pool share / 10^18)

F is made submission by submission, in any order and any batches; only each validator's sum of them is kept. Every
product fits 256 bits: e has 60, a powered stake and the sum of all 124, R0 and a pool 90.

Source: FLock litepaper v1.1, AI Arena; mechanism.md, section 4. That the means are normalised over validators is ours.
"""

from collections.abc import Sequence

from fl_alliance.chain.rules.arena_consensus import WORST, require_column
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.emission import powered
from fl_alliance.chain.rules.exponential import exp_neg_wad
from fl_alliance.chain.rules.ranking import PLAIN
from fl_alliance.chain.rules.units import WAD, require_amounts, require_range, require_stakes

MAX_DECAY_WAD = 10**6 * WAD
"""The largest lambda: a distance of one millionth already counts e^-1."""
SCORE_ONE = 10**6
"""One, in the unit of scores."""


def task_pools(reward_wei: int, nodes_wei: int, validators_wei: int, floor_bps: int) -> tuple[int, int]:
    """Return what a task's training nodes and its validators share, each rounded down; nothing where nobody has stake.

    Parameters
    ----------
    reward_wei : int
        What the task earned that day, R0.
    nodes_wei, validators_wei : int
        The sums of their own stakes, T and V; the litepaper's example leaves delegated stake out here, though it
        counts in a node's share.
    floor_bps : int
        What either side gets at least, g: 0 to 5,000. It goes to a side without stake too, where nobody can claim it.
    """
    require_amounts(reward_wei=reward_wei)
    require_stakes(nodes_wei=nodes_wei, validators_wei=validators_wei)
    require_range("floor_bps", floor_bps, 0, BPS // 2)
    staked = nodes_wei + validators_wei
    if not staked:
        return 0, 0
    by_stake = BPS - 2 * floor_bps
    nodes, validators = (
        reward_wei * (floor_bps * staked + by_stake * side) // (BPS * staked) for side in (nodes_wei, validators_wei)
    )
    return nodes, validators


def held(amount_wei: int, delta_bps: int) -> tuple[int, int]:
    """Return what of an amount is paid now (Reward A, `delta_bps`, rounded down) and what is held for Reward B."""
    require_amounts(amount_wei=amount_wei)
    require_range("delta_bps", delta_bps, 0, BPS)
    now = amount_wei * delta_bps // BPS
    return now, amount_wei - now


def fits(
    scores: Sequence[int], agreed: int, stakes_wei: Sequence[int], decay_wad: int, halves: int = PLAIN
) -> list[int]:
    """Return F of each validator of one submission, in parts of `WAD`, rounded down; together at most `WAD`.

    Parameters
    ----------
    scores : sequence of int
        What they said, unclipped, 0 to `WORST`.
    agreed : int
        The `consensus` on the submission.
    stakes_wei : sequence of int
        Their effective stakes, in the same order.
    decay_wad : int
        lambda, in parts of `WAD`, 0 to 10^24: how fast a validator loses with its distance from the consensus. Who is
        41.45 / lambda away gets nothing.
    halves : int
        Twice the exponent a of the stakes, 0 to 4.
    """
    require_column(scores, stakes_wei)
    require_range("agreed", agreed, 0, WORST)
    require_range("decay_wad", decay_wad, 0, MAX_DECAY_WAD)
    weights = [
        exp_neg_wad(decay_wad * abs(agreed - score) // SCORE_ONE) * powered(stake, halves)
        for score, stake in zip(scores, stakes_wei, strict=True)
    ]
    total = sum(weights)
    return [weight * WAD // total if total else 0 for weight in weights]


def validator_weight(fits_wad: Sequence[int]) -> int:
    """Return the mean of a validator's F over all it was assigned, in parts of `WAD`, rounded down; 0 over none."""
    for fit in fits_wad:
        require_range("fit", fit, 0, WAD)
    return sum(fits_wad) // len(fits_wad) if fits_wad else 0


def validator_shares(weights_wad: Sequence[int], paid_ranks: int) -> list[int]:
    """Return each validator's share of the validators' pool, in parts of `WAD`, rounded down; together at most `WAD`.

    Parameters
    ----------
    weights_wad : sequence of int
        `validator_weight` of each.
    paid_ranks : int
        How many are paid at most, k2: those of the greatest weight, of equal ones the earlier.
    """
    require_range("paid_ranks", paid_ranks, 0, 2**16 - 1)
    for weight in weights_wad:
        require_range("weight", weight, 0, WAD)
    best = sorted(range(len(weights_wad)), key=lambda index: (-weights_wad[index], index))[:paid_ranks]
    total = sum(weights_wad[index] for index in best)
    made = [0] * len(weights_wad)
    for index in best:
        made[index] = weights_wad[index] * WAD // total if total else 0
    return made


def paid(pool_wei: int, share_wad: int) -> int:
    """Return what a share of a pool is, in wei, rounded down; what rounding leaves stays in the pool."""
    require_amounts(pool_wei=pool_wei)
    require_range("share_wad", share_wad, 0, WAD)
    return pool_wei * share_wad // WAD
