"""A workload as the Arena's kinds `tabular` and `classify` take one; the Arena knows none, so it is handed in."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from fl_alliance import workloads
from fl_alliance.arena.kinds.base import Budget, Progress, Reporter
from fl_alliance.arena.kinds.classify import Classify
from fl_alliance.arena.kinds.networks import NetworkKind, Table
from fl_alliance.arena.kinds.tabular import Tabular
from fl_alliance.workloads.base import Arrays, Examples, TrainConfig, Workload
from fl_alliance.workloads.errors import WorkloadError

KINDS: Mapping[str, type[NetworkKind]] = {kind.name: kind for kind in (Tabular, Classify)}

PASSES = 10
"""Over its data, in a learner's own budget: a model that trains alone needs more than a node's share of a round."""


class Predictor(Workload, Protocol):
    """A workload that tells its model's shapes and outputs; `TorchWorkload` does."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name -> shape of every array of the model, in order."""

    def outputs(self, arrays: Arrays, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the model's outputs for `x`."""


class WorkloadLearner:
    """A workload's model, and its data as one site would have them: to train, to vote with (a), to test (b)."""

    def __init__(self, workload: Predictor) -> None:
        self.workload = workload
        self.shapes = workload.shapes
        self._site = workload.load(0, 1, 0)

    @property
    def inputs(self) -> int:
        """Length of an example's input."""
        return int(self._site.train.x.shape[1])

    @property
    def budget(self) -> Budget:
        """`PASSES` passes over the workload's own training part, at its own pace."""
        config = self.workload.defaults
        steps = PASSES * ceil(len(self._site.train) / config.batch_size)
        return Budget(steps, config.batch_size, config.learning_rate)

    def parts(self, seed: int) -> tuple[Table, Table, Table]:
        """Return the workload's training, held-out and test examples."""
        site = self.workload.load(0, 1, seed)
        train, heldout, test = (Table(part.x, part.y) for part in (site.train, site.heldout, site.test))
        return train, heldout, test

    def initial(self, seed: int) -> Arrays:
        """Return the workload's model of round 0."""
        return self.workload.initial_arrays(seed)

    def fit(self, arrays: Arrays, data: Table, budget: Budget, seed: int, passed: Reporter) -> Arrays:
        """Return what `arrays` become by whole passes of at least `budget.steps` steps together."""
        kind = self._site.train.y.dtype
        site = replace(self._site, train=Examples(data.x, data.y.astype(kind)))
        steps_a_pass = ceil(len(data.y) / budget.batch_size)
        passes = ceil(budget.steps / steps_a_pass)
        for number in range(passes):
            config = TrainConfig(1, budget.batch_size, budget.learning_rate, seed=seed, round=number)
            result = self.workload.train(arrays, site, config)
            arrays = result.arrays
            passed(Progress((number + 1) * steps_a_pass, passes * steps_a_pass, result.metrics["train_loss"]))
        return arrays

    def outputs(self, arrays: Arrays, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the model's outputs."""
        return self.workload.outputs(arrays, x)


def network_kind(kind: str, workload: str, **options: Any) -> NetworkKind:
    """Return the kind `tabular` or `classify` of a workload named as in the configuration, with the workload's options.

    Raises
    ------
    WorkloadError
        Another kind, no such workload or option, or a workload that keeps its outputs to itself.
    """
    if kind not in KINDS:
        raise WorkloadError(f"kind {kind!r} of workload {workload}; needed: {' or '.join(KINDS)}")
    found = workloads.get(workload, **options)
    if missing := [member for member in ("shapes", "outputs") if not hasattr(found, member)]:
        raise WorkloadError(f"workload {workload}: lacks {', '.join(missing)}; needed for the kind {kind}")
    return KINDS[kind](WorkloadLearner(cast(Predictor, found)))


def score_submission(artifact: bytes, data: bytes, kind: str, workload: str, options: Mapping[str, Any]) -> int:
    """Return a stranger's score, for a sandbox to call (`arena/sandbox.py`); raises as the kind's own methods do."""
    judge = network_kind(kind, workload, **options)
    return judge.score(judge.load(artifact), data)
