"""How a node trains and how it judges: two behaviours, honest by default, that somebody else's node may replace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fl_alliance.strategies.wire import Place
from fl_alliance.workloads.base import Arrays, Score, Site, TrainConfig, Workload

Metrics = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Case:
    """What a voter is asked to judge.

    Attributes
    ----------
    models : tuple of Arrays
        The old model first. By majority the candidate second; with candidates the whole menu in its order.
    proposals : mapping of int to Arrays
        With candidates: the proposals by member, clipped, in the order of their commitment.
    committee : sequence of int
        The members who were drawn to vote, as the request says.
    """

    at: Place
    models: tuple[Arrays, ...]
    proposals: Mapping[int, Arrays] = field(default_factory=dict)
    committee: Sequence[int] = ()


class Trainer(Protocol):
    """What a proposer does with its own data."""

    def train(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int] = ()) -> tuple[Arrays, Metrics]:
        """Return what `arrays` become by training, and metrics with `num-examples`.

        `committee` are the members who train in this round, as the request says; no use to who is honest.
        """


class Judge(Protocol):
    """What a voter says of models."""

    def assess(self, case: Case) -> Sequence[Score]:
        """Return a score of each of the case's models, in their order."""


@dataclass(frozen=True, slots=True)
class HonestTrainer:
    """Trains on the site's own training data."""

    workload: Workload
    site: Site

    def train(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int] = ()) -> tuple[Arrays, Metrics]:
        """Return what `arrays` become by training, and metrics with `num-examples`."""
        result = self.workload.train(arrays, self.site, config)
        metrics = {name: float(value) for name, value in result.metrics.items()}
        return result.arrays, {"num-examples": result.num_examples, **metrics}


@dataclass(frozen=True, slots=True)
class HonestJudge:
    """Scores every model on the same held-out data of the site."""

    workload: Workload
    site: Site

    def assess(self, case: Case) -> Sequence[Score]:
        """Return a score of each of the case's models, in their order."""
        return [self.workload.score(model, self.site) for model in case.models]
