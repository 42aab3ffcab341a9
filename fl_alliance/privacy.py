"""Noise on what a voter reveals of its held-out data: bounded before the mean, rounded before the noise."""

import math
from collections.abc import Sequence

from fl_alliance.chain.rules.candidates import LOSS_LIMIT, MAX_ENTRIES, SCORE_WORST, score_ppm
from fl_alliance.dp.noise import SecretStream
from fl_alliance.workloads.base import Score

STEP = LOSS_LIMIT / SCORE_WORST
"""What one on-chain step of a score is as a loss."""


def blurred(found: Sequence[Score], epsilon: float, secret: bytes) -> list[Score]:
    """Return all that may be told of scores: losses in [0, 4], in on-chain steps, with discrete Laplace noise.

    Each loss is a mean over n units of losses within [0, 4] (`dp.judge.BoundedJudge` sees to that), rounded to steps.
    One unit, its loss erased or any other, moves a mean by at most 4 / n, and the rounded one by a step more; at most
    12 means are revealed, so each round's losses are epsilon-differentially private for one such unit (Dwork et al.
    2006, "Calibrating Noise to Sensitivity"). Noise in whole steps has no low bits that could tell what it was added to
    (Mironov 2012, "On Significance of the Least Significant Bits"). Rounds add up: the ledger counts them.

    Scores and metrics carry no noise and are left out; they are NaN and none. Nor do contributions have any, which is
    why `validation.py` takes noise with rule.reward=stake alone.

    Parameters
    ----------
    secret : bytes
        The noise follows from it; who knows it can take the noise off.
    """
    stream = SecretStream(secret, b"scores")
    told = []
    for score in found:
        noise = int(stream.discrete_laplace(noise_scale(score.num_examples, epsilon) / STEP, 1)[0])
        steps = min(max(score_ppm(score.loss) + noise, 0), SCORE_WORST)
        told.append(Score(math.nan, steps * STEP, score.num_examples))
    return told


def noise_scale(units: int, epsilon: float) -> float:
    """Return the noise's scale on rounded means over so many units: what one of them moves all by, over epsilon."""
    return MAX_ENTRIES * (LOSS_LIMIT / units + STEP) / epsilon
