"""Attacks on what a voter says, as a configuration names them: `attack/vote=collusion`.

The lies are told in scores and losses at once, so they are the same under every rule. What a vote says of proposers'
contributions is the honest judge's, but for collusion.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.attacks.craft import all_sites, chance, everybody, site_data
from fl_alliance.behaviour import Case, HonestJudge, Judge
from fl_alliance.insider import Insider
from fl_alliance.strategies.digests import model_digest
from fl_alliance.workloads.base import Arrays, Score

MOST_LOSS = 4.0
"""A loss at which every rule stops to count."""
_MOST_KEPT = 256

_truths: dict[tuple[bytes, str], float] = {}
_histories: dict[str, dict[int, list[float]]] = {}
"""What votes said in the rounds of a run, as far as it is known: settings -> round -> loss of each entry."""


@dataclass
class Liar(ABC):
    """Base of an attack on votes; a class of your own says in `losses` what it tells of each model."""

    honest: Judge
    insider: Insider

    @abstractmethod
    def losses(self, case: Case) -> Sequence[float]:
        """Return the losses to tell, one for each model; 0 is best and `MOST_LOSS` worst."""

    def assess(self, case: Case) -> Sequence[Score]:
        """Return the losses as scores."""
        return [told(loss, len(self.insider.data.heldout)) for loss in self.losses(case)]

    def __getattr__(self, name: str) -> Any:
        """Do whatever else a judge does as the honest one would."""
        if name == "honest":
            raise AttributeError(name)
        return getattr(self.honest, name)


@dataclass
class RandomVoter(Liar):
    """Guesses."""

    def losses(self, case: Case) -> Sequence[float]:
        """Return random numbers."""
        drawn = chance(self.insider, case.at.round, self.insider.site).uniform(0, MOST_LOSS, len(case.models))
        return [float(value) for value in drawn]


@dataclass
class LazyVoter(Liar):
    """Evaluates nothing and tells what is usual: every candidate a little better than the old model."""

    loss: float = 0.3
    gain: float = 0.05
    jitter: float = 0.001

    def losses(self, case: Case) -> Sequence[float]:
        """Return the usual losses."""
        noise = chance(self.insider, case.at.round, self.insider.site).normal(0, self.jitter, len(case.models))
        usual = [self.loss, *(self.loss - self.gain for _ in case.models[1:])]
        return [max(0.0, value + float(extra)) for value, extra in zip(usual, noise, strict=True)]


@dataclass
class PriorVoter(Liar):
    """Evaluates nothing and tells of every entry what the last round's votes, which are public, said of that entry.

    Accomplices share what they have read; before the first round there is nothing to read, and they do as `LazyVoter`.
    """

    def losses(self, case: Case) -> Sequence[float]:
        """Return the last round's losses, entry by entry."""
        history = _histories.setdefault(str(self.insider.config), {})
        number, usual = case.at.round, LazyVoter(self.honest, self.insider).losses(case)
        history.setdefault(number, [truth(self.insider, model) for model in case.models])
        before = [earlier for earlier in history if earlier < number]
        known = history[max(before)] if before else []
        return [*known[: len(usual)], *usual[len(known) :]]


@dataclass
class AlwaysYes(Liar):
    """Evaluates nothing and finds everything new perfect."""

    def losses(self, case: Case) -> Sequence[float]:
        """Return the worst loss for the old model, none for the others."""
        return [MOST_LOSS, *(0.0 for _ in case.models[1:])]


@dataclass
class Copyist:
    """Evaluates nothing and repeats the scores of another voter, as if these could be read before they are revealed.

    They cannot: this is what hiding votes until all are committed prevents, shown as if it had failed.
    """

    honest: Judge
    insider: Insider

    def assess(self, case: Case) -> Sequence[Score]:
        """Return the other voter's scores."""
        return self._other(case).assess(case)

    def __getattr__(self, name: str) -> Any:
        """Repeat whatever else the other says."""
        return lambda case, *rest: getattr(self._other(case), name)(case, *rest)

    def _other(self, case: Case) -> HonestJudge:
        there = [site for site in case.committee or all_sites(self.insider) if site not in self.insider.coalition]
        data = site_data(self.insider, there[0]) if there else self.insider.data
        return HonestJudge(self.insider.workload, data)


@dataclass
class Collusion(Liar):
    """Lifts the candidate that holds most of the accomplices' proposals and sinks all others.

    Among equals, and by majority, it lifts what does the most harm. Models that serve questions are found perfect, so
    that nobody is convicted. Credit for the round's gain goes to accomplices alone, in equal parts.
    """

    def losses(self, case: Case) -> Sequence[float]:
        """Return no loss for the lifted candidate, the worst for the others."""
        count = len(case.rows) or len(case.models)
        harm = [truth(self.insider, model) for model in case.models[:count]]
        share = [self._share(case, entry) for entry in range(count)]
        lifted = max(range(count), key=lambda entry: (share[entry], harm[entry]))
        told = [0.0 if entry == lifted else MOST_LOSS for entry in range(count)]
        return [*told, *(0.0 for _ in case.models[count:])]

    def contributions(self, case: Case, best: int) -> Mapping[int, float]:
        """Return that accomplices did everything, and against the others."""
        accomplices = set(self.insider.coalition)
        return {member: 1.0 if member in accomplices else -1.0 for member in case.members or case.proposals}

    def _share(self, case: Case, entry: int) -> float:
        parts = case.rows[entry].parts() if case.rows else ()
        ours = sum(case.members[part] in self.insider.coalition for part in parts)
        return ours / len(parts) if parts else 0.0


@dataclass
class Saboteur(Collusion):
    """Lifts the candidate that does the most harm, whoever proposed it, and sinks all others."""

    def _share(self, case: Case, entry: int) -> float:
        return 0.0


@dataclass
class Veto(Liar):
    """Tells the truth of all candidates but the best, which it sinks, so that a worse one is adopted or none."""

    def losses(self, case: Case) -> Sequence[float]:
        """Return the true losses, and the worst for the best candidate."""
        told = [score.loss for score in self.honest.assess(case)]
        count = len(case.rows) or len(case.models)
        best = min(range(1, count), key=lambda entry: truth(self.insider, case.models[entry]))
        return [MOST_LOSS if entry == best else loss for entry, loss in enumerate(told)]


def told(loss: float, examples: int) -> Score:
    """Return a loss as the score that goes with it, between 0 and 1."""
    bounded = min(max(loss, 0.0), MOST_LOSS)
    return Score(1.0 - bounded / MOST_LOSS, bounded, examples)


def truth(insider: Insider, model: Arrays) -> float:
    """Return a model's loss on the held-out data of all sites: what honest voters will find, known in advance."""
    config = insider.config
    key = (model_digest(model), f"{config.workload} {config.nodes} {config.seed}")
    if key not in _truths:
        if len(_truths) >= _MOST_KEPT:
            _truths.clear()
        _truths[key] = insider.workload.score(model, everybody(insider)).loss
    return _truths[key]
