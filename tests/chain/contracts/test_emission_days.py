"""Days of the emission: the schedule, closing, missed and late days, what lapses, and the DAO's factor."""

import pytest
from emissions import DAO, DAY, FML, ONLOOKER, OTHER_TASK, POOL_WEI, TASK, Refusal, Town, refusal_in

from fl_alliance.chain.errors import TransactionReverted
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.emission import DAYS_A_MONTH, MONTHS, daily_wei, lowered, split

DAYS = MONTHS * DAYS_A_MONTH
WEEK = 7 * DAY


def closed(town: Town) -> tuple[int, int]:
    """Close a day and return its number and what it released."""
    receipt = town.emission.send("closeDay", by=ONLOOKER)
    (event,) = town.emission.events(receipt, "DayClosed")
    return event["day"], event["mintedWei"]


def test_every_month_releases_the_reference_to_the_wei(town: Town) -> None:
    for month in range(MONTHS + 1):
        for day in (month * DAYS_A_MONTH, month * DAYS_A_MONTH + DAYS_A_MONTH - 1):
            assert town.emission.read("scheduleWei", day) == daily_wei(day), day
    assert town.emission.read("scheduleWei", 2**256 - 1) == 0
    assert town.emission.read("DAYS") == DAYS


def test_the_first_day_releases_the_published_amount(town: Town) -> None:
    assert town.emission.read("scheduleWei", 0) // (FML // 100) == 30_915_767  # 309,157.67(6) FML


