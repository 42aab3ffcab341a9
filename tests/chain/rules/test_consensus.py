"""Scores, votes and outcomes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.consensus import BPS, SCORE_ONE, Outcome, is_yes, outcome, quorum, score_micro

scores = st.integers(0, SCORE_ONE)


@pytest.mark.parametrize(
    ("score", "micro"),
    [(0.0, 0), (1.0, SCORE_ONE), (-3.0, 0), (7.0, SCORE_ONE), (0.5, 500_000), (0.1234565, 123456), (0.1234575, 123458)],
)
def test_scores_are_clipped_and_rounded_half_to_even(score: float, micro: int) -> None:
    assert score_micro(score) == micro


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_the_worst(score: float) -> None:
    assert score_micro(score) == 0


def test_a_vote_is_yes_down_to_the_tolerance_and_not_below() -> None:
    assert is_yes(800_000, 760_000, 500)
    assert not is_yes(800_000, 759_999, 500)


@given(scores, scores)
def test_without_tolerance_yes_means_not_worse(old: int, new: int) -> None:
    assert is_yes(old, new, 0) == (new >= old)


@given(scores, scores)
def test_full_tolerance_accepts_everything(old: int, new: int) -> None:
    assert is_yes(old, new, BPS)


def test_half_the_voters_rounded_up_are_a_quorum() -> None:
    assert [quorum(voters) for voters in (0, 1, 2, 3, 4, 5)] == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("yes", "no", "voters", "expected"),
    [
        (3, 2, 5, Outcome.ACCEPTED),
        (2, 2, 5, Outcome.ACCEPTED),
        (2, 3, 5, Outcome.REJECTED),
        (2, 0, 5, Outcome.VOID),
        (0, 0, 0, Outcome.ACCEPTED),
    ],
)
def test_ties_accept_and_too_few_votes_are_void(yes: int, no: int, voters: int, expected: Outcome) -> None:
    assert outcome(yes, no, voters) is expected
