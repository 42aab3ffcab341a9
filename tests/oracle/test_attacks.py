"""Our attacks give ByzFL's numbers, where it has them (it has neither Min-Max nor Min-Sum)."""

import math
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from fl_alliance.attacks.updates import alie, clone, inner_product, sign_flip

HONEST = 12


@pytest.fixture(params=range(3))
def honest(request: pytest.FixtureRequest) -> NDArray[np.float64]:
    rng = np.random.default_rng(request.param)
    return np.asarray(rng.normal(rng.normal(size=50), 1.0, size=(HONEST, 50)))


@pytest.mark.parametrize("z", [0.3, 1.0, 2.5])
def test_a_little_is_enough(byzfl: ModuleType, honest: NDArray[np.float64], z: float) -> None:
    """ByzFL divides the variance by n - 1, ours by n as the paper's own code does."""
    theirs = byzfl.ALittleIsEnough(tau=-z * math.sqrt((HONEST - 1) / HONEST))(honest)
    assert alie(honest, 8, z) == pytest.approx(theirs)


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 3.0])
def test_inner_product_manipulation(byzfl: ModuleType, honest: NDArray[np.float64], epsilon: float) -> None:
    assert inner_product(honest, epsilon) == pytest.approx(byzfl.InnerProductManipulation(tau=epsilon)(honest))


def test_sign_flip_of_the_mean(byzfl: ModuleType, honest: NDArray[np.float64]) -> None:
    assert sign_flip(honest.mean(axis=0)) == pytest.approx(byzfl.SignFlipping()(honest))


def test_a_clone_without_noise_is_a_mimic(byzfl: ModuleType, honest: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(0)
    assert clone(honest, 4, rng) == pytest.approx(byzfl.Mimic(epsilon=4)(honest))
