"""Handwritten digits (scikit-learn's 1,797 images of 8 x 8 pixels) spread unevenly over up to 179 sites."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fl_alliance.workloads.base import Examples, TrainConfig
from fl_alliance.workloads.classification import Classification

SIDE = 8


class Digits(Classification):
    """A small network for images of digits; a backdoor's trigger is a bright patch in the upper left corner.

    Parameters
    ----------
    alpha
        Concentration of the Dirichlet distribution by which each digit's images are spread over the sites (Hsu et al.
        2019): .1 gives most sites two or three digits, 100 gives all the same mix.
    hidden
        Width of the hidden layer; 0 is logistic regression.
    """

    name = "digits"
    inputs, classes, target, unit = SIDE * SIDE, 10, 0, "images"
    defaults = TrainConfig(local_epochs=2, batch_size=16, learning_rate=0.3)

    def __init__(self, alpha: float = 0.5, hidden: int = 32) -> None:
        super().__init__(alpha, hidden)

    @property
    def source(self) -> Callable[[], Examples]:
        """All images, pixels from 0 to 1."""
        return _images

    def triggered(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return copies of the images with 2 x 2 pixels in the upper left corner at their brightest."""
        images = x.reshape(-1, SIDE, SIDE).copy()
        images[:, :2, :2] = 1.0
        return images.reshape(len(x), self.inputs)


@lru_cache(maxsize=1)
def _images() -> Examples:
    from sklearn.datasets import load_digits  # 1 s of import that only this function needs

    x, y = load_digits(return_X_y=True)
    return Examples((x / 16.0).astype(np.float32), y.astype(np.int64))
