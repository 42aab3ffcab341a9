"""What a site's figures become on their way out: named ones only, within a range, on a grid.

It acts before anything is signed, so what a node has signed is what left.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fl_alliance.workloads.base import Score

NUM_EXAMPLES = "num-examples"


@dataclass(frozen=True, slots=True)
class Told:
    """How a figure is told: clipped to [low, high], rounded to so many digits behind the point (below 0: before it)."""

    digits: int
    low: float
    high: float

    def of(self, value: float) -> float:
        """Return what is told of a value; what is no number is told as the upper end."""
        clipped = self.high if math.isnan(value) else min(max(value, self.low), self.high)
        return min(max(round(clipped, self.digits), self.low), self.high)


@dataclass(frozen=True, slots=True)
class Outlet:
    """What leaves of a site's figures.

    Attributes
    ----------
    metrics : mapping of str to Told
        Names that may leave.
    votes : Told
        Losses and scores in a vote.
    """

    metrics: Mapping[str, Told]
    votes: Told

    def tell(self, metrics: Mapping[str, float | int]) -> dict[str, float | int]:
        """Return the metrics that leave. `num-examples` always does, for Flower needs it: 1 where it is not named, so
        that this site weighs as little as one example."""
        told: dict[str, float | int] = {
            name: self.metrics[name].of(value)
            for name, value in metrics.items()
            if name in self.metrics and not math.isnan(value)
        }
        if NUM_EXAMPLES in metrics:
            told[NUM_EXAMPLES] = max(1, round(told.get(NUM_EXAMPLES, 1)))
        return told

    def judge(self, found: Sequence[Score]) -> list[Score]:
        """Return scores of models as a vote may say them. A figure that was left out before, NaN, stays so."""
        return [
            replace(
                score, loss=self.votes.of(score.loss), score=score.score if math.isnan(score.score) else self._of(score)
            )
            for score in found
        ]

    def _of(self, score: Score) -> float:
        return min(max(self.votes.of(score.score), 0.0), 1.0)
