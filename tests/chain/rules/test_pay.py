"""What a round of candidate voting pays, in integers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.candidates import SCORE_WORST, medians
from fl_alliance.chain.rules.pay import (
    POINTS,
    PPM,
    Escrow,
    consistency,
    credit_weights,
    escrow,
    mean_contributions,
    next_average,
    next_prior,
    reward_parts,
    shares,
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


def votes(rows: list[list[int]], prior: tuple[int, ...] | None = None) -> tuple[list[int], list[int]]:
    """Return qualities and agreements of voters of one stake that have not voted before."""
    weights = [1] * len(rows)
    return voter_quality(rows, weights, medians(rows, weights, len(rows[0])), prior, [0] * len(rows))


def test_without_a_prior_whoever_is_near_is_paid_alike_and_one_far_away_little() -> None:
    qualities, agreements = votes([[500, 400], [500, 400], [510, 408], [900, 0]])
    assert qualities == [PPM, PPM, PPM // 3, PPM // 801]
    assert agreements == [0] * 4


PAST = (90, 80, 70, 60)
NEWS = [[500, 440, 410, 450, 420], [500, 445, 405, 455, 400], [500, 430, 405, 440, 425]]
"""Votes that have in common that the second and fourth candidate gained and the others lost."""


def test_voters_who_saw_the_same_news_earn_and_one_that_repeats_the_past_does_not() -> None:
    qualities, agreements = votes([*NEWS, [500, *(500 - gain for gain in PAST)]], PAST)
    assert min(qualities[:3]) > 0 == qualities[3]
    assert min(agreements[:3]) > 0 == agreements[3]


@pytest.mark.parametrize("percent", [80, 90, 100])
def test_the_past_made_smaller_or_larger_is_no_news(percent: int) -> None:
    lazy = [500, *(500 - gain * percent // 100 for gain in PAST)]
    assert votes([*NEWS, lazy], PAST)[1][3] == 0


def test_a_minority_that_says_exactly_the_same_is_one_source_and_a_majority_is_not() -> None:
    other = [500, 400, 460, 405, 470]
    lone, pair = votes([NEWS[0], other, NEWS[2], NEWS[1]], PAST)[1], votes([NEWS[0], NEWS[0], other, other], PAST)[1]
    assert max(pair) < 0 < lone[0]
    assert min(votes([NEWS[0], NEWS[0], NEWS[0], other], PAST)[1][:3]) > 0


def test_agreement_moves_an_eighth_of_the_way_and_stays_without_a_prior() -> None:
    matrix = medians(NEWS, [1] * 3, 5)
    fresh = voter_quality(NEWS, [1] * 3, matrix, PAST, [0] * 3)[1]
    later = voter_quality(NEWS, [1] * 3, matrix, PAST, [800_000] * 3)[1]
    assert [after - before for before, after in zip(fresh, later, strict=True)] == [700_000] * 3
    assert voter_quality(NEWS, [1] * 3, matrix, None, [7, -8, 9])[1] == [7, -8, 9]


@given(ballots(), st.data())
def test_qualities_and_agreements_stay_in_bounds_whatever_is_scored(
    ballot: tuple[list[list[int]], list[int], int], data: st.DataObject
) -> None:
    scores, weights, candidates = ballot
    gain = st.integers(-SCORE_WORST, SCORE_WORST)
    prior = data.draw(st.none() | st.lists(gain, min_size=candidates - 1, max_size=candidates - 1))
    before = data.draw(st.lists(st.integers(-PPM, PPM), min_size=len(scores), max_size=len(scores)))
    matrix = medians(scores, weights, candidates)
    qualities, after = voter_quality(scores, weights, matrix, prior, before)
    assert all(0 <= quality <= PPM**2 for quality in qualities)
    assert all(-PPM <= agreement <= PPM for agreement in after)


@given(ballots(), st.randoms(use_true_random=False))
def test_the_order_of_the_voters_changes_nothing(
    ballot: tuple[list[list[int]], list[int], int], random: Random
) -> None:
    scores, weights, candidates = ballot
    prior = tuple(range(candidates - 1))
    order = random.sample(range(len(scores)), len(scores))
    matrix = medians(scores, weights, candidates)
    plain = voter_quality(scores, weights, matrix, prior, [0] * len(scores))
    mixed = voter_quality([scores[i] for i in order], [weights[i] for i in order], matrix, prior, [0] * len(scores))
    assert mixed == ([plain[0][i] for i in order], [plain[1][i] for i in order])


@given(ballots())
def test_the_next_prior_is_what_each_candidate_gained(ballot: tuple[list[list[int]], list[int], int]) -> None:
    scores, weights, candidates = ballot
    matrix = medians(scores, weights, candidates)
    assert next_prior(matrix) == tuple(matrix[a][0] for a in range(1, candidates))


@given(st.lists(st.lists(POINT, min_size=3, max_size=3), min_size=1, max_size=6), st.data())
def test_a_mean_lies_between_the_extremes(points: list[list[int]], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(points), max_size=len(points)))
    ranges = zip(mean_contributions(points, weights), zip(*points, strict=True), strict=True)
    assert all(min(column) <= mean <= max(column) for mean, column in ranges)


PARTS = [(), (0, 1), (1, 2), (0, 2), (2,)]
"""What five candidates are made of, the old model first."""


def test_contributions_that_explain_the_scores_weigh_and_those_that_contradict_them_do_not() -> None:
    seen = [3000, 1000, -4000]
    scores = [5000, *(5000 - sum(seen[at] for at in part) // len(part) for part in PARTS[1:])]
    assert consistency(scores, seen, PARTS) > 0.99 * PPM
    assert consistency(scores, [-x for x in seen], PARTS) == 0
    assert consistency(scores, [0, 0, 0], PARTS) == 0
    assert consistency(scores, [-3000, 4000, -2000], PARTS) < PPM // 10


@pytest.mark.parametrize("parts", [[(), (0, 1)], [(), (0, 1), (0, 1)]])
def test_a_menu_of_one_set_of_proposals_checks_nobody(parts: list[tuple[int, ...]]) -> None:
    assert consistency([500, 400, 450], [-3, 9], parts) == PPM


def test_a_voter_far_from_the_others_credits_little() -> None:
    scores = [[5000, 4000, 5200, 4600, 6000]] * 3 + [[900_000, 0, 900_000, 500_000, 900_000]]
    points = [[3000, 1000, -4000]] * 4
    weights = credit_weights(scores, points, [10, 20, 30, 40], medians(scores, [10, 20, 30, 40], 5), PARTS)
    assert weights[0] * 6 == weights[1] * 3 == weights[2] * 2 > 1000 * weights[3]


@given(ballots(), st.data())
def test_consistency_is_a_share_and_does_not_depend_on_the_size_of_the_contributions(
    ballot: tuple[list[list[int]], list[int], int], data: st.DataObject
) -> None:
    scores, weights, candidates = ballot
    parts = [data.draw(st.lists(st.integers(0, 3), unique=True)) for _ in range(candidates)]
    points = data.draw(st.lists(st.integers(-1000, 1000), min_size=4, max_size=4))
    one = consistency(scores[0], points, parts)
    assert 0 <= one <= PPM
    assert abs(consistency(scores[0], [2 * x for x in points], parts) - one) <= PPM // 100
    made = credit_weights(scores, [points] * len(scores), weights, medians(scores, weights, candidates), parts)
    assert all(0 <= weight <= PPM * balance for weight, balance in zip(made, weights, strict=True))


def test_contributions_nobody_stands_for_are_none() -> None:
    assert mean_contributions([[5, -5], [7, 9]], [0, 0]) == [0, 0]


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
