"""What validators together say of one submission: a stake-weighted mean that outliers cannot pull far.

    median    = the smallest score such that those up to it hold at least half of the stake
    spread    = the same of |score - median|
    consensus = floor(sum of stake min(max(score, median - 3 spread), median + 3 spread) / sum of stake)

An unsigned lower end below 0 must be 0. Scores are losses in millionths, 32 bits, lower is better. Who holds less than
half of the stake cannot move the median past the others' scores, nor the mean further than 3 spreads from it.

The consensus is `WORST` exactly where the median is: `WORST` then has more than half of the stake, so the spread is 0;
and a median below it has stake, which keeps the mean below. So it takes more than half of the stake to refuse a
submission, and a contract may stop at such a median. Every product fits 256 bits.

Source: FLock litepaper v1.1, AI Arena; mechanism.md, section 4; clipping by median and spread is ours.
"""

from collections.abc import Sequence

from fl_alliance.chain.rules.candidates import lower_median
from fl_alliance.chain.rules.units import require_range, require_stakes

WORST = 2**32 - 1
"""The score of what is refused: malformed, unsafe, over the limit, a copy."""
MAX_SPREADS = 3
"""Scores count no further from the median than this many spreads."""


def consensus(scores: Sequence[int], stakes_wei: Sequence[int]) -> int:
    """Return the consensus on a submission, 0 to `WORST`, rounded down.

    `WORST` if and only if the stake-weighted lower median is. The order of the validators does not matter, nor does
    splitting one into several of the same score.

    Parameters
    ----------
    scores : sequence of int
        One for each validator that revealed a score of this submission, 0 to `WORST`.
    stakes_wei : sequence of int
        Their stakes, in the same order.

    Raises
    ------
    ValueError
        Nobody with stake scored it: there is no consensus, it is not ranked, and nobody loses for it. Or scores and
        stakes are not equally many, or out of range.
    """
    require_column(scores, stakes_wei)
    total = sum(stakes_wei)
    if not total:
        raise ValueError(f"consensus: given {len(scores)} scores without stake, needed one with stake")
    median = lower_median(scores, stakes_wei)
    reach = MAX_SPREADS * lower_median([abs(score - median) for score in scores], stakes_wei)
    counted = (min(max(score, median - reach), median + reach) for score in scores)
    return sum(score * stake for score, stake in zip(counted, stakes_wei, strict=True)) // total


def require_column(scores: Sequence[int], stakes_wei: Sequence[int]) -> None:
    """Refuse scores and stakes that are not equally many or out of range; raises `ValueError`."""
    if len(scores) != len(stakes_wei):
        raise ValueError(f"given {len(scores)} scores and {len(stakes_wei)} stakes, needed one stake for each score")
    for score, stake in zip(scores, stakes_wei, strict=True):
        require_range("score", score, 0, WORST)
        require_stakes(stake_wei=stake)
