"""An attack that lies only where the honest contradict each other anyway."""

from dataclasses import dataclass

import numpy as np

from fl_alliance.attacks.craft import Crafted, View
from fl_alliance.strategies.geometry import Vector

TINY = 1e-12


@dataclass
class LeastAgreed(Crafted):
    """Send the honest mean, pushed away in the coordinates in which the honest updates agree least.

    Parameters
    ----------
    share : float
        Share of the coordinates, 0 to 1.
    deviations : float
        How far they are pushed, in standard deviations of the honest updates.
    """

    share: float = 0.3
    deviations: float = 2.0

    def craft(self, view: View) -> Vector:
        """Return the update to send."""
        mean, spread = view.honest.mean(axis=0), view.honest.std(axis=0)
        agreement = np.abs(mean) / (spread + TINY)
        doubtful = agreement <= np.quantile(agreement, self.share)
        return np.asarray(np.where(doubtful, mean - self.deviations * np.sign(mean) * spread, mean))
