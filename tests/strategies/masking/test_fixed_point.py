"""Whole numbers modulo 2^32 for updates: what they are off by, and that sums are exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fl_alliance.strategies.masking.fixed_point import LEVELS, MOST_TOGETHER, FixedPoint

CLIPS = st.sampled_from([0.01, 1.0, 2.0, 37.5])


def updates(clip: float) -> st.SearchStrategy[np.ndarray]:
    counts = st.integers(1, MOST_TOGETHER)
    return counts.flatmap(lambda count: arrays(np.float64, (count, 5), elements=st.floats(-clip, clip)))


@given(st.data(), CLIPS)
def test_a_mean_of_updates_within_the_range_is_off_by_half_a_step_at_most(data: st.DataObject, clip: float) -> None:
    rows, numbers = data.draw(updates(clip)), FixedPoint(clip)
    total = np.zeros(5, np.uint32)
    for row in rows:
        total = total + numbers.encode(row)
    slack = 1e-12 * clip  # float64 rounds the mean too
    assert np.abs(numbers.mean(total, len(rows)) - rows.mean(axis=0)).max() <= numbers.error + slack


def test_as_many_of_the_largest_updates_as_there_may_be_do_not_wrap_around() -> None:
    numbers = FixedPoint(2.0)
    for sign in (-1.0, 1.0):
        total = np.zeros(3, np.uint32)
        for _ in range(MOST_TOGETHER):
            total = total + numbers.encode(np.full(3, sign * 2.0))
        assert (numbers.mean(total, MOST_TOGETHER) == sign * 2.0).all()


def test_what_is_out_of_range_is_clipped_by_who_encodes_it() -> None:
    numbers = FixedPoint(2.0)
    assert (numbers.encode(np.array([5.0, -np.float64(1e300)])) == numbers.encode(np.array([2.0, -2.0]))).all()
    assert numbers.encode(np.array([2.0])).astype(np.int32) == LEVELS


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_update_that_is_not_finite_is_not_encoded(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        FixedPoint(2.0).encode(np.array([0.0, value]))


@given(arrays(np.uint32, 9), st.integers(3, MOST_TOGETHER))
def test_whatever_a_sum_is_its_mean_is_finite_and_in_range(total: np.ndarray, count: int) -> None:
    mean = FixedPoint(2.0).mean(total, count)
    assert np.isfinite(mean).all()
    assert np.abs(mean).max() <= 2.0
