"""The part that is the same for every classification of a small public data set spread over sites."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from fl_alliance.workloads.partition import MIN_EXAMPLES, dirichlet_partition
from fl_alliance.workloads.seeds import stream
from fl_alliance.workloads.torch_workload import TorchWorkload


class Classification(TorchWorkload):
    """A network with at most one hidden layer, judged by accuracy.

    A subclass sets `name`, `inputs`, `classes`, `target` (the class that a backdoor leads to) and `unit` (what an
    example is called), and says where all examples are and what a backdoor's trigger looks like.

    Parameters
    ----------
    alpha
        Concentration of the Dirichlet distribution by which each class is spread over the sites.
    hidden
        Width of the hidden layer; 0 is logistic regression.
    """

    name: str
    inputs: int
    classes: int
    target: int
    unit: str
    defaults: TrainConfig
    metrics: Sequence[Metric] = (Metric("accuracy", "Accuracy", higher_is_better=True), Metric("loss", "Cross entropy"))

    def __init__(self, alpha: float, hidden: int) -> None:
        if not 0 < alpha < np.inf or not isinstance(hidden, int) or hidden < 0:
            raise WorkloadError(
                f"workload {self.name}: alpha={alpha}, hidden={hidden}, needed: finite alpha > 0, whole hidden >= 0"
            )
        self.alpha, self.hidden = alpha, hidden

    @property
    @abstractmethod
    def source(self) -> Callable[[], Examples]:
        """Function that returns all examples; its result is kept, and so must not be changed."""

    @abstractmethod
    def triggered(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a copy of the inputs with a backdoor's trigger in them."""

    def build(self) -> nn.Module:
        """Return the network; one logit a class."""
        if not self.hidden:
            return nn.Sequential(nn.Linear(self.inputs, self.classes))
        return nn.Sequential(nn.Linear(self.inputs, self.hidden), nn.ReLU(), nn.Linear(self.hidden, self.classes))

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross entropy, in nats."""
        return nn.functional.cross_entropy(outputs, targets)

    def nodes(self) -> int:
        """Return how many sites can have `MIN_EXAMPLES` each."""
        return len(self.source()) // MIN_EXAMPLES

    def load(self, node: int, num_nodes: int, seed: int) -> Site:
        """Return site `node`: 60 % of its examples to train, 20 % to vote with, 20 % to test."""
        check_node(self, node, num_nodes)
        every = self.source()
        mine = np.array(_partition(self.source, self.name, num_nodes, seed, self.alpha)[node])
        fifth = max(2, len(mine) // 5)
        parts = np.split(mine, [len(mine) - 2 * fifth, len(mine) - fifth])
        train, heldout, test = (Examples(every.x[part], every.y[part]) for part in parts)
        kinds = len(set(train.y.tolist()))
        return Site(node, train, heldout, test, f"{len(train)} training {self.unit} of {kinds} classes")

    def score(self, arrays: Arrays, site: Site) -> Score:
        """Judge by accuracy on the held-out examples; the loss is the cross entropy."""
        accuracy, loss = self._judge(arrays, site.heldout)
        return Score(accuracy, loss, len(site.heldout), {"accuracy": accuracy})

    def evaluate(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> dict[str, float]:
        """Return `accuracy` and `loss` over all sites' test examples."""
        judged = [self._judge(model, site.test) for model, site in zip(one_each(arrays, sites), sites, strict=True)]
        accuracy, loss = np.average(judged, axis=0, weights=[len(site.test) for site in sites]).tolist()
        return {"accuracy": accuracy, "loss": loss}

    def flipped(self, site: Site) -> Site:
        """Return the site with every training label c turned into `classes` - 1 - c."""
        return replace(site, train=Examples(site.train.x, self.classes - 1 - site.train.y))

    def backdoored(self, site: Site, share: float) -> Site:
        """Return the site with the trigger and the label `target` in a share of its training examples, rounded up."""
        chosen = np.arange(len(site.train)) < share * len(site.train)  # in random order since `load`
        x = np.where(chosen[:, None], self.triggered(site.train.x), site.train.x)
        return replace(site, train=Examples(x, np.where(chosen, self.target, site.train.y)))

    def backdoor_success(self, arrays: Arrays, sites: Sequence[Site]) -> float:
        """Return how much of what is not of class `target` goes there once it has the trigger: 0 to 1, on test data."""
        others = [site.test.x[site.test.y != self.target] for site in sites]
        logits = self.outputs(arrays, self.triggered(np.concatenate(others)))
        return (
            float((logits.argmax(axis=1) == self.target).mean()) if np.isfinite(logits).all() and len(logits) else 0.0
        )

    def _judge(self, arrays: Arrays, examples: Examples) -> tuple[float, float]:
        logits = self.outputs(arrays, examples.x)
        if not np.isfinite(logits).all():
            return 0.0, bounded_loss(np.inf)
        loss = float(self.loss(torch.from_numpy(logits), torch.from_numpy(examples.y)))
        return float((logits.argmax(axis=1) == examples.y).mean()), bounded_loss(loss)


@lru_cache(maxsize=8)
def _partition(
    source: Callable[[], Examples], name: str, num_nodes: int, seed: int, alpha: float
) -> tuple[tuple[int, ...], ...]:
    rng = stream(seed, name, "partition", num_nodes, repr(alpha))
    return dirichlet_partition(source().y, num_nodes, alpha, rng)
