"""The kind `tabular`: a value predicted from fixed inputs, scored by the error's root mean square."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fl_alliance.arena.kinds.networks import NetworkKind

UNIT = 1000.0
"""A loss of 1 in the targets' unit: 1000 mg/dL for glucose, so that every error fits an on-chain integer, to .001."""


class Tabular(NetworkKind):
    """Root mean square error in thousands of the targets' unit."""

    name, loss_unit = "tabular", "root mean square error in thousands of the targets' unit"

    def loss(self, outputs: NDArray[np.float32], y: NDArray[Any]) -> float:
        """Return the error's root mean square over `UNIT`; infinite where an output is not finite."""
        with np.errstate(over="ignore", invalid="ignore"):
            error = outputs.astype(np.float64) - y
            return float(np.sqrt(np.mean(error**2))) / UNIT
