"""What validators together say of a submission."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.arena_consensus import WORST, consensus
from fl_alliance.chain.rules.candidates import lower_median
from fl_alliance.chain.rules.units import MAX_STAKE_WEI

SCORE = st.one_of(st.integers(0, 9), st.integers(0, WORST), st.just(WORST))
STAKE = st.one_of(st.integers(0, 9), st.integers(0, MAX_STAKE_WEI // 8))
COLUMN = st.lists(st.tuples(SCORE, STAKE), min_size=1, max_size=8).filter(lambda rows: any(stake for _, stake in rows))


def agreed(rows: list[tuple[int, int]]) -> int:
    return consensus([score for score, _ in rows], [stake for _, stake in rows])


def test_scores_that_are_close_are_averaged_by_stake_and_rounded_down() -> None:
    assert consensus([100, 102, 105], [1, 1, 1]) == 102  # 102.33
    assert consensus([100, 102, 105], [1, 6, 1]) == 102  # 102.125, the spread is 0
    assert consensus([100, 200], [1, 3]) == 200


def test_an_outlier_counts_no_further_than_three_spreads_from_the_median() -> None:
    # median 102, distances 2, 0, 3, WORST - 102: spread 2, so the last counts 108
    assert consensus([100, 102, 105, WORST], [1, 1, 1, 1]) == (100 + 102 + 105 + 108) // 4
    # median 100, distances 100, 0, 5, 6: spread 5, so the first counts 85
    assert consensus([0, 100, 105, 106], [1, 1, 1, 1]) == (85 + 100 + 105 + 106) // 4


def test_a_lower_end_below_nothing_is_nothing() -> None:
    assert consensus([0, 10, 30], [1, 1, 1]) == (0 + 10 + 30) // 3


def test_a_submission_is_refused_by_more_than_half_of_the_stake_and_not_by_half() -> None:
    assert consensus([5, WORST], [10, 11]) == WORST
    assert consensus([5, WORST], [10, 10]) == 5


@given(COLUMN)
def test_the_consensus_is_worst_exactly_where_the_median_is(rows: list[tuple[int, int]]) -> None:
    median = lower_median([score for score, _ in rows], [stake for _, stake in rows])
    assert (agreed(rows) == WORST) == (median == WORST)


@given(COLUMN)
def test_the_consensus_lies_between_the_extremes_of_those_with_stake(rows: list[tuple[int, int]]) -> None:
    counted = [score for score, stake in rows if stake]
    assert min(counted) <= agreed(rows) <= max(counted)


@given(st.lists(st.tuples(SCORE, st.integers(1, 9)), min_size=1, max_size=6), st.data())
def test_a_minority_moves_the_consensus_only_near_the_others_scores(
    honest: list[tuple[int, int]], data: st.DataObject
) -> None:
    stake = sum(stake for _, stake in honest) - 1
    hostile = data.draw(st.lists(SCORE, max_size=stake))
    low, high = min(score for score, _ in honest), max(score for score, _ in honest)
    width = high - low
    # the median lies among the honest scores, and more than half of the stake within `width` of it
    assert low - 3 * width <= agreed([*honest, *((score, 1) for score in hostile)]) <= high + 3 * width


@given(COLUMN, st.randoms(use_true_random=False))
def test_the_order_of_the_validators_changes_nothing(rows: list[tuple[int, int]], random: Random) -> None:
    assert agreed(random.sample(rows, len(rows))) == agreed(rows)


@given(COLUMN, st.integers(0, 9), st.data())
def test_a_validator_in_two_accounts_changes_nothing(
    rows: list[tuple[int, int]], part: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    score, stake = rows[place]
    first = min(part, stake)
    assert agreed([*rows[:place], (score, first), (score, stake - first), *rows[place + 1 :]]) == agreed(rows)


@given(st.lists(st.tuples(SCORE, st.integers(1, 9)), min_size=1, max_size=6), st.integers(2, 10**9))
def test_only_the_proportions_of_the_stakes_matter(rows: list[tuple[int, int]], times: int) -> None:
    assert agreed([(score, stake * times) for score, stake in rows]) == agreed(rows)


def test_without_stake_there_is_no_consensus() -> None:
    for scores in ([], [3]):
        with pytest.raises(ValueError, match=f"given {len(scores)} scores without stake"):
            consensus(scores, [0] * len(scores))


@pytest.mark.parametrize(
    ("scores", "stakes", "message"),
    [
        ([1, 2], [1], "given 2 scores and 1 stakes"),
        ([WORST + 1], [1], f"score: given {WORST + 1}, needed 0 to {WORST}"),
        ([-1], [1], "score: given -1"),
        ([1], [-1], "stake_wei: given -1"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(scores: list[int], stakes: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        consensus(scores, stakes)
