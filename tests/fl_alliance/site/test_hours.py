"""A site works by its own clock: over midnight, over the week's end, and through the change to summer time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.site.hours import DAY_MINUTES, Hours, Opening

NIGHTS = Hours("Europe/Zurich", (Opening(frozenset(range(5)), 18 * 60, 6 * 60),))


def at(text: str, zone: str = "Europe/Zurich") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-11-30 17:59", False),
        ("2026-11-30 18:00", True),
        ("2026-12-01 05:59", True),
        ("2026-12-01 06:00", False),
        ("2026-12-05 05:59", True),  # Saturday morning is still Friday's night
        ("2026-12-05 18:00", False),
        ("2026-12-06 19:00", False),
        ("2026-12-07 05:00", False),  # Sunday's night is none
    ],
)
def test_an_opening_over_midnight_belongs_to_the_day_it_begins(when: str, is_open: bool) -> None:
    assert NIGHTS.are_open(at(when)) is is_open


@pytest.mark.parametrize(("when", "is_open"), [("2026-07-01 17:30", True), ("2026-12-01 17:30", False)])
def test_summer_time_moves_the_hours(when: str, is_open: bool) -> None:
    evening = Hours("Europe/Zurich", (Opening(frozenset(range(7)), 19 * 60, 20 * 60),))
    assert evening.are_open(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp()) is is_open


def test_a_day_ends_at_the_sites_midnight() -> None:
    assert Hours("Pacific/Auckland", ()).day(at("2026-11-30 12:00", "UTC")) == "2026-12-01"


@given(st.integers(0, 4_000_000_000))
def test_an_opening_of_all_days_and_hours_is_always_open(when: int) -> None:
    always = Hours("Asia/Kathmandu", (Opening(frozenset(range(7)), 0, DAY_MINUTES),))
    assert always.are_open(when)
    assert Hours("UTC", ()).are_open(when)
