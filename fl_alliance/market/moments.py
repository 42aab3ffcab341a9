"""Where a task stands in its days, in words."""

from dataclasses import dataclass

from fl_alliance.arena.calendar import Calendar, Window
from fl_alliance.chain.arena_types import Phase
from fl_alliance.market.units import duration

_DOING = {
    Window.SUBMIT: "nodes train and commit to their models",
    Window.REVEAL: "nodes reveal their models",
    Window.SCORE: "validators score and commit to that",
    Window.REVEAL_SCORES: "validators reveal their scores",
}
_FINAL = "the creator shows dataset B and the best models enter"


@dataclass(frozen=True, slots=True)
class Moment:
    """What is going on in a task at a second.

    Attributes
    ----------
    day : int or None
        The running day; None before and after the task.
    doing : str
        What happens.
    until : int or None
        Second until which it does; None where nothing is to be waited for.
    """

    day: int | None
    doing: str
    until: int | None

    def words(self, calendar: Calendar, now: int) -> str:
        """Return it as a sentence, with how long it goes on."""
        left = "" if self.until is None else f", for {duration(self.until - now)} more"
        if self.day is None:
            return f"{self.doing}{left}"
        of = (
            "the last day, on dataset B" if self.day == calendar.last else f"day {self.day} of 0 to {calendar.last - 1}"
        )
        return f"{of}: {self.doing}{left}"


def moment_of(calendar: Calendar, phase: Phase, now: int) -> Moment:
    """Return what is going on at second `now`."""
    if phase in (Phase.CANCELLED, Phase.COMPLETED):
        return Moment(None, phase.name.lower(), None)
    if now < calendar.begins_at:
        return Moment(None, "others can join; it has not begun", calendar.begins_at)
    if now >= calendar.over_at:
        return Moment(None, "the days are over, somebody has to finish the last: `fl-alliance arena keep`", None)
    day = calendar.day_of(now)
    for window in Window:
        if now < (closes_at := calendar.closes(day, window)):
            if day == calendar.last and window in (Window.SUBMIT, Window.REVEAL):
                return Moment(day, _FINAL, calendar.closes(day, Window.REVEAL))
            return Moment(day, _DOING[window], closes_at)
    return Moment(day, "the day is settled", calendar.day(day).over_at)
