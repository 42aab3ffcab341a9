"""How far a proposal may move the model: about as far as the others do, in every coordinate and in all.

The others' middle is the measure, so whoever is fewer than half of a round cannot shift it. Of an even number there are
two middles; they are the same to the eye unless half of the round is hostile, and then one is an attacker's: the upper
if attackers send giants, the lower if they send next to nothing. `narrow` goes by the lower, `wide` by the upper, and
where both are on the menu the voters know which is which.

The limit on coordinates is what stops a backdoor: it lives where honest training hardly moves anything (Sun et al. 2019
bound the length alone, which a patient attacker keeps to).
"""

from dataclasses import dataclass

import numpy as np

from fl_alliance.strategies.geometry import TINY, Matrix, Vector, norms, total

_STILL = 0.1
"""Who moves less than this share of the middle length does not move: a free rider must not shrink the limits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a round's updates; both are exact functions of the updates, the same on every machine.

    Parameters
    ----------
    coordinates : float
        How many times as far as the middle one an update may move a coordinate; 0: no such limit. What fewer than half
        of the proposers move at all does not move then: set it to 0 for features that only few sites have.
    kept : float
        There is no limit on coordinates in a round where the middle update would keep less than this share of its
        squared length: sites then differ so much that few coordinates are moved alike, and rare classes would go first.
    giant : float
        An update of more than so many times the middle length is part of no candidate.
    """

    coordinates: float = 3.0
    kept: float = 0.5
    giant: float = 3.0

    def narrow(self, raw: Matrix) -> Matrix:
        """Return the updates, one a row, within the limits that go by the lower middle."""
        return self._clip(raw, upper=False)

    def wide(self, raw: Matrix) -> Matrix:
        """Return the updates, one a row, within the limits that go by the upper middle."""
        return self._clip(raw, upper=True)

    def giants(self, lengths: Vector) -> frozenset[int]:
        """Return the positions of updates that are too long to be taken for a part of anything."""
        limit = self.giant * _middle(lengths[_moving(lengths, upper=True)], upper=True)
        return frozenset(np.flatnonzero(lengths > limit).tolist())

    def _clip(self, raw: Matrix, *, upper: bool) -> Matrix:
        """Return the updates within the limit on coordinates, and then none longer than the middle one."""
        moving = _moving(norms(raw), upper=upper)
        within = self._within(raw, moving, upper=upper) if self.coordinates else raw
        lengths = norms(within)
        factors = np.minimum(1.0, _middle(lengths[moving], upper=upper) / (lengths + TINY))
        return np.asarray(within * factors[:, None])

    def _within(self, raw: Matrix, moving: Vector, *, upper: bool) -> Matrix:
        """Return the updates within the limit on coordinates, or as they are if it would leave too little of them."""
        squares = np.maximum(total(raw[moving] * raw[moving]), TINY)
        limit = self.coordinates * _middle(np.abs(raw[moving]), upper=upper)
        within = np.clip(raw, -limit, limit)
        kept = total(within[moving] * within[moving]) / squares
        return within if _middle(kept, upper=False) >= self.kept else raw


def _moving(lengths: Vector, *, upper: bool) -> Vector:
    """Return which updates move at all."""
    return np.asarray(lengths >= _STILL * _middle(lengths, upper=upper))


def _middle(values: Matrix, *, upper: bool) -> Vector:
    """Return the lower or the upper median over the first axis."""
    return np.asarray(np.sort(values, axis=0)[len(values) // 2 if upper else (len(values) - 1) // 2])
