"""Losses as the chain keeps them, and budgets that are refused before anything is trained."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.arena.kinds.base import WORST, ArtifactLimits, Budget, millionths
from fl_alliance.arena.kinds.errors import BudgetUnusable
from fl_alliance.arena.parameters import load_parameters, pack_parameters


@pytest.mark.parametrize(
    ("loss", "score"),
    [(0.0, 0), (-0.1, 0), (1.393, 1_393_000), (4.9e-7, 0), (5.1e-7, 1), (4294.967294, WORST - 1), (1e300, WORST - 1)],
)
def test_a_loss_is_rounded_to_the_nearest_millionth_and_never_as_bad_as_a_refusal(loss: float, score: int) -> None:
    assert millionths(loss) == score


@pytest.mark.parametrize("loss", [nan, inf, -inf])
def test_a_loss_that_is_no_number_is_the_worst_score(loss: float) -> None:
    assert millionths(loss) == WORST == 2**32 - 1


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_lower_loss_never_scores_worse(one: float, other: float) -> None:
    assert (millionths(one) <= millionths(other)) or one > other


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"steps": 0}, "steps=0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"threads": 0}, "threads=0"),
        ({"learning_rate": 0.0}, "learning_rate=0"),
        ({"learning_rate": nan}, "learning_rate=nan"),
        ({"learning_rate": inf}, "learning_rate=inf"),
    ],
)
def test_a_budget_with_which_nothing_can_be_trained_is_refused(change: dict[str, float], named: str) -> None:
    given: dict[str, float] = {"steps": 1, "batch_size": 1, "learning_rate": 0.1, "threads": 1}
    Budget(**given)  # type: ignore[arg-type]
    with pytest.raises(BudgetUnusable, match=named):
        Budget(**{**given, **change})  # type: ignore[arg-type]


def test_what_a_kind_writes_is_within_its_limit_of_bytes() -> None:
    written = pack_parameters({"weight": np.ones((3, 5), np.float32)})
    assert len(written) <= ArtifactLimits(15).file_bytes
    assert load_parameters(written, {"weight": (3, 5)})["weight"].size == 15
