"""Candidate voting with one more model on the menu: the geometric median of the updates (Pillutla et al. 2022)."""

from typing import Any

import numpy as np

from fl_alliance.strategies.geometry import Matrix, Vector, mean_of, total
from fl_alliance.strategies.menu import Candidate, Candidates, Updates

NEAREST = 1e-9
"""No update counts as nearer than this to the median, which keeps the weights finite."""


class WithGeometricMedian(Candidates):
    """The usual menu and the geometric median; voters, contract and audit treat it as any other candidate.

    Parameters
    ----------
    iterations : int
        Steps of Weiszfeld's algorithm; their number is fixed, since every voter must come to the same bits.
    menu
        Parameters of `Candidates`.
    """

    def __init__(self, *, iterations: int = 16, **menu: Any) -> None:
        super().__init__(**menu)
        self.iterations = iterations

    def candidates(self, updates: Updates) -> list[Candidate]:
        """Return the candidates beside the old model, the default first."""
        middle = geometric_median(updates.narrow.whole()[list(updates.pool)], self.iterations)
        mine = Candidate("geometric median", lambda block: middle[block.place], updates.pool)
        return [*super().candidates(updates), mine]


def geometric_median(rows: Matrix, iterations: int) -> Vector:
    """Return the point with the least sum of distances to the rows, starting from their mean.

    `total` and elementwise arithmetic instead of `np.sum` and `np.linalg.norm`, whose order of addition is the
    processor's business.
    """
    middle = mean_of(rows, range(len(rows)))
    for _ in range(iterations):
        weights = 1 / np.maximum(np.sqrt(total((rows - middle) ** 2)), NEAREST)
        middle = mean_of(rows * weights[:, None], range(len(rows))) * (len(rows) / total(weights))
    return middle
