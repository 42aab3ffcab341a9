"""The Arena's tasks as pages show them: where they stand, who is best, who earned what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fl_alliance.arena.claims import parts_due
from fl_alliance.arena.errors import ArenaError
from fl_alliance.arena.store import Store
from fl_alliance.arena.task import Task, read_task
from fl_alliance.chain.arena_states import DayState, StakeState, TaskState
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.deploy import ARENA, EMISSION
from fl_alliance.chain.emission import EmissionView
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.console.charts import Line, chart
from fl_alliance.console.fair import Fair
from fl_alliance.market.overview import TaskFacts, task_facts
from fl_alliance.market.standings import MONEY, Standings, standings


def count(fair: Fair) -> int:
    """Return how many tasks there are."""
    return fair.kept("tasks", lambda: fair.arena.task_count, subjects=(ARENA,))


def facts(fair: Fair, number: int, now: int) -> TaskFacts:
    """Return where a task stands at second `now`."""
    subjects = (_task(number), f"{EMISSION}:{number}")
    return fair.kept(("facts", number), lambda: task_facts(_Moment(fair, number, now), number), now, subjects)


def description(fair: Fair, number: int) -> Task | None:
    """Return a task with its description, None where the store has not that."""
    try:
        return read_task(fair.arena, fair.store, number)
    except ArenaError:
        return None


def board(fair: Fair, task: Task, day: int | None) -> Standings:
    """Return the leaderboard of a day, of the newest that was settled where none is named."""

    once = _Once(fair.seen, fair.arena.address)

    def due(_: ArenaView, number: int, of: int, account: str) -> tuple[int, int]:
        subjects = (f"{ARENA}:{number}:{of}", f"{ARENA}:{number}:*")
        return fair.kept(("due", number, of, account), lambda: parts_due(once, number, of, account), subjects=subjects)

    moment = _Moment(fair, task.number, 0)
    subjects = (_task(task.number),)
    return fair.kept(("board", task.number, day), lambda: standings(moment, task, day, due), subjects=subjects)


def rewards(fair: Fair, number: int) -> Any:
    """Return what the days paid, as a chart; empty where there are fewer than two."""
    return fair.kept(("rewards", number), lambda: _rewards(fair, number), subjects=(_task(number),))


def _rewards(fair: Fair, number: int) -> Any:
    days = [(event.values["day"], event.values) for event in fair.events(ARENA, "DayFinished", number)]
    if len(days) < 2:
        return ""
    lines = []
    for part, style in (("nodes", "l1"), ("validators", "l2")):
        points = [(day, float(told[f"{part}NowWei"] + told[f"{part}HeldWei"]) / WEI_PER_FML) for day, told in days]
        lines.append(Line(points, style, f"{part}, paid and held:"))
    return chart("Rewards by day", "FML", lines, days[0][0], days[-1][0])


def _task(number: int) -> str:
    return f"{ARENA}:{number}"


class _Once(ArenaView):
    """The Arena for the length of one leaderboard, in which the same is asked for every account and day."""

    def __init__(self, rpc: Rpc, address: str) -> None:
        super().__init__(rpc, address)
        self._states: dict[int, TaskState] = {}
        self._days: dict[tuple[int, int], DayState] = {}
        self._stakes: dict[tuple[int, str], StakeState] = {}

    def state(self, task: int) -> TaskState:
        """See `ArenaView`."""
        if task not in self._states:
            self._states[task] = super().state(task)
        return self._states[task]

    def day_state(self, task: int, day: int) -> DayState:
        """See `ArenaView`."""
        if (task, day) not in self._days:
            self._days[task, day] = super().day_state(task, day)
        return self._days[task, day]

    def stake_of(self, task: int, account: str) -> StakeState:
        """See `ArenaView`."""
        if (task, account) not in self._stakes:
            self._stakes[task, account] = super().stake_of(task, account)
        return self._stakes[task, account]


@dataclass(frozen=True, slots=True)
class _Moment:
    """A market as `Reading` has it, in one second, with the events of one task that say who was paid."""

    fair: Fair
    number: int
    second: int

    @property
    def arena(self) -> ArenaView:
        return self.fair.arena

    @property
    def emission(self) -> EmissionView:
        return self.fair.emission

    @property
    def store(self) -> Store:
        return self.fair.store

    def events(self) -> Iterator[MarketEvent]:
        for name in MONEY:
            yield from self.fair.events(ARENA, name, self.number)

    def now(self) -> int:
        return self.second
