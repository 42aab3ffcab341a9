"""What a round of candidate voting pays: how good a voter's scores were, and what a proposer's update contributed.

Pure integers, mirrored by the contract. Amounts are whole gwei, qualities parts in a million. Divisions round down,
except that a mean of signed contributions is truncated toward zero, as the contract's signed division does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fl_alliance.chain.rules.candidates import OLD
from fl_alliance.chain.rules.consensus import BPS

PPM = 1_000_000
"""The best quality of a voter, in parts in a million."""
POINTS = 10_000
"""What a voter's contributions to all proposals may add up to, in absolute value."""
AVERAGE_SHIFT = 2
"""A moving average goes 1 / 2**this of the way to the new value."""
RELEASE_SHIFT = 2
"""Every round in good standing releases 1 / 2**this of the escrow."""

Medians = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Escrow:
    """One proposer's escrow in one round, in gwei.

    Attributes
    ----------
    paid : int
        Of the share, at once to the balance.
    kept : int
        Of the share, into the escrow.
    released : int
        Of what the escrow held before, to the balance.
    after : int
        What the escrow holds now.
    """

    paid: int
    kept: int
    released: int
    after: int


def pairs(candidates: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs a < b of entries in lexicographic order; the n-th is bit n of a prior."""
    return ((a, b) for a in range(candidates) for b in range(a + 1, candidates))


def next_prior(medians: Medians) -> int:
    """Return what the public believes of every pair after a round: bit n is set where pair n's median is above 0."""
    return sum((medians[a][b] > 0) << n for n, (a, b) in enumerate(pairs(len(medians))))


def surprises(medians: Medians, prior: int | None) -> tuple[tuple[int, int], ...]:
    """Return the pairs whose median contradicts the prior, None being no prior; a median of 0 contradicts nothing."""
    if prior is None:
        return ()
    return tuple(
        (a, b)
        for n, (a, b) in enumerate(pairs(len(medians)))
        if medians[a][b] and (medians[a][b] > 0) != bool(prior >> n & 1)
    )


def voter_quality(
    scores: Sequence[Sequence[int]], weights: Sequence[int], medians: Medians, prior: int | None
) -> list[int]:
    """Return each voter's quality, 0 to 1,000,000.

    Parameters
    ----------
    scores : sequence of sequence of int
        One row a voter, of at least as many scores as there are candidates.
    weights : sequence of int
        Their balances; not all 0.
    medians : sequence of sequence of int
        `candidates.medians` of these scores.
    prior : int or None
        `next_prior` of the last settled round with as many candidates, None where there is none.
    """
    surprising = surprises(medians, prior)
    strays = [_stray(row, medians) for row in scores]
    usual = sum(w * stray for w, stray in zip(weights, strays, strict=True)) // sum(weights)
    return [_quality(row, stray, usual, medians, surprising) for row, stray in zip(scores, strays, strict=True)]


def _stray(row: Sequence[int], medians: Medians) -> int:
    """Return how far a voter's improvements over the old model lie from the median ones, summed over candidates."""
    return sum(abs(row[OLD] - row[a] - medians[a][OLD]) for a in range(1, len(medians)))


def _quality(
    row: Sequence[int], stray: int, usual: int, medians: Medians, surprising: Sequence[tuple[int, int]]
) -> int:
    near = PPM * usual // (usual + stray) if usual + stray else PPM
    if not surprising:
        return near
    agreeing = sum(_sign(row[b] - row[a]) == _sign(medians[a][b]) for a, b in surprising)
    return (near + PPM * agreeing // len(surprising)) // 2


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def mean_contributions(contributions: Sequence[Sequence[int]], weights: Sequence[int]) -> list[int]:
    """Return the weighted mean over voters of what they credit each proposal with, truncated toward zero.

    The mean, not the median: what few voters' data shows (a rare label) is worth something too.
    """
    total = sum(weights)
    columns = zip(*contributions, strict=True)
    return [_truncated(sum(w * x for w, x in zip(weights, column, strict=True)), total) for column in columns]


def _truncated(dividend: int, divisor: int) -> int:
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)


def next_average(average: int, mean: int) -> int:
    """Return a proposer's average contribution after a round: a quarter of the way to the mean, rounded down."""
    return average + (mean - average >> AVERAGE_SHIFT)


def reward_parts(reward_gwei: int, proposers_gwei: int, voters_gwei: int) -> tuple[int, int]:
    """Return what proposers and what voters share of a reward, by their sums of balances; nothing where both are 0."""
    total = proposers_gwei + voters_gwei
    proposers = reward_gwei * proposers_gwei // total if total else 0
    return proposers, (reward_gwei - proposers if total else 0)


def shares(part_gwei: int, claims: Sequence[int]) -> list[int]:
    """Return what each gets of a part, in proportion to its claim, rounded down; a claim below 0 counts as 0."""
    positive = [max(0, claim) for claim in claims]
    total = sum(positive)
    return [part_gwei * claim // total if total else 0 for claim in positive]


def escrow(held_gwei: int, share_gwei: int, escrow_bps: int, is_convicted: bool) -> Escrow:
    """Return what a proposer's escrow takes in and lets go in a round; the convicted get no release."""
    released = 0 if is_convicted else held_gwei >> RELEASE_SHIFT
    kept = share_gwei * escrow_bps // BPS
    return Escrow(share_gwei - kept, kept, released, held_gwei - released + kept)
