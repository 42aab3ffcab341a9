"""What a task kind is: one class that makes data, trains, checks strangers' models and scores them.

What travels (datasets, models) is bytes, named by their digest; what goes on the chain is an integer.
A kind reads no clock and no global randomness: the same arguments give the same bytes on the same machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Protocol, TypeVar

from fl_alliance.arena.copies import Update
from fl_alliance.arena.headers import ITEM_BYTES, MAX_HEADER_BYTES
from fl_alliance.arena.kinds.errors import BudgetUnusable
from fl_alliance.chain.rules.arena_consensus import WORST

MOST_THREADS = 1024

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class Budget:
    """How long and how fast a node trains.

    Attributes
    ----------
    steps : int
        Gradient steps, at least 1.
    batch_size : int
        Examples a step, at least 1.
    learning_rate : float
        Above 0 and finite; the highest one, where it follows a schedule.
    threads : int
        Cores to use; with another number sums round differently and the digest is another.
    """

    steps: int
    batch_size: int
    learning_rate: float
    threads: int = 1

    def __post_init__(self) -> None:
        for name, most in (("steps", 10**9), ("batch_size", 10**6), ("threads", MOST_THREADS)):
            if not 1 <= getattr(self, name) <= most:
                raise BudgetUnusable(name, getattr(self, name), f"1 to {most}")
        if not self.learning_rate > 0 or not isfinite(self.learning_rate):
            raise BudgetUnusable("learning_rate", self.learning_rate, "above 0 and finite")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is: `step` of `steps` done, and the last step's mean training loss."""

    step: int
    steps: int
    loss: float


Reporter = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class ArtifactLimits:
    """What a submission of a kind may be at most; checked before anything of it is read."""

    parameters: int

    @property
    def file_bytes(self) -> int:
        """Bytes of a file with so many parameters in the widest type, and its header."""
        return self.parameters * max(ITEM_BYTES.values()) + MAX_HEADER_BYTES


@dataclass(frozen=True, slots=True)
class Datasets:
    """What a task's creator makes: a training set, and what validators score with every day (a) and at the end (b)."""

    train: bytes
    a: bytes
    b: bytes


class Kind(Protocol[Model]):
    """A kind of task. A new kind is one class with these members; it needs no base class."""

    @property
    def name(self) -> str:
        """What tasks call it, e.g. `lm-lora`."""

    @property
    def loss_unit(self) -> str:
        """What a loss of 1, a million on the chain, is one of."""

    @property
    def limits(self) -> ArtifactLimits:
        """What `load` accepts at most."""

    @property
    def budget(self) -> Budget:
        """The training budget that the kind was tuned with."""

    def datasets(self, seed: int) -> Datasets:
        """Return a task's data; no example is in two of the sets.

        Who knows the seed knows the secret set b: a creator draws it as long as a key, or brings data of their own.
        """

    def initial(self, seed: int) -> bytes:
        """Return the submission of somebody who has not trained: it scores as the base model does.

        A node starts from a seed of its own. Small networks that start alike and train on the same data end up alike,
        whatever the order, and the later one would be taken for a copy.
        """

    def train(self, start: bytes, data: bytes, budget: Budget, seed: int, progress: Reporter = silent) -> bytes:
        """Return what the submission `start` becomes by training on `data`.

        Parameters
        ----------
        start
            What `initial` or an earlier `train` returned.
        data
            A training set as `datasets` makes them, or one's own of the same format.
        seed
            Decides the order in which examples are seen.
        progress
            Called after every step (`lm-lora`) or pass over the data (the others).

        Raises
        ------
        SubmissionRefused
            `start` is not a submission of this task.
        DataUnusable
            `data` is not a dataset of this kind.
        """

    def load(self, artifact: bytes) -> Model:
        """Return a stranger's submission as a model, its names, shapes and values checked against the task's.

        Raises
        ------
        SubmissionRefused
            One of its kinds; whoever scores gives `WORST`.
        """

    def parameters(self, model: Model) -> int:
        """Return how many values a submission has: what a node declares, and the task's limit counts."""

    def update(self, model: Model, origin: Model) -> Update:
        """Return what a model changed of the task's first one, for telling copies."""

    def score(self, model: Model, data: bytes) -> int:
        """Return the model's loss on `data` in millionths: 0 to `WORST`, lower is better.

        Raises
        ------
        DataUnusable
            `data` is not a dataset of this kind.
        """


def millionths(loss: float) -> int:
    """Return a loss as the chain keeps it: whole millionths, rounded to the nearest, at most `WORST` - 1.

    A loss that is not a finite number is `WORST`; a negative one, which no kind has, is 0.
    """
    if not isfinite(loss):
        return WORST
    return max(0, round(min(loss * 1e6, WORST - 1)))
