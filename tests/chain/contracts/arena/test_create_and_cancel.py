"""Creating tasks, and ending them before they begin."""

from typing import Any

import pytest
from arena_town import CREATOR, DAO, FML, OUTSIDER, PARAMS, SALT, Task, Town
from federation import Refusal

ACTIVE, CANCELLED = 1, 2


def test_a_task_keeps_what_its_creator_fixed(town: Town) -> None:
    task = Task.create(town, first_day=3, day_count=1_800, decay_wad=10**24)
    assert tuple(task.read("params")) == tuple(task.params.values())
    assert (task.state["phase"], task.state["creator"]) == (ACTIVE, CREATOR.address.lower())
    assert task.read("dayAt", 2) == town.start + 5 * 86_400


def test_the_creator_stakes_and_pays_every_day_in(town: Town) -> None:
    before = town.balance(CREATOR)
    task = Task.create(town, daily_wei=7 * FML, day_count=3, creator_stake_wei=100 * FML)
    assert before - town.balance(CREATOR) == 121 * FML
    assert (task.state["own"], task.state["fund"]) == (100 * FML, 21 * FML)


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("first_day", 0, "firstDay"),
        ("first_day", 1_801, "firstDay"),
        ("day_count", 0, "dayCount"),
        ("day_count", 1_801, "dayCount"),
        ("submit_s", 0, "submitS"),
        ("reveal_s", 0, "revealS"),
        ("score_s", 0, "scoreS"),
        ("reveal_scores_s", 0, "revealScoresS"),
        ("submit_s", 86_401, "submitS"),
        ("paid_nodes", 0, "paidNodes"),
        ("paid_nodes", 65, "paidNodes"),
        ("paid_validators", 0, "paidValidators"),
        ("paid_validators", 65, "paidValidators"),
        ("validator_limit", 0, "validatorLimit"),
        ("slash_bps", 10_001, "slashBps"),
        ("power_halves", 5, "powerHalves"),
        ("min_node_stake_wei", 10**9 - 1, "minNodeStakeWei"),
        ("min_validator_stake_wei", 10**9 - 1, "minValidatorStakeWei"),
        ("floor_bps", 5_001, "floorBps"),
        ("now_bps", 10_001, "nowBps"),
        ("delegated_bps", 10_001, "delegatedBps"),
        ("max_parameters", 0, "maxParameters"),
        ("rank_wad", 10**18 + 1, "rankWad"),
        ("decay_wad", 10**24 + 1, "decayWad"),
        ("creator_stake_wei", 100 * FML - 1, "creatorStakeWei"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(town: Town, name: str, given: int, reason: str) -> None:
    params = PARAMS | {name: given}
    assert town.arena.refusal("createTask", tuple(params.values()), by=CREATOR) == Refusal(
        "BadParameter", (reason, given)
    )


def test_windows_fill_a_day_at_most(town: Town) -> None:
    exact = {"submit_s": 80_000, "reveal_s": 3_000, "score_s": 3_000, "reveal_scores_s": 400}
    assert Task.create(town, **exact).number == 1
    params: dict[str, Any] = PARAMS | exact | {"reveal_scores_s": 401}
    refusal = town.arena.refusal("createTask", tuple(params.values()), by=CREATOR)
    assert refusal == Refusal("BadParameter", ("windows", 86_401))


def test_the_dao_alone_sets_the_least_stake_of_creators(town: Town) -> None:
    town.arena.send("setMinCreatorStake", 5_000 * FML)
    refusal = town.arena.refusal("createTask", tuple(PARAMS.values()), by=CREATOR)
    assert refusal == Refusal("BadParameter", ("creatorStakeWei", 1_000 * FML))
    role = town.arena.read("DAO_ROLE")
    assert town.arena.refusal("setMinCreatorStake", 0, by=CREATOR) == Refusal(
        "AccessControlUnauthorizedAccount", (CREATOR.address, role)
    )


@pytest.mark.parametrize(
    ("field", "name", "place", "limit"),
    [
        ("min_node_stake_wei", "minNodeStakeWei", 0, 1),
        ("min_validator_stake_wei", "minValidatorStakeWei", 1, 1),
        ("paid_nodes", "paidNodes", 2, -1),
        ("paid_validators", "paidValidators", 3, -1),
    ],
)
def test_the_dao_limits_what_creators_may_fix(town: Town, field: str, name: str, place: int, limit: int) -> None:
    limits = list(town.arena.read("limits"))
    assert limits == [10**9, 10**9, 64, 64]
    limits[place] = PARAMS[field]
    town.arena.send("setLimits", tuple(limits))
    assert Task.create(town).number == 1
    limits[place] += limit
    town.arena.send("setLimits", tuple(limits))
    refusal = town.arena.refusal("createTask", tuple(PARAMS.values()), by=CREATOR)
    assert refusal == Refusal("BadParameter", (name, PARAMS[field]))


@pytest.mark.parametrize(
    ("place", "given", "name"),
    [
        (0, 10**9 - 1, "minNodeStakeWei"),
        (1, 10**9 - 1, "minValidatorStakeWei"),
        (2, 0, "paidNodes"),
        (2, 65, "paidNodes"),
        (3, 0, "paidValidators"),
        (3, 65, "paidValidators"),
    ],
)
def test_limits_have_limits_and_are_the_daos_alone(town: Town, place: int, given: int, name: str) -> None:
    limits = [10**9, 10**9, 64, 64]
    limits[place] = given
    assert town.arena.refusal("setLimits", tuple(limits)) == Refusal("BadParameter", (name, given))
    role = town.arena.read("DAO_ROLE")
    refused = Refusal("AccessControlUnauthorizedAccount", (CREATOR.address, role))
    assert town.arena.refusal("setLimits", (10**9, 10**9, 64, 64), by=CREATOR) == refused


def test_a_cancelled_task_gives_everything_back_whatever_was_locked(task: Task) -> None:
    staker = task.nodes[0]
    task.send("stake", 2, 50 * FML, 365, 0, by=staker)
    assert task.refusal("cancel", by=staker) == Refusal("NotAllowed", (staker.address, CREATOR.address))
    task.send("cancel", by=CREATOR)
    before = task.town.balance(staker), task.town.balance(CREATOR)
    task.send("unlock", staker.address)
    task.send("unlock", CREATOR.address)
    assert task.town.balance(staker) == before[0] + 1_050 * FML
    assert task.town.balance(CREATOR) == before[1] + 2_000 * FML
    assert task.refusal("unlock", staker.address) == Refusal("NothingThere", ())


def test_nothing_goes_on_in_a_cancelled_task(task: Task) -> None:
    task.send("cancel", by=CREATOR)
    task.at(0)
    node = task.nodes[0]
    gone = Refusal("WrongPhase", (task.number, CANCELLED))
    assert task.refusal("commitSubmission", SALT, by=node) == gone
    assert task.refusal("stake", 2, FML, 0, 0, by=node) == gone
    assert task.refusal("cancel", by=CREATOR) == gone
    assert task.refusal("settle", 0, 1) == gone
    assert task.refusal("finishDay", 0) == gone
    assert task.read("stakeWei") == task.read("endsAt") == 0


def test_a_task_that_has_begun_cannot_be_cancelled(task: Task) -> None:
    task.at(0)
    now = task.town.now
    assert task.refusal("cancel", by=CREATOR) == Refusal("TooLate", (task.number, now, task.begins(0)))


def test_a_task_that_was_never_created_is_unknown(town: Town) -> None:
    unknown = Refusal("UnknownTask", (1,))
    for name, args in (
        ("cancel", ()),
        ("stake", (2, FML, 0, 0)),
        ("openPool", (0,)),
        ("unlock", (DAO.address,)),
        ("claim", (0, DAO.address)),
        ("commitSubmission", (SALT,)),
        ("revealSubmission", (SALT, 1, SALT)),
        ("commitScores", (SALT,)),
        ("revealDatasetB", (SALT, SALT)),
        ("enterFinal", ([],)),
        ("settle", (0, 1)),
        ("finishDay", (0,)),
        ("params", ()),
        ("state", ()),
        ("stakeOf", (DAO.address,)),
        ("endsAt", ()),
    ):
        assert town.arena.refusal(name, 1, *args, by=OUTSIDER) == unknown
    assert town.arena.read("stakeWei", 1) == 0
