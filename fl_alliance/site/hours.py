"""When a site works: days and times on the clock of its own place, summer time included."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Opening:
    """On each of these days from one minute of the day to another, which is not in it; up to it on the next day where
    it is not later.

    Attributes
    ----------
    days : frozenset of int
        0 is Monday.
    begin, end : int
        Minutes since midnight, `end` up to 1440.
    """

    days: frozenset[int]
    begin: int
    end: int

    def has(self, weekday: int, minute: int) -> bool:
        """Return whether a minute of a day is in it."""
        if self.begin < self.end:
            return weekday in self.days and self.begin <= minute < self.end
        yesterday = (weekday - 1) % len(DAYS)
        return (weekday in self.days and minute >= self.begin) or (yesterday in self.days and minute < self.end)

    def __str__(self) -> str:
        days = ", ".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {_clock(self.begin)} to {_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a site works, by the clock of `zone`; no openings: always."""

    zone: str
    openings: tuple[Opening, ...]

    def are_open(self, at: float) -> bool:
        """Return whether the site works at a time in Unix seconds."""
        here = self.local(at)
        return not self.openings or any(
            each.has(here.weekday(), 60 * here.hour + here.minute) for each in self.openings
        )

    def day(self, at: float) -> str:
        """Return the date that it is at the site."""
        return self.local(at).date().isoformat()

    def local(self, at: float) -> datetime:
        """Return the time at the site."""
        return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=at)).astimezone(ZoneInfo(self.zone))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
