"""RMSE against epsilon of glucose with patient-level privacy: `python tests/bench/dp_curve.py`, some minutes.

Four hospitals share 19 patients. Every step of every hospital is a real step of private training, with the noise that
an accountant says is needed; the chain and its votes are left out. No patient's reported error had a say in how its
model was trained: patients are parted into two halves by hospital, and the step size for one half is the one that did
best on the other half's held-out time, with other seeds than those reported, which are of the test time.

Writes what was measured to `tests/bench/dp_curve.json`, and from that `fl_alliance/dp/curve.png` and the table of that
folder's README. `--draw` draws the figures of that file again.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from fl_alliance.dp.accounting import noise_for, spent
from fl_alliance.dp.descent import descend
from fl_alliance.dp.noise import SecretStream
from fl_alliance.dp.plan import Plan
from fl_alliance.dp.units import Unit, members
from fl_alliance.workloads import get
from fl_alliance.workloads.base import Arrays, Examples, Site, TrainConfig
from fl_alliance.workloads.baselines import compare, fedavg
from fl_alliance.workloads.torch_workload import TorchWorkload

FIGURES = Path(__file__).with_suffix(".json")
PICTURE = Path(__file__).parents[2] / "fl_alliance" / "dp" / "curve.png"
EPSILONS = (1.0, 3.0, 8.0, math.inf)
DELTA = 1e-5
HOSPITALS, DEAL_SEED = 4, 1
HALVES = ((0, 1), (2, 3))
"""Hospitals whose patients' step sizes are chosen by the other half."""
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
FIRST_TRIAL = 1000
"""Seed from which those begin with which step sizes are tried."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a curve's models are trained; the same for each of its epsilons but for the step size, which is chosen."""

    start: str
    hidden: int = 4
    rounds: int = 4
    steps: int = 5
    clip: float = 0.3


RECIPES = {"from persistence": Recipe("persistence"), "from made-up curves": Recipe("simulated")}


def private_fedavg(
    workload: TorchWorkload,
    sites: Sequence[Site],
    arrays: Arrays,
    recipe: Recipe,
    epsilon: float,
    rate: float,
    seed: int,
) -> Arrays:
    """Return the model after every hospital has trained in every round, each with noise of its own."""
    total = recipe.rounds * recipe.steps
    noise = noise_for(epsilon, DELTA, 1.0, total) if math.isfinite(epsilon) else 0.0
    assert not noise or spent([(noise, 1.0, total)], 0.0, DELTA).epsilon <= epsilon
    plan = Plan(Unit.PATIENT, recipe.clip, noise, 1.0, recipe.steps)
    config = TrainConfig(learning_rate=rate, seed=seed)
    weights = [len(members(site.train, Unit.PATIENT)) for site in sites]
    for number in range(1, recipe.rounds + 1):
        draws = [SecretStream(f"seed {seed}".encode(), f"{number}/{site.node}".encode()) for site in sites]
        told = [
            descend(workload, arrays, site.train, replace(config, round=number), plan, draw)
            for site, draw in zip(sites, draws, strict=True)
        ]
        arrays = {
            name: np.average([one[name] for one in told], axis=0, weights=weights).astype(np.float32) for name in arrays
        }
    return arrays


