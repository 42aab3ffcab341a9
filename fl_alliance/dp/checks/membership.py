"""Who was in the data: membership inference from one observed update.

Both attacks know the model before, the update, and each candidate's data. The signal is by how much the update lowered
a candidate's loss. The first takes it as it is (Yeom et al. 2018, "Privacy Risk in Machine Learning"); the second
compares it with what the same candidate's was in updates that the attacker made itself, with and without it (Carlini et
al. 2022, "Membership Inference Attacks From First Principles").
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signals = Callable[[NDArray[np.bool_], int], NDArray[np.float64]]
"""Who is in (by candidate), and the trial's number -> each candidate's signal."""

_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Membership:
    """How well members are told from others: areas under the ROC curve, .5 by guessing, 1 without an error."""

    threshold: float
    likelihood: float


def membership(candidates: int, trials: int, signals: Signals, seed: int) -> Membership:
    """Return how well both attacks do, over trials in each of which half of the candidates, drawn anew, are in."""
    rng = np.random.default_rng(seed)
    inside = np.stack([rng.permutation(candidates) < candidates // 2 for _ in range(trials)])
    told = np.stack([signals(row, trial) for trial, row in enumerate(inside)])
    return Membership(auc(told[inside], told[~inside]), auc(*_likelihoods(told, inside)))


def auc(members: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return the probability that a member's signal is above another's; equal ones count half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, members, "left")
    at_most = np.searchsorted(ordered, members, "right")
    return float((below + at_most).mean() / 2 / len(others))


def _likelihoods(
    told: NDArray[np.float64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log likelihood ratios of members and of others; each trial is judged by all the other trials."""
    ratios = np.empty_like(told)
    for trial in range(len(told)):
        rest = np.arange(len(told)) != trial
        with_it, without = (_normal(told[rest], mask[rest]) for mask in (inside, ~inside))
        ratios[trial] = _log_density(told[trial], *with_it) - _log_density(told[trial], *without)
    return ratios[inside], ratios[~inside]


def _normal(told: NDArray[np.float64], mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each candidate's mean and spread over the trials that the mask takes."""
    chosen = np.where(mask, told, np.nan)
    return np.nanmean(chosen, axis=0), np.nanstd(chosen, axis=0) + _LEAST_SPREAD


def _log_density(
    at: NDArray[np.float64], mean: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    density: NDArray[np.float64] = -(((at - mean) / spread) ** 2) / 2 - np.log(spread)
    return density
