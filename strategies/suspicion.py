"""Whom a round asks its voters about, and how suspicious that proposal is.

No mark slashes: a mark of who is asked about counts as evidence only when the voters find that a small step its way
makes the model worse, and evidence must last over rounds. Honest sites whose data differ look much like attackers in
any single round, so by default one proposal a round is asked about, the most suspicious, which nobody else's harm can
drag down.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fl_alliance.chain.rules.candidates import MARK_LIMIT, MARKS_PER_Z
from fl_alliance.chain.rules.pay import POINTS
from fl_alliance.strategies.geometry import TINY, Vector, logs, robust_z
from fl_alliance.strategies.subsets import to_mean
from fl_alliance.strategies.views import Updates

SHORT_COUNTS = 3.0
"""How many times shorter, in logarithms, an update may be than longer: who has learnt all it can moves little."""
_FEWEST = 3  # of fewer there is no deviation from the middle to speak of


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Marks proposals, and chooses whom to ask about.

    Parameters
    ----------
    asked : int
        How many proposals a round asks about at most, the most suspicious. More than one are judged together: right
        where sites are alike and harm has few causes.
    step : float
        The question is whether this share of their mean update makes the old model worse.
    harm : float
        How negative the average contribution of earlier rounds is at a mark of one z, as a share of what a proposal
        would have if all contributed alike.
    floors : tuple of float
        Smallest standard deviations that marks are measured in: of the cosine to the default candidate, of the
        logarithm of the length, and of the logarithm of the distance to the nearest earlier committed update.
    """

    asked: int = 1
    step: float = 0.25
    harm: float = 0.25
    floors: tuple[float, float, float] = (0.3, 0.5, 0.5)

    def marks(self, updates: Updates, parts: Sequence[int], suspect_at: int) -> list[int]:
        """Return each proposal's mark in sixteenths of a z, 0 to 96; below `suspect_at` for who is not asked about.

        `parts` are the positions that the default candidate is made of: what is usual.
        """
        z = np.maximum(self._harm(updates), self._oddness(updates, parts))
        marks = [min(MARK_LIMIT, round(MARKS_PER_Z * max(0.0, value))) for value in z.tolist()]
        first = sorted(range(len(marks)), key=lambda at: (-marks[at], at))[: self.asked]
        return [mark if at in first else min(mark, suspect_at - 1) for at, mark in enumerate(marks)]

    def _harm(self, updates: Updates) -> Vector:
        """Return how much harm members did on average in earlier rounds."""
        return np.asarray(-updates.averages * len(updates.averages) / (POINTS * self.harm))

    def _oddness(self, updates: Updates, parts: Sequence[int]) -> Vector:
        """Return the largest robust z of three: turned away, of unusual length, near copy."""
        if len(parts) < _FEWEST:
            return np.zeros(len(updates.lengths))
        lengths = updates.lengths + TINY
        longer = logs(lengths / float(np.median(lengths[list(parts)])))
        ratio = -np.maximum(longer, -longer / SHORT_COUNTS)
        earlier = np.where(np.tri(len(lengths), k=-1) > 0, updates.gaps, np.inf).min(axis=1)
        nearest = logs(np.minimum(earlier, np.median(updates.gaps)) + TINY)
        features = (to_mean(updates.products, parts), ratio, nearest)
        z = [robust_z(feature, parts, floor) for feature, floor in zip(features, self.floors, strict=True)]
        return np.asarray(-np.min(z, axis=0))
