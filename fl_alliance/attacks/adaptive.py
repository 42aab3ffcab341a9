"""Attackers that know candidate voting: they try their updates on the rule itself before they send them.

They form the menu that their updates would lead to and judge it by what all honest voters will find, so they know which
candidate would win and who would be a suspect. What they cannot know is who voters thought well of in earlier rounds,
where the menu goes by that. Against any other rule they send the same.
"""

import hashlib
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fl_alliance.attacks.craft import Crafted, View
from fl_alliance.attacks.votes import truth
from fl_alliance.chain.rules.candidates import MARK_BITS
from fl_alliance.judging import make_rule
from fl_alliance.strategies.geometry import Matrix, Vector
from fl_alliance.strategies.menu import Candidates, ConsensusRule
from fl_alliance.strategies.rules.candidates import CandidateVoting
from fl_alliance.workloads.base import Arrays

_MOST_KEPT = 8

_plans: OrderedDict[bytes, Matrix] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What some updates would lead to.

    `harm` is the loss of the model that would win, on everybody's held-out data; `suspected` the share of accomplices
    who would be suspects as seen from it.
    """

    harm: float
    suspected: float


@dataclass
class Adaptive(Crafted):
    """Base of an attack that plans all accomplices' updates of a round at once."""

    @abstractmethod
    def plan(self, view: View) -> Matrix:
        """Return one update for each accomplice."""

    def craft(self, view: View) -> Vector:
        """Return this site's update of the common plan, which is made once for all."""
        options = {name: value for name, value in vars(self).items() if name not in ("honest", "insider")}
        about = f"{type(self).__name__} {options} {self.insider.config.seed} {view.config.round}"
        key = hashlib.blake2b(about.encode(), digest_size=16)
        key.update(np.ascontiguousarray(np.vstack([view.old[None], view.accomplices])).data)
        if key.digest() not in _plans:
            _plans[key.digest()] = self.plan(view)
            if len(_plans) > _MOST_KEPT:
                _plans.popitem(last=False)
        return np.asarray(_plans[key.digest()][view.position])

    def foresee(self, view: View, updates: Matrix) -> Foreseen:
        """Return what the accomplices' updates would lead to beside those of the honest."""
        sent = [_arrays(view, update) for update in (*view.honest, *updates)]
        aggregate = _arrays(view, np.mean([*view.honest, *updates], axis=0))
        menu = _consensus(view).menu(_arrays(view, np.zeros_like(view.old)), dict(enumerate(sent)), aggregate)
        losses = [truth(self.insider, _float32(model)) for model in menu.models[: len(menu.rows)]]
        winner = int(np.argmin(losses))
        marks = menu.rows[winner].marks[len(view.honest) :]
        suspects = sum(mark & MARK_BITS >= self.insider.config.rule.suspect_at for mark in marks)
        return Foreseen(losses[winner], suspects / len(marks))


@dataclass
class Harmful(Adaptive):
    """Sends whatever, of several directions and lengths, leaves the winner with the highest loss.

    Each accomplice's update has noise of its own, of `disguise` times its length, so that none is a clone.
    """

    disguise: float = 0.4

    def plan(self, view: View) -> Matrix:
        """Return the most harmful of the updates tried."""
        tried = [self._disguised(view, update) for update in _temptations(view)]
        return max(tried, key=lambda updates: self.foresee(view, updates).harm)

    def _disguised(self, view: View, update: Vector) -> Matrix:
        noise = view.shared_chance.normal(size=view.accomplices.shape)
        scale = self.disguise * np.linalg.norm(update) / np.sqrt(len(update))
        return np.asarray(update + scale * noise)


@dataclass
class Stealthy(Adaptive):
    """Sends honest updates pushed against the honest mean as far as nobody becomes a suspect."""

    steps: int = 6

    def plan(self, view: View) -> Matrix:
        """Return the accomplices' honest updates, shifted."""
        push = -view.honest.mean(axis=0)
        push = push / (np.linalg.norm(push) + 1e-12)
        low, high = 0.0, 3.0 * float(np.median(np.linalg.norm(view.honest, axis=1)))
        for _ in range(self.steps):
            middle = (low + high) / 2
            is_unseen = self.foresee(view, view.accomplices + middle * push).suspected == 0
            low, high = (middle, high) if is_unseen else (low, middle)
        return np.asarray(view.accomplices + low * push)


@dataclass
class Pulsing(Crafted):
    """Flips the sign of its update in one round of `every`, and is honest in the others, so that all is forgiven."""

    every: int = 3
    scale: float = 2.0

    def craft(self, view: View) -> Vector:
        """Return the honest update or its opposite."""
        return -self.scale * view.own if view.config.round % self.every == 0 else view.own


def _temptations(view: View) -> Iterator[Vector]:
    """Yield common updates to try: against the mean or along the spread, purely or on top of a part of the mean."""
    mean, spread = view.honest.mean(axis=0), view.honest.std(axis=0)
    length = float(np.median(np.linalg.norm(view.honest, axis=1)))
    for way in (-mean, -spread * np.sign(mean)):
        direction = way / (np.linalg.norm(way) + 1e-12)
        for share in (0.0, 0.3, 0.6, 1.0):
            rest = np.sqrt(max(0.0, 1 - share * share / 4)) * (1 - share / 2)
            yield share * mean + length * rest * direction


def _consensus(view: View) -> ConsensusRule:
    rule = make_rule(view.insider.config)
    return rule.consensus if isinstance(rule, CandidateVoting) else Candidates()


def _arrays(view: View, update: Vector) -> Arrays:
    return _float32(view.shapes.arrays(view.old + update))


def _float32(arrays: object) -> Arrays:
    return {name: np.asarray(array, dtype=np.float32) for name, array in dict(arrays).items()}  # type: ignore[call-overload]
