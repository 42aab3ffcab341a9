"""Order statistics of a few long rows: each coordinate sorted by a network of minima and maxima.

A processor takes the minimum of whole rows at once, while a sort of every column by itself jumps through memory.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fl_alliance.strategies.geometry import Matrix


def ordered(rows: Matrix) -> list[NDArray[np.float64]]:
    """Return rows in which each coordinate ascends; the rows must hold no NaN."""
    made = list(rows)
    for low, high in _network(len(made)):
        made[low], made[high] = np.minimum(made[low], made[high]), np.maximum(made[low], made[high])
    return made


@lru_cache(maxsize=64)
def _network(count: int) -> tuple[tuple[int, int], ...]:
    """Return Batcher's merge exchange sort of so many places (Knuth 1998, section 5.2.2, algorithm M)."""
    return tuple(_comparisons(count))


def _comparisons(count: int) -> Iterator[tuple[int, int]]:
    longest = 1 << max(0, (count - 1).bit_length() - 1)
    width = longest
    while width:
        apart, reach, residue = width, longest, 0
        while True:
            yield from ((at, at + apart) for at in range(count - apart) if at & width == residue)
            if reach == width:
                break
            apart, reach, residue = reach - width, reach // 2, width
        width //= 2
