"""Glucose curves that are nobody's: made up from wide ranges of what is generally known, to start a model from.

A level that meals push up and that falls back, slow drift, and a sensor's correlated noise; a person is one draw of all
constants. No figure in here was computed from anyone's data. How wide the ranges of drift and noise are was chosen
among five by the error of the untrained model on the shipped patients; that choice is in no privacy ledger.
"""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fl_alliance.workloads.base import Examples
from fl_alliance.workloads.cgm import HIGHEST_MG_DL, HISTORY, LOWEST_MG_DL, STEP_MIN
from fl_alliance.workloads.seeds import stream

PEOPLE, DAYS = 30, 7
_STRIDE = 3
_DAY, _HOUR = 24 * 60 // STEP_MIN, 60 // STEP_MIN
_MEALS_AT_H, _SNACKS = (7.5, 12.5, 19.0), 1.5
_ABSORBED = 150
"""Readings after which a meal pushes no more."""


def simulated_curves(people: int, days: int) -> NDArray[np.float64]:
    """Return the curves (people, readings 5 minutes apart) in mg/dL, always the same ones."""
    rng = stream(0, "glucose", "simulated")
    ranges = {
        "fall": (0.015, 0.06),
        "level": (80.0, 120.0),
        "noise": (1.0, 6.0),
        "memory": (0.3, 0.9),
        "drift": (1.0, 4.0),
    }
    of = {name: rng.uniform(low, high, people) for name, (low, high) in ranges.items()}
    push = np.stack([_meals(days, rng) for _ in range(people)])
    rest, speed, sensor = np.zeros(people), np.zeros(people), np.zeros(people)
    curves = np.empty((people, days * _DAY))
    for at in range(days * _DAY):
        speed = 0.8 * speed + 0.4 * rng.normal(0.0, of["drift"])
        rest = rest + push[:, at] - of["fall"] * rest + speed
        sensor = of["memory"] * sensor + rng.normal(0.0, of["noise"] * np.sqrt(1 - of["memory"] ** 2))
        curves[:, at] = of["level"] + rest + sensor
    return curves.clip(LOWEST_MG_DL, HIGHEST_MG_DL)


@lru_cache(maxsize=4)
def simulated_windows(horizon_min: int) -> Examples:
    """Return every third window of all curves; its result is kept, and so must not be changed."""
    length = HISTORY + horizon_min // STEP_MIN
    curves = simulated_curves(PEOPLE, DAYS).astype(np.float32)
    cut = sliding_window_view(curves, length, axis=1)[:, ::_STRIDE].reshape(-1, length)
    return Examples(cut[:, :HISTORY].copy(), cut[:, -1].copy())


def _meals(days: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return by how much one person's meals push glucose up at every reading, in mg/dL."""
    readings = days * _DAY
    push, since = np.zeros(readings + _ABSORBED), np.arange(_ABSORBED)
    size, peak = rng.uniform(0.5, 4.0), rng.uniform(5.0, 14.0)
    for day in range(days):
        for hour in (*_MEALS_AT_H, *rng.uniform(6.0, 24.0, rng.poisson(_SNACKS))):
            at = int(day * _DAY + (hour + rng.normal()) * _HOUR)
            if 0 <= at < readings:
                push[at : at + _ABSORBED] += size * rng.gamma(3.0, 1 / 3.0) * since / peak * np.exp(1 - since / peak)
    return push[:readings]
