"""How a node trains: what the configuration says, and for the rest what the workload was tuned with."""

from dataclasses import asdict, replace

from fl_alliance.config import JobConfig
from fl_alliance.workloads.base import TrainConfig, Workload


def train_config(
    config: JobConfig, workload: Workload, round_number: int = 0, proximal_mu: float | None = None
) -> TrainConfig:
    """Return how to train in a round; `proximal_mu` is the strategy's (FedProx), None where it sends none."""
    given = {name: value for name, value in asdict(config.train).items() if value is not None}
    if proximal_mu is not None:
        given["proximal_mu"] = proximal_mu
    return replace(workload.defaults, **given, seed=config.seed, round=round_number)
