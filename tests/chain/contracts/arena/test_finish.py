"""Finishing days: what they pay out of the emission and the creator's fund, and in which order."""

import pytest
from arena_town import DAO, DAY, FML, OUTSIDER, Handle, Task, Town
from federation import Refusal

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.arena_pay import held, task_pools
from fl_alliance.chain.rules.emission import daily_wei


@pytest.fixture
def verified(town: Town) -> Task:
    """A task that lives on the emission alone, the only one that is verified."""
    task = Task.create(town, daily_wei=0)
    task.join_nodes(1_000, 2_000)
    task.join_validators(1_000, 1_000)
    town.emission.send("verify", town.arena.address, task.number)
    return task


def close_days(town: Town) -> None:
    town.close_through(town.emission.read("today") - 1)


def test_a_verified_task_draws_its_share_of_the_emission(verified: Task) -> None:
    town = verified.town
    verified.submit(0)
    verified.score_alike(0, 100, 200)
    verified.to_settlement(0)
    verified.send("settle", 0, 100)
    verified.at(1)
    day = verified.params["first_day"]
    assert verified.refusal("finishDay", 0) == Refusal("DayNotClosed", (day, 0))
    close_days(town)
    event = verified.finish_event(0)
    assert event["drawnWei"] == event["rewardWei"] == daily_wei(day)
    nodes_wei, validators_wei = task_pools(daily_wei(day), 3_000, 2_000, 0)
    assert held(nodes_wei, 1_000) == (event["nodesNowWei"], event["nodesHeldWei"])
    assert held(validators_wei, 1_000) == (event["validatorsNowWei"], event["validatorsHeldWei"])


def test_emission_and_fund_are_paid_together(town: Town) -> None:
    task = Task.create(town)
    task.join_nodes(1_000)
    task.join_validators(1_000)
    town.emission.send("verify", town.arena.address, task.number)
    task.submit(0)
    task.score_alike(0, 100)
    task.to_settlement(0)
    task.send("settle", 0, 100)
    task.at(1)
    close_days(town)
    event = task.finish_event(0)
    assert event["rewardWei"] == event["drawnWei"] + 200 * FML == daily_wei(1) + 200 * FML
    assert task.state["fund"] == 800 * FML


def test_a_day_without_a_ranked_submission_draws_nothing(verified: Task) -> None:
    town = verified.town
    verified.submit(0)
    verified.score_alike(0, WORST, WORST)
    verified.to_settlement(0)
    verified.send("settle", 0, 100)
    verified.at(1)
    close_days(town)
    event = verified.finish_event(0)
    assert event["rewardWei"] == 0
    drawable = town.emission.read("drawableWei", town.arena.address, verified.number, 1)
    assert drawable == daily_wei(1)
    town.wait_until(town.now + 8 * DAY)
    supply = town.fml.read("totalSupply")
    town.emission.send("lapse", 1)
    assert town.fml.read("totalSupply") == supply - drawable


def test_what_was_not_drawn_in_time_does_not_hold_the_task_up(verified: Task) -> None:
    verified.submit(0)
    verified.score_alike(0, 100, 200)
    verified.to_settlement(0)
    verified.send("settle", 0, 100)
    verified.at(2)
    close_days(verified.town)
    verified.at(12)
    event = verified.finish_event(0)
    assert event["drawnWei"] == event["rewardWei"] == 0
    assert event["nodesNowWei"] == 0


def test_a_stake_that_changes_during_the_day_changes_the_emissions_shares(verified: Task) -> None:
    """What joins one of two verified tasks counts for the emission on that very day."""
    town = verified.town
    other = Task.create(town, daily_wei=0, creator_stake_wei=6_000 * FML)
    town.emission.send("verify", town.arena.address, other.number)
    verified.submit(0)
    verified.score_alike(0, 100, 200)
    town.emission.send("sync", town.arena.address, other.number, by=OUTSIDER)
    verified.send("stake", 2, 50 * FML, 0, 0, by=verified.nodes[0])
    verified.to_settlement(0)
    verified.send("settle", 0, 100)
    verified.at(1)
    close_days(town)
    drawn = verified.finish_event(0)["drawnWei"]
    assert drawn == daily_wei(1) * 6_050 // 12_050


