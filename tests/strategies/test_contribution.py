"""What a voter's gradients say each proposal contributed, and the integers it signs."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fl_alliance.chain.rules.pay import POINTS
from fl_alliance.strategies.contribution import contributions, novelties, points

Model = dict[str, NDArray[np.float64]]


def model(*values: float) -> Model:
    return {"w": np.array(values[:2]), "b": np.array(values[2:])}


def loss(arrays: Model) -> float:
    """A cubic: three gradients integrate its own, which is quadratic, without an error."""
    w, b = arrays["w"], arrays["b"]
    return float((w[0] - 1) ** 3 + w[0] * w[1] ** 2 + (b[0] - w[1]) ** 2 + 2)


def gradient(arrays: Model) -> Model:
    (x, y), (z,) = arrays["w"], arrays["b"]
    return {"w": np.array([3 * (x - 1) ** 2 + y**2, 2 * x * y - 2 * (z - y)]), "b": np.array([2 * (z - y)])}


def moved(old: Model, updates: list[Model]) -> Model:
    return {name: value + sum(update[name] for update in updates) for name, value in old.items()}


@pytest.fixture
def old() -> Model:
    return model(0.2, -0.4, 0.9)


@pytest.fixture
def updates() -> list[Model]:
    return [model(0.3, 0.1, -0.2), model(-0.1, 0.4, 0.2), model(0.0, 0.3, -0.5)]


def test_the_shares_add_up_to_what_the_mean_of_all_gained(old: Model, updates: list[Model]) -> None:
    proposals = {member: moved(old, [update]) for member, update in enumerate(updates)}
    thirds = [{name: value / 3 for name, value in update.items()} for update in updates]
    best = moved(old, thirds)
    made = contributions(gradient, old, best, proposals)
    assert sum(made.values()) == pytest.approx(loss(old) - loss(best), rel=1e-12)


def test_the_shares_are_near_exact_shapley_values(old: Model, updates: list[Model]) -> None:
    proposals = {member: moved(old, [update]) for member, update in enumerate(updates)}
    thirds = [{name: value / 3 for name, value in update.items()} for update in updates]
    made = contributions(gradient, old, moved(old, thirds), proposals)
    gains = [0.0] * 3
    for order in permutations(range(3)):
        for place, member in enumerate(order):
            before, after = (moved(old, [thirds[i] for i in order[:last]]) for last in (place, place + 1))
            gains[member] += (loss(before) - loss(after)) / 6
    assert [made[member] for member in range(3)] == pytest.approx(gains, abs=0.02)


def test_a_proposal_that_changes_nothing_contributes_nothing_and_its_opposite_the_opposite(old: Model) -> None:
    update = model(0.3, 0.1, -0.2)
    opposite = {name: -value for name, value in update.items()}
    best = moved(old, [update])
    made = contributions(gradient, old, best, {4: best, 7: old, 9: moved(old, [opposite])})
    assert made[7] == 0
    assert made[4] == pytest.approx(-made[9])


def test_a_copy_with_noise_is_credited_with_its_noise_and_the_copied_one_in_full(old: Model) -> None:
    update, noise = model(0.3, 0.1, -0.2), model(0.01, -0.03, 0.0)
    original, copy = moved(old, [update]), moved(old, [update, noise])
    alone = contributions(gradient, old, original, {2: original})
    made = contributions(gradient, old, original, {2: original, 1: copy})
    assert made[2] == pytest.approx(alone[2] / 2)
    assert abs(made[1]) < made[2] / 3


def test_updates_that_differ_are_left_as_they_are() -> None:
    updates = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [-1.0, 0.1, 0.0], [0.0, 0.0, 0.0]])
    assert np.array_equal(novelties(updates @ updates.T), np.eye(4))
    copies = np.array([[2.0, 0.0], [1.0, 0.0], [3.0, 0.3]])
    assert np.allclose(novelties(copies @ copies.T) @ copies, [[2, 0], [0, 0], [0, 0.3]])


def test_points_are_in_proportion_and_rounded_toward_zero() -> None:
    assert points({3: 2.0, 5: -1.0, 8: 0.00001}, [3, 4, 5, 8]) == (6666, 0, -3333, 0)


@pytest.mark.parametrize("shares", [{}, {1: 0.0}, {1: float("nan"), 2: float("inf")}])
def test_without_anything_finite_to_share_out_all_points_are_nought(shares: dict[int, float]) -> None:
    assert points(shares, [1, 2]) == (0, 0)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=64))
def test_points_never_add_up_to_more_than_ten_thousand(values: list[float]) -> None:
    made = points(dict(enumerate(values)), range(len(values)))
    assert sum(map(abs, made)) <= POINTS
    assert all(point * value >= 0 for point, value in zip(made, values, strict=True) if np.isfinite(value))


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=9), st.floats(1e-3, 1e3))
def test_the_unit_of_the_shares_hardly_matters(values: list[int], unit: float) -> None:
    members = range(len(values))
    one, other = points(dict(enumerate(values)), members), points({i: unit * v for i, v in enumerate(values)}, members)
    assert all(abs(first - second) <= 1 for first, second in zip(one, other, strict=True))
