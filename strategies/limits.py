"""How far a proposal may move the model: about as far as the others do, in every coordinate and in all.

The others' middle is the measure, so whoever is fewer than half of a round cannot shift it. The limit on coordinates
is what stops a backdoor: it lives where honest training hardly moves anything (Sun et al. 2019 bound the length alone,
which a patient attacker keeps to).
"""

from dataclasses import dataclass

import numpy as np

from fl_alliance.strategies.geometry import Matrix, Vector, total

_STILL = 0.01
"""Who moves less than this share of the middle length does not move: a free rider must not shrink the limits."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a round's updates; both are exact functions of the updates, the same on every machine.

    Parameters
    ----------
    coordinates : float
        How many times as far as the middle one an update may move a coordinate; 0: no such limit. What fewer than half
        of the proposers move at all does not move then: set it to 0 for features that only few sites have.
    giant : float
        An update of more than so many times the middle length is part of no candidate.
    """

    coordinates: float = 3.0
    giant: float = 3.0

    def clip(self, raw: Matrix) -> Matrix:
        """Return the updates, one a row, within the limit on coordinates, and then none longer than the middle one."""
        moving = _moving(np.sqrt(total(raw * raw)))
        within = raw
        if self.coordinates:
            limit = self.coordinates * _middle(np.abs(raw[moving]))
            within = np.clip(raw, -limit, limit)
        lengths = np.sqrt(total(within * within))
        factors = np.minimum(1.0, _middle(lengths[moving]) / (lengths + _TINY))
        return np.asarray(within * factors[:, None])

    def giants(self, lengths: Vector) -> frozenset[int]:
        """Return the positions of updates that are too long to be taken for a part of anything."""
        limit = self.giant * _middle(lengths[_moving(lengths)])
        return frozenset(np.flatnonzero(lengths > limit).tolist())


def _moving(lengths: Vector) -> Vector:
    """Return which updates move at all."""
    return np.asarray(lengths >= _STILL * np.sort(lengths)[len(lengths) // 2])


def _middle(values: Matrix) -> Vector:
    """Return the lower median over the first axis."""
    return np.asarray(np.sort(values, axis=0)[(len(values) - 1) // 2])
