"""What a model and its data must offer so that hospitals can train it together: the `Workload` protocol.

Everything goes in and comes out as numpy, so nothing outside this package needs to know the machine-learning library.
Every result is a function of its arguments: the same seed, node and round give the same bytes on the same machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fl_alliance.workloads.errors import ModelMismatch, WorkloadError

Arrays = dict[str, NDArray[np.float32]]
"""A model: name to float32 array, in the order of the model's state."""

LOSS_LIMIT = 1e9
"""A loss is never reported larger than this, so that a broken model's loss stays finite."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Inputs and targets, the first axis of both counting examples.

    `patients` says whose each example is, by a number that is one patient's at every site; None where nobody knows.
    """

    x: NDArray[np.float32]
    y: NDArray[Any]
    patients: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True)
class Site:
    """One hospital's private data, split once.

    `train` is all that training sees; `heldout` is what the site votes with; `test` is what no site uses: its
    union over the sites is the simulation's final yardstick. `source` is a digest of what all three are made from, the
    same however they are cut; empty where the examples are all there is.
    """

    node: int
    train: Examples
    heldout: Examples
    test: Examples
    about: str = ""
    source: bytes = b""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How one node trains in one round.

    `proximal_mu` is FedProx's penalty mu/2 |w - w_global|^2 (0 is FedAvg). `seed` and `round` fix, with the site's node
    number, the order in which examples are seen. `task` names the task for a privacy ledger, and changes nothing else.
    """

    local_epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 0.1
    proximal_mu: float = 0.0
    seed: int = 0
    round: int = 0
    task: str = ""

    def __post_init__(self) -> None:
        for name in ("local_epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise WorkloadError(f"TrainConfig: {name}={getattr(self, name)}, needed: at least 1")
        if not 0 < self.learning_rate < np.inf:
            raise WorkloadError(f"TrainConfig: learning_rate={self.learning_rate}, needed: above 0 and finite")
        if not 0 <= self.proximal_mu < np.inf:
            raise WorkloadError(f"TrainConfig: proximal_mu={self.proximal_mu}, needed: at least 0 and finite")
        for name in ("seed", "round"):
            if getattr(self, name) < 0:
                raise WorkloadError(f"TrainConfig: {name}={getattr(self, name)}, needed: at least 0")


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A site's new model; `num_examples` weighs it; `metrics` has at least `train_loss`, the last epoch's mean."""

    arrays: Arrays
    num_examples: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Score:
    """A model's quality on a site's held-out examples.

    `score` is in [0, 1], higher is better; 0 for a model whose outputs are not finite. The published rule compares a
    ratio of two scores, so a workload chooses a score in which losing 5 % is a real loss.

    `loss` is in [0, LOSS_LIMIT], lower is better. Candidate voting compares differences of losses, takes 4 for all that
    is larger and knows steps of 4e-6, so a workload chooses a unit in which a useful model is well below 1 and a ruined
    one above 4; the same unit at every site.
    """

    score: float
    loss: float
    num_examples: int
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a workload as a report shows it."""

    name: str
    label: str
    unit: str = ""
    higher_is_better: bool = False


class Workload(Protocol):
    """A model, its data, and how both meet. A class of your own needs these members and no base class."""

    @property
    def name(self) -> str:
        """Short name, as in `workload=glucose`."""

    @property
    def metrics(self) -> Sequence[Metric]:
        """What `evaluate` returns, the headline figure first."""

    @property
    def defaults(self) -> TrainConfig:
        """The training budget the workload was tuned with; its seed and round are for the caller to replace."""

    def nodes(self) -> int:
        """Return how many sites the data can be spread over at most."""

    def initial_arrays(self, seed: int) -> Arrays:
        """Return the model of round 0."""

    def load(self, node: int, num_nodes: int, seed: int) -> Site:
        """Return the data of site `node` of `num_nodes` (counted from 0).

        Every site of one (num_nodes, seed) holds different data and at least one example in each part.

        Raises
        ------
        WorkloadError
            When the data is missing or malformed, or does not suffice for so many sites.
        """

    def train(self, arrays: Arrays, site: Site, config: TrainConfig) -> TrainResult:
        """Return what `arrays` become by training on `site.train`; `arrays` is left as it is.

        Raises
        ------
        ModelMismatch
            When `arrays` does not have the model's names and shapes.
        """

    def score(self, arrays: Arrays, site: Site) -> Score:
        """Judge `arrays` on `site.heldout`; raises as `train` does."""

    def evaluate(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> dict[str, float]:
        """Return the workload's metrics on the union of the sites' test parts, of one model or of one per site."""


@runtime_checkable
class HasGradient(Protocol):
    """A workload whose voters can say in which direction their held-out loss falls: needed for pay by contribution."""

    def gradient(self, arrays: Arrays, site: Site) -> Arrays:
        """Return the gradient of `score(arrays, site).loss` with the model's names and shapes.

        An entry is 0 where the model is not differentiated (buffers) or its gradient is no finite number.
        """


@runtime_checkable
class HasLosses(Protocol):
    """A workload that knows the loss of each example: needed where scores carry noise, so that each can be bounded."""

    def losses(self, arrays: Arrays, examples: Examples) -> NDArray[np.float64]:
        """Return the reported loss of every example, whose mean `Score.loss` is; not finite where outputs are not."""


@runtime_checkable
class HasOwnData(Protocol):
    """A workload that reads what a hospital has in a folder of its own, instead of dealing out one data set."""

    def load_own(self, folder: Path) -> Site:
        """Return the hospital's data, split as `load` splits it; its `node` is 0.

        Raises
        ------
        WorkloadError
            A file cannot be read as it has to be, named with its line, or there is too little in all.
        """


@runtime_checkable
class HasReferences(Protocol):
    """A workload that knows figures to beat which need no federated training, such as persistence."""

    def references(self, sites: Sequence[Site]) -> dict[str, dict[str, float]]:
        """Return name of the method -> its metrics on the union of the sites' test parts."""


