"""What whoever makes a menu knows of a round's updates."""

from dataclasses import dataclass

from fl_alliance.strategies.geometry import Matrix, Vector
from fl_alliance.strategies.limits import Within


@dataclass(frozen=True, slots=True)
class Updates:
    """A round's updates, seen from the old model; positions count proposals in the order of their commitments.

    Attributes
    ----------
    narrow, wide : Within
        What each proposal adds to the old model, within the narrow and the wide `Limits`: by blocks of coordinates,
        and as a matrix (proposals, coordinates) by `whole()`.
    pool : tuple of int
        Positions that candidates may be made of: no clone of an earlier one, and no giant.
    products, cosines, gaps : (proposals, proposals)
        Scalar products of the wide updates, of the same at length 1, and the distances between the wide.
    lengths : (proposals,)
        Of the updates as they were proposed.
    averages : (proposals,)
        What their members contributed on average in earlier rounds, as the chain has it.
    """

    narrow: Within
    wide: Within
    pool: tuple[int, ...]
    products: Matrix
    cosines: Matrix
    gaps: Matrix
    lengths: Vector
    averages: Vector


@dataclass(frozen=True, slots=True)
class Block:
    """A block of coordinates, from which the candidates' are made.

    Attributes
    ----------
    place : slice
        Where it lies in a model as one vector.
    narrow, wide : (proposals, width)
        What the proposals add to the old model, within the narrow and the wide `Limits`.
    aggregate : (width,)
        What the inner strategy's aggregate adds to it.
    """

    place: slice
    narrow: Matrix
    wide: Matrix
    aggregate: Vector
