"""FedAvg that moves a weight only where most proposers would move it the same way.

Written with Flower alone: nothing here knows of a chain.
"""

from collections.abc import Iterable

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg


class MajoritySign(FedAvg):
    """Keep FedAvg's step in a coordinate where at least `agreement` of the updates share its sign.

    Parameters
    ----------
    agreement : float
        Share of the updates, 0.5 to 1.
    """

    def __init__(self, agreement: float = 0.6, **fedavg: float) -> None:
        super().__init__(**fedavg)  # type: ignore[arg-type]
        self.agreement = agreement
        self.global_arrays: dict[str, np.ndarray] = {}

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Remember the model that the updates start from."""
        self.global_arrays = {name: array.numpy() for name, array in arrays.items()}
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Average, then undo the coordinates on which the updates disagree."""
        messages = list(replies)
        averaged, metrics = super().aggregate_train(server_round, messages)
        if averaged is None:
            return None, metrics
        updates = [next(iter(message.content.array_records.values())) for message in messages]
        kept = {}
        for name, start in self.global_arrays.items():
            step = averaged[name].numpy() - start
            signs = np.mean([np.sign(update[name].numpy() - start) == np.sign(step) for update in updates], axis=0)
            kept[name] = Array(np.where(signs >= self.agreement, start + step, start).astype(start.dtype))
        return ArrayRecord(kept), metrics
