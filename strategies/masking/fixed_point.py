"""Updates as whole numbers modulo 2^32, in which sums are exact and a mask hides everything."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.uint32]
"""Numbers modulo 2^32; numpy adds and subtracts them so."""

MOST_TOGETHER = 64
"""Updates that are added up at most: as many as a round of candidates has proposers."""
LEVELS = (2**31 - 1) // MOST_TOGETHER
"""An update's largest whole number, 2^25 - 1: so many of them never leave the signed half of 2^32."""


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """How real numbers become whole ones.

    A coordinate is clipped to [-clip, clip] and rounded to the nearest of 2 `LEVELS` + 1 equally spaced values. So each
    update within the range is off by at most clip / (2 LEVELS), 1.5e-8 clip, in every coordinate, and so is the mean of
    any number of them: their sum is exact.

    Parameters
    ----------
    clip : float
        Above 0. The client clips: nobody else sees what it clips.
    """

    clip: float

    @property
    def error(self) -> float:
        """How far a mean may be off in a coordinate, besides what clipping takes and the rounding of float64."""
        return self.clip / (2 * LEVELS)

    def encode(self, update: NDArray[np.float64]) -> Ring:
        """Return an update as whole numbers; raises ValueError where it is not finite."""
        if not np.isfinite(update).all():
            raise ValueError("the update has values that are not finite")
        whole = np.rint(np.clip(update, -self.clip, self.clip) * (LEVELS / self.clip))
        return whole.astype(np.int64).astype(np.uint32)

    def mean(self, total: Ring, count: int) -> NDArray[np.float64]:
        """Return the mean of the `count` updates whose sum this is, within [-clip, clip].

        A sum of what is out of range, or of what is no update, gives some numbers in that range all the same: that
        bounds what a malicious member can do, and is for those to judge who judge updates.
        """
        signed = total.astype(np.int32).astype(np.float64)
        return np.clip(signed * (self.clip / (LEVELS * count)), -self.clip, self.clip)
