"""A malicious site that attacks only when it is its turn; in other rounds it does what an honest one does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.behaviour import Case, Judge, Metrics, Trainer
from fl_alliance.coalition import acting
from fl_alliance.settings import JobConfig
from fl_alliance.workloads.base import Arrays, Score, TrainConfig


@dataclass(frozen=True, slots=True)
class TrainsInTurn:
    """Poisons in the rounds in which the coalition lets this site."""

    config: JobConfig
    site: int
    honest: Trainer
    malicious: Trainer

    def train(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int] = ()) -> tuple[Arrays, Metrics]:
        """Return what is sent in the site's place."""
        is_turn = self.site in acting(self.config, "proposers", config.round, committee)
        return (self.malicious if is_turn else self.honest).train(arrays, config, committee)


@dataclass(frozen=True, slots=True)
class JudgesInTurn:
    """Lies in the rounds in which the coalition lets this site."""

    config: JobConfig
    site: int
    honest: Judge
    malicious: Judge

    def assess(self, case: Case) -> Sequence[Score]:
        """Return the scores that are told in the site's place."""
        return self._now(case).assess(case)

    def contributions(self, case: Case, best: int) -> Mapping[int, float]:
        """Return the contributions that are told in the site's place."""
        return self._now(case).contributions(case, best)

    def __getattr__(self, name: str) -> Any:
        """Let whatever else a judge can do be done by whose turn it is; the case comes first."""
        return lambda case, *rest: getattr(self._now(case), name)(case, *rest)

    def _now(self, case: Case) -> Judge:
        is_turn = self.site in acting(self.config, "voters", case.at.round, case.committee)
        return self.malicious if is_turn else self.honest
