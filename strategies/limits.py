"""How far a proposal may move the model: about as far as the others do, in every coordinate and in all.

The others' middle is the measure, so whoever is fewer than half of a round cannot shift it. Of an even number there are
two middles; they are the same to the eye unless half of the round is hostile, and then one is an attacker's: the upper
if attackers send giants, the lower if they send next to nothing. `narrow` goes by the lower, `wide` by the upper, and
where both are on the menu the voters know which is which.

The limit on coordinates is what stops a backdoor: it lives where honest training hardly moves anything (Sun et al. 2019
bound the length alone, which a patient attacker keeps to).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fl_alliance.strategies.changes import Changes
from fl_alliance.strategies.geometry import TINY, Matrix, Vector, folded, total
from fl_alliance.strategies.ordering import ordered

_STILL = 0.1
"""Who moves less than this share of the middle length does not move: a free rider must not shrink the limits."""


@dataclass(frozen=True, slots=True)
class Within:
    """A round's updates within limits, made a block at a time.

    Attributes
    ----------
    most : (coordinates,) or None
        How far an update moves each coordinate at most; None: as far as it will.
    factors : (proposals,)
        What each is then multiplied by, at most 1.
    """

    changes: Changes
    most: Vector | None
    factors: Vector

    def of(self, place: slice, raw: Matrix) -> Matrix:
        """Return a block of the updates, given where it lies and as they were proposed."""
        within = raw if self.most is None else _clipped(raw, self.most[place])
        return np.asarray(within * self.factors[:, None])

    def blocks(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield where each block lies, and the updates there."""
        return ((place, self.of(place, raw)) for place, raw in self.changes.blocks())

    def whole(self) -> Matrix:
        """Return all blocks in one: (proposals, coordinates), 8 bytes each."""
        return np.concatenate([rows for _, rows in self.blocks()], axis=1)


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

    def narrow(self, changes: Changes) -> Within:
        """Return the updates within the limits that go by the lower middle."""
        return self._limited(changes, upper=False)

    def wide(self, changes: Changes) -> Within:
        """Return the updates within the limits that go by the upper middle."""
        return self._limited(changes, upper=True)

    def giants(self, lengths: Vector) -> frozenset[int]:
        """Return the positions of updates that are too long to be taken for a part of anything."""
        limit = self.giant * _middle(lengths[_moving(lengths, upper=True)], upper=True)
        return frozenset(np.flatnonzero(lengths > limit).tolist())

    def _limited(self, changes: Changes, *, upper: bool) -> Within:
        """Return the updates within the limit on coordinates, and then none longer than the middle one.

        Without the limit on coordinates where it would leave too little of them.
        """
        squares, most = changes.squares, None
        moving = _moving(np.sqrt(squares), upper=upper)
        if self.coordinates:
            limits, left = self._on_coordinates(changes, moving, upper=upper)
            if _middle(left[moving] / np.maximum(squares[moving], TINY), upper=False) >= self.kept:
                squares, most = left, limits
        lengths = np.sqrt(squares)
        factors = np.minimum(1.0, _middle(lengths[moving], upper=upper) / (lengths + TINY))
        return Within(changes, most, factors)

    def _on_coordinates(self, changes: Changes, moving: NDArray[np.bool_], *, upper: bool) -> tuple[Vector, Vector]:
        """Return how far each coordinate may be moved, and the squared lengths that this leaves the updates."""
        most, left = np.empty(len(changes.base)), []
        for place, raw in changes.blocks():
            moves = ordered(np.abs(raw[moving]))
            most[place] = self.coordinates * moves[_middle_place(len(moves), upper=upper)]
            within = _clipped(raw, most[place])
            left.append(total(within * within))
        return most, folded(left)


def _clipped(rows: Matrix, most: Vector) -> Matrix:
    return np.clip(rows, -most, most)


def _moving(lengths: Vector, *, upper: bool) -> NDArray[np.bool_]:
    """Return which updates move at all."""
    return np.asarray(lengths >= _STILL * _middle(lengths, upper=upper))


def _middle(values: Vector, *, upper: bool) -> float:
    """Return the lower or the upper median."""
    return float(np.sort(values)[_middle_place(len(values), upper=upper)])


def _middle_place(count: int, *, upper: bool) -> int:
    return count // 2 if upper else (count - 1) // 2
