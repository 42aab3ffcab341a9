"""Linear regression on synthetic data whose true weights are known: the smallest workload, without torch.

For teaching, and for tests of everything around a workload. Sites differ in where their inputs lie (each has its own
mean), not in the law that produces the target, so a federated model can come arbitrarily close to `true_weights`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fl_alliance.workloads.base import (
    Arrays,
    Examples,
    Metric,
    Score,
    Site,
    TrainConfig,
    TrainResult,
    bounded_loss,
    check_arrays,
    check_node,
    one_each,
    relative_error_score,
)
from fl_alliance.workloads.errors import WorkloadError
from fl_alliance.workloads.seeds import stream

MAX_SITES = 10_000


class Linear:
    """y = w . x + b + noise, per site `examples` training, and half as many held-out and test, examples.

    Parameters
    ----------
    features
        Number of inputs.
    examples
        Training examples of each site.
    noise
        Standard deviation of what no model can predict; the targets' own is about sqrt(features).
    shift
        Standard deviation of a site's mean input: 0 makes all sites alike.
    """

    name = "linear"
    metrics: Sequence[Metric] = (Metric("rmse", "RMSE"), Metric("r2", "R2", higher_is_better=True))
    defaults = TrainConfig(local_epochs=1, batch_size=16, learning_rate=0.1)

    def __init__(self, features: int = 4, examples: int = 64, noise: float = 0.1, shift: float = 1.0) -> None:
        is_whole = isinstance(features, int) and isinstance(examples, int)
        if not is_whole or features < 1 or examples < 2 or not 0 <= noise < np.inf or not 0 <= shift < np.inf:
            raise WorkloadError(
                f"workload linear: features={features}, examples={examples}, noise={noise}, shift={shift}, "
                "needed: whole features >= 1, whole examples >= 2, finite noise >= 0, finite shift >= 0"
            )
        self.features, self.examples, self.noise, self.shift = features, examples, noise, shift

    def nodes(self) -> int:
        """Return how many sites there may be; data is made, so the bound is only a guard."""
        return MAX_SITES

    def true_weights(self, seed: int) -> Arrays:
        """Return the model that produced the data of `seed`."""
        drawn = stream(seed, "linear", "truth").normal(size=self.features + 1).astype(np.float32)
        return {"weight": drawn[:-1], "bias": drawn[-1:]}

    def initial_arrays(self, seed: int) -> Arrays:
        """Return all zeros, whatever the seed: the problem is convex."""
        return {"weight": np.zeros(self.features, np.float32), "bias": np.zeros(1, np.float32)}

    def load(self, node: int, num_nodes: int, seed: int) -> Site:
        """Return site `node`; its data does not depend on `num_nodes`."""
        check_node(self, node, num_nodes)
        rng = stream(seed, "linear", "site", node)
        truth = self.true_weights(seed)
        half = self.examples // 2
        x = rng.normal(self.shift * rng.normal(size=self.features), 1.0, (self.examples + 2 * half, self.features))
        y = _predict(truth, x) + rng.normal(0.0, self.noise, len(x))
        parts = np.split(np.arange(len(x)), [self.examples, self.examples + half])
        train, heldout, test = (Examples(x[part].astype(np.float32), y[part].astype(np.float32)) for part in parts)
        return Site(node, train, heldout, test, f"{len(train)} training examples")

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name -> shape of the model's arrays."""
        return {"weight": (self.features,), "bias": (1,)}

    @property
    def typical_square(self) -> float:
        """Mean square of the targets over all seeds and sites, without noise: the unit of the reported loss."""
        return self.features * (1 + self.shift**2) + 1

    def train(self, arrays: Arrays, site: Site, config: TrainConfig) -> TrainResult:
        """Return `arrays` after mini-batch gradient descent on half the mean squared error."""
        check_arrays(arrays, self.shapes)
        model = {name: value.astype(np.float64) for name, value in arrays.items()}
        order = stream(config.seed, "order", config.round, site.node)
        total = 0.0
        for _ in range(config.local_epochs):
            total, permutation = 0.0, order.permutation(len(site.train))
            for start in range(0, len(permutation), config.batch_size):
                batch = permutation[start : start + config.batch_size]
                total += _step(model, arrays, Examples(site.train.x[batch], site.train.y[batch]), config)
        trained = {name: value.astype(np.float32) for name, value in model.items()}
        loss = bounded_loss(2 * total / len(site.train) / self.typical_square)
        return TrainResult(trained, len(site.train), {"train_loss": loss})

    def score(self, arrays: Arrays, site: Site) -> Score:
        """Judge by exp(-RMSE / standard deviation of the held-out targets); the loss is MSE / `typical_square`."""
        rmse = self._rmse(arrays, site.heldout)
        value = relative_error_score(rmse, float(np.std(site.heldout.y.astype(np.float64))))
        loss = bounded_loss(rmse**2 / self.typical_square)
        return Score(value, loss, len(site.heldout), {"rmse": bounded_loss(rmse)})

    def losses(self, arrays: Arrays, examples: Examples) -> NDArray[np.float64]:
        """Return every example's squared error / `typical_square`."""
        check_arrays(arrays, self.shapes)
        with np.errstate(over="ignore", invalid="ignore"):
            squares: NDArray[np.float64] = (_predict(arrays, examples.x) - examples.y) ** 2 / self.typical_square
        return squares

    def gradient(self, arrays: Arrays, site: Site) -> Arrays:
        """Return the gradient of the loss on the held-out examples."""
        check_arrays(arrays, self.shapes)
        with np.errstate(over="ignore", invalid="ignore"):
            slope = _slope(arrays, site.heldout)
            scaled = {name: value * (2 / self.typical_square) for name, value in slope.items()}
            return {
                name: np.nan_to_num(value.astype(np.float32), nan=0, posinf=0, neginf=0)
                for name, value in scaled.items()
            }

    def flipped(self, site: Site) -> Site:
        """Return the site with the sign of its training targets turned."""
        return replace(site, train=Examples(site.train.x, -site.train.y))

    def evaluate(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> dict[str, float]:
        """Return `rmse`, and `r2` (at most 1, not below -LOSS_LIMIT), over all sites' test examples."""
        pairs = list(zip(one_each(arrays, sites), sites, strict=True))
        squares = [self._rmse(model, site.test) ** 2 for model, site in pairs]
        rmse = float(np.sqrt(np.average(squares, weights=[len(site.test) for site in sites])))
        unexplained = rmse**2 / float(np.var(np.concatenate([site.test.y for site in sites]).astype(np.float64)))
        return {"rmse": bounded_loss(rmse), "r2": 1.0 - bounded_loss(unexplained)}

    def _rmse(self, arrays: Arrays, examples: Examples) -> float:
        check_arrays(arrays, self.shapes)
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.sqrt(np.mean((_predict(arrays, examples.x) - examples.y) ** 2)))


def _predict(arrays: Mapping[str, NDArray[np.floating]], x: NDArray[np.floating]) -> NDArray[np.float64]:
    # A sum instead of a matrix product: BLAS may round differently with another number of threads.
    product: NDArray[np.float64] = (x.astype(np.float64) * arrays["weight"]).sum(axis=1) + arrays["bias"]
    return product


def _step(model: dict[str, NDArray[np.float64]], start: Arrays, batch: Examples, config: TrainConfig) -> float:
    """Move `model` one step and return the batch's summed loss before it."""
    error = _predict(model, batch.x) - batch.y
    for name, gradient in _slope(model, batch).items():
        pull = config.proximal_mu * (model[name] - start[name])
        model[name] -= config.learning_rate * (gradient + pull)
    return float((error**2).sum() / 2)


def _slope(model: Mapping[str, NDArray[np.floating]], examples: Examples) -> dict[str, NDArray[np.float64]]:
    """Return the gradient of half the mean squared error."""
    error = _predict(model, examples.x) - examples.y
    weight = (examples.x.astype(np.float64) * error[:, None]).mean(axis=0)
    return {"weight": weight, "bias": error.mean(keepdims=True)}
