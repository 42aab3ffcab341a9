"""The situations in which updates are attacked: whose data, which model before, and how the update leaves."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fl_alliance.dp.checks.inversion import analytic, matched, recovered
from fl_alliance.dp.checks.membership import membership
from fl_alliance.dp.checks.modes import Observed, plan_for
from fl_alliance.dp.plan import Plan
from fl_alliance.dp.units import Unit
from fl_alliance.workloads import get
from fl_alliance.workloads.base import Arrays, Examples, Site, TrainConfig
from fl_alliance.workloads.glucose import LEVEL_SPREAD, STEP_SPREAD, TYPICAL_MG_DL
from fl_alliance.workloads.torch_workload import TorchWorkload

GUESSED = 0.5
PLAIN, SUMMED = "plain update", "masked sum of 4"
RECORD, PATIENT = "DP, record, epsilon 8", "DP, patient, epsilon 8"
STRICT = "DP, patient, epsilon 1"
CHANCE = "the same of somebody else"

Found = dict[str, dict[str, float]]
Release = Callable[[Examples, int], Arrays]

POOL, GROUP = 80, 3
_PUBLIC = 800
RECORD_PLANS = {"digits": (1.0, 0.2, 50), "glucose": (1.0, 0.02, 60)}
"""Clip, rate and steps of record-level training."""


@lru_cache(maxsize=1)
def digits() -> tuple[TorchWorkload, Examples, Examples, Arrays]:
    """Return digits, a pool of images that may be members, images of others, and a model that others have trained."""
    workload = _torch("digits")
    every = workload.source()  # type: ignore[attr-defined]
    order = np.random.default_rng(0).permutation(len(every))
    pool, public, rest = (_taken(every, part) for part in np.split(order, [POOL, POOL + _PUBLIC]))
    before = workload.train(workload.initial_arrays(1), Site(0, public, public, public), TrainConfig(3, 16, 0.3)).arrays
    return workload, pool, rest, before


@lru_cache(maxsize=1)
def glucose() -> tuple[TorchWorkload, Examples, Arrays]:
    """Return glucose, all patients' training windows, and a model that made-up curves have trained."""
    workload = _torch("glucose", hidden=8, start="simulated")
    return workload, workload.load(0, 1, 1).train, workload.initial_arrays(1)


@lru_cache(maxsize=8)
def record_plan(name: str) -> Plan:
    clip, rate, steps = RECORD_PLANS[name]
    return plan_for(Unit.RECORD, 8.0, clip, rate, steps)


@lru_cache(maxsize=8)
def patient_plan(epsilon: float) -> Plan:
    return plan_for(Unit.PATIENT, epsilon, 0.3, 1.0, 5)


