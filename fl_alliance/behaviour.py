"""How a node trains and how it judges: two behaviours, honest by default, that somebody else's node may replace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from fl_alliance.chain.rules.candidates import Row
from fl_alliance.strategies.contribution import contributions
from fl_alliance.strategies.wire import Place
from fl_alliance.workloads.base import Arrays, HasGradient, Score, Site, TrainConfig, Workload
from fl_alliance.workloads.errors import WorkloadError

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
    members, rows : sequence
        With candidates: all who proposed, ascending, and what the menu says of each candidate, the marks in this order.
    """

    at: Place
    models: tuple[Arrays, ...]
    proposals: Mapping[int, Arrays] = field(default_factory=dict)
    committee: Sequence[int] = ()
    members: Sequence[int] = ()
    rows: Sequence[Row] = ()


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

    def contributions(self, case: Case, best: int) -> Mapping[int, float]:
        """Return what each proposal contributed to the model of this index, by member, in any unit."""


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

    def contributions(self, case: Case, best: int) -> Mapping[int, float]:
        """Return by how much each proposal lowered the loss on the way from the old model to another.

        Raises
        ------
        WorkloadError
            The workload has no gradient.
        """
        if not isinstance(self.workload, HasGradient):
            raise WorkloadError(f"workload {self.workload.name}: has no gradient, needed for rule.reward=contribution")
        gradient = partial(self.workload.gradient, site=self.site)
        return contributions(lambda arrays: gradient(dict(arrays)), case.models[0], case.models[best], case.proposals)
