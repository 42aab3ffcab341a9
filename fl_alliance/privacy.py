"""Noise on what a voter reveals of its held-out data."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fl_alliance.chain.rules.candidates import LOSS_LIMIT, MAX_ENTRIES
from fl_alliance.workloads.base import Score


def blurred(found: Sequence[Score], epsilon: float, secret: bytes) -> list[Score]:
    """Return scores whose losses are clipped to [0, 4] and carry Laplace noise of scale 12 * 4 / (examples * epsilon).

    One held-out example whose own loss is within [0, 4] moves a mean over n of them by at most 4 / n, and at most 12
    means are revealed, so each round's losses are epsilon-differentially private for one such example (Dwork et al.
    2006, "Calibrating Noise to Sensitivity"). Rounds add up. What a voter says of contributions carries no noise.

    Parameters
    ----------
    secret : bytes
        Seeds the noise; who knows it can take the noise off.
    """
    noise = np.random.default_rng(np.frombuffer(secret, np.uint8))
    scales = [MAX_ENTRIES * LOSS_LIMIT / (score.num_examples * epsilon) for score in found]
    clipped = [min(max(s.loss, 0.0), LOSS_LIMIT) if math.isfinite(s.loss) else LOSS_LIMIT for s in found]
    noisy = (loss + noise.laplace(0.0, scale) for loss, scale in zip(clipped, scales, strict=True))
    return [replace(score, loss=float(loss)) for score, loss in zip(found, noisy, strict=True)]
