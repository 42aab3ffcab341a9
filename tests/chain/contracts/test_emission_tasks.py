"""Tasks of the emission: whose stake counts, what each one earns, who draws it, and who decides."""

import pytest
from emissions import CREATOR, DAO, DAY, DELEGATOR, FML, ONLOOKER, OTHER_TASK, TASK, Refusal, Town
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fl_alliance.chain.rules.emission import MAX_HALVES, MAX_PERCENT, WHOLE, daily_wei, split, task_share, weighed
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

ARENA, ALLIANCE = 1, 2
THIRD_TASK = 3
STAKE = st.integers(0, 100_000_000 * FML) | st.integers(0, 3 * GWEI)
WEIGHED = st.tuples(STAKE, st.integers(WHOLE, MAX_PERCENT))


def drawn(town: Town, task: int, day: int = 0) -> int:
    """Draw an Arena task's share, and return what came."""
    before = town.balance(town.market.address)
    town.market.send("draw", task, day)
    return town.balance(town.market.address) - before


def first_day_over(town: Town) -> None:
    town.to_day(1)
    town.emission.send("closeDay")


# --- shares


def test_a_thousand_a_day_over_stakes_of_1000_2000_2000_pays_200_400_400(town: Town) -> None:
    """The published check, of whatever a day releases."""
    for task, stake in ((1, 1_000), (2, 2_000), (3, 2_000)):
        town.verify(task, stake * FML)
    first_day_over(town)
    released = daily_wei(0)
    assert [drawn(town, task) for task in (1, 2, 3)] == [released // 5, released * 2 // 5, released * 2 // 5]


def test_arena_and_alliance_share_a_day_by_their_stakes(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 500 * FML)
    town.verify_alliance(TASK, 700 * FML)
    first_day_over(town)
    arena, alliance, _ = split(daily_wei(0), 1_500 * FML, 700 * FML)
    assert town.emission.read("dayOf", 0)[:2] == (arena, alliance)
    assert drawn(town, TASK) == arena * 2 // 3
    assert drawn(town, OTHER_TASK) == arena // 3


def test_a_self_funded_task_earns_nothing_and_takes_nothing(town: Town) -> None:
    """It runs beside the verified one, and its stake is not seen here."""
    town.verify(TASK, 1_000 * FML)
    town.market.send("setStake", OTHER_TASK, 9_000 * FML)
    first_day_over(town)
    assert town.emission.read("totals", ARENA, 0)[0] == 1_000 * 10**9
    assert town.emission.read("drawableWei", town.market.address, OTHER_TASK, 0) == 0
    assert town.market.refusal("draw", OTHER_TASK, 0) == Refusal("NotVerified", (town.market.address, OTHER_TASK))
    assert drawn(town, TASK) == daily_wei(0)


def test_a_self_funded_task_that_is_verified_counts_from_that_day_on(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.market.send("setStake", OTHER_TASK, 3_000 * FML)
    town.to_day(1)
    town.emission.send("verify", town.market.address, OTHER_TASK)
    town.to_day(2)
    town.close_through(1)
    assert (drawn(town, OTHER_TASK, 0), drawn(town, OTHER_TASK, 1)) == (0, daily_wei(1) * 3 // 4)
    assert (drawn(town, TASK, 0), drawn(town, TASK, 1)) == (daily_wei(0), daily_wei(1) // 4)


def test_what_the_dao_unverifies_counts_no_more(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 1_000 * FML)
    town.to_day(1)
    town.emission.send("unverify", town.market.address, OTHER_TASK)
    town.market.send("setStake", OTHER_TASK, 5_000 * FML)
    assert not town.emission.read("isVerified", town.market.address, OTHER_TASK)
    town.to_day(2)
    town.close_through(1)
    assert [drawn(town, OTHER_TASK, day) for day in (0, 1)] == [daily_wei(0) // 2, 0]
    assert drawn(town, TASK, 1) == daily_wei(1)


def test_only_whole_gwei_of_a_stake_count(town: Town) -> None:
    town.verify(TASK, 2 * GWEI - 1)
    town.verify(OTHER_TASK, GWEI - 1)
    assert [town.emission.read("stakeGwei", town.market.address, task, 0) for task in (1, 2)] == [1, 0]


def test_a_source_that_claims_more_than_all_fml_counts_as_all(town: Town) -> None:
    """Two numbers share a slot: none may spill into the other."""
    town.emission.send("setPower", 4)
    town.verify(TASK, 2**256 - 1)
    town.verify(OTHER_TASK, 5 * FML)
    most = 10**18
    assert town.emission.read("totals", ARENA, 0) == (most + 5 * 10**9, WHOLE * (most**2 + (5 * 10**9) ** 2))
    town.market.send("setStake", TASK, 0)
    assert town.emission.read("totals", ARENA, 0) == (5 * 10**9, WHOLE * (5 * 10**9) ** 2)


@pytest.mark.parametrize("halves", range(MAX_HALVES + 1))
def test_the_power_of_the_stake_is_a_parameter(town: Town, halves: int) -> None:
    stakes = {TASK: 1_000 * FML, OTHER_TASK: 2_000 * FML + 7, THIRD_TASK: GWEI - 1}
    for task, stake in stakes.items():
        town.verify(task, stake)
    town.emission.send("setPower", halves)
    town.market.send("setStake", TASK, 3_000 * FML)
    stakes[TASK] = 3_000 * FML
    first_day_over(town)
    total = sum(weighed(stake, halves) for stake in stakes.values())
    assert town.emission.read("totals", ARENA, 0)[1] == total
    for task, stake in stakes.items():
        assert drawn(town, task) == task_share(daily_wei(0), weighed(stake, halves), total)


def test_another_power_counts_from_its_day_on(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 3_000 * FML)
    town.verify_alliance(TASK, 4_000 * FML)
    town.to_day(1)
    town.emission.send("setPower", 4)
    town.to_day(2)
    town.close_through(1)
    assert [town.emission.read("powerHalves", day) for day in (0, 1)] == [2, 4]
    assert [drawn(town, TASK, day) for day in (0, 1)] == [daily_wei(0) // 2 // 4, daily_wei(1) // 2 // 10]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WEIGHED, min_size=1, max_size=4), st.lists(WEIGHED, max_size=2), st.integers(0, MAX_HALVES))
def test_shares_are_the_references_to_the_wei(
    town: Town, arena: list[tuple[int, int]], alliance: list[tuple[int, int]], halves: int
) -> None:
    mark = town.rpc("evm_snapshot")
    twin = Town(town.w3, dict(town.addresses))
    twin.emission.send("setPower", halves)
    for task, (stake, percent) in enumerate(arena):
        twin.verify(task, stake)
        twin.emission.send("weigh", twin.market.address, task, percent)
    for task, (stake, percent) in enumerate(alliance):
        twin.verify_alliance(task, stake)
        twin.emission.send("weigh", twin.alliance.address, task, percent)
    first_day_over(twin)
    parts = split(daily_wei(0), *(sum(stake // GWEI * GWEI for stake, _ in tasks) for tasks in (arena, alliance)))
    for source, tasks, part, unit in ((twin.market, arena, parts[0], 1), (twin.alliance, alliance, parts[1], GWEI)):
        total, shared = sum(weighed(stake, halves, percent) for stake, percent in tasks), 0
        for task, (stake, percent) in enumerate(tasks):
            share = task_share(part, weighed(stake, halves, percent), total) // unit * unit
            assert twin.emission.read("drawableWei", source.address, task, 0) == share
            shared += share
        assert shared <= part
    assert twin.is_conserved()
    town.rpc("evm_revert", mark)


# --- gauge votes


def test_a_weighed_task_earns_by_its_percent_and_all_of_them_no_more_than_the_day(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 1_000 * FML)
    town.emission.send("weigh", town.market.address, TASK, 150)
    first_day_over(town)
    assert [drawn(town, task) for task in (TASK, OTHER_TASK)] == [daily_wei(0) * 3 // 5, daily_wei(0) * 2 // 5]


def test_another_percent_counts_from_its_day_on_and_stays_with_changes_of_the_stake(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.verify(OTHER_TASK, 2_000 * FML)
    town.to_day(1)
    receipt = town.emission.send("weigh", town.market.address, OTHER_TASK, 200)
    (event,) = town.emission.events(receipt, "TaskWeighed")
    assert (event["day"], event["percent"], event["poweredTotal"]) == (1, 200, 10**9 * (1_000 * 100 + 2_000 * 200))
    town.market.send("setStake", OTHER_TASK, 1_000 * FML)
    town.to_day(2)
    town.close_through(1)
    assert [town.emission.read("percentOf", town.market.address, OTHER_TASK, day) for day in (0, 1)] == [100, 200]
    assert [drawn(town, TASK, day) for day in (0, 1)] == [daily_wei(0) // 3, daily_wei(1) // 3]
    assert drawn(town, OTHER_TASK, 1) == daily_wei(1) * 2 // 3


def test_every_task_at_the_most_that_there_is_still_fits_a_checkpoint(town: Town) -> None:
    """256 tasks of all FML, squared and doubled: here two of them, and what the rest would add."""
    town.emission.send("setPower", MAX_HALVES)
    for task in (TASK, OTHER_TASK):
        town.verify(task, 2**256 - 1)
        town.emission.send("weigh", town.market.address, task, MAX_PERCENT)
    stakes, sum_of_both = town.emission.read("totals", ARENA, 0)
    assert (stakes, sum_of_both) == (2 * 10**18, 2 * MAX_PERCENT * 10**36)
    assert 128 * sum_of_both < 2**136
    assert 128 * stakes < 2**72


def test_what_weighs_and_by_how_much_has_limits(town: Town) -> None:
    town.verify(TASK, FML)
    here = town.market.address
    for percent in (0, WHOLE - 1, MAX_PERCENT + 1, 2**256 - 1):
        assert town.emission.refusal("weigh", here, TASK, percent) == Refusal("BadParameter", ("percent", percent))
    assert town.emission.refusal("weigh", here, OTHER_TASK, 120) == Refusal("NotVerified", (here, OTHER_TASK))
    assert not town.emission.send("weigh", here, TASK, WHOLE).logs
    role = town.emission.read("GAUGE_ROLE")
    refused = Refusal("AccessControlUnauthorizedAccount", (CREATOR.address, role))
    assert town.emission.refusal("weigh", here, TASK, 120, by=CREATOR) == refused


# --- the brake


def test_a_pause_stops_closing_and_drawing_and_takes_no_time_from_anybody(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.brake()
    first_day_over(town)
    closed_at = town.now
    town.wait(6 * DAY)
    town.handle("Brake").send("pause")
    until = town.handle("Brake").read("pausedUntil")
    for refusal in (town.emission.refusal("closeDay"), town.market.refusal("draw", TASK, 0)):
        assert refusal == Refusal("Stopped", (until,))
    town.market.send("setStake", TASK, 500 * FML)  # what lets money out writes stakes down, in a pause too
    town.wait(5 * DAY)
    ends = closed_at + 7 * DAY
    assert town.now > ends
    assert town.emission.read("drawableWei", town.market.address, TASK, 0) == daily_wei(0)
    assert town.emission.refusal("lapse", 0).name == "LapseTooEarly"
    town.handle("Brake").send("resume")
    town.wait(DAY - 60)
    town.close_through(11)
    assert drawn(town, TASK, 0) == daily_wei(0)
    assert drawn(town, TASK, 1) == daily_wei(1)


def test_a_week_of_drawing_ends_after_a_pause_as_it_would_have_without_it(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    town.brake()
    first_day_over(town)
    town.wait(6 * DAY)
    town.handle("Brake").send("pause")
    town.wait(town.handle("Brake").read("PAUSE_S") + DAY)
    assert town.market.refusal("draw", TASK, 0).name == "DrawTooLate"
    town.emission.send("lapse", 0)


def test_a_brake_is_named_once_by_the_administrator_and_before_it_was_used(town: Town) -> None:
    brake = town.handle("Brake")
    assert town.emission.refusal("setBrake", brake.address, by=CREATOR).name == "AccessControlUnauthorizedAccount"
    other = town.deploy("Brake", DAO.address, DAO.address)
    other.send("pause")
    assert town.emission.refusal("setBrake", other.address).name == "BadParameter"
    assert not town.emission.read("paused")
    town.emission.send("setBrake", brake.address)
    assert town.emission.refusal("setBrake", brake.address) == Refusal("BrakeThere", (brake.address,))


# --- who draws


def test_a_share_is_drawn_once(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    first_day_over(town)
    assert drawn(town, TASK) == daily_wei(0)
    assert town.market.refusal("draw", TASK, 0) == Refusal("AlreadyDrawn", (town.market.address, TASK, 0))
    assert town.emission.read("drawableWei", town.market.address, TASK, 0) == 0


def test_only_the_arena_draws_for_its_tasks(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    first_day_over(town)
    refused = Refusal("NotSource", (ONLOOKER.address, town.market.address))
    assert town.emission.refusal("draw", town.market.address, TASK, 0, by=ONLOOKER) == refused


def test_an_arena_that_lost_its_role_draws_no_more(town: Town) -> None:
    town.verify(TASK, 1_000 * FML)
    first_day_over(town)
    town.emission.send("revokeRole", town.emission.read("MARKET_ROLE"), town.market.address)
    assert town.market.refusal("draw", TASK, 0).name == "AccessControlUnauthorizedAccount"


def test_anybody_draws_for_an_alliance_task_with_an_accepted_round(town: Town) -> None:
    town.verify_alliance(TASK, 3 * FML + 1)
    town.verify_alliance(OTHER_TASK, 7 * FML)
    town.to_day(1, 10)
    town.alliance.send("setAccepted", TASK, town.start + DAY)
    town.to_day(2)
    town.close_through(1)
    source = town.alliance.address
    for day, second in ((0, town.start + DAY), (1, town.start + DAY - 1), (1, town.start + 2 * DAY)):
        town.alliance.send("setAccepted", TASK, second)
        refused = Refusal("NothingAccepted", (source, TASK, day))
        assert town.emission.refusal("draw", source, TASK, day, by=ONLOOKER) == refused
    town.alliance.send("setAccepted", TASK, town.start + DAY)
    town.emission.send("draw", source, TASK, 1, by=ONLOOKER)
    share = daily_wei(1) * 3 // 10 // GWEI * GWEI
    assert town.alliance.read("rewardWei", TASK) == town.balance(source) == share
    assert town.emission.refusal("draw", source, TASK, 1) == Refusal("AlreadyDrawn", (source, TASK, 1))


def test_anybody_writes_down_the_stake_that_a_source_tells(town: Town) -> None:
    town.verify_alliance(TASK, 3 * FML)
    town.alliance.send("setStake", TASK, 5 * FML)
    receipt = town.emission.send("sync", town.alliance.address, TASK, by=ONLOOKER)
    (event,) = town.emission.events(receipt, "TaskSynced")
    assert (event["stakeGwei"], event["poweredTotal"]) == (5 * 10**9, WHOLE * 5 * 10**9)


def test_writing_down_a_task_that_is_not_verified_does_nothing(town: Town) -> None:
    assert not town.emission.send("sync", town.alliance.address, 99).logs
    assert not town.emission.send("sync", ONLOOKER.address, 1).logs


# --- the DAO


def test_only_the_dao_decides(town: Town) -> None:
    role = town.emission.read("DAO_ROLE")
    refused = Refusal("AccessControlUnauthorizedAccount", (CREATOR.address, role))
    here = town.market.address
    for call in (("verify", here, 1), ("unverify", here, 1), ("lower", 1), ("setPower", 1)):
        assert town.emission.refusal(*call, by=CREATOR) == refused
    town.emission.send("grantRole", role, CREATOR.address)
    town.emission.send("lower", 1, by=CREATOR)


def test_only_who_holds_the_role_mints(town: Town) -> None:
    assert town.fml.refusal("mint", DAO.address, 1).name == "AccessControlUnauthorizedAccount"


def test_a_task_is_verified_and_unverified_once(town: Town) -> None:
    here = town.market.address
    assert town.emission.refusal("unverify", here, TASK) == Refusal("NotVerified", (here, TASK))
    town.emission.send("verify", here, TASK)
    assert town.emission.refusal("verify", here, TASK) == Refusal("AlreadyVerified", (here, TASK))


def test_a_source_is_a_contract(town: Town) -> None:
    assert town.emission.refusal("verify", ONLOOKER.address, 1) == Refusal("NoSource", (ONLOOKER.address,))


def test_a_kind_is_for_good(town: Town) -> None:
    """A day was split by kinds: a task that changed its own could draw of both."""
    here = town.market.address
    town.verify(TASK, FML)
    town.emission.send("unverify", here, TASK)
    town.emission.send("revokeRole", town.emission.read("MARKET_ROLE"), here)
    town.emission.send("verify", here, TASK)
    assert town.emission.read("kindOf", here, TASK) == ARENA
    assert town.emission.read("kindOf", here, OTHER_TASK) == 0
    town.emission.send("verify", here, OTHER_TASK)
    assert town.emission.read("kindOf", here, OTHER_TASK) == ALLIANCE


def test_the_power_has_a_range(town: Town) -> None:
    assert town.emission.refusal("setPower", 5) == Refusal("BadParameter", ("halves", 5))


@pytest.mark.slow
def test_the_most_tasks_there_can_be_are_still_reweighed_in_one_transaction(town: Town) -> None:
    here, most = town.market.address, town.emission.read("MAX_TASKS")
    for first in range(0, most, 32):
        calls = [town.emission.encode("verify", here, task) for task in range(first, first + 32)]
        town.emission.send("multicall", calls)
    assert town.emission.refusal("verify", here, most) == Refusal("TooManyTasks", (most,))
    assert town.emission.send("setPower", 3).gas_used < 16_777_216 // 2
    town.emission.send("unverify", here, 5)
    town.emission.send("verify", here, most)


def test_what_is_sent_here_by_mistake_is_in_no_day(town: Town) -> None:
    town.strays_wei = 5
    town.fml.send("transfer", town.emission.address, town.strays_wei, by=DELEGATOR)
    town.verify(TASK, FML)
    first_day_over(town)
    assert drawn(town, TASK) == daily_wei(0)
    assert town.balance(town.emission.address) == 5
