"""What a round of candidate voting pays: how good a voter's scores were, and what a proposer's update contributed.

Pure integers, mirrored by the contract. Amounts are whole gwei, qualities parts in a million. Divisions round down,
except that signed quotients are truncated toward zero, as the contract's signed division does.

What this does not stop. Voters who share one private forecast and blur it differently agree with one another as
honest ones do, whether the forecast comes from one real evaluation or from nowhere: no rule that only sees votes can
tell (uninformed equilibria of peer prediction). And voters who judge honestly but credit accomplices whose updates are
good too can double what these earn; credit for bad updates contradicts their scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from fl_alliance.chain.rules.candidates import OLD, lower_median
from fl_alliance.chain.rules.consensus import BPS

PPM = 1_000_000
"""One, in parts in a million."""
POINTS = 10_000
"""What a voter's contributions to all proposals may add up to, in absolute value."""
AVERAGE_SHIFT = 2
"""A moving average goes 1 / 2**this of the way to the new value."""
AGREEMENT_SHIFT = 3
"""A voter's average agreement goes 1 / 2**this of the way to the round's."""
STRAY_LIMIT = 3
"""Improvements further from the median ones than this times the median voter's mean distance are bounded."""
RELEASE_SHIFT = 2
"""Every round in good standing releases 1 / 2**this of the escrow."""

_MIN_COMPARED = 2  # two candidates leave nothing to order once they are centred and the prior is taken out
_CREDIT_UNIT = 1000  # so that a mean over a candidate's parts keeps three digits

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


def next_prior(medians: Medians) -> tuple[int, ...]:
    """Return what the public expects of the next round: by how much each candidate beat the old model in this one."""
    return tuple(row[OLD] for row in medians[1:])


