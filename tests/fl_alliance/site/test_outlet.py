"""Of a site's figures only named ones leave, clipped and rounded; num-examples always does, for Flower needs it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.site.outlet import Outlet, Told
from fl_alliance.workloads.base import Score

OUTLET = Outlet({"num-examples": Told(-1, 0, 500), "loss": Told(2, 0, 4)}, Told(3, 0, 4))


def test_unnamed_metrics_stay_and_named_ones_are_rounded_and_clipped() -> None:
    told = OUTLET.tell({"num-examples": 237, "loss": 1.23456, "rmse": 15.8})
    assert told == {"num-examples": 240, "loss": 1.23}
    assert OUTLET.tell({"num-examples": 9999, "loss": 1e9}) == {"num-examples": 500, "loss": 4.0}


def test_where_the_number_of_examples_is_not_named_it_is_told_as_one() -> None:
    assert Outlet({}, Told(3, 0, 4)).tell({"num-examples": 237, "loss": 1.0}) == {"num-examples": 1}
    assert OUTLET.tell({"num-examples": 3}) == {"num-examples": 1}


def test_a_votes_losses_are_rounded_and_what_was_left_out_stays_out() -> None:
    blurred, plain = OUTLET.judge([Score(math.nan, 1.23456, 9), Score(0.98765, math.nan, 9)])
    assert math.isnan(blurred.score)
    assert (blurred.loss, plain.score, plain.loss) == (1.235, 0.988, 4.0)


@given(st.floats(), st.integers(-12, 12))
def test_no_value_leaves_its_range(value: float, digits: int) -> None:
    assert 0.25 <= Told(digits, 0.25, 7.75).of(value) <= 7.75


@pytest.mark.parametrize("name", ["loss", "num-examples"])
@given(st.floats(0, 4), st.floats(0, 4))
def test_values_in_one_cell_of_the_grid_cannot_be_told_apart(name: str, one: float, other: float) -> None:
    told = OUTLET.metrics[name]
    cell = 10.0**-told.digits
    if round(one / cell) == round(other / cell) and abs(one / cell % 1 - 0.5) > 1e-6 < abs(other / cell % 1 - 0.5):
        assert told.of(one) == told.of(other)
