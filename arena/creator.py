"""The task creator: makes the data, creates the task, and shows dataset B on the last day.

Dataset B and what opens the commitment to it are in the journal before the task is created, and nowhere else until the
B day: whoever could read them could train on what is scored at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.arena.calendar import Window
from fl_alliance.arena.errors import FundsMissing
from fl_alliance.arena.events import DatasetBRevealed, TaskMade, Unlocked
from fl_alliance.arena.keeper import Keeper
from fl_alliance.arena.kinds.base import Budget, Datasets, Kind
from fl_alliance.arena.role import Desk
from fl_alliance.arena.task import TOLERANCE, Task, TaskSpec, read_task
from fl_alliance.arena.terms import Terms
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.commitments import dataset_b_commitment
from fl_alliance.chain.rules.arena_consensus import WORST

_CREATION = "creation"


@dataclass(frozen=True, slots=True)
class Draft:
    """A task to be created.

    Attributes
    ----------
    title : str
        For people.
    options : mapping
        What the kind is made with, for those who read the task.
    terms : Terms
        Its terms.
    budget : Budget or None
        Training that is suggested; None: the kind's own.
    tolerance : int
        Millionths by which two honest scores of one model may differ.
    first_day : int or None
        The emission's day on which day 0 falls; None: tomorrow.
    datasets : Datasets or None
        The creator's own; None: the kind draws some with a secret seed.
    """

    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    budget: Budget | None = None
    tolerance: int = TOLERANCE
    first_day: int | None = None
    datasets: Datasets | None = None


def create_task(desk: Desk, kind: Kind[Any], draft: Draft) -> Task:
    """Create a task, once: with a journal that has created one it returns that, whatever the draft.

    Raises
    ------
    FundsMissing
        Less FML than stake and daily rewards take.
    ValueError
        A term is out of its range.
    Refused
        The contract refused, for example a stake below the least.
    """
    entry = desk.journal.read(_CREATION)
    if entry is None:
        _require_funds(desk, draft.terms)
        entry = _prepared(desk, kind, draft)
        desk.journal.write(_CREATION, entry)
    number = entry.get("task") or _found(desk, entry) or _created(desk, entry, draft)
    desk.journal.write(_CREATION, entry | {"task": number})
    return read_task(desk.arena, desk.store, number)


class Creator(Keeper):
    """Shows dataset B on the last day, and keeps the task's days going.

    Its journal is the one that the task was created with.
    """

    def open_final(self) -> None:
        """Reveal dataset B, publish it, and enter the best submissions."""
        self._reveal_b()
        super().open_final()

    def missed(self, day: int, window: Window) -> None:
        """Say where dataset B was not revealed in time."""
        super().missed(day, window)
        is_final = day == self.calendar.last and window is Window.SUBMIT
        if is_final and not self.arena.state(self.number).is_dataset_b_revealed:
            self.tell_missed(day, "dataset B was not revealed in time", "the days on dataset A decide alone")

    def leave(self) -> None:
        """Take out the stake, and what is left of the daily rewards."""
        super().leave()
        state, mine = self.arena.state(self.number), self.arena.my(self.number)
        if mine.own_wei or state.fund_wei:
            self.desk.tell(Unlocked(self.number, self.me, self.arena.unlock(self.number)))

    def _reveal_b(self) -> None:
        entry = self.desk.journal.read(_CREATION) or {"dataset_b": "", "salt": ""}
        digest, salt = bytes.fromhex(entry["dataset_b"]), bytes.fromhex(entry["salt"])
        if dataset_b_commitment(digest, salt) != self.params.dataset_b:
            what = "the journal does not hold dataset B"
            self.tell_missed(self.calendar.last, what, "the days on dataset A decide alone")
            return
        if not self.arena.state(self.number).is_dataset_b_revealed:
            self.arena.reveal_dataset_b(self.number, digest, salt)
            self.desk.tell(DatasetBRevealed(self.number, self.me, digest))
        self.desk.store.put(self.desk.journal.kept(digest))


def _prepared(desk: Desk, kind: Kind[Any], draft: Draft) -> dict[str, Any]:
    """Make the data, publish what is public, and return what must be remembered."""
    datasets = draft.datasets or kind.datasets(int.from_bytes(desk.entropy(32), "big"))
    base = kind.initial(int.from_bytes(desk.entropy(4), "big"))
    kind.load(base)
    digest, salt = desk.journal.keep(datasets.b), desk.entropy(32)
    spec = TaskSpec(
        title=draft.title,
        kind=kind.name,
        options=draft.options,
        train=desk.store.put(datasets.train).digest,
        dataset_a=desk.store.put(datasets.a).digest,
        dataset_b=dataset_b_commitment(digest, salt),
        base_model=desk.store.put(base).digest,
        budget=draft.budget or kind.budget,
        max_parameters=kind.limits.parameters,
        max_bytes=kind.limits.file_bytes,
        tolerance=draft.tolerance,
    )
    if kind.score(kind.load(base), datasets.a) == WORST:
        raise ValueError("create_task: the untrained model scores worst on dataset A, needed a loss that can be beaten")
    desk.store.put(spec.encode())
    return {
        "spec": desk.journal.keep(spec.encode()).hex(),
        "dataset_b": digest.hex(),
        "salt": salt.hex(),
        "tasks_before": desk.arena.task_count,
    }


def _found(desk: Desk, entry: dict[str, Any]) -> int | None:
    """Return the task's number where it is on the chain already: no other task has this commitment to dataset B."""
    spec = bytes.fromhex(entry["spec"])
    for number in range(entry["tasks_before"] + 1, desk.arena.task_count + 1):
        if desk.arena.params(number).spec_digest == spec and desk.arena.state(number).creator == desk.me:
            return number
    return None


def _created(desk: Desk, entry: dict[str, Any], draft: Draft) -> int:
    spec = TaskSpec.decode(desk.journal.kept(bytes.fromhex(entry["spec"])))
    desk.store.put(spec.encode())
    tomorrow = (desk.clock.now() - desk.emission.start_at) // DAY_S + 1
    params = draft.terms.params(spec, max(1, tomorrow, draft.first_day or 0))
    number = desk.arena.create_task(params)
    desk.tell(TaskMade(number, desk.me, spec.title, params.creator_stake_wei, params.fund_wei))
    return number


def _require_funds(desk: Desk, terms: Terms) -> None:
    needed = terms.creator_stake_wei + terms.daily_wei * terms.day_count
    if (held := desk.arena.token.balance_wei()) < needed:
        raise FundsMissing(desk.me, "stake and daily rewards of a task", held, needed)
