"""The attacks as their papers give them, in numbers."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fl_alliance.attacks.updates import (
    alie,
    alie_z,
    clone,
    free_ride,
    inner_product,
    min_max,
    min_sum,
    model_replacement,
    noise,
    sign_flip,
)

Matrix = NDArray[np.float64]
DIRECTIONS = ["mean", "std", "sign"]


@pytest.fixture(params=range(3))
def honest(request: pytest.FixtureRequest) -> Matrix:
    """Twelve updates that more or less agree."""
    rng = np.random.default_rng(request.param)
    return np.asarray(rng.normal(rng.normal(size=40), 1.0, size=(12, 40)))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def apart(rows: Matrix) -> Matrix:
    return np.asarray(((rows[:, None] - rows[None]) ** 2).sum(axis=-1))


def test_the_z_of_a_little_is_enough_is_the_papers() -> None:
    # Baruch et al. 2019, section 4: 50 workers of whom 24 are corrupted need 2 more, so z_max = 1.43.
    assert alie_z(26, 24) == pytest.approx(1.426, abs=0.001)


def test_a_little_is_enough_stays_within_the_honest_spread(honest: Matrix) -> None:
    sent = alie(honest, 8)
    assert sent == pytest.approx(honest.mean(axis=0) - alie_z(12, 8) * honest.std(axis=0))
    assert np.linalg.norm(sent - honest.mean(axis=0)) < np.sqrt(apart(honest).max())


def test_a_majority_of_attackers_still_has_a_finite_z(honest: Matrix) -> None:
    assert np.isfinite(alie(honest, 30)).all()


def test_inner_product_manipulation_turns_the_mean_around_once_epsilon_exceeds_honest_over_attackers(
    honest: Matrix,
) -> None:
    mean = honest.mean(axis=0)
    for epsilon, turns in ((12 / 8 + 0.1, True), (12 / 8 - 0.1, False)):
        everybody = np.vstack([honest, *[inner_product(honest, epsilon)] * 8])
        assert (everybody.mean(axis=0) @ mean < 0) == turns


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_min_max_is_as_far_from_honest_updates_as_two_of_them_are_apart(honest: Matrix, direction: str) -> None:
    sent = min_max(honest, direction)  # type: ignore[arg-type]
    assert ((sent - honest) ** 2).sum(axis=1).max() == pytest.approx(apart(honest).max())
    assert (sent - honest.mean(axis=0)) @ honest.mean(axis=0) < 0 or direction == "std"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_min_sum_is_as_far_out_in_sum_as_the_furthest_honest_update(honest: Matrix, direction: str) -> None:
    sent = min_sum(honest, direction)  # type: ignore[arg-type]
    assert ((sent - honest) ** 2).sum() == pytest.approx(apart(honest).sum(axis=1).max())


def test_a_sign_flip_is_the_opposite_and_a_replacement_longer(honest: Matrix) -> None:
    own = honest[0]
    assert sign_flip(own, 2.0) == pytest.approx(-2 * own)
    everybody = np.vstack([np.zeros((9, 40)), model_replacement(own, 10 / 1)])
    assert everybody.mean(axis=0) == pytest.approx(own)


def test_noise_has_the_length_it_was_given(honest: Matrix, rng: np.random.Generator) -> None:
    own = honest[0]
    assert np.linalg.norm(noise(own, rng, 3.0)) == pytest.approx(3 * np.linalg.norm(own))
    assert np.linalg.norm(free_ride(own, rng, 0.5)) == pytest.approx(0.5 * np.linalg.norm(own))


def test_a_free_rider_without_disguise_sends_nothing(honest: Matrix, rng: np.random.Generator) -> None:
    assert not free_ride(honest[0], rng).any()


def test_a_clone_is_the_victims_update_with_noise_of_the_length_given(honest: Matrix, rng: np.random.Generator) -> None:
    assert (clone(honest, 3, rng) == honest[3]).all()
    away = clone(honest, 3, rng, 0.3) - honest[3]
    assert np.linalg.norm(away) == pytest.approx(0.3 * np.linalg.norm(honest[3]))
