"""RMSE against epsilon of glucose with patient-level privacy: `python tests/bench/dp_curve.py`, some minutes.

Four hospitals share 19 patients. Every step of every hospital is a real step of private training, with the noise that
an accountant says is needed; the chain and its votes are left out. Medians and extremes over seeds, which draw the
noise and the model's start. Writes `fl_alliance/dp/curve.png` and prints the table of that folder's README.
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from fl_alliance.dp.accounting import noise_for, spent
from fl_alliance.dp.descent import descend
from fl_alliance.dp.noise import SecretStream
from fl_alliance.dp.plan import Plan
from fl_alliance.dp.units import Unit, members
from fl_alliance.workloads import get
from fl_alliance.workloads.base import Arrays, Site, TrainConfig
from fl_alliance.workloads.baselines import compare, fedavg
from fl_alliance.workloads.torch_workload import TorchWorkload

PICTURE = Path(__file__).parents[2] / "fl_alliance" / "dp" / "curve.png"
EPSILONS = (1.0, 3.0, 8.0, math.inf)
DELTA = 1e-5
HOSPITALS, DEAL_SEED = 4, 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a curve's models are trained; the same for each of its epsilons but for the step size."""

    start: str
    hidden: int
    rounds: int
    steps: int
    clip: float
    learning_rates: Mapping[float, float]


RECIPES = {
    "from persistence": Recipe("persistence", 4, 4, 5, 0.3, {1.0: 0.02, 3.0: 0.05, 8.0: 0.1, math.inf: 0.1}),
    "from made-up curves": Recipe("simulated", 4, 4, 5, 0.3, {1.0: 0.01, 3.0: 0.03, 8.0: 0.05, math.inf: 0.1}),
}


def private_fedavg(
    workload: TorchWorkload, sites: Sequence[Site], arrays: Arrays, recipe: Recipe, epsilon: float, seed: int
) -> Arrays:
    """Return the model after every hospital has trained in every round, each with noise of its own."""
    total = recipe.rounds * recipe.steps
    noise = noise_for(epsilon, DELTA, 1.0, total) if math.isfinite(epsilon) else 0.0
    assert not noise or spent([(noise, 1.0, total)], 0.0, DELTA).epsilon <= epsilon
    plan = Plan(Unit.PATIENT, recipe.clip, noise, 1.0, recipe.steps)
    config = TrainConfig(learning_rate=recipe.learning_rates[epsilon], seed=seed)
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


def curve(recipe: Recipe, seeds: Sequence[int]) -> tuple[dict[float, list[float]], list[float]]:
    """Return RMSE by epsilon and seed, and that of each seed's untrained model."""
    workload = get("glucose", hidden=recipe.hidden, start=recipe.start)
    assert isinstance(workload, TorchWorkload)
    sites = [workload.load(node, HOSPITALS, DEAL_SEED) for node in range(HOSPITALS)]
    found: dict[float, list[float]] = {epsilon: [] for epsilon in EPSILONS}
    untrained = []
    for seed in seeds:
        start = workload.initial_arrays(seed)
        untrained.append(workload.evaluate(start, sites)["rmse"])
        for epsilon in EPSILONS:
            model = private_fedavg(workload, sites, start, recipe, epsilon, seed)
            found[epsilon].append(workload.evaluate(model, sites)["rmse"])
    return found, untrained


def references() -> dict[str, float]:
    """Return the RMSE of what uses no noise."""
    workload = get("glucose")
    sites = [workload.load(node, HOSPITALS, DEAL_SEED) for node in range(HOSPITALS)]
    config = replace(workload.defaults, seed=1)
    found = {name: metrics["rmse"] for name, metrics in compare(workload, sites, 20, config).items()}
    return {**found, "FedAvg": workload.evaluate(fedavg(workload, sites, 20, config), sites)["rmse"]}


def draw(curves: Mapping[str, Mapping[float, Sequence[float]]], known: Mapping[str, float], path: Path) -> None:
    """Draw medians with the span over seeds, and what needs no noise as lines."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), dpi=110)
    places = range(len(EPSILONS))
    for shift, (name, found) in zip((-0.06, 0.06), curves.items(), strict=True):
        middles = [median(found[epsilon]) for epsilon in EPSILONS]
        spans = [
            [middle - min(found[epsilon]) for middle, epsilon in zip(middles, EPSILONS, strict=True)],
            [max(found[epsilon]) - middle for middle, epsilon in zip(middles, EPSILONS, strict=True)],
        ]
        axes.errorbar([at + shift for at in places], middles, yerr=spans, marker="o", capsize=4, label=name)
    for (name, style), rmse in zip(
        (("persistence", ":"), ("local", "--"), ("FedAvg", "-.")),
        (known["persistence"], known["local"], known["FedAvg"]),
        strict=True,
    ):
        axes.axhline(rmse, linestyle=style, color="grey", linewidth=1)
        axes.annotate(
            f"{name} {rmse:.2f}", (len(EPSILONS) - 0.55, rmse), fontsize=8, color="dimgrey", va="bottom", ha="right"
        )
    axes.set_xticks(list(places), [f"{epsilon:g}" if math.isfinite(epsilon) else "no noise" for epsilon in EPSILONS])
    axes.set_xlim(-0.4, len(EPSILONS) - 0.5)
    axes.set_xlabel(f"epsilon for each patient, at delta {DELTA:g}")
    axes.set_ylabel("RMSE at 30 min (mg/dL)")
    axes.set_title("Glucose, 4 hospitals, 19 patients, patient-level privacy", fontsize=10)
    axes.legend(frameon=False, loc=(0.02, 0.16))
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    given = parser.parse_args()
    known, curves = references(), {}
    print("| RMSE at 30 min, mg/dL | untrained | epsilon 1 | 3 | 8 | no noise |")
    print("|---|---|---|---|---|---|")
    for name, recipe in RECIPES.items():
        found, untrained = curve(recipe, range(given.seeds))
        curves[name] = found
        cells = [
            f"{median(found[epsilon]):.2f} ({min(found[epsilon]):.2f} to {max(found[epsilon]):.2f})"
            for epsilon in EPSILONS
        ]
        print(f"| {name} | {median(untrained):.2f} | {' | '.join(cells)} |", flush=True)
    print(", ".join(f"{name} {rmse:.2f}" for name, rmse in known.items()))
    draw(curves, known, given.picture)


if __name__ == "__main__":
    main()
