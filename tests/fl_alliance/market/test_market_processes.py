"""A whole market of processes on loopback: from an empty chain to the last claim, with kills on its first day."""

import json
from collections.abc import Iterator

import kill
import pytest

from fl_alliance.market.keys import development_key

FML = 10**18
DAYS, DAILY = 2, 200
EVERYBODY = ("keep", "trainer", "other-trainer", "validator", "other-validator")
DELEGATOR = development_key(kill.DELEGATOR).address
TRAINER, VALIDATOR = development_key(kill.TRAINER).address, development_key(kill.VALIDATOR).address
NODES = {TRAINER, development_key(kill.OTHER_TRAINER).address}


@pytest.fixture(scope="module")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator["kill.Town"]:
    """A task of two days that five processes took part in and a delegator put 50 FML into, to its end.

    Until the first day's scores a trainer and a validator are killed at random points, twice each.
    """
    day_s = kill.day_that_suits_s()
    with kill.Town(tmp_path_factory.mktemp("market"), day_s) as town:
        kill.open_market(town, DAYS)
        kill.populate(town)
        town.run("delegate", "1", TRAINER, "50")
        kill.kill_at_random(town, 2, 0, seed=3)
        town.await_end(EVERYBODY, (DAYS + 5) * day_s)
        yield town


def test_killed_at_random_points_nothing_is_done_twice_nothing_lost_and_every_wei_is_somewhere(
    whole_town: "kill.Town",
) -> None:
    found = kill.find(whole_town)
    assert found.is_well, found
    assert found.submissions == dict.fromkeys(NODES, DAYS)
    assert found.validations[VALIDATOR] == DAYS + 1
    assert found.claimed_wei[TRAINER] > 0
    assert found.claimed_wei[VALIDATOR] > 0
    paid_wei = sum(found.claimed_wei.values())
    assert DAYS * DAILY * FML * 0.9 < paid_wei <= DAYS * DAILY * FML


def test_who_is_left_running_is_told_what_it_did_and_earned(whole_town: "kill.Town") -> None:
    trained, scored, last = whole_town.log("trainer"), whole_town.log("validator"), DAYS - 1
    assert f"day {last}: committed to model" in trained
    assert f"day {last}: revealed and published model" in trained
    assert f"day {last}: revealed scores of 2 submissions" in scored
    assert "day 0 is over: 1st of 2" in trained
    assert "% wrong; earned" in trained
    assert "task 1 is over: earned" in trained
    assert "took out 100.0000 FML" in trained
    assert "revealed and published dataset B" in whole_town.log("keep")
    assert "Traceback" not in trained + scored + whole_town.log("keep")


def test_nothing_is_left_to_claim_and_status_says_so(whole_town: "kill.Town") -> None:
    assert "nothing to claim now" in whole_town.run("claim", "1", "all")
    found = json.loads(whole_town.run("status", "1", "--json"))["tasks"][0]
    assert (found["facts"]["phase"], found["facts"]["finished_days"]) == ("completed", DAYS + 1)
    assert {part["account"]: (part["own_wei"], part["due_wei"]) for part in found["parts"]}[TRAINER] == ("0", "0")
    assert "it is over" in whole_town.run("status", "1")


def test_the_leaderboard_says_who_was_best_and_adds_up_to_what_was_paid(whole_town: "kill.Town") -> None:
    found = json.loads(whole_town.run("leaderboard", "1", "--json"))
    assert found["is_final"]
    best, second = found["nodes"]
    assert ({best["node"], second["node"]}, best["rank"], second["rank"]) == (NODES, 1, 2)
    assert best["score"] <= second["score"]
    assert best["score_words"].endswith("% wrong")
    earned_wei = sum(int(row["earned_wei"]) for row in found["nodes"] + found["validators"])
    claimed_wei = sum(kill.find(whole_town).claimed_wei.values())
    assert claimed_wei <= earned_wei <= DAYS * DAILY * FML
    assert "1st" in whole_town.run("leaderboard", "1", "--day", "0")


def test_a_delegator_gets_more_back_than_it_gave(whole_town: "kill.Town") -> None:
    behind = json.loads(whole_town.run("status", "1", "--json"))["tasks"][0]["delegations"]
    assert [(found["account"], found["delegate"]) for found in behind] == [(DELEGATOR, TRAINER)]
    assert int(behind[0]["worth_wei"]) > 50 * FML
    assert "came back" in whole_town.run("undelegate", "1", TRAINER, "--wait")
    assert kill.find(whole_town).is_well
    assert "nothing behind" in whole_town.run("undelegate", "1", TRAINER, code=2)


def test_a_finished_task_is_left_at_once_by_who_comes_again(whole_town: "kill.Town") -> None:
    before = kill.find(whole_town)
    assert "completed" in whole_town.run("train", "1", "delegation.accept=true")
    assert kill.find(whole_town).claimed_wei == before.claimed_wei
    assert "is completed" in whole_town.run("train", "1", "key.development=7", code=2)
    assert "cannot be validator too" in whole_town.run("validate", "1", "key.development=1", code=2)
