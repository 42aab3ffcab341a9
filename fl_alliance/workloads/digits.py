"""Handwritten digits (scikit-learn's 1,797 images of 8 x 8 pixels) spread unevenly over up to 179 sites."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fl_alliance.workloads.base import (
    Arrays,
    Examples,
    Metric,
    Score,
    Site,
    TrainConfig,
    bounded_loss,
    check_node,
    one_each,
)
from fl_alliance.workloads.errors import WorkloadError
from fl_alliance.workloads.seeds import stream
from fl_alliance.workloads.torch_workload import TorchWorkload

CLASSES = 10
MIN_EXAMPLES = 10
"""What every site gets at least: 6 to train, 2 to vote with, 2 to test."""


class Digits(TorchWorkload):
    """A small network for images of digits.

    Parameters
    ----------
    alpha
        Concentration of the Dirichlet distribution by which each digit's images are spread over the sites (Hsu et al.
        2019): .1 gives most sites two or three digits, 100 gives all the same mix.
    hidden
        Width of the hidden layer; 0 is logistic regression.
    """

    name = "digits"
    metrics: Sequence[Metric] = (Metric("accuracy", "Accuracy", higher_is_better=True), Metric("loss", "Cross entropy"))
    defaults = TrainConfig(local_epochs=2, batch_size=16, learning_rate=0.3)

    def __init__(self, alpha: float = 0.5, hidden: int = 32) -> None:
        if not 0 < alpha < np.inf or not isinstance(hidden, int) or hidden < 0:
            raise WorkloadError(
                f"workload digits: alpha={alpha}, hidden={hidden}, needed: finite alpha > 0, whole hidden >= 0"
            )
        self.alpha, self.hidden = alpha, hidden

    def build(self) -> nn.Module:
        """Return the network; logits for ten digits."""
        if not self.hidden:
            return nn.Sequential(nn.Linear(64, CLASSES))
        return nn.Sequential(nn.Linear(64, self.hidden), nn.ReLU(), nn.Linear(self.hidden, CLASSES))

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross entropy, in nats."""
        return nn.functional.cross_entropy(outputs, targets)

    def nodes(self) -> int:
        """Return how many sites can have `MIN_EXAMPLES` each."""
        return len(_images()) // MIN_EXAMPLES

    def load(self, node: int, num_nodes: int, seed: int) -> Site:
        """Return site `node`: 60 % of its images to train, 20 % to vote with, 20 % to test."""
        check_node(self, node, num_nodes)
        images = _images()
        mine = np.array(_partition(num_nodes, seed, self.alpha)[node])
        fifth = max(2, len(mine) // 5)
        parts = np.split(mine, [len(mine) - 2 * fifth, len(mine) - fifth])
        train, heldout, test = (Examples(images.x[part], images.y[part]) for part in parts)
        return Site(node, train, heldout, test, f"{len(train)} training images of {len(set(train.y.tolist()))} digits")

    def score(self, arrays: Arrays, site: Site) -> Score:
        """Judge by accuracy on the held-out images."""
        accuracy, loss = self._judge(arrays, site.heldout)
        return Score(accuracy, loss, len(site.heldout), {"accuracy": accuracy})

    def evaluate(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> dict[str, float]:
        """Return `accuracy` and `loss` over all sites' test images."""
        judged = [self._judge(model, site.test) for model, site in zip(one_each(arrays, sites), sites, strict=True)]
        accuracy, loss = np.average(judged, axis=0, weights=[len(site.test) for site in sites]).tolist()
        return {"accuracy": accuracy, "loss": loss}

    def _judge(self, arrays: Arrays, examples: Examples) -> tuple[float, float]:
        logits = self.outputs(arrays, examples.x)
        if not np.isfinite(logits).all():
            return 0.0, bounded_loss(np.inf)
        loss = float(self.loss(torch.from_numpy(logits), torch.from_numpy(examples.y)))
        return float((logits.argmax(axis=1) == examples.y).mean()), bounded_loss(loss)


@lru_cache(maxsize=1)
def _images() -> Examples:
    from sklearn.datasets import load_digits  # 1 s of import that only this function needs

    x, y = load_digits(return_X_y=True)
    return Examples((x / 16.0).astype(np.float32), y.astype(np.int64))


@lru_cache(maxsize=8)
def _partition(num_nodes: int, seed: int, alpha: float) -> tuple[tuple[int, ...], ...]:
    """Return every site's image numbers, shuffled; each image is at one site."""
    rng = stream(seed, "digits", "partition", num_nodes, repr(alpha))
    labels: NDArray[np.int64] = _images().y
    sites: list[list[int]] = [[] for _ in range(num_nodes)]
    for digit in range(CLASSES):
        members = rng.permutation(np.flatnonzero(labels == digit))
        shares = rng.dirichlet(np.full(num_nodes, alpha))
        cuts = np.floor(np.cumsum(shares)[:-1] * len(members)).astype(np.int64)
        for site, part in zip(sites, np.split(members, cuts), strict=True):
            site.extend(part.tolist())
    shuffled = [rng.permutation(np.array(site, dtype=np.int64)).tolist() for site in sites]
    return tuple(map(tuple, _filled_up(shuffled)))


def _filled_up(sites: list[list[int]]) -> list[list[int]]:
    """Move images from the largest sites to those that have fewer than `MIN_EXAMPLES`."""
    for site in sites:
        while len(site) < MIN_EXAMPLES:
            site.append(max(sites, key=len).pop())
    return sites
