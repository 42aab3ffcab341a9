"""What locked stake counts."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.locks import FREE_DAYS, MAX_LOCK_DAYS, counted
from fl_alliance.chain.rules.units import MAX_WEI, WAD

AMOUNT = st.integers(0, MAX_WEI)
DAYS = st.integers(0, MAX_LOCK_DAYS)


def test_a_month_counts_nothing_extra_and_a_year_counts_3_01_times() -> None:
    assert [counted(100 * WAD, days) for days in (0, 29, 30)] == [100 * WAD] * 3
    assert counted(36_500, 31) == 36_719
    assert counted(100 * WAD, 365) == 301 * WAD


@given(AMOUNT, st.integers(FREE_DAYS, MAX_LOCK_DAYS))
def test_a_lock_counts_the_published_multiple_rounded_down(amount: int, days: int) -> None:
    assert counted(amount, days) == int(amount * (1 + Fraction("2.19") * (days - 30) / 365))


@given(AMOUNT, DAYS, DAYS)
def test_a_longer_lock_never_counts_less_nor_less_than_was_locked(amount: int, one: int, other: int) -> None:
    short, long = sorted((one, other))
    assert amount <= counted(amount, short) <= counted(amount, long)


@given(st.integers(0, MAX_WEI // 2), st.integers(0, MAX_WEI // 2), DAYS)
def test_a_lock_split_in_two_never_counts_more(one: int, other: int, days: int) -> None:
    assert counted(one, days) + counted(other, days) <= counted(one + other, days)


@pytest.mark.parametrize(("amount", "days", "name"), [(1, 366, "days"), (1, -1, "days"), (-1, 30, "amount_wei")])
def test_a_lock_out_of_range_is_refused_by_name(amount: int, days: int, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: given"):
        counted(amount, days)
