"""The kind `classify`: one of several classes, scored by how many examples get another than their own."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.networks import NetworkKind, Table


class Classify(NetworkKind):
    """Error rate; of equally high outputs the first one counts."""

    name, loss_unit = "classify", "error rate"

    @cached_property
    def classes(self) -> int:
        """How many outputs the learner's model has."""
        untrained, example = self.learner.initial(0), np.zeros((1, self.learner.inputs), np.float32)
        return int(self.learner.outputs(untrained, example).shape[1])

    def loss(self, outputs: NDArray[np.float32], y: NDArray[Any]) -> float:
        """Return the share of wrong classes, 0 to 1; not a number where an output is not finite."""
        return float(np.mean(outputs.argmax(axis=1) != y)) if np.isfinite(outputs).all() else float("nan")

    def read(self, data: bytes) -> Table:
        """Return the examples of a dataset whose `y` are numbers of classes; raises as its base does."""
        table = super().read(data)
        foreign = table.y[~np.isin(table.y, np.arange(self.classes))]
        if len(foreign):
            raise DataUnusable(f"class {foreign[0]:g}", f"whole numbers from 0 to {self.classes - 1}")
        return table
