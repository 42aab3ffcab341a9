"""How far a proposal may move the model."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fl_alliance.strategies.changes import Changes
from fl_alliance.strategies.geometry import Shapes
from fl_alliance.strategies.limits import Limits

Rows = NDArray[np.float64]


@pytest.fixture
def honest() -> Rows:
    """Twelve updates of 40 coordinates; the last four of these nobody moves."""
    made = np.random.default_rng(3).normal(size=(12, 40))
    made[:, 36:] = 0.0
    return made


def lengths(rows: Rows) -> Rows:
    return np.asarray(np.linalg.norm(rows, axis=1))


def seen(rows: Rows) -> Changes:
    """Return updates as changes of a model that is zero."""
    old = {"w": np.zeros(rows.shape[1])}
    return Changes.of(Shapes.of(old), old, {member: {"w": row} for member, row in enumerate(rows)})


def narrow(rows: Rows, limits: Limits | None = None) -> Rows:
    return (limits or Limits()).narrow(seen(rows)).whole()


def wide(rows: Rows) -> Rows:
    return Limits().wide(seen(rows)).whole()


def test_no_update_is_longer_than_the_middle_one(honest: Rows) -> None:
    clipped = narrow(honest * np.arange(1, 13)[:, None])
    assert lengths(clipped).max() <= np.sort(lengths(honest * np.arange(1, 13)[:, None]))[5] + 1e-9


def test_what_most_sites_do_not_move_an_attacker_cannot_move_either(honest: Rows) -> None:
    backdoor = honest[:8].copy()
    backdoor[:, 36:] = 5.0
    rows = np.vstack([honest, backdoor])
    assert not narrow(rows)[12:, 36:].any()
    assert narrow(rows, Limits(coordinates=0))[12:, 36:].all()


def test_sites_that_move_little_alike_are_limited_by_length_alone() -> None:
    apart = np.kron(np.eye(8), np.ones(5))
    assert np.array_equal(narrow(apart), narrow(apart, Limits(coordinates=0)))
    assert not narrow(apart, Limits(kept=0)).any()


def test_free_riders_do_not_shrink_what_others_may_move(honest: Rows) -> None:
    rows = np.vstack([honest, np.zeros((8, 40))])
    assert np.array_equal(narrow(rows)[:12], narrow(honest))


def test_giants_of_nearly_half_a_round_are_part_of_nothing(honest: Rows) -> None:
    scaled = np.vstack([honest, 50 * honest[:11]])
    assert Limits().giants(lengths(scaled)) == frozenset(range(12, 23))


def test_giants_of_half_a_round_leave_the_narrow_limits_alone(honest: Rows) -> None:
    scaled = np.vstack([honest, 50 * honest])
    assert lengths(narrow(scaled)).max() <= lengths(honest).max() + 1e-9


def test_dwarfs_of_half_a_round_leave_the_wide_limits_alone(honest: Rows) -> None:
    tiny = np.vstack([honest, 0.02 * honest])
    assert np.array_equal(wide(tiny)[:12], wide(honest))
    assert lengths(narrow(tiny)).max() < 0.1 * lengths(honest).min()


def test_an_update_of_three_times_the_middle_length_is_no_giant_yet() -> None:
    assert Limits().giants(np.array([1.0, 1.0, 3.0])) == frozenset()
    assert Limits().giants(np.array([1.0, 1.0, 3.0001])) == {2}


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_updates_stay_as_they_are_but_for_the_longer(count: int) -> None:
    rows = np.array([[1.0, 2.0], [10.0, 20.0]])[:count]
    clipped = narrow(rows)
    assert np.allclose(clipped[0], rows[0])
    assert lengths(clipped).max() <= lengths(rows).min() + 1e-9


def test_when_nobody_moves_nothing_is_divided_by_zero() -> None:
    assert not narrow(np.zeros((3, 4))).any()
    assert Limits().giants(np.zeros(3)) == frozenset()
