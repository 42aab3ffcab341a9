"""RMSE and CPU seconds of plain FedAvg beside its baselines: `python tests/bench/workloads.py glucose 10 20`."""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from fl_alliance.workloads import get
from fl_alliance.workloads.base import HasErrorGrid
from fl_alliance.workloads.baselines import compare, fedavg, fine_tuned

T = TypeVar("T")


def timed(call: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    return call(), time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", nargs="?", default="glucose")
    parser.add_argument("nodes", nargs="?", type=int, default=10)
    parser.add_argument("rounds", nargs="?", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--horizon-min", type=int, default=30, help="glucose only")
    given = parser.parse_args()
    options = {"horizon_min": given.horizon_min} if given.workload == "glucose" else {}
    workload = get(given.workload, **options)
    config = replace(workload.defaults, seed=given.seed)
    sites, load_s = timed(lambda: [workload.load(node, given.nodes, given.seed) for node in range(given.nodes)])
    arrays, fedavg_s = timed(lambda: fedavg(workload, sites, given.rounds, config))
    figures, compare_s = timed(lambda: compare(workload, sites, given.rounds, config))
    figures["FedAvg"] = workload.evaluate(arrays, sites)
    tuned = fine_tuned(workload, arrays, sites, given.rounds, config)
    figures["FedAvg, fine-tuned per site"] = workload.evaluate(tuned, sites)
    for name, metrics in figures.items():
        print(
            f"{name:30}",
            "  ".join(f"{metric.name} {metrics[metric.name]:8.3f} {metric.unit}" for metric in workload.metrics),
        )
    if isinstance(workload, HasErrorGrid):
        shares = workload.error_grid(arrays, sites).shares
        print("Clarke zones of FedAvg        ", "  ".join(f"{zone} {share:.2%}" for zone, share in shares.items()))
    _, score_s = timed(lambda: [workload.score(arrays, site) for site in sites])
    train_ms = 1000 * fedavg_s / (given.nodes * given.rounds)
    print(
        f"CPU s: load {load_s:.2f}, FedAvg {fedavg_s:.2f} ({train_ms:.1f} ms a train call), baselines {compare_s:.2f},"
    )
    print(f"       one score call {1000 * score_s / given.nodes:.2f} ms")


if __name__ == "__main__":
    main()
