"""The emission by the rules alone: what each day releases, who earns it, what was drawn, burned and lapsed."""

from dataclasses import dataclass, field

from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.emission import DRAW_S
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.emission import DAYS_A_MONTH, MONTHS, WHOLE, daily_wei, lowered, split, task_share, weighed
from fl_alliance.chain.rules.units import MAX_WEI
from fl_alliance.chain.types import WEI_PER_GWEI

NONE, ARENA, ALLIANCE = 0, 1, 2
"""Kinds of task, as the contract numbers them."""
DAYS = MONTHS * DAYS_A_MONTH
MAX_TASKS = 256
_MAX_STAKE_GWEI = MAX_WEI // WEI_PER_GWEI
_FIRST_HALVES = 2

Key = tuple[str, int]
"""A task: its source and its number there."""


@dataclass(slots=True)
class Record:
    """A task that was verified at some time.

    `stakes` are whole gwei, `percents` what of 100 their power weighs, both by the day from which on they count.
    """

    kind: int
    stakes: dict[int, int] = field(default_factory=dict)
    percents: dict[int, int] = field(default_factory=lambda: {0: WHOLE})
    drawn: set[int] = field(default_factory=set)


@dataclass(slots=True)
class ClosedDay:
    """A day that was minted; `left_wei` is neither drawn nor burned, `paused_s` what pauses had been before."""

    minted_wei: int
    arena_wei: int
    alliance_wei: int
    left_wei: int
    closed_at: int
    paused_s: int

    @property
    def unearned_wei(self) -> int:
        """What was burned at once: no task could earn it."""
        return self.minted_wei - self.arena_wei - self.alliance_wei


@dataclass(slots=True)
class Pauses:
    """A guardian's pauses as (from, until), in seconds; it may begin another from `rests_until` on."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    rests_until: int = 0

    def begin(self, now: int, until: int, rests_until: int) -> None:
        """Begin a pause; one that is not over ends with it."""
        self._cut(now)
        self.spans.append((now, until))
        self.rests_until = rests_until

    def end(self, now: int) -> None:
        """End the running one, if there is one."""
        self._cut(now)

    def rest(self) -> None:
        """Let whoever is named guardian begin rested."""
        self.rests_until = 0

    def are_on(self, now: int) -> bool:
        """Return whether there is a pause at a second."""
        return bool(self.spans) and now < self.spans[-1][1]

    def seconds(self, now: int) -> int:
        """Return how long all of them were until a second."""
        return sum(min(now, until) - since for since, until in self.spans)

    def _cut(self, now: int) -> None:
        if self.are_on(now):
            self.spans[-1] = (self.spans[-1][0], now)


@dataclass(slots=True)
class EmissionBooks:
    """Everything that the emission knows and did, by the rules."""

    start_at: int
    factors: dict[int, int] = field(default_factory=lambda: {0: BPS})
    powers: dict[int, int] = field(default_factory=lambda: {0: _FIRST_HALVES})
    records: dict[Key, Record] = field(default_factory=dict)
    verified: set[Key] = field(default_factory=set)
    days: list[ClosedDay] = field(default_factory=list)
    pauses: Pauses = field(default_factory=Pauses)
    minted_wei: int = 0
    paid_wei: int = 0
    burned_wei: int = 0

    def today(self, now: int) -> int:
        """Return the emission's day of a second; what comes before day 0 belongs to it."""
        return max(0, now - self.start_at) // DAY_S

    @property
    def held_wei(self) -> int:
        """What closed days have left."""
        return self.minted_wei - self.paid_wei - self.burned_wei

    def kind(self, key: Key) -> int:
        """Return a task's kind, that of its first verification."""
        return self.records[key].kind if key in self.records else NONE

    def stake(self, key: Key, day: int) -> int:
        """Return a task's stake at the end of a day, in whole gwei."""
        return at(self.records[key].stakes, day)

    def write(self, key: Key, stake_gwei: int, now: int) -> bool:
        """Write a task's stake down; return whether that changed anything."""
        record, day = self.records[key], self.today(now)
        stake_gwei = min(stake_gwei, _MAX_STAKE_GWEI)
        if stake_gwei == at(record.stakes, day):
            return False
        record.stakes[day] = stake_gwei
        return True

    def weigh(self, key: Key, percent: int, now: int) -> bool:
        """Let a task's powered stake weigh so much of 100; return whether that changed anything."""
        record, day = self.records[key], self.today(now)
        if percent == at(record.percents, day):
            return False
        record.percents[day] = percent
        return True

    def totals(self, kind: int, day: int) -> tuple[int, int]:
        """Return the stakes of all tasks of a kind at the end of a day, in gwei, and the sum of what they weigh."""
        of_kind = [record for record in self.records.values() if record.kind == kind]
        return sum(at(record.stakes, day) for record in of_kind), sum(self._weighed(record, day) for record in of_kind)

    def _weighed(self, record: Record, day: int) -> int:
        return weighed(at(record.stakes, day) * WEI_PER_GWEI, at(self.powers, day), at(record.percents, day))

    def close(self, now: int) -> ClosedDay:
        """Close the next day and return it."""
        day = len(self.days)
        minted = lowered(daily_wei(day), at(self.factors, day))
        # The rule takes any unit for stakes, and gwei keep 256 tasks of all FML within its range.
        arena, alliance, unearned = split(minted, self.totals(ARENA, day)[0], self.totals(ALLIANCE, day)[0])
        paused_s = self.pauses.seconds(now)
        self.days.append(ClosedDay(minted, arena, alliance, arena + alliance, now, paused_s))
        self.minted_wei += minted
        self.burned_wei += unearned
        return self.days[-1]

    def share(self, key: Key, day: int) -> int:
        """Return what a task earns of a closed day; an Alliance task counts in whole gwei."""
        record = self.records[key]
        arena = record.kind == ARENA
        of = self.days[day].arena_wei if arena else self.days[day].alliance_wei
        wei = task_share(of, self._weighed(record, day), self.totals(record.kind, day)[1])
        return wei if arena else wei // WEI_PER_GWEI * WEI_PER_GWEI

    def drawn_until(self, day: int, now: int) -> int:
        """Return the second until which a closed day can be drawn, as far as pauses have prolonged that."""
        closed = self.days[day]
        return closed.closed_at + DRAW_S + self.pauses.seconds(now) - closed.paused_s

    def drawable(self, key: Key, day: int, now: int) -> int:
        """Return what a task can draw of a closed day at a second."""
        record = self.records.get(key)
        late = now >= self.drawn_until(day, now)
        return 0 if record is None or late or day in record.drawn else self.share(key, day)

    def draw(self, key: Key, day: int) -> int:
        """Book a draw and return it."""
        wei = self.share(key, day)
        self.records[key].drawn.add(day)
        self.days[day].left_wei -= wei
        self.paid_wei += wei
        return wei

    def lapse(self, day: int) -> int:
        """Burn what is left of a day and return it."""
        wei = self.days[day].left_wei
        self.days[day].left_wei = 0
        self.burned_wei += wei
        return wei


def at(history: dict[int, int], day: int) -> int:
    """Return what was written last, on a day or before it; 0 before the first."""
    written = [key for key in history if key <= day]
    return history[max(written)] if written else 0
