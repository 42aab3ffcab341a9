"""What a round's proposals add to the old model, a block of coordinates at a time.

Ten proposals of 50 MB are a gigabyte in float64. Whatever is done to them is done block by block, while a block is in
the processor's cache; what is added up over all coordinates is added up in each block, and then over the blocks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fl_alliance.strategies.geometry import Arrays, Matrix, Shapes, Vector, folded, total

BLOCK = 1 << 14
"""Coordinates of a block. A sum over more of them has its order from this number: it is a part of the rule."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Proposals seen from the old model; positions count proposals in the order of their commitments.

    Attributes
    ----------
    base : (coordinates,)
        The old model, in its own dtype or, where it has several, float64.
    proposed : tuple of (coordinates,)
        The proposals, likewise.
    squares : (proposals,)
        Squared lengths of what they add.
    """

    base: NDArray[np.floating]
    proposed: tuple[NDArray[np.floating], ...]
    squares: Vector

    @classmethod
    def of(cls, shapes: Shapes, old: Arrays, proposals: Mapping[int, Arrays]) -> "Changes":
        """Return what proposals in the form of the old model add to it."""
        base, proposed = shapes.joined(old), tuple(map(shapes.joined, proposals.values()))
        unmeasured = cls(base, proposed, np.zeros(len(proposed)))
        return cls(base, proposed, folded(total(rows * rows) for _, rows in unmeasured.blocks()))

    def blocks(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield where each block lies, and what the proposals add there: (proposals, at most `BLOCK`), float64."""
        for start in range(0, len(self.base), BLOCK):
            place = slice(start, start + BLOCK)
            yield place, np.array([one[place] for one in self.proposed], dtype=np.float64) - self.base[place]
