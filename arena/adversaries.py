"""Those who would earn without working, as tests and the demonstration play them; each breaks a role in one place."""

from collections.abc import Callable, Sequence
from itertools import count
from statistics import median
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from fl_alliance.arena.headers import read_header
from fl_alliance.arena.kinds.base import Kind
from fl_alliance.arena.node import TrainingNode
from fl_alliance.arena.role import Desk, Stake, Staker
from fl_alliance.arena.scoring import Scorer
from fl_alliance.arena.task import Task
from fl_alliance.arena.training import Made, Plan
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.rules.arena_consensus import WORST

Forgery = Callable[["Forger", int], Made | None]
"""(node, day) -> what it submits."""


class Forger(TrainingNode):
    """A node that submits what it has not trained, and declares what it likes.

    Parameters
    ----------
    forgery : callable
        Makes its submissions: `copied`, `untrained`, `poisoned` or `malformed`.
    """

    def __init__(
        self, desk: Desk, task: Task, stake: Stake, kind: Kind[Any], forgery: Forgery, plan: Plan | None = None
    ) -> None:
        super().__init__(desk, task, stake, kind, plan)
        self.forgery = forgery

    def make(self, day: int) -> Made | None:
        """Return the forgery."""
        return self.forgery(self, day)

    def declared(self, artifact: bytes) -> int:
        """Declare what passes the contract's limit, whatever it is."""
        return self.params.max_parameters

    def best_of_others(self, day: int) -> bytes | None:
        """Return the digest of another node's best submission of the days before, None where there is none."""
        for former in reversed(range(day)):
            for place in self.arena.ranking(self.number, former):
                found = self.arena.submission(self.number, former, place)
                if found.node != self.me:
                    return found.digest
        return None


def copied(noise: float = 0.0) -> Forgery:
    """Hand in the best model of another's, with noise of so much of each tensor's spread; 0: as it is."""

    def make(node: Forger, day: int) -> Made | None:
        digest = node.best_of_others(day)
        if digest is None:
            return None
        original = node.desk.store.get(digest, node.spec.max_bytes)
        return Made(disturbed(original, noise, day) if noise else original, digest)

    return make


def untrained(node: Forger, day: int) -> Made:
    """Hand in the task's untrained model: a free ride."""
    base = node.spec.base_model
    return Made(node.desk.store.get(base, node.spec.max_bytes), base)


def poisoned(node: Forger, day: int) -> Made:
    """Hand in a trained model whose values are shuffled and ten times as large: of the right form, and harmful.

    The first shuffle that does worse than the untrained model: where there are two classes some do better by chance.
    """
    base, spec = node.spec.base_model, node.spec
    trained = node.kind.train(node.kind.initial(day), node.desk.store.get(spec.train), node.trainer.budget, day)
    data = node.desk.store.get(spec.dataset_a)
    shuffles = (shuffled(trained, 10.0, seed) for seed in count(day))
    harmful = (one for one in shuffles if node.kind.score(node.kind.load(one), data) > node.trainer.base_score())
    return Made(next(harmful), base)


def malformed(node: Forger, day: int) -> Made:
    """Hand in what unpickling would execute."""
    code = b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94"
    return Made(code + b"\x8c\x04true\x94\x85\x94R\x94." + str(day).encode(), node.spec.base_model)


def in_turn(*forgeries: Forgery) -> Forgery:
    """Hand in these forgeries, one a day."""

    def make(node: Forger, day: int) -> Made | None:
        return forgeries[day % len(forgeries)](node, day)

    return make


def disturbed(artifact: bytes, noise: float, seed: int) -> bytes:
    """Return a model with normal noise of `noise` times each tensor's standard deviation."""
    random = np.random.default_rng(seed)
    return _changed(artifact, lambda array: array + noise * np.std(array) * random.standard_normal(array.shape))


def shuffled(artifact: bytes, factor: float, seed: int) -> bytes:
    """Return a model with each tensor's values in another order and multiplied by `factor`."""
    random = np.random.default_rng(seed)
    return _changed(artifact, lambda array: factor * random.permutation(array.ravel()).reshape(array.shape))


class LazyValidator(Validator):
    """Looks at no model: says of every one what yesterday's consensus was in the middle, or one half."""

    def join(self) -> None:
        """Stake; there is no scorer to try."""
        Staker.join(self)

    def judge(self, day: int, places: Sequence[int]) -> dict[int, int]:
        """Return one score for all."""
        guess = self._guess(day)
        submissions = self.arena.submissions(self.number, day)
        return {place: guess for place in places if submissions[place].verdict is Verdict.REVEALED}

    def _guess(self, day: int) -> int:
        former = self.arena.submissions(self.number, day - 1) if day else []
        known = [found.score for found in former if found.verdict is Verdict.RANKED]
        return int(median(known)) if known else 500_000


class ColludingValidator(Validator):
    """Scores honestly, but praises its friends and finds everybody else half as bad again.

    Parameters
    ----------
    friends : sequence of str
        Nodes whose models it praises.
    """

    def __init__(
        self, desk: Desk, task: Task, stake: Stake, kind: Kind[Any], scorer: Scorer, friends: Sequence[str]
    ) -> None:
        super().__init__(desk, task, stake, kind, scorer)
        self.friends = frozenset(friends)

    def judge(self, day: int, places: Sequence[int]) -> dict[int, int]:
        """Return scores bent in the friends' favour."""
        submissions = self.arena.submissions(self.number, day)
        honest = super().judge(day, places)
        best = min((score for score in honest.values() if score != WORST), default=500_000)
        return {
            place: best // 2 if submissions[place].node in self.friends else min(score * 3 // 2, WORST)
            for place, score in honest.items()
        }


def _changed(artifact: bytes, change: Callable[[Any], Any]) -> bytes:
    """Return a safetensors file with every tensor changed, its metadata as they were.

    Tensors are changed by name: the library hands them over in another order each time, and a change may be random.
    """
    found = sorted(load(artifact).items())
    arrays = {name: np.ascontiguousarray(change(array), array.dtype) for name, array in found}
    return save(arrays, dict(read_header(artifact).metadata) or None)