def voter_quality(
    scores: Sequence[Sequence[int]],
    weights: Sequence[int],
    medians: Medians,
    prior: Sequence[int] | None,
    agreements: Sequence[int],
) -> tuple[list[int], list[int]]:
    """Return each voter's quality, and its average agreement after the round.

    Quality is nearness times the square of the average agreement, where that is positive; nearness alone as long as
    nobody has agreed with anybody.

    Nearness asks that a vote is plausible: nobody is paid better for lying at the median, which a voter without data
    could do by repeating last round, but whoever strays more than twice as far from it as the median voter is paid
    less in proportion. Agreement asks for news: how often two voters order two candidates alike, *after* what last
    round would have made anybody expect is taken out of both votes (correlated agreement, Shnayder et al. 2016,
    "Informed Truthfulness in Multi-Task Peer Prediction"). Repeating the past, shrunk or grown or with noise, agrees
    with nobody. One round tells little where held-out data is small, hence the average.

    Parameters
    ----------
    scores : sequence of sequence of int
        One row a voter, of at least as many scores as there are candidates.
    weights : sequence of int
        Their balances.
    medians : sequence of sequence of int
        `candidates.medians` of everybody's scores, late ones included.
    prior : sequence of int or None
        `next_prior` of the last settled round, None unless it had as many candidates.
    agreements : sequence of int
        The voters' average agreements before, -1,000,000 to 1,000,000; 0 for one that never voted.

    Returns
    -------
    qualities : list of int
        0 to 10**12.
    agreements : list of int
        The averages after; as before where there is no prior, or where fewer than three candidates can be compared.
    """
    if prior is not None and len(prior) > _MIN_COMPARED:
        limit = STRAY_LIMIT * _usual_stray(scores, weights, medians) // len(prior) + 1
        views = [_news(row, medians, prior, limit) for row in scores]
        now = _agreements(_orders(views, weights), weights, len(prior) * (len(prior) - 1) // 2)
        agreements = [old + (new - old >> AGREEMENT_SHIFT) for old, new in zip(agreements, now, strict=True)]
    squares = [max(0, agreement) ** 2 for agreement in agreements]
    if not any(squares):
        squares = [PPM] * len(squares)
    near = nearness(scores, weights, medians)
    return [one * square // PPM for one, square in zip(near, squares, strict=True)], list(agreements)


def nearness(scores: Sequence[Sequence[int]], weights: Sequence[int], medians: Medians) -> list[int]:
    """Return how plausible each vote is, 0 to 1,000,000: one up to twice the median voter's distance, less beyond."""
    usual = _usual_stray(scores, weights, medians)
    return [min(PPM, PPM * (2 * usual + 1) // (_stray(row, medians) + 1)) for row in scores]


def _usual_stray(scores: Sequence[Sequence[int]], weights: Sequence[int], medians: Medians) -> int:
    return _usual([_stray(row, medians) for row in scores], weights)


def _usual(values: Sequence[int], weights: Sequence[int]) -> int:
    return lower_median(values, weights) if any(weights) else 0


def _stray(row: Sequence[int], medians: Medians) -> int:
    """Return how far a voter's improvements over the old model lie from the median ones, summed over candidates."""
    return sum(abs(row[OLD] - row[a] - medians[a][OLD]) for a in range(1, len(medians)))


def _news(row: Sequence[int], medians: Medians, prior: Sequence[int], limit: int) -> list[int]:
    """Return a voter's improvements, no further than `limit` from the median ones, without what the prior explains.

    Both are centred, so that only comparisons between candidates remain; then the multiple of the prior that fits best
    is taken off.
    """
    bounded = [
        medians[a][OLD] + min(limit, max(-limit, row[OLD] - row[a] - medians[a][OLD])) for a in range(1, len(medians))
    ]
    own, expected = _centred(bounded), _centred(prior)
    along, square = _product(own, expected), _product(expected, expected)
    if not square:
        return own
    return [x - _truncated(along * y, square) for x, y in zip(own, expected, strict=True)]


def _centred(values: Sequence[int]) -> list[int]:
    """Return the values times their number, less their sum: centred without a fraction."""
    total = sum(values)
    return [len(values) * value - total for value in values]


def _product(first: Sequence[int], second: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(first, second, strict=True))


def _orders(views: Sequence[Sequence[int]], weights: Sequence[int]) -> list[tuple[int, int]]:
    """Return, for each voter, a bit for every pair a < b that it orders, and of those the bits where a is the better.

    A difference of less than half the median voter's mean difference orders nothing.
    """
    gaps = [[x - y for x, y in combinations(view, 2)] for view in views]
    usual = _usual([sum(map(abs, gap)) for gap in gaps], weights)
    made = []
    for gap in gaps:
        clear = [2 * len(gap) * abs(difference) > usual for difference in gap]
        ordered = sum(is_clear << n for n, is_clear in enumerate(clear))
        upward = sum((is_clear and d > 0) << n for n, (is_clear, d) in enumerate(zip(clear, gap, strict=True)))
        made.append((ordered, upward))
    return made


def _agreements(orders: Sequence[tuple[int, int]], weights: Sequence[int], pairs: int) -> list[int]:
    """Return each voter's agreement with the others, the mean over their weight, in parts in a million.

    With one other voter it is (pairs ordered alike - pairs ordered differently) / pairs. Voters whose orders are the
    same in every pair are one source, which does not confirm itself, unless they hold more than half of the weight.
    """
    made = []
    total = sum(weights)
    for own, weight in zip(orders, weights, strict=True):
        same = sum(w for w, other in zip(weights, orders, strict=True) if other == own)
        agreed = sum(w * _alike(own, other) for w, other in zip(weights, orders, strict=True) if other != own)
        if 2 * same > total:
            agreed += (same - weight) * _alike(own, own)
        made.append(_truncated(PPM * agreed, (total - weight) * pairs) if total > weight else 0)
    return made


def _alike(first: tuple[int, int], second: tuple[int, int]) -> int:
    """Return how many pairs two voters order alike, less how many they order differently."""
    both = first[0] & second[0]
    return both.bit_count() - 2 * ((first[1] ^ second[1]) & both).bit_count()


def consistency(scores: Sequence[int], contributions: Sequence[int], parts: Sequence[Sequence[int]]) -> int:
    """Return how well a voter's contributions explain its own scores, 0 to 1,000,000.

    A candidate that is the mean of some proposals should gain about the mean of what they are credited with. Over the
    candidates, the fourth power of the correlation between the two; 0 where it is not positive. Whoever credits its
    friends beyond what it saw must give its scores the same lie, where it costs nearness and agreement. A menu whose
    candidates are all made of the same proposals can check nobody: 1,000,000 for all.

    Parameters
    ----------
    scores : sequence of int
        The voter's, of at least as many entries as there are candidates.
    contributions : sequence of int
        What it credited each proposal with.
    parts : sequence of sequence of int
        For each candidate, the old model first, the positions of the proposals that it is made of.
    """
    if len({tuple(part) for part in parts[1:]}) < 2:
        return PPM
    gains = _centred([scores[OLD] - scores[entry] for entry in range(1, len(parts))])
    credited = _centred(
        [_truncated(_CREDIT_UNIT * sum(contributions[at] for at in part), len(part) or 1) for part in parts[1:]]
    )
    along, square = _product(gains, credited), _product(gains, gains) * _product(credited, credited)
    if along <= 0:
        return 0
    share = PPM * along * along // square
    return share * share // PPM


def credit_weights(
    scores: Sequence[Sequence[int]],
    contributions: Sequence[Sequence[int]],
    weights: Sequence[int],
    medians: Medians,
    parts: Sequence[Sequence[int]],
) -> list[int]:
    """Return what each voter's contributions weigh: its balance times the square of its nearness times `consistency`.

    Rounded down, 0 to a million times the balance; arguments as for `voter_quality` and `consistency`.
    """
    near = nearness(scores, weights, medians)
    votes = zip(scores, contributions, weights, near, strict=True)
    return [weight * one * one * consistency(row, points, parts) // PPM**2 for row, points, weight, one in votes]


def mean_contributions(contributions: Sequence[Sequence[int]], weights: Sequence[int]) -> list[int]:
    """Return the mean over voters of what they credit each proposal with, by their `credit_weights`.

    The mean, not the median: what few voters' data shows (a rare label) is worth something too. Truncated toward zero;
    0 where no voter has any weight.
    """
    total = sum(weights)
    columns = zip(*contributions, strict=True)
    credited = (sum(w * x for w, x in zip(weights, column, strict=True)) for column in columns)
    return [_truncated(credit, total) if total else 0 for credit in credited]


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
