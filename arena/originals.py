"""Who was first: the submissions of one day compared with each other and with those of the days before."""

from functools import cached_property
from typing import Any

from fl_alliance.arena.copies import Committed, Copy, Update, find_copies
from fl_alliance.arena.errors import ContentTooLarge, SubmissionRefused
from fl_alliance.arena.kinds.base import Kind
from fl_alliance.arena.role import Desk
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena_states import Submission
from fl_alliance.chain.arena_types import Verdict

_PLACES = 2**16
_NO_ORIGINAL = (Verdict.COMMITTED, Verdict.REFUSED, Verdict.WORST)
"""A copy is no original, and nobody has seen what was not revealed."""
BASE_ORDER = 0
"""The untrained model was there first: who hands it in has copied it."""


class Originals:
    """What a validator knows of the updates that submissions make; each is loaded once.

    Loading is what `kind.load` does: names, shapes and values are checked, nothing of a stranger's is executed.
    """

    def __init__(self, desk: Desk, task: Task, kind: Kind[Any]) -> None:
        self.desk, self.task, self.kind = desk, task, kind
        self._updates: dict[bytes, Update | None] = {}

    def copies(self, day: int) -> dict[int, Copy]:
        """Return the copies among a day's revealed submissions, by place."""
        last, arena, number = self.task.params.day_count, self.desk.arena, self.task.number
        if day == last:
            return self._final_copies()
        new = self._committed(day, arena.submissions(number, day), {Verdict.COMMITTED, Verdict.REFUSED})
        earlier = [self._base_commitment()]
        for former in range(day):
            earlier += self._committed(former, arena.submissions(number, former), set(_NO_ORIGINAL))
        found = find_copies(new, earlier, self.task.spec.similarity_limit)
        return {place_of(order)[1]: copy for order, copy in found.items()}

    @cached_property
    def _base(self) -> Any:
        return self.kind.load(self.desk.store.get(self.task.spec.base_model, self.task.spec.max_bytes))

    def _final_copies(self) -> dict[int, Copy]:
        """The same on the B day, on which a submission's order is that of its first commitment."""
        arena, number = self.desk.arena, self.task.number
        places: dict[int, int] = {}
        new: list[Committed[Any]] = []
        for place, entered in enumerate(arena.submissions(number, self.task.params.day_count)):
            best = arena.stake_of(number, entered.node)
            order = _order(best.best_day, best.best_place)
            if (update := self._update(entered.digest)) is not None:
                places[order] = place
                new.append(Committed(entered.node, order, update))
        found = find_copies(new, [self._base_commitment()], self.task.spec.similarity_limit)
        return {places[order]: copy for order, copy in found.items()}

    def _committed(self, day: int, submissions: list[Submission], left_out: set[Verdict]) -> list[Committed[Any]]:
        found: list[Committed[Any]] = []
        for place, submission in enumerate(submissions):
            if submission.verdict in left_out:
                continue
            if (update := self._update(submission.digest)) is not None:
                found.append(Committed(submission.node, _order(day, place), update))
        return found

    def _base_commitment(self) -> Committed[Any]:
        return Committed("", BASE_ORDER, self.kind.update(self._base, self._base))

    def _update(self, digest: bytes) -> Update | None:
        """Return what a model changes; None where it is not in the store, or no model of the task."""
        if digest not in self._updates:
            try:
                artifact = self.desk.fetch(digest, self.task.spec.max_bytes)
                if artifact is None:
                    return None  # it may come yet
                self._updates[digest] = self.kind.update(self.kind.load(artifact), self._base)
            except (ContentTooLarge, SubmissionRefused):
                self._updates[digest] = None
        return self._updates[digest]


def _order(day: int, place: int) -> int:
    return (day + 1) * _PLACES + place


def place_of(order: int) -> tuple[int, int]:
    """Return day and place of a commitment by its order, which is above `BASE_ORDER`."""
    return order // _PLACES - 1, order % _PLACES
