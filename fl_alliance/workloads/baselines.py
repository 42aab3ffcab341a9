"""What a federated result is to be compared with, for any workload: the same training budget, used in other ways.

A figure here is the workload's `evaluate` on the union of the sites' test parts, so all of them, and the federated
model's, are about the same examples.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fl_alliance.workloads.base import Arrays, HasReferences, Site, TrainConfig, Workload, join

Metrics = dict[str, float]


def compare(workload: Workload, sites: Sequence[Site], rounds: int, config: TrainConfig) -> dict[str, Metrics]:
    """Return name -> metrics: the workload's own references, then `local` and `pooled` training."""
    references = workload.references(sites) if isinstance(workload, HasReferences) else {}
    local = [alone(workload, site, rounds, config) for site in sites]
    return {
        **references,
        "local": workload.evaluate(local, sites),
        "pooled": workload.evaluate(alone(workload, pooled(sites), rounds, config), sites),
    }


def alone(workload: Workload, site: Site, rounds: int, config: TrainConfig) -> Arrays:
    """Return the model one site trains without the others, in `rounds` rounds of `config` (whose round is replaced).

    Of the models after each round it is the one that does best on the site's held-out data, the earlier of equals: a
    site on its own overfits, and would notice. Without this choice the comparison would flatter federated training.
    """
    arrays = best = workload.initial_arrays(config.seed)
    best_score = workload.score(best, site).score
    for number in range(1, rounds + 1):
        arrays = workload.train(arrays, site, replace(config, round=number)).arrays
        score = workload.score(arrays, site).score
        if score > best_score:
            best, best_score = arrays, score
    return best


def pooled(sites: Sequence[Site]) -> Site:
    """Return all sites' data in one place, which is what federated training exists to avoid."""
    train, heldout, test = (join([getattr(site, part) for site in sites]) for part in ("train", "heldout", "test"))
    return Site(len(sites), train, heldout, test, f"all {len(sites)} sites")


def fedavg(workload: Workload, sites: Sequence[Site], rounds: int, config: TrainConfig) -> Arrays:
    """Return the model of plain federated averaging with every site in every round: no Flower, no chain, no votes."""
    arrays = workload.initial_arrays(config.seed)
    for number in range(1, rounds + 1):
        results = [workload.train(arrays, site, replace(config, round=number)) for site in sites]
        weights = [result.num_examples for result in results]
        arrays = {
            name: np.average([result.arrays[name] for result in results], axis=0, weights=weights).astype(np.float32)
            for name in arrays
        }
    return arrays


def fine_tuned(
    workload: Workload, arrays: Arrays, sites: Sequence[Site], rounds: int, config: TrainConfig
) -> list[Arrays]:
    """Return per site what it makes of the shared model for its own patients, with one more round of training.

    `rounds` is the number of the last shared round; the tuning is round `rounds` + 1.
    """
    return [workload.train(arrays, site, replace(config, round=rounds + 1)).arrays for site in sites]
