"""The schedule, its split by stake, and the DAO's factor."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.emission import (
    DAYS_A_MONTH,
    FIRST_X128,
    MAX_HALVES,
    MAX_POWERED,
    MONTHS,
    POOL_WEI,
    daily_wei,
    lowered,
    next_factor,
    powered,
    split,
    task_share,
)
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, MAX_WEI, WAD
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

DAYS = MONTHS * DAYS_A_MONTH
AMOUNT = st.integers(0, MAX_WEI)
STAKE = st.integers(0, MAX_STAKE_WEI)
HALF = st.integers(0, MAX_STAKE_WEI // 2)


def test_day_0_releases_309157_68_fml() -> None:
    assert round(Fraction(daily_wei(0), WAD), 2) == Fraction("309157.68")


def test_every_day_is_the_published_formula_rounded_down() -> None:
    kept = Fraction(99, 100)
    first = POOL_WEI * (1 - kept) / (30 * (1 - kept**60))
    assert [daily_wei(day) for day in range(DAYS)] == [int(first * kept ** (day // 30)) for day in range(DAYS)]


def test_the_contract_s_iteration_gives_the_same_wei_in_all_months_and_fits_a_word() -> None:
    word = FIRST_X128
    for month in range(MONTHS):
        assert word >> 128 == daily_wei(month * DAYS_A_MONTH) == daily_wei(month * DAYS_A_MONTH + 29)
        assert word * 99 < 2**256
        word = word * 99 // 100


def test_sixty_months_release_the_pool_but_for_the_roundings_and_nothing_follows() -> None:
    released = sum(map(daily_wei, range(DAYS)))
    assert POOL_WEI - DAYS < released <= POOL_WEI
    assert [daily_wei(day) for day in (DAYS, DAYS + 1, 10 * DAYS)] == [0, 0, 0]


def test_no_day_releases_more_than_the_one_before() -> None:
    days = [daily_wei(day) for day in range(DAYS + 1)]
    assert days == sorted(days, reverse=True)
    assert len(set(days)) == MONTHS + 1


def test_a_day_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="day: given -1, needed 0"):
        daily_wei(-1)


def test_a_thousand_over_tasks_staked_1000_2000_2000_pays_200_400_400() -> None:
    stakes = [powered(fml * WAD, 2) for fml in (1000, 2000, 2000)]
    paid = [task_share(1000 * WAD, stake, sum(stakes)) for stake in stakes]
    assert paid == [200 * WAD, 400 * WAD, 400 * WAD]


def test_the_kinds_share_by_stake_and_what_nobody_staked_for_is_unearned() -> None:
    assert split(1000, 3, 1) == (750, 250, 0)
    assert split(1000, 1, 2) == (333, 666, 1)
    assert split(1000, 0, 5) == (0, 1000, 0)
    assert split(1000, 0, 0) == (0, 0, 1000)


@given(AMOUNT, STAKE, STAKE)
def test_a_split_loses_and_makes_no_wei(total: int, arena: int, alliance: int) -> None:
    made = split(total, arena, alliance)
    assert sum(made) == total
    assert min(made) >= 0
    assert made[2] <= 1 or arena + alliance == 0


@given(AMOUNT, HALF, HALF, HALF)
def test_more_stake_never_lowers_a_kind_s_part(total: int, arena: int, more: int, alliance: int) -> None:
    assert split(total, arena + more, alliance)[0] >= split(total, arena, alliance)[0]


@given(AMOUNT, st.lists(st.integers(0, MAX_STAKE_WEI // 8), min_size=1, max_size=8), st.integers(0, MAX_HALVES))
def test_tasks_never_share_more_than_there_is_and_the_rest_is_a_wei_a_task(
    total: int, stakes: list[int], halves: int
) -> None:
    weights = [powered(stake, halves) for stake in stakes]
    paid = [task_share(total, weight, sum(weights)) for weight in weights]
    assert sum(paid) <= total
    assert total - sum(paid) < len(paid) or not any(weights)


def test_a_power_is_of_whole_gwei_and_rounds_down() -> None:
    assert [powered(10 * GWEI + 1, halves) for halves in range(5)] == [1, 3, 10, 31, 100]
    assert [powered(GWEI - 1, halves) for halves in range(5)] == [0] * 5


@given(STAKE, st.integers(0, MAX_HALVES))
def test_a_power_is_the_root_of_the_squared_power_and_fits_a_word(stake: int, halves: int) -> None:
    gwei = stake // GWEI
    made = powered(stake, halves)
    assert gwei**halves < 2**256
    assert made**2 <= gwei**halves if gwei else made == 0
    assert (made + 1) ** 2 > gwei**halves if gwei else True


@given(HALF, HALF, st.integers(0, MAX_HALVES))
def test_a_larger_stake_never_counts_less(stake: int, more: int, halves: int) -> None:
    assert powered(stake, halves) <= powered(stake + more, halves) <= MAX_POWERED


def test_a_factor_leaves_its_part_rounded_down() -> None:
    assert [lowered(999, bps) for bps in (0, 5_000, 9_999, BPS)] == [0, 499, 998, 999]


@given(AMOUNT, st.integers(0, BPS), st.integers(0, BPS))
def test_a_lower_factor_never_leaves_more(amount: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0 <= lowered(amount, low) <= lowered(amount, high) <= amount
    assert lowered(amount, BPS) == amount


def test_the_factor_falls_and_is_never_raised() -> None:
    assert next_factor(BPS, 9_000) == 9_000
    assert next_factor(1, 0) == 0
    for given_bps in (9_000, 9_001, -1):
        with pytest.raises(ValueError, match=f"given {given_bps} bps, needed less than the current 9000"):
            next_factor(9_000, given_bps)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: powered(1, 5), "halves: given 5, needed 0 to 4"),
        (lambda: powered(-1, 2), "stake_wei: given -1"),
        (lambda: powered(MAX_STAKE_WEI + 1, 2), f"stake_wei: given {MAX_STAKE_WEI + 1}, needed 0 to {MAX_STAKE_WEI}"),
        (lambda: split(1, -1, 1), "arena_stake_wei: given -1"),
        (lambda: task_share(1, 3, 2), "task_powered: given 3, needed 0 to 2"),
        (lambda: lowered(1, 10_001), "factor_bps: given 10001, needed 0 to 10000"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
