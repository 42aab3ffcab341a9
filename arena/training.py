"""How a node makes its model of a day: where it starts, how long it trains, and what it keeps if it is killed."""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from fl_alliance.arena.errors import ContentMissing
from fl_alliance.arena.events import Missed, Trained, loss
from fl_alliance.arena.events import Training as TrainingEvent
from fl_alliance.arena.kinds.base import Budget, Kind, Progress, Reporter
from fl_alliance.arena.patience import NO_ANSWER
from fl_alliance.arena.role import Desk
from fl_alliance.arena.store import DEFAULT_MOST
from fl_alliance.arena.task import Task
from fl_alliance.chain.rules.arena_consensus import WORST

_LOOK_EVERY_S = 5.0
"""Our seconds between two looks at the chain's time while a training goes on."""


class TooSlow(Exception):
    """A training that would not end in time was ended."""


class Start(StrEnum):
    """What a node trains on from each day."""

    BEST = "best"
    """Its own submission with the lowest consensus so far, where there is one."""
    FRESH = "fresh"
    """An untrained model."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a node trains.

    Attributes
    ----------
    budget : Budget or None
        Of each day; None: what the task suggests.
    seed : int or None
        The node's own, of its untrained model and the order of its examples; None: drawn once and kept.
    start : Start
        Where each day begins.
    pieces : int
        The budget is spent in so many trainings one after the other, each kept when it is done: what is lost by a
        kill is one of them. A kind whose learning rate follows a schedule learns best in one piece.
    data : bytes or None
        A training set of the node's own, in the kind's format; None: the task's.
    """

    budget: Budget | None = None
    seed: int | None = None
    start: Start = Start.BEST
    pieces: int = 1
    data: bytes | None = None

    def __post_init__(self) -> None:
        if self.pieces < 1:
            raise ValueError(f"plan: given {self.pieces} pieces, needed at least 1")


@dataclass(frozen=True, slots=True)
class Made:
    """A model that is ready: its bytes, and the digest of the one that it was trained from."""

    artifact: bytes
    parent: bytes


class Trainer:
    """Makes a node's models with a kind; what is done it keeps in the journal."""

    def __init__(self, desk: Desk, task: Task, kind: Kind[Any], plan: Plan) -> None:
        task.require_kind(kind)
        self.desk, self.task, self.kind, self.plan = desk, task, kind, plan
        self.budget = plan.budget or task.spec.budget

    def model(self, day: int, closes_at: int) -> Made | None:
        """Return the day's model, trained so far as time allows; None where it is not worth its fee.

        Parameters
        ----------
        closes_at : int
            Second by which it is needed: where another piece would take longer, the last one is the model; where
            the first one would, there is none.
        """
        try:
            made = self._trained(day, closes_at)
        except TooSlow:
            what = "training would take longer than the window for submissions is open"
            cost = "stopped, nothing is earned today and nothing lost; fewer steps would do"
            self.desk.tell(Missed(self.task.number, self.desk.me, day, what, cost))
            return None
        score, base_score = self._score(made.artifact), self.base_score()
        digest = self.desk.journal.keep(made.artifact)
        self.desk.tell(Trained(self.task.number, self.desk.me, day, digest, score, base_score))
        if not self.task.spec.beats_untrained(score, base_score):
            what = f"the model's loss on dataset A is {loss(score)}, untrained it is {loss(base_score)}"
            cost = "not submitted, it would be refused and cost fee and stake"
            self.desk.tell(Missed(self.task.number, self.desk.me, day, what, cost))
            return None
        return made

    def base_score(self) -> int:
        """Return the score of the model to beat on dataset A, which is found out once."""
        found = self.desk.journal.read("base-score")
        if found is None:
            score = self._score(self.desk.store.get(self.task.spec.base_model, self.task.spec.max_bytes))
            self.desk.journal.write("base-score", found := {"score": score})
        return int(found["score"])

    def _trained(self, day: int, closes_at: int) -> Made:
        """Train piece by piece, from the last one that is kept."""
        journal, name, pieces = self.desk.journal, f"training-{day}", self.plan.pieces
        entry = journal.read(name)
        if entry is None:
            start, parent = self._start()
            entry = {"piece": 0, "digest": journal.keep(start).hex(), "parent": parent.hex()}
            journal.write(name, entry)
        data = self.plan.data or self.desk.store.get(self.task.spec.train, DEFAULT_MOST)
        budget = replace(self.budget, steps=-(-self.budget.steps // pieces))
        artifact, longest_s = journal.kept(bytes.fromhex(entry["digest"])), 0
        for piece in range(entry["piece"], pieces):
            began = self.desk.clock.now()
            if piece and began + longest_s > closes_at:
                break
            seed, report = self._seed("train", day, piece), self._report(day, piece, closes_at)
            try:
                artifact = self.kind.train(artifact, data, budget, seed, report)
            except TooSlow:
                if not piece:
                    raise
                break
            entry = entry | {"piece": piece + 1, "digest": journal.keep(artifact).hex()}
            journal.write(name, entry)
            longest_s = max(longest_s, self.desk.clock.now() - began)
        return Made(artifact, bytes.fromhex(entry["parent"]))

    def _start(self) -> tuple[bytes, bytes]:
        """Return the model that training begins with, and what to name as its parent."""
        mine = self.desk.arena.my(self.task.number)
        if self.plan.start is Start.BEST and mine.best_score != WORST:
            digest = self.desk.arena.submission(self.task.number, mine.best_day, mine.best_place).digest
            try:
                return self.desk.journal.kept(digest), digest
            except ContentMissing:
                return self.desk.store.get(digest, self.task.spec.max_bytes), digest
        return self.kind.initial(self._seed("initial")), self.task.spec.base_model

    def _score(self, artifact: bytes) -> int:
        data = self.desk.store.get(self.task.spec.dataset_a, DEFAULT_MOST)
        return self.kind.score(self.kind.load(artifact), data)

    def _seed(self, *label: int | str) -> int:
        """Return a 63-bit seed for what the label says, from the node's own."""
        text = "|".join(["fl-alliance-node", str(self._own_seed()), *map(str, label)])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1

    def _own_seed(self) -> int:
        if self.plan.seed is not None:
            return self.plan.seed
        found = self.desk.journal.read("seed")
        if found is None:
            self.desk.journal.write("seed", found := {"seed": int.from_bytes(self.desk.entropy(16), "big")})
        return int(found["seed"])

    def _report(self, day: int, piece: int, closes_at: int) -> Reporter:
        """Return what tells how far a piece is, and ends it where it is clear that it will not be in time.

        Steps are timed from the first on: before it the base model is read, once, however many steps follow.
        """
        looked = time.monotonic()
        began: tuple[int, int] | None = None  # second and step of the first look

        def report(progress: Progress) -> None:
            nonlocal looked, began
            done, steps = piece * progress.steps + progress.step, self.plan.pieces * progress.steps
            self.desk.tell(TrainingEvent(self.task.number, self.desk.me, day, done, steps, progress.loss))
            if began is not None and time.monotonic() - looked < _LOOK_EVERY_S:
                return
            looked = time.monotonic()
            with suppress(*NO_ANSWER):  # a chain that is away is no reason to lose a training
                now = self.desk.clock.now()
                began = began or (now, progress.step)
                passed, since = now - began[0], progress.step - began[1]
                left = passed * (progress.steps - progress.step) // since if since else 0
                if now + left > closes_at:
                    raise TooSlow

        return report