@pytest.mark.slow
def test_the_whole_schedule_closed_late_in_one_go_mints_its_days_once(town: Town) -> None:
    """Nothing is staked, so that all of it is burned again."""
    town.to_day(DAYS + 500)
    for _ in range(DAYS // 60):
        town.emission.send("multicall", [town.emission.encode("closeDay")] * 60, by=ONLOOKER)
    minted, paid, burned = town.emission.read("books")
    assert minted == burned == sum(map(daily_wei, range(DAYS)))
    assert POOL_WEI - DAYS < minted <= POOL_WEI
    assert paid == 0
    assert town.emission.refusal("closeDay") == Refusal("NoSuchDay", (DAYS, DAYS))


def test_a_day_is_closed_when_it_is_over(town: Town) -> None:
    town.to_day(1, -1)
    assert town.emission.refusal("closeDay") == Refusal("DayNotOver", (0, town.start + DAY - 1, town.start + DAY))
    assert closed(town) == (0, daily_wei(0))
    assert town.emission.refusal("closeDay") == Refusal("DayNotOver", (1, town.now, town.start + 2 * DAY))


def test_before_the_start_it_is_day_zero(town: Town) -> None:
    assert town.now < town.start
    assert town.emission.read("today") == 0
    town.verify(TASK, 5 * FML)
    town.to_day(3, 17)
    assert town.emission.read("today") == 3
    assert town.emission.read("stakeGwei", town.market.address, TASK, 0) == 5 * 10**9


def test_missed_days_are_caught_up_and_none_is_doubled(town: Town) -> None:
    town.verify(TASK, 5 * FML)
    town.to_day(4)
    assert [closed(town) for _ in range(4)] == [(day, daily_wei(day)) for day in range(4)]
    assert town.emission.refusal("closeDay").name == "DayNotOver"
    assert town.emission.read("books")[0] == sum(map(daily_wei, range(4)))


def test_closing_late_changes_nothing(town: Town) -> None:
    """The stakes that count are those at the end of the day, whatever happened since."""
    town.verify(TASK, 1_000 * FML)
    town.verify_alliance(TASK, 3_000 * FML)
    town.to_day(1)
    town.market.send("setStake", TASK, 77_000 * FML)
    town.emission.send("verify", town.market.address, OTHER_TASK)
    town.market.send("setStake", OTHER_TASK, 500 * FML)
    town.emission.send("unverify", town.alliance.address, TASK)
    town.emission.send("lower", 100)
    town.emission.send("setPower", 4)
    town.to_day(9)
    closed(town)
    arena, alliance, unearned = split(daily_wei(0), 1_000 * FML, 3_000 * FML)
    assert town.emission.read("dayOf", 0)[:3] == (arena, alliance, daily_wei(0) - unearned)
    assert town.emission.read("drawableWei", town.market.address, TASK, 0) == arena
    assert town.emission.read("drawableWei", town.market.address, OTHER_TASK, 0) == 0


def test_a_change_on_a_day_counts_for_that_day_and_the_last_one_wins(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 1_000 * FML)
    town.to_day(1, -60)
    for stake in (5_000, 9_000, 3_000):
        town.market.send("setStake", TASK, stake * FML)
    town.to_day(2)
    town.close_through(1)
    for day in (0, 1):
        assert town.emission.read("drawableWei", town.market.address, TASK, day) == daily_wei(day) * 3 // 4


def test_what_no_task_can_draw_is_burned_at_once(town: Town) -> None:
    supply = town.fml.read("totalSupply")
    town.to_day(1)
    (event,) = town.emission.events(town.emission.send("closeDay"), "DayClosed")
    assert (event["mintedWei"], event["burnedWei"]) == (daily_wei(0), daily_wei(0))
    assert town.fml.read("totalSupply") == supply


def test_what_is_not_drawn_in_a_week_is_burned(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 2_000 * FML)
    town.to_day(1)
    closed(town)
    closed_at = town.now
    town.market.send("draw", TASK, 0)
    ends = closed_at + WEEK
    town.wait(ends - 1 - town.now)
    assert town.emission.refusal("lapse", 0) == Refusal("LapseTooEarly", (0, ends - 1, ends))
    assert town.emission.read("drawableWei", town.market.address, OTHER_TASK, 0) > 0
    town.wait(1)
    assert town.emission.read("lapse", 0) > 0  # as a call: it could be now
    late = Refusal("DrawTooLate", (0, ends, ends))
    assert town.market.refusal("draw", OTHER_TASK, 0) == late
    assert town.emission.read("drawableWei", town.market.address, OTHER_TASK, 0) == 0
    receipt = town.emission.send("lapse", 0, by=ONLOOKER)
    assert town.emission.events(receipt, "DayLapsed") == [
        {"day": 0, "burnedWei": daily_wei(0) - daily_wei(0) // 3},
    ]
    assert town.balance(town.emission.address) == 0


def test_a_day_lapses_once(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.to_day(2)
    town.close_through(1)
    town.wait(WEEK)
    town.emission.send("lapse", 0)
    assert not town.emission.events(town.emission.send("lapse", 0), "DayLapsed")
    assert town.balance(town.emission.address) == daily_wei(1)


def test_a_day_closed_late_can_be_drawn_for_a_week_from_then(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.to_day(100)
    closed(town)
    town.wait(WEEK - 2)
    town.market.send("draw", TASK, 0)
    assert town.balance(town.market.address) == daily_wei(0)


def test_only_days_that_were_closed_are_drawn_or_lapse(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.to_day(3)
    closed(town)
    for call in (("drawableWei", town.market.address, TASK, 1), ("lapse", 1)):
        assert town.emission.refusal(*call) == Refusal("DayNotClosed", (1, 1))
        past = (*call[:-1], DAYS)
        assert town.emission.refusal(*past) == Refusal("NoSuchDay", (DAYS, DAYS))
    assert town.market.refusal("draw", TASK, 2) == Refusal("DayNotClosed", (2, 1))


def test_the_dao_lowers_the_days_that_are_not_over(town: Town) -> None:
    town.to_day(1, 5)
    town.emission.send("lower", 6_000)
    town.to_day(2, 5)
    town.emission.send("lower", 5_999)
    town.emission.send("lower", 0)
    town.to_day(4)
    assert [closed(town)[1] for _ in range(4)] == [daily_wei(0), lowered(daily_wei(1), 6_000), 0, 0]
    assert [town.emission.read("factorBps", day) for day in range(4)] == [BPS, 6_000, 0, 0]


@pytest.mark.parametrize("given", [6_000, 6_001, BPS, 2**256 - 1])
def test_the_dao_never_raises(town: Town, given: int) -> None:
    town.emission.send("lower", 6_000)
    assert town.emission.refusal("lower", given) == Refusal("FactorNotLower", (given, 6_000))


def test_a_factor_of_one_is_not_lower(town: Town) -> None:
    assert town.emission.refusal("lower", BPS) == Refusal("FactorNotLower", (BPS, BPS))


def test_an_emission_does_not_begin_in_the_past(town: Town) -> None:
    past = town.now - 100
    with pytest.raises(TransactionReverted) as refused:
        town.deploy("Emission", town.fml.address, past, DAO.address)
    assert refusal_in(refused.value.data) == Refusal("BadParameter", ("startAt", past))
