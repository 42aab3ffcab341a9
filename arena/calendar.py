"""When the windows of a task's days open and close, in seconds of the chain's time."""

from dataclasses import astuple, dataclass
from enum import IntEnum

from fl_alliance.chain.arena_types import DAY_S, TaskParams
from fl_alliance.chain.commitments import DayTimes, day_times


class Window(IntEnum):
    """The windows of a day, in their order; each closes when the next opens, the last when the day can be settled."""

    SUBMIT = 0
    REVEAL = 1
    SCORE = 2
    REVEAL_SCORES = 3


@dataclass(frozen=True, slots=True)
class Calendar:
    """A task's days: 0 to `last` - 1 on dataset A, `last` on dataset B.

    Attributes
    ----------
    params : TaskParams
        The task's.
    start_at : int
        Second at which day 0 of the emission begins.
    """

    params: TaskParams
    start_at: int

    @property
    def last(self) -> int:
        """Number of the B day."""
        return self.params.day_count

    @property
    def begins_at(self) -> int:
        """Second at which day 0 begins."""
        return self.day(0).submit_at

    @property
    def over_at(self) -> int:
        """Second at which the B day is over."""
        return self.day(self.last).over_at

    def day(self, day: int) -> DayTimes:
        """Return a day's times."""
        return day_times(self.params, self.start_at, day)

    def opens(self, day: int, window: Window) -> int:
        """Return the first second of a window."""
        return int(astuple(self.day(day))[window])

    def closes(self, day: int, window: Window) -> int:
        """Return the first second after a window."""
        return int(astuple(self.day(day))[window + 1])

    def day_of(self, second: int) -> int:
        """Return the day that a second falls on: 0 before the task begins, one more than `last` after it."""
        return min(max(0, (second - self.begins_at) // DAY_S), self.last + 1)
