"""Staking as node or validator, locks, and what counts on which day."""

import pytest
from arena_town import CREATOR, FML, NODE, OUTSIDER, SALT, VALIDATOR, Task
from federation import GWEI, Refusal

from fl_alliance.chain.rules.locks import counted


def test_an_account_is_a_node_or_a_validator_of_a_task_never_both(task: Task) -> None:
    node, validator = task.nodes[0], task.validators[0]
    assert task.refusal("stake", VALIDATOR, 500 * FML, 0, 1, by=node) == Refusal(
        "WrongRole", (task.number, node.address, NODE)
    )
    assert task.refusal("stake", NODE, 500 * FML, 0, 0, by=validator) == Refusal(
        "WrongRole", (task.number, validator.address, VALIDATOR)
    )
    assert task.refusal("stake", NODE, 500 * FML, 0, 0, by=CREATOR) == Refusal(
        "WrongRole", (task.number, CREATOR.address, 1)
    )


@pytest.mark.parametrize("role", [0, 1])
def test_only_nodes_and_validators_stake_later(task: Task, role: int) -> None:
    assert task.refusal("stake", role, 500 * FML, 0, 0, by=OUTSIDER) == Refusal("BadParameter", ("role", role))


@pytest.mark.parametrize(("role", "least", "vrf_x"), [(NODE, 100 * FML, 0), (VALIDATOR, 250 * FML, 1)])
def test_the_first_stake_is_the_least_or_more(task: Task, role: int, least: int, vrf_x: int) -> None:
    below = least - GWEI
    assert task.refusal("stake", role, below, 0, vrf_x, by=OUTSIDER) == Refusal(
        "StakeTooLow", (below // GWEI, least // GWEI)
    )
    task.send("stake", role, least, 0, vrf_x, by=OUTSIDER)
    assert task.stake_of(OUTSIDER)["own"] == least


def test_a_validator_brings_its_key_once_and_a_node_none(task: Task) -> None:
    assert task.refusal("stake", VALIDATOR, 250 * FML, 0, 0, by=OUTSIDER) == Refusal("BadParameter", ("vrfX", 0))
    assert task.refusal("stake", NODE, 100 * FML, 0, 7, by=OUTSIDER) == Refusal("BadParameter", ("vrfX", 7))
    assert task.refusal("stake", VALIDATOR, FML, 0, 7, by=task.validators[0]) == Refusal("BadParameter", ("vrfX", 7))


def test_a_lock_weighs_more_and_never_gets_shorter(task: Task) -> None:
    node = task.nodes[0]
    task.send("stake", NODE, 50 * FML, 130, 0, by=node)
    stake = task.stake_of(node)
    assert stake["weight"] == counted(1_050 * FML, 130) // GWEI > 1_050 * 10**9
    assert stake["locked_until"] == task.town.now + 130 * 86_400
    assert task.refusal("stake", NODE, FML, 129, 0, by=node) == Refusal("BadParameter", ("lockDays", 129))
    assert task.refusal("stake", NODE, FML, 366, 0, by=node) == Refusal("BadParameter", ("lockDays", 366))


def test_what_is_staked_on_a_day_counts_from_the_next_day_on(task: Task) -> None:
    task.at(0)
    node = task.nodes[0]
    task.send("stake", NODE, 50 * FML, 100, 0, by=node)
    assert task.stake_of(node)["weight"] == 1_000 * 10**9
    task.send("stake", NODE, 50 * FML, 100, 0, by=node)
    assert task.stake_of(node)["weight"] == 1_000 * 10**9
    task.at(1)
    assert task.stake_of(node)["weight"] == counted(1_100 * FML, 100) // GWEI


def test_who_stakes_on_a_day_takes_part_from_the_next_day_on(task: Task) -> None:
    task.at(0)
    task.send("stake", NODE, 100 * FML, 0, 0, by=OUTSIDER)
    too_low = Refusal("StakeTooLow", (0, 100 * 10**9))
    assert task.refusal("commitSubmission", SALT, by=OUTSIDER) == too_low
    task.at(1)
    task.send("commitSubmission", SALT, by=OUTSIDER)


def test_stakes_come_in_until_the_days_on_dataset_a_are_over(task: Task) -> None:
    task.just_before(5)
    task.send("stake", NODE, FML, 0, 0, by=task.nodes[0])
    task.at(5)
    assert task.refusal("stake", NODE, FML, 0, 0, by=task.nodes[0]) == Refusal(
        "TooLate", (task.number, task.begins(5), task.begins(5))
    )


def test_stakes_stay_until_the_task_is_completed_and_their_lock_over(task: Task) -> None:
    locked, free = task.nodes[:2]
    task.send("stake", NODE, 10 * FML, 200, 0, by=locked)
    until = task.stake_of(locked)["locked_until"]
    assert task.refusal("unlock", free.address) == Refusal("WrongPhase", (task.number, 1))
    task.complete_idle()
    before = task.town.balance(free)
    task.send("unlock", free.address, by=OUTSIDER)
    assert task.town.balance(free) == before + 1_000 * FML
    assert task.refusal("unlock", locked.address) == Refusal("TooEarly", (task.number, task.town.now, until))
    task.town.wait_until(until)
    task.send("unlock", locked.address)
    assert task.stake_of(locked)["own"] == 0


def test_a_task_that_nobody_worked_on_pays_its_creator_back(task: Task) -> None:
    before = task.town.balance(CREATOR)
    task.complete_idle()
    task.send("unlock", CREATOR.address)
    assert task.town.balance(CREATOR) == before + 2_000 * FML
    task.pay_out()
    assert task.town.balance(task.arena.address) == 0


def test_the_emission_counts_stakes_on_days_on_dataset_a_only(task: Task) -> None:
    assert task.read("stakeWei") == 0
    task.at(0)
    assert task.read("stakeWei") == task.state["staked"] == 7_000 * FML
    task.at(5)
    assert task.read("stakeWei") == 0