def test_days_are_finished_in_order_when_they_are_over_and_settled(task: Task) -> None:
    task.submit(0)
    task.score_alike(0, 1, 2, 3)
    task.to_settlement(0)
    assert task.refusal("finishDay", 1) == Refusal("WrongDay", (task.number, 1, 0))
    assert task.refusal("finishDay", 6) == Refusal("UnknownDay", (task.number, 6, 6))
    assert task.refusal("finishDay", 0) == Refusal("TooEarly", (task.number, task.town.now, task.begins(1)))
    task.at(1)
    assert task.refusal("finishDay", 0) == Refusal("NotSettled", (task.number, 0, 6))
    task.send("settle", 0, 5)
    assert task.refusal("finishDay", 0) == Refusal("NotSettled", (task.number, 0, 1))
    task.send("settle", 0, 5)
    task.send("finishDay", 0, by=OUTSIDER)
    assert task.refusal("finishDay", 0) == Refusal("WrongDay", (task.number, 0, 1))


def test_both_sides_get_the_floor_whatever_their_stakes(town: Town) -> None:
    task = Task.create(town, floor_bps=2_000)
    task.join_nodes(100)
    task.join_validators(900)
    event = task.play(0, 100)
    nodes_wei = event["nodesNowWei"] + event["nodesHeldWei"]
    assert nodes_wei == 200 * FML * 26 // 100  # .2 + .6 * .1


def test_the_worked_check_of_two_nodes_and_three_validators(town: Town) -> None:
    """Own stakes part the reward: nodes get 108,622.97; all stakes the pools: A with its delegators gets 58,087.4."""
    q_wad = 498_565 * 10**18 // 501_435
    task = Task.create(town, daily_wei=daily_wei(0), day_count=1, rank_wad=q_wad)
    node, _ = task.join_nodes(3_000, 3_500)
    task.join_validators(3_000, 6_000, 3_000)
    task.delegate(node, 1_000)
    event = task.play(0, 100, 200)
    nodes_wei = event["nodesNowWei"] + event["nodesHeldWei"]
    assert round(nodes_wei / FML, 2) == 108_622.97
    share = task.submission(0, node)["share"]
    assert round(nodes_wei * share / 10**18 / FML, 1) == 58_087.4


def test_only_the_best_validators_are_paid(town: Town) -> None:
    task = Task.create(town, paid_validators=2)
    task.join_nodes(100)
    honest, lazy, near = task.join_validators(1_000, 1_000, 1_000)
    task.submit(0)
    task.score(0, {honest: (100_000,), lazy: (700_000,), near: (101_000,)})
    task.finish(0)
    shares = [task.validation(0, validator)["share"] for validator in (honest, lazy, near)]
    assert shares[1] == 0
    assert shares[0] > 0
    assert shares[2] > 0


def test_of_equally_good_validators_the_earlier_is_paid_and_a_better_one_before_both(town: Town) -> None:
    task = Task.create(town, paid_validators=1)
    task.join_nodes(100)
    lazy, twin, later = task.join_validators(1_000, 1_000, 2_500)
    task.submit(0)
    task.score(0, {lazy: (105_000,), twin: (105_000,), later: (100_000,)})
    task.finish(0)
    agreed = task.submission(0, task.nodes[0])["score"]
    weights = [task.validation(0, validator)["fits"] for validator in (lazy, twin, later)]
    shares = [task.validation(0, validator)["share"] for validator in (lazy, twin, later)]
    assert agreed == 100_000
    assert weights[0] == weights[1] < weights[2]
    assert shares == [0, 0, 10**18]
    task.submit(1)
    task.score(1, {lazy: (105_000,), twin: (105_000,)})
    task.finish(1)
    assert [task.validation(1, validator)["share"] for validator in (lazy, twin)] == [10**18, 0]


def test_a_task_that_is_no_longer_verified_draws_nothing(verified: Task) -> None:
    town = verified.town
    verified.at(0)
    town.emission.send("unverify", town.arena.address, verified.number, by=DAO)
    verified.submit(0)
    verified.score_alike(0, 100, 200)
    verified.to_settlement(0)
    verified.send("settle", 0, 100)
    verified.at(1)
    close_days(town)
    assert verified.finish_event(0)["drawnWei"] == 0


def test_a_contract_settles_finishes_and_claims_like_anybody(task: Task) -> None:
    """A keeper may be a contract: what audits read is events."""
    keeper = Handle(task.town, "Arena", task.town.deploy("Forwarder", task.arena.address).address)
    task.submit(0)
    task.score_alike(0, 100, 200, 300)
    task.to_settlement(0)
    keeper.send("settle", task.number, 0, 100, by=OUTSIDER)
    task.at(1)
    keeper.send("finishDay", task.number, 0, by=OUTSIDER)
    receipt = keeper.send("claim", task.number, 0, task.nodes[0].address, by=OUTSIDER)
    assert task.arena.events(receipt, "Claimed")[0]["account"] == task.nodes[0].address