class Curve:
    """One recipe's measurements."""

    def __init__(self, recipe: Recipe, trials: int) -> None:
        workload = get("glucose", hidden=recipe.hidden, start=recipe.start)
        assert isinstance(workload, TorchWorkload)
        self._workload, self._recipe, self._trials = workload, recipe, trials
        self._sites = [workload.load(node, HOSPITALS, DEAL_SEED) for node in range(HOSPITALS)]
        self._kept: dict[tuple[float, float, int], Arrays] = {}

    def measured(self, epsilon: float, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the step sizes that the halves chose for one another, and the test RMSE by seed."""
        rates = [self._chosen(epsilon, HALVES[1 - half]) for half in range(len(HALVES))]
        figures = []
        for seed in seeds:
            start = self._workload.initial_arrays(seed)
            models = {rate: self._trained(start, epsilon, rate, seed) for rate in set(rates)}
            figures.append(self._rmse([(models[rate], half, "test") for rate, half in zip(rates, HALVES, strict=True)]))
        return {"rates": rates, "rmse": figures}

    def untrained(self, seeds: Sequence[int]) -> list[float]:
        """Return the test RMSE of each seed's model before training."""
        everybody = tuple(range(HOSPITALS))
        return [self._rmse([(self._workload.initial_arrays(seed), everybody, "test")]) for seed in seeds]

    def _chosen(self, epsilon: float, half: Sequence[int]) -> float:
        """Return the step size with the least median error on the held-out time of a half's patients."""
        found: dict[float, list[float]] = {rate: [] for rate in RATES}
        for seed in range(FIRST_TRIAL, FIRST_TRIAL + self._trials):
            start = self._workload.initial_arrays(seed)
            for rate in RATES:
                found[rate].append(self._rmse([(self._tried(start, epsilon, rate, seed), half, "heldout")]))
        return min(RATES, key=lambda rate: median(found[rate]))

    def _tried(self, start: Arrays, epsilon: float, rate: float, seed: int) -> Arrays:
        key = epsilon, rate, seed
        if key not in self._kept:
            self._kept[key] = self._trained(start, epsilon, rate, seed)
        return self._kept[key]

    def _trained(self, start: Arrays, epsilon: float, rate: float, seed: int) -> Arrays:
        return private_fedavg(self._workload, self._sites, start, self._recipe, epsilon, rate, seed)

    def _rmse(self, parts: Sequence[tuple[Arrays, Sequence[int], str]]) -> float:
        """Return the RMSE over all windows of the parts: a model, whose it is to predict, and which of their time."""
        errors = []
        for arrays, half, time in parts:
            for node in half:
                windows: Examples = getattr(self._sites[node], time)
                errors.append(np.subtract(*self._workload.predictions(arrays, windows)))  # type: ignore[attr-defined]
        return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def references() -> dict[str, float]:
    """Return the RMSE of what uses no noise."""
    workload = get("glucose")
    sites = [workload.load(node, HOSPITALS, DEAL_SEED) for node in range(HOSPITALS)]
    config = replace(workload.defaults, seed=1)
    found = {name: metrics["rmse"] for name, metrics in compare(workload, sites, 20, config).items()}
    return {**found, "FedAvg": workload.evaluate(fedavg(workload, sites, 20, config), sites)["rmse"]}


def measure(seeds: int, trials: int) -> dict[str, Any]:
    """Return all figures, as they are written down; an epsilon is named as the axis names it."""
    curves = {}
    for name, recipe in RECIPES.items():
        curve = Curve(recipe, trials)
        private = {_named(epsilon): curve.measured(epsilon, range(seeds)) for epsilon in EPSILONS}
        curves[name] = {"untrained": curve.untrained(range(seeds)), "epsilon": private}
    return {"delta": DELTA, "seeds": seeds, "trials": trials, "references": references(), "curves": curves}


def table(figures: Mapping[str, Any]) -> str:
    """Return the README's table."""
    lines = ["| RMSE at 30 min, mg/dL | untrained | epsilon 1 | 3 | 8 | no noise |", "|---|---|---|---|---|---|"]
    for name, curve in figures["curves"].items():
        cells = [f"{median(curve['untrained']):.2f}"]
        cells += [f"{median(f):.2f} ({min(f):.2f} to {max(f):.2f})" for f in _rmses(curve)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for name, curve in figures["curves"].items():
        chosen = ", ".join(f"{epsilon}: {one['rates']}" for epsilon, one in curve["epsilon"].items())
        lines.append(f"step sizes {name}: {chosen}")
    return "\n".join([*lines, ", ".join(f"{name} {rmse:.2f}" for name, rmse in figures["references"].items())])


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Draw medians with the span over seeds, and what needs no noise as lines."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), dpi=110)
    places = range(len(EPSILONS))
    for shift, (name, curve) in zip((-0.06, 0.06), figures["curves"].items(), strict=True):
        found = _rmses(curve)
        middles = [median(each) for each in found]
        spans = [
            [middle - min(each) for middle, each in zip(middles, found, strict=True)],
            [max(each) - middle for middle, each in zip(middles, found, strict=True)],
        ]
        axes.errorbar([at + shift for at in places], middles, yerr=spans, marker="o", capsize=4, label=name)
    for name, style in (("persistence", ":"), ("local", "--"), ("FedAvg", "-.")):
        rmse = figures["references"][name]
        axes.axhline(rmse, linestyle=style, color="grey", linewidth=1)
        axes.annotate(
            f"{name} {rmse:.2f}", (len(EPSILONS) - 0.55, rmse), fontsize=8, color="dimgrey", va="bottom", ha="right"
        )
    axes.set_xticks(list(places), [_named(epsilon) for epsilon in EPSILONS])
    axes.set_xlim(-0.4, len(EPSILONS) - 0.5)
    axes.set_xlabel(f"epsilon for each patient, at delta {figures['delta']:g}")
    axes.set_ylabel("RMSE at 30 min (mg/dL)")
    axes.set_title("Glucose, 4 hospitals, 19 patients, patient-level privacy", fontsize=10)
    axes.legend(frameon=False, loc=(0.02, 0.16))
    figure.tight_layout()
    figure.savefig(path)


def _rmses(curve: Mapping[str, Any]) -> list[list[float]]:
    return [curve["epsilon"][_named(epsilon)]["rmse"] for epsilon in EPSILONS]


def _named(epsilon: float) -> str:
    return f"{epsilon:g}" if math.isfinite(epsilon) else "no noise"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="models that each figure is the median of")
    parser.add_argument("--trials", type=int, default=3, help="models that each step size is tried with")
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--draw", action="store_true", help="measure nothing, draw what --figures holds")
    given = parser.parse_args()
    if not given.draw:
        given.figures.write_text(json.dumps(measure(given.seeds, given.trials), indent=1) + "\n")
    figures = json.loads(given.figures.read_text())
    print(table(figures))
    draw(figures, given.picture)


if __name__ == "__main__":
    main()
