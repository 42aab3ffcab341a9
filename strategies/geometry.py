"""Deterministic geometry of a round's updates: the same bits on every machine, whatever numpy was built with.

Everything is float64 and elementwise. `np.dot` and `np.sum` choose their order of addition by the processor, so sums
over coordinates are folded in halves here, which is a fixed tree of elementwise additions; logarithms, the one
function that IEEE 754 leaves to the library, are rounded to float32 before anything is decided by them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.floating]]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution times this is its standard deviation."""
TINY = 1e-12
"""Added to lengths before they are divided by or their logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """How a model's arrays lie in one vector: names, shapes and dtypes in the model's order."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[np.dtype[np.floating], ...]

    @classmethod
    def of(cls, arrays: Arrays) -> "Shapes":
        """Return the shapes of a model."""
        values = arrays.values()
        return cls(tuple(arrays), tuple(value.shape for value in values), tuple(value.dtype for value in values))

    def flat(self, arrays: Arrays) -> Vector:
        """Return the model as one float64 vector."""
        return np.concatenate([np.asarray(arrays[name], dtype=np.float64).ravel() for name in self.names])

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Of a vector that holds such a model exactly: the arrays' own, or float64 where they have several."""
        return self.dtypes[0] if len(set(self.dtypes)) == 1 else np.dtype(np.float64)

    def joined(self, arrays: Arrays) -> NDArray[np.floating]:
        """Return a model of these dtypes as one vector of `dtype`."""
        return np.concatenate([np.asarray(arrays[name], dtype=self.dtype).ravel() for name in self.names])

    def arrays(self, vector: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
        """Return the vector as arrays of the model's dtypes, rounded to nearest."""
        return {name: array.copy() for name, array in self.views(vector).items()}

    def views(self, vector: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
        """Return the vector as such arrays: parts of it, not copies, where the dtype is its own."""
        made, start = {}, 0
        for name, shape, dtype in zip(self.names, self.shapes, self.dtypes, strict=True):
            size = math.prod(shape)
            made[name] = vector[start : start + size].reshape(shape).astype(dtype, copy=False)
            start += size
        return made


def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over the last axis, added up in halves: a fixed order, and an error that grows by its log."""
    while values.shape[-1] > 1:
        half = values.shape[-1] // 2
        odd = values[..., 2 * half :]
        values = values[..., :half] + values[..., half : 2 * half]
        if odd.shape[-1]:
            values = np.concatenate([values, odd], axis=-1)
    return values[..., 0] if values.shape[-1] else np.zeros(values.shape[:-1])


def folded(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the sum of arrays of one shape, added up as by `total`."""
    return total(np.stack(list(parts), axis=-1))


def norms(rows: Matrix) -> Vector:
    """Return the length of each row."""
    return np.sqrt(total(rows * rows))


def gram(rows: Matrix) -> Matrix:
    """Return all scalar products of the rows with one another."""
    count = len(rows)
    made = np.zeros((count, count))
    for first in range(count):
        made[first, first:] = made[first:, first] = total(rows[first:] * rows[first])
    return made


def distances(products: Matrix) -> Matrix:
    """Return the pairwise Euclidean distances that belong to a Gram matrix."""
    squares = np.diagonal(products)
    return np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * products, 0.0))


def mean_of(rows: Matrix, members: Sequence[int]) -> Vector:
    """Return the mean of some rows, added up in the order given; zeros for none."""
    mean = np.zeros(rows.shape[1])
    for member in members:
        mean += rows[member]
    return mean / len(members) if members else mean


def logs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return natural logarithms rounded to float32, of values above 0."""
    return np.array([np.float32(math.log(value)) for value in values], dtype=np.float64)


def robust_z(values: NDArray[np.float64], members: Sequence[int], floor: float) -> NDArray[np.float64]:
    """Return how many standard deviations each value lies from the members' median.

    The deviation is estimated by the members' median absolute deviation, and taken to be at least `floor`.
    """
    inside = values[list(members)]
    middle = np.median(inside)
    spread = MAD_TO_SIGMA * np.median(np.abs(inside - middle))
    return np.asarray((values - middle) / max(float(spread), floor))
