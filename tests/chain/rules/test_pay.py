"""What a round of candidate voting pays, in integers."""

from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.candidates import SCORE_WORST, medians
from fl_alliance.chain.rules.pay import (
    POINTS,
    PPM,
    Escrow,
    escrow,
    mean_contributions,
    next_average,
    next_prior,
    pairs,
    reward_parts,
    shares,
    surprises,
    voter_quality,
)

GWEI = st.integers(0, 2**51 - 1)
POINT = st.integers(-POINTS, POINTS)


@st.composite
def ballots(draw: st.DrawFn) -> tuple[list[list[int]], list[int], int]:
    """Scores that often tie, weights that may be 0 but not all, and the number of candidates."""
    candidates, voters = draw(st.integers(2, 6)), draw(st.integers(1, 7))
    score = st.one_of(st.integers(0, 5), st.integers(0, SCORE_WORST))
    scores = draw(st.lists(st.lists(score, min_size=candidates, max_size=candidates), min_size=voters, max_size=voters))
    weights = draw(st.lists(st.integers(0, 9), min_size=voters, max_size=voters).filter(any))
    return scores, weights, candidates


def test_a_voter_at_the_median_has_the_best_quality_and_one_far_away_little() -> None:
    scores = [[500, 400], [510, 410], [900, 0]]
    matrix = medians(scores, [1, 1, 1], 2)
    assert voter_quality(scores, [1, 1, 1], matrix, None) == [PPM, PPM, PPM * 266 // (266 + 800)]


def test_pairs_that_contradict_the_prior_pay_those_who_saw_it() -> None:
    scores = [[500, 400], [500, 400], [500, 600]]
    matrix = medians(scores, [1, 1, 1], 2)
    assert surprises(matrix, 1) == ((0, 1),)
    assert voter_quality(scores, [1, 1, 1], matrix, 1) == [PPM, PPM, PPM * 66 // 266 // 2]


@given(ballots(), st.none() | st.integers(0, 2**15 - 1))
def test_qualities_stay_in_bounds_whatever_is_scored(
    ballot: tuple[list[list[int]], list[int], int], prior: int | None
) -> None:
    scores, weights, candidates = ballot
    assert all(0 <= q <= PPM for q in voter_quality(scores, weights, medians(scores, weights, candidates), prior))


@given(ballots())
def test_a_rounds_own_prior_is_contradicted_by_nothing(ballot: tuple[list[list[int]], list[int], int]) -> None:
    scores, weights, candidates = ballot
    matrix = medians(scores, weights, candidates)
    assert not surprises(matrix, next_prior(matrix))
    assert len(list(pairs(candidates))) == candidates * (candidates - 1) // 2


@given(st.lists(st.lists(POINT, min_size=3, max_size=3), min_size=1, max_size=6), st.data())
def test_a_mean_lies_between_the_extremes(points: list[list[int]], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(points), max_size=len(points)))
    ranges = zip(mean_contributions(points, weights), zip(*points, strict=True), strict=True)
    assert all(min(column) <= mean <= max(column) for mean, column in ranges)


@given(POINT, POINT)
def test_an_average_moves_toward_the_mean_and_not_past_it(average: int, mean: int) -> None:
    assert min(average, mean) <= next_average(average, mean) <= max(average, mean)


@given(GWEI, GWEI, GWEI)
def test_the_two_parts_are_the_whole_reward_or_nothing(reward: int, proposers: int, voters: int) -> None:
    assert sum(reward_parts(reward, proposers, voters)) == (reward if proposers + voters else 0)


@given(GWEI, st.lists(POINT, max_size=8))
def test_shares_never_exceed_the_part_and_no_debt_is_paid(part: int, claims: list[int]) -> None:
    made = shares(part, claims)
    assert sum(made) <= part
    assert all(share == 0 if claim <= 0 else share >= 0 for share, claim in zip(made, claims, strict=True))


@given(GWEI, GWEI, st.integers(0, 10_000), st.booleans())
def test_escrow_loses_no_gwei(held: int, share: int, bps: int, is_convicted: bool) -> None:
    made = escrow(held, share, bps, is_convicted)
    assert made.paid + made.released + made.after == held + share
    assert min(made.paid, made.kept, made.released, made.after) >= 0


def test_a_quarter_of_the_escrow_is_released_unless_convicted() -> None:
    assert escrow(100, 40, 5000, False) == Escrow(20, 20, 25, 95)
    assert escrow(100, 40, 5000, True) == Escrow(20, 20, 0, 120)
