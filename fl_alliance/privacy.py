"""Noise on what a voter reveals of its held-out data."""

import math
from collections.abc import Sequence

import numpy as np

from fl_alliance.chain.rules.candidates import LOSS_LIMIT, MAX_ENTRIES
from fl_alliance.workloads.base import Score


def blurred(found: Sequence[Score], epsilon: float, secret: bytes) -> list[Score]:
    """Return all that may be told of scores: losses in [0, 4] with Laplace noise of `noise_scale`.

    One held-out example exchanged for another, the loss of either within [0, 4], moves a mean over n of them by at most
    4 / n, and at most 12 means are revealed, so each round's losses are epsilon-differentially private for one such
    example (Dwork et al. 2006, "Calibrating Noise to Sensitivity"). Rounds add up, and the coordinator says which round
    it is: one that asks more often than the task has rounds learns more.

    Scores and metrics carry no noise and are left out; they are NaN and none. Nor do contributions have any, which is
    why `validation.py` takes noise with rule.reward=stake alone.

    Parameters
    ----------
    secret : bytes
        Seeds the noise; who knows it can take the noise off.
    """
    noise = np.random.default_rng(np.frombuffer(secret, np.uint8))
    scales = [noise_scale(score.num_examples, epsilon) for score in found]
    means = [_bounded(score.loss) if math.isfinite(score.loss) else LOSS_LIMIT for score in found]
    noisy = [_bounded(mean + noise.laplace(0.0, scale)) for mean, scale in zip(means, scales, strict=True)]
    return [Score(math.nan, loss, score.num_examples) for score, loss in zip(found, noisy, strict=True)]


def noise_scale(num_examples: int, epsilon: float) -> float:
    """Return the noise's scale on means over so many examples: what one example moves all of them by, over epsilon."""
    return MAX_ENTRIES * LOSS_LIMIT / (num_examples * epsilon)


def _bounded(loss: float) -> float:
    return float(min(max(loss, 0.0), LOSS_LIMIT))
