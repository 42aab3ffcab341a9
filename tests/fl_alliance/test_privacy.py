"""What a voter reveals can be blurred, always in the same way for one motion and one node."""

import math

import numpy as np
import pytest

from fl_alliance.privacy import blurred
from fl_alliance.workloads.base import Score

FOUND = [Score(0.5, loss, 240) for loss in (0.25, 7.0, math.inf, math.nan)]


def test_the_same_secret_gives_the_same_noise_and_another_another() -> None:
    first, again, other = (blurred(FOUND, 1.0, secret) for secret in (b"one", b"one", b"two"))
    assert first == again
    assert all(a.loss != b.loss for a, b in zip(first, other, strict=True))
    assert [score.score for score in first] == [0.5] * 4


def test_losses_are_clipped_before_the_noise() -> None:
    assert [round(score.loss) for score in blurred(FOUND, 1e9, b"key")] == [0, 4, 4, 4]


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_the_noise_has_the_scale_that_epsilon_asks_for(epsilon: float) -> None:
    many = [Score(0.5, 2.0, 240)] * 4000
    noise = np.array([score.loss - 2.0 for score in blurred(many, epsilon, b"key")])
    assert np.abs(noise).mean() == pytest.approx(12 * 4 / (240 * epsilon), rel=0.05)
    assert abs(noise.mean()) < 0.05 / epsilon