@runtime_checkable
class HasPredictions(Protocol):
    """A regression workload whose single predictions can be plotted against what was measured."""

    def predictions(self, arrays: Arrays, examples: Examples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return measured and predicted value of every example, in the unit of the headline metric."""


@dataclass(frozen=True, slots=True)
class ErrorGrid:
    """Single predictions beside what was measured, each with the zone of harm it falls in.

    `reference`, `predicted` and `zones` (letters) are aligned; `shares` is zone -> fraction of all, 0 where none is.
    """

    unit: str
    reference: NDArray[np.float64]
    predicted: NDArray[np.float64]
    zones: NDArray[np.str_]
    shares: Mapping[str, float]


@runtime_checkable
class HasErrorGrid(Protocol):
    """A workload whose errors differ in the harm they do (glucose: Clarke's grid)."""

    def error_grid(self, arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> ErrorGrid:
        """Return every test prediction with its zone; models as for `evaluate`."""


def check_node(workload: Workload, node: int, num_nodes: int) -> None:
    """Refuse a site number or a number of sites which the data does not allow."""
    if not 1 <= num_nodes <= workload.nodes():
        raise WorkloadError(f"workload {workload.name}: {num_nodes} nodes, needed: 1 to {workload.nodes()}")
    if not 0 <= node < num_nodes:
        raise WorkloadError(f"workload {workload.name}: node {node}, needed: 0 to {num_nodes - 1}")


def check_arrays(arrays: Mapping[str, NDArray[Any]], needed: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse a model that does not have exactly the `needed` names, in their order, and shapes."""
    if list(arrays) != list(needed):
        raise ModelMismatch(f"model arrays {list(arrays)}, needed: {list(needed)}")
    for name, shape in needed.items():
        if arrays[name].shape != shape:
            raise ModelMismatch(f"model array {name}: shape {arrays[name].shape}, needed: {shape}")


def one_each(arrays: Arrays | Sequence[Arrays], sites: Sequence[Site]) -> Sequence[Arrays]:
    """Return one model per site, the same for all where only one is given."""
    models = [arrays] * len(sites) if isinstance(arrays, dict) else arrays
    if len(models) != len(sites) or not sites:
        raise WorkloadError(
            f"evaluate: {len(models)} models for {len(sites)} sites, needed: one model, or one per site"
        )
    return models


def join(parts: Sequence[Examples]) -> Examples:
    """Return the examples of all parts, in order."""
    known = [part.patients for part in parts if part.patients is not None]
    patients = np.concatenate(known) if len(known) == len(parts) else None
    return Examples(np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts]), patients)


def bounded_loss(loss: float) -> float:
    """Return `loss` within [0, LOSS_LIMIT]; a loss that is not a number counts as the limit."""
    return LOSS_LIMIT if not loss < LOSS_LIMIT else max(loss, 0.0)


def relative_error_score(rmse: float, yardstick: float) -> float:
    """Return exp(-rmse / yardstick), in [0, 1]; 0 when the error is not finite.

    With this score the published rule s_new >= 0.95 s_old is, whatever the level reached so far, the same statement
    about the error: it may grow by at most -ln 0.95 = 5.1 % of the yardstick. (A score 1 / (1 + rmse) would
    be blunter the better the model, and R2 may be negative, where a ratio has no meaning.)
    """
    return float(np.exp(-rmse / yardstick)) if np.isfinite(rmse) else 0.0
