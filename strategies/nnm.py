"""Nearest-neighbour mixing before a trimmed mean, as a Flower strategy of its own: a baseline for candidate voting."""

from collections.abc import Iterable
from logging import INFO, WARN
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord
from flwr.serverapp.strategy import FedAvg
from flwr.supercore import log

from fl_alliance.strategies.geometry import Matrix, Shapes, Vector, distances, gram
from fl_alliance.strategies.subsets import nearest_mixed, trimmed_mean


class NearestNeighborMixing(FedAvg):
    """Mix every model with its nearest, then trim each coordinate (Allouah et al. 2023, "Fixing by Mixing").

    With n replies, f of them malicious, each model is replaced by the mean of the n - f nearest to it (itself
    included); of the results the f lowest and highest values of each coordinate are left out of the mean. Models count
    alike, whatever number of examples they say they saw.

    Parameters
    ----------
    num_malicious_nodes : int
        f, less than half of the replies; with fewer replies nothing is aggregated.
    fedavg
        Parameters of `flwr.serverapp.strategy.FedAvg`.
    """

    def __init__(self, num_malicious_nodes: int = 0, **fedavg: Any) -> None:
        super().__init__(**fedavg)
        self.num_malicious_nodes = num_malicious_nodes

    def summary(self) -> None:
        """Log the configuration."""
        log(INFO, "\t├──> NearestNeighborMixing settings:")
        log(INFO, "\t│\t└── Number of malicious nodes: %d", self.num_malicious_nodes)
        super().summary()

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Return the mixed and trimmed model, and the metrics as FedAvg averages them."""
        valid, _ = self._check_and_log_replies(replies, is_train=True)
        needed = 2 * self.num_malicious_nodes + 1
        if len(valid) < needed:
            log(WARN, "Insufficient replies: NearestNeighborMixing needs %d, received %d.", needed, len(valid))
            return None, None
        contents = [message.content for message in valid]
        records = [next(iter(content.array_records.values())) for content in contents]
        models = [{name: array.numpy() for name, array in record.items()} for record in records]
        shapes = Shapes.of(models[0])
        mixed = mixed_and_trimmed(np.array([shapes.flat(model) for model in models]), self.num_malicious_nodes)
        arrays = ArrayRecord({name: Array(value) for name, value in shapes.arrays(mixed).items()})
        return arrays, self.train_metrics_aggr_fn(contents, self.weighted_by_key)


def mixed_and_trimmed(rows: Matrix, hostile: int) -> Vector:
    """Return one vector for rows of which up to `hostile`, less than half, are malicious."""
    changes = rows - rows[0]  # models have much in common: their own scalar products would cancel in the distances
    everyone = range(len(rows))
    mixed = nearest_mixed(changes, distances(gram(changes)), everyone, len(rows) - hostile)
    return np.asarray(rows[0] + trimmed_mean(mixed, hostile))
