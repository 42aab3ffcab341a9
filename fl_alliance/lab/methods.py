"""What an attack is tried on: the rules of the Alliance, and the aggregators that a plain Flower server would use.

The baselines are told how many proposers are malicious, at most as many as their formula allows; the
Alliance's rules are told nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flwr.serverapp.strategy import Bulyan, FedAvg, FedMedian, FedTrimmedAvg, Krum, MultiKrum, Strategy

from fl_alliance.coalition import coalition
from fl_alliance.config import ConfigError, JobConfig
from fl_alliance.strategies.nnm import NearestNeighborMixing

RULES: Mapping[str, tuple[str, ...]] = {
    "candidates": ("rule=candidates",),
    "candidates-stake": ("rule=candidates", "rule.reward=stake"),
    "majority": ("rule=majority",),
}
"""Name of a rule -> the settings it stands for."""

BASELINES: Mapping[str, Callable[[int, int], Strategy]] = {
    "fedavg": lambda count, hostile: FedAvg(**_sampling(count)),
    "median": lambda count, hostile: FedMedian(**_sampling(count)),
    "trimmed": lambda count, hostile: FedTrimmedAvg(**_sampling(count), beta=min(hostile, (count - 1) // 2) / count),
    "krum": lambda count, hostile: Krum(**_sampling(count), num_malicious_nodes=_krum(count, hostile)),
    "multi-krum": lambda count, hostile: MultiKrum(
        **_sampling(count), num_malicious_nodes=_krum(count, hostile), num_nodes_to_select=max(1, count - hostile)
    ),
    "bulyan": lambda count, hostile: Bulyan(**_sampling(count), num_malicious_nodes=min(hostile, (count - 3) // 4)),
    "nnm": lambda count, hostile: NearestNeighborMixing(
        **_sampling(count), num_malicious_nodes=min(hostile, (count - 1) // 2)
    ),
}
"""Name of a baseline -> the Flower strategy for so many proposers, of whom so many are malicious."""


def known(method: str) -> str:
    """Return the name of a rule or a baseline; raises `ConfigError` for any other."""
    if method not in RULES and method not in BASELINES:
        raise ConfigError(f"{method!r}: no rule ({', '.join(RULES)}) and no baseline ({', '.join(BASELINES)})")
    return method


def hostile_proposers(config: JobConfig) -> int:
    """Return how many of a round's proposers attack, as expected of the draw and of what the coalition lets happen."""
    attack, count = config.attack, config.alliance.proposers
    if not attack.update and not attack.protocol:
        return 0
    return int(min(attack.proposers, len(coalition(config)) / config.nodes) * count + 1e-9)


def _sampling(count: int) -> dict[str, Any]:
    """Let a strategy train all it is shown, and evaluate nothing."""
    return {"fraction_evaluate": 0.0, "min_train_nodes": count, "min_available_nodes": count, "min_evaluate_nodes": 0}


def _krum(count: int, hostile: int) -> int:
    return min(hostile, (count - 3) // 2)
