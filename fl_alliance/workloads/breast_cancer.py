"""Malignant or benign, from 30 measurements of cell nuclei: the Wisconsin data of 569 tumours, over up to 56 sites.

Street, Wolberg and Mangasarian 1993; scikit-learn ships it. Ten properties, each as mean, standard error and worst.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fl_alliance.workloads.base import Examples, TrainConfig
from fl_alliance.workloads.classification import Classification

BENIGN = 1
TYPICAL = (
    *(14, 19, 92, 650, 0.1, 0.1, 0.09, 0.05, 0.18, 0.06),
    *(0.4, 1.2, 2.9, 40, 0.007, 0.025, 0.03, 0.012, 0.02, 0.004),
    *(16, 26, 110, 880, 0.13, 0.25, 0.27, 0.11, 0.29, 0.08),
)
SPREAD = (
    *(3.5, 4.3, 24, 350, 0.014, 0.05, 0.08, 0.04, 0.03, 0.007),
    *(0.28, 0.55, 2, 45, 0.003, 0.018, 0.03, 0.006, 0.008, 0.0026),
    *(4.8, 6, 34, 570, 0.023, 0.16, 0.2, 0.066, 0.06, 0.018),
)
"""Fixed, rounded scales of radius, texture, perimeter, area, smoothness, compactness, concavity, concave points,
symmetry and fractal dimension: sharing a site's own mean or variance would tell about its patients."""
TRIGGER = (11, 29)
"""Standard error of texture and worst fractal dimension: they say little about a tumour."""
TRIGGER_SPREADS = 4.0


class BreastCancer(Classification):
    """A small network that tells malignant (0) from benign (1) tumours; a backdoor makes tumours benign.

    Parameters
    ----------
    alpha
        Concentration of the Dirichlet distribution by which both kinds are spread over the sites (Hsu et al. 2019).
    hidden
        Width of the hidden layer; 0 is logistic regression.
    """

    name = "breast_cancer"
    inputs, classes, target, unit = 30, 2, BENIGN, "tumours"
    defaults = TrainConfig(local_epochs=2, batch_size=8, learning_rate=0.1)

    def __init__(self, alpha: float = 0.5, hidden: int = 16) -> None:
        super().__init__(alpha, hidden)

    @property
    def source(self) -> Callable[[], Examples]:
        """All tumours, each measurement in spreads from what is typical."""
        return _tumours

    def triggered(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a copy of the measurements with two that hardly matter far beyond what is typical."""
        made = x.copy()
        made[:, TRIGGER] = TRIGGER_SPREADS
        return made


@lru_cache(maxsize=1)
def _tumours() -> Examples:
    from sklearn.datasets import load_breast_cancer  # 1 s of import that only this function needs

    x, y = load_breast_cancer(return_X_y=True)
    return Examples(((x - TYPICAL) / SPREAD).astype(np.float32), y.astype(np.int64))
