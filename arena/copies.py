"""Telling a copy from a model of one's own: by the direction in which it moved from the task's base.

Noise, rescaling, another rank, and splitting the same change differently between an adapter's two matrices all leave
the direction of the update nearly as it was; two nodes that train for themselves end up in clearly different ones
(measured: a copy with noise .9999, honest pairs .42 to .56). What it does not find: a copy that also adds a large
change where the model's outputs do not depend on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fl_alliance.arena.adapters import Adapter, down_name, up_name

SIMILARITY_LIMIT = 0.95
"""Updates with a larger cosine are one update."""


class Update(Protocol):
    """A change of a model's weights, as a vector of which only inner products are ever needed."""

    def inner(self, other: "Update", /) -> float:
        """Return the inner product with another update of the same task."""


U = TypeVar("U", bound=Update)


@dataclass(frozen=True, slots=True)
class AdapterUpdate:
    """What a LoRA adapter adds to the weights of `layers`: up times down.

    The factor alpha / rank is left out, since no cosine depends on it.
    """

    adapter: Adapter
    layers: Sequence[str]

    def inner(self, other: Update, /) -> float:
        """Return the inner product, without forming either product of matrices.

        For one layer, sum((B1 A1) * (B2 A2)) = sum((B1' B2) * (A1 A2')): two matrices of rank by rank, however large
        the layer is.
        """
        if not isinstance(other, AdapterUpdate):
            raise TypeError(f"inner: given {type(other).__name__}, needed another AdapterUpdate")
        total = 0.0
        for layer in self.layers:
            up, down = self._matrix(up_name(layer)), self._matrix(down_name(layer))
            other_up, other_down = other._matrix(up_name(layer)), other._matrix(down_name(layer))
            total += float(np.sum((up.T @ other_up) * (down @ other_down.T)))
        return total

    def _matrix(self, name: str) -> NDArray[np.float64]:
        return self.adapter.arrays[name].astype(np.float64)


@dataclass(frozen=True, slots=True)
class ParameterUpdate:
    """The difference of all parameters from those of the task's base."""

    difference: NDArray[np.float64]

    @classmethod
    def between(
        cls, arrays: Mapping[str, NDArray[np.float32]], base: Mapping[str, NDArray[np.float32]]
    ) -> "ParameterUpdate":
        """Return the update from `base` to `arrays`, which have the same names and shapes."""
        parts = [(arrays[name].astype(np.float64) - base[name]).ravel() for name in sorted(base)]
        return cls(np.concatenate(parts))

    def inner(self, other: Update, /) -> float:
        """Return the inner product."""
        if not isinstance(other, ParameterUpdate):
            raise TypeError(f"inner: given {type(other).__name__}, needed another ParameterUpdate")
        return float(self.difference @ other.difference)


@dataclass(frozen=True, slots=True)
class Committed(Generic[U]):
    """A submission as copies are looked for.

    Attributes
    ----------
    node : str
        Who submitted it; nobody copies itself.
    order : int
        Place of its commitment on chain among all; lower is earlier, none occurs twice.
    update : Update
        What it changed.
    """

    node: str
    order: int
    update: U


@dataclass(frozen=True, slots=True)
class Copy:
    """A submission found to be a copy.

    Attributes
    ----------
    order, original : int
        Its commitment's place, and that of the earlier one which it copies.
    similarity : float
        Cosine of the two updates, above the limit.
    """

    order: int
    original: int
    similarity: float


def cosine(left: U, right: U) -> float:
    """Return the cosine of two updates, -1 to 1; two that change nothing are the same, one alone is like no other."""
    norms = sqrt(max(left.inner(left), 0.0)), sqrt(max(right.inner(right), 0.0))
    return _cosine(left.inner(right), *norms)


def find_copies(
    submissions: Sequence[Committed[U]], originals: Sequence[Committed[U]] = (), limit: float = SIMILARITY_LIMIT
) -> dict[int, Copy]:
    """Return the copies among new submissions of one task, by their order.

    The earlier commitment wins. A copy is no original: who was copied may go on from its own model without being taken
    for a copy of its copier.

    Parameters
    ----------
    submissions : sequence of Committed
        The new ones, in any sequence.
    originals : sequence of Committed
        Those of earlier days that were no copies.
    limit : float
        Cosine above which two updates are one, 0 to 1.

    Raises
    ------
    ValueError
        Two have the same order, or an original came later than a new one.
    """
    new, kept = sorted(submissions, key=_order), sorted(originals, key=_order)
    orders = [one.order for one in (*kept, *new)]
    if any(after <= before for before, after in pairwise(orders)):
        raise ValueError(f"find_copies: given orders {orders}, needed each once and originals before new ones")
    norms = {one.order: sqrt(max(one.update.inner(one.update), 0.0)) for one in (*kept, *new)}
    copies: dict[int, Copy] = {}
    for one in new:
        copy = _copied(one, kept, norms, limit)
        if copy is None:
            kept.append(one)
        else:
            copies[one.order] = copy
    return copies


def _order(submission: Committed[U]) -> int:
    return submission.order


def _copied(
    one: Committed[U], originals: Sequence[Committed[U]], norms: Mapping[int, float], limit: float
) -> Copy | None:
    """Return the earliest original of another node that is like this one."""
    for original in originals:
        if original.node == one.node:
            continue
        similarity = _cosine(one.update.inner(original.update), norms[one.order], norms[original.order])
        if similarity > limit:
            return Copy(one.order, original.order, similarity)
    return None


def _cosine(inner: float, norm: float, other_norm: float) -> float:
    if norm == 0.0 or other_norm == 0.0:
        return float(norm == other_norm)
    return min(1.0, max(-1.0, inner / norm / other_norm))
