"""What `tabular` and `classify` share: a small network over fixed inputs, all of whose parameters are the submission.

The network and its data come from above (`Learner`), since this folder knows no model of FL Alliance. A winner is, name
by name, a model that FL Alliance can start from.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fl_alliance.arena.copies import ParameterUpdate
from fl_alliance.arena.errors import SubmissionRefused
from fl_alliance.arena.headers import read_header
from fl_alliance.arena.kinds.base import ArtifactLimits, Budget, Datasets, Progress, Reporter, millionths, silent
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.parameters import load_parameters, pack_parameters
from fl_alliance.arena.tensors import Arrays, Shape, read_arrays


@dataclass(frozen=True, slots=True)
class Table:
    """Examples of one set: `x` (n, inputs) and `y` (n,), a value to predict or the number of a class."""

    x: NDArray[np.float32]
    y: NDArray[Any]


class Learner(Protocol):
    """A network with its data, in numpy; `fl_alliance.learners` makes one of any workload."""

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Name -> shape of every array of the model, in order."""

    @property
    def inputs(self) -> int:
        """Length of an example's input."""

    @property
    def budget(self) -> Budget:
        """The training budget it was tuned with."""

    def parts(self, seed: int) -> tuple[Table, Table, Table]:
        """Return the training set and the two that score; no example is in two of them."""

    def initial(self, seed: int) -> Arrays:
        """Return an untrained model."""

    def fit(self, arrays: Arrays, data: Table, budget: Budget, seed: int, passed: Callable[[Progress], None]) -> Arrays:
        """Return what a model becomes by training; `passed` is called after every pass over the data."""

    def outputs(self, arrays: Arrays, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the model's outputs, (n,) or (n, classes)."""


class NetworkKind(ABC):
    """A kind whose submissions are all parameters of a learner's model."""

    name: str
    loss_unit: str

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    @abstractmethod
    def loss(self, outputs: NDArray[np.float32], y: NDArray[Any]) -> float:
        """Return the loss that is scored; not a finite number where outputs are not."""

    @property
    def limits(self) -> ArtifactLimits:
        """What the learner's model has."""
        return ArtifactLimits(sum(int(np.prod(shape)) for shape in self.learner.shapes.values()))

    @property
    def budget(self) -> Budget:
        """What the learner was tuned with."""
        return self.learner.budget

    def datasets(self, seed: int) -> Datasets:
        """Return the learner's three parts, each a safetensors file of `x` and `y`."""
        train, a, b = (pack_parameters({"x": part.x, "y": part.y}) for part in self.learner.parts(seed))
        return Datasets(train, a, b)

    def initial(self, seed: int) -> bytes:
        """Return the untrained model."""
        return pack_parameters(self.learner.initial(seed))

    def train(self, start: bytes, data: bytes, budget: Budget, seed: int, progress: Reporter = silent) -> bytes:
        """Return what `start` becomes; whole passes over the data are made, so the steps are rounded up to some."""
        return pack_parameters(self.learner.fit(self.load(start), self.read(data), budget, seed, progress))

    def load(self, artifact: bytes) -> Arrays:
        """Return a stranger's model with exactly the learner's names and shapes, all values finite."""
        return load_parameters(artifact, self.learner.shapes)

    def parameters(self, model: Arrays) -> int:
        """Return how many values a model has; the same for all."""
        return sum(array.size for array in model.values())

    def update(self, model: Arrays, origin: Arrays) -> ParameterUpdate:
        """Return the difference of all parameters from the task's first model."""
        return ParameterUpdate.between(model, origin)

    def score(self, model: Arrays, data: bytes) -> int:
        """Return the kind's loss in millionths."""
        table = self.read(data)
        return millionths(self.loss(self.learner.outputs(model, table.x), table.y))

    def read(self, data: bytes) -> Table:
        """Return the examples of a dataset.

        Raises
        ------
        DataUnusable
            Not exactly a finite `x` of the learner's inputs and a finite `y` as long, or no example.
        """
        try:
            header = read_header(data)
            count = header.tensors["x"].shape[0] if "x" in header.tensors and header.tensors["x"].shape else 0
            arrays = read_arrays(data, header, {"x": (count, self.learner.inputs), "y": (count,)})
        except SubmissionRefused as error:
            raise DataUnusable(str(error), f"a file of x (n, {self.learner.inputs}) and y (n,)") from None
        if not count:
            raise DataUnusable("no example", "at least one")
        return Table(arrays["x"], arrays["y"])