def digits_members(trials: int, modes: Sequence[str] = (PLAIN, SUMMED, RECORD)) -> Found:
    """Return how well images that a site of 40 trained on are told from 40 others, by mode and attack."""
    workload, pool, rest, before = digits()
    seen, was = Observed(workload, before, TrainConfig(10, 16, 0.3)), workload.losses(before, pool)

    def others(trial: int) -> list[Examples]:
        rng = np.random.default_rng(trial)
        return [_taken(rest, rng.choice(len(rest), POOL // 2, replace=False)) for _ in range(GROUP)]

    def signals(release: Release) -> Callable[[NDArray[np.bool_], int], NDArray[np.float64]]:
        return lambda inside, trial: was - workload.losses(release(_taken(pool, inside), trial), pool)

    releases: Mapping[str, Release] = {
        PLAIN: seen.plain,
        SUMMED: lambda train, trial: seen.summed(train, trial, others),
        RECORD: lambda train, trial: seen.private(train, trial, record_plan("digits"), 0.5),
    }
    return {mode: _members(POOL, trials, signals(releases[mode])) for mode in modes}


def glucose_members(trials: int, modes: Sequence[str] = (PLAIN, RECORD, PATIENT, STRICT)) -> Found:
    """Return how well patients that a site of 9 trained on are told from the other 10, by mode and attack."""
    workload, windows, before = glucose()
    assert windows.patients is not None
    names = np.unique(windows.patients)
    seen = Observed(workload, before, TrainConfig(3, 128, 0.03))

    def by_patient(model: Arrays) -> NDArray[np.float64]:
        losses = workload.losses(model, windows)
        return np.array([losses[windows.patients == name].mean() for name in names])

    was = by_patient(before)

    def signals(release: Release) -> Callable[[NDArray[np.bool_], int], NDArray[np.float64]]:
        def told(inside: NDArray[np.bool_], trial: int) -> NDArray[np.float64]:
            return was - by_patient(release(_taken(windows, np.isin(windows.patients, names[inside])), trial))

        return told

    releases: Mapping[str, Release] = {
        PLAIN: seen.plain,
        RECORD: lambda train, trial: seen.private(train, trial, record_plan("glucose"), 0.1),
        PATIENT: lambda train, trial: seen.private(train, trial, patient_plan(8.0), 0.05),
        STRICT: lambda train, trial: seen.private(train, trial, patient_plan(1.0), 0.01),
    }
    return {mode: _members(len(names), trials, signals(releases[mode])) for mode in modes}


def digits_inverted(trials: int, steps: int = 300) -> Found:
    """Return how much of images is computed back from updates of one step, by mode and attack."""
    workload, pool, rest, before = digits()
    one_step = Observed(workload, before, TrainConfig(1, POOL, 0.3))
    typical = rest.x.mean(axis=0).astype(np.float64)
    hidden = Plan(Unit.RECORD, 1.0, record_plan("digits").noise, 1.0, 1)
    releases: Mapping[str, tuple[int, Release]] = {
        "plain, 1 image": (1, one_step.plain),
        "plain, 8 images": (8, one_step.plain),
        "masked sum of 4, 1 image each": (
            1,
            lambda train, trial: one_step.summed(train, trial, lambda n: [_taken(rest, [3 * n + k]) for k in range(3)]),
        ),
        RECORD + ", 1 image": (1, lambda train, trial: one_step.private(train, trial, hidden, 0.3)),
        RECORD + ", 8 images": (8, lambda train, trial: one_step.private(train, trial, hidden, 0.3)),
    }
    found: Found = {}
    for mode, (count, release) in releases.items():
        shares = {"quotient of gradients": [], "matched gradient": []}  # type: dict[str, list[float]]
        for trial in range(trials):
            train = _taken(pool, np.arange(count * trial, count * (trial + 1)) % POOL)
            after, truth = release(train, trial), train.x.astype(np.float64)
            shares["quotient of gradients"].append(
                recovered(analytic(before, after, "0.weight", "0.bias"), truth, typical)
            )
            guesses = matched(workload, before, after, train.y, steps, trial)
            shares["matched gradient"].append(recovered(guesses, truth, typical))
        found[mode] = {attack: float(np.mean(values)) for attack, values in shares.items()}
    return found


def glucose_inverted(trials: int) -> Found:
    """Return how much of windows of two hours is computed back from updates of one step, by mode.

    The attacker shows one window, of the unit that moved most: of several, one would always be near by chance.
    """
    workload, windows, before = glucose()
    assert windows.patients is not None
    one_step = Observed(workload, before, TrainConfig(1, len(windows), 0.03))
    typical = windows.x.mean(axis=0).astype(np.float64)
    hidden = Plan(Unit.RECORD, 1.0, record_plan("glucose").noise, 1.0, 1)
    guarded = Plan(Unit.PATIENT, 0.3, patient_plan(8.0).noise, 1.0, 1)
    releases: Mapping[str, tuple[int, Release]] = {
        "plain, 1 window": (1, one_step.plain),
        "plain, 1 patient, all windows": (0, one_step.plain),
        RECORD + ", 1 window": (1, lambda train, trial: one_step.private(train, trial, hidden, 0.03)),
        PATIENT + ", 1 window": (1, lambda train, trial: one_step.private(train, trial, guarded, 0.03)),
        PATIENT + ", all windows": (0, lambda train, trial: one_step.private(train, trial, guarded, 0.03)),
        CHANCE: (0, lambda _, trial: one_step.private(_patient(windows, trial + 1), trial, guarded, 0.03)),
    }
    found: Found = {}
    for mode, (count, release) in releases.items():
        shares = []
        for trial in range(trials):
            mine = _patient(windows, trial)
            train = _taken(mine, [len(mine) // 2]) if count else mine
            guesses = _histories(analytic(before, release(train, trial), "inner.weight", "inner.bias")[:1])
            shares.append(recovered(guesses, train.x.astype(np.float64), typical))
        found[mode] = {"quotient of gradients": float(np.mean(shares))}
    return found


def _histories(given: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the readings in mg/dL that the layer's inputs, steps and a level, were made of."""
    if not len(given):
        return given
    last = given[:, -1:] * LEVEL_SPREAD + TYPICAL_MG_DL
    steps = given[:, :-1] * STEP_SPREAD
    return np.concatenate([last - np.cumsum(steps[:, ::-1], axis=1)[:, ::-1], last], axis=1)


def _members(
    candidates: int, trials: int, signals: Callable[[NDArray[np.bool_], int], NDArray[np.float64]]
) -> dict[str, float]:
    told = membership(candidates, trials, signals, 1)
    return {"loss threshold": told.threshold, "likelihood ratio": told.likelihood}


def _patient(windows: Examples, number: int) -> Examples:
    """Return all windows of one patient; numbers beyond the last begin again."""
    assert windows.patients is not None
    names = np.unique(windows.patients)
    return _taken(windows, windows.patients == names[number % len(names)])


def _taken(examples: Examples, places: NDArray[np.generic] | Sequence[int]) -> Examples:
    patients = None if examples.patients is None else examples.patients[places]
    return Examples(examples.x[places], examples.y[places], patients)


def _torch(name: str, **options: object) -> TorchWorkload:
    workload = get(name, **options)
    assert isinstance(workload, TorchWorkload)
    return workload
