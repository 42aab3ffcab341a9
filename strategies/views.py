"""What whoever makes a menu knows of a round's updates."""

from dataclasses import dataclass

from fl_alliance.strategies.geometry import Matrix, Vector


@dataclass(frozen=True, slots=True)
class Updates:
    """A round's updates, seen from the old model; positions count proposals in the order of their commitments.

    Attributes
    ----------
    narrow, wide : (proposals, coordinates)
        What each proposal adds to the old model, within the narrow and the wide `Limits`.
    pool : tuple of int
        Positions that candidates may be made of: no clone of an earlier one, and no giant.
    products, cosines, gaps : (proposals, proposals)
        Scalar products of the wide updates, of the same at length 1, and the distances between the wide.
    lengths : (proposals,)
        Of the updates as they were proposed.
    averages : (proposals,)
        What their members contributed on average in earlier rounds, as the chain has it.
    """

    narrow: Matrix
    wide: Matrix
    pool: tuple[int, ...]
    products: Matrix
    cosines: Matrix
    gaps: Matrix
    lengths: Vector
    averages: Vector
