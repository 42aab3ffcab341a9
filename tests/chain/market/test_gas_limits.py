"""The limits that transactions carry are above what they use, and below what a transaction can."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fair import DELEGATOR, FML, NODES, OUTSIDER, PARAMS, VALIDATORS, Fair, Task

from fl_alliance.chain.arena_gas import FINAL_NODES, GAS, enter_gas, reveal_scores_gas, settle_gas, settlement_batch
from fl_alliance.chain.gas import MOST
from fl_alliance.chain.rules.arena_consensus import WORST

FIGURES = json.loads((Path(__file__).parents[1] / "gas.json").read_text("utf-8"))
MOST_WORDS, MOST_VALIDATORS = 4_096 // 8, 256
ROOM = 1.2


def used(fair: Fair) -> int:
    return int(fair.rpc("eth_getBlockByNumber", "latest", False)["gasUsed"], 16)


@pytest.mark.parametrize(
    ("call", "limit"),
    [
        ("claim", GAS["claim"]),
        ("commit_scores", GAS["commitScores"]),
        ("commit_submission", GAS["commitSubmission"]),
        ("finish_day", GAS["finishDay"]),
        ("reveal_submission", GAS["revealSubmission"]),
        ("reveal_scores", reveal_scores_gas(3)),
        ("settle", settle_gas(29, 5)),
    ],
)
def test_a_limit_leaves_room_above_the_measured_figure(call: str, limit: int) -> None:
    assert ROOM * FIGURES[f"arena_24_5_{call}"] < limit <= MOST


@pytest.mark.parametrize(("validators", "places"), [(10, 8), (10, 16), (30, 8), (30, 16)])
def test_the_limit_of_a_settlement_grows_as_its_cost_does(validators: int, places: int) -> None:
    assert ROOM * FIGURES[f"arena_settle_{validators}_{places}"] < settle_gas(places, validators)


def test_what_is_sent_in_portions_fits_a_transaction() -> None:
    assert all(settle_gas(settlement_batch(n), n) <= MOST for n in range(MOST_VALIDATORS))
    # One place in front of all validators there can be still fits, a next one beside it too.
    assert settlement_batch(MOST_VALIDATORS) > 1
    assert settle_gas(10**6, 0) == MOST
    assert enter_gas(FINAL_NODES) < MOST
    assert reveal_scores_gas(MOST_WORDS) < MOST


def test_the_dearest_place_to_settle_takes_from_a_pool_too(fair: Fair) -> None:
    task = Task.created(fair, replace(PARAMS, slash_bps=9_000))
    for node in NODES:
        fair.pool(DELEGATOR, fair.arena(node).open_pool(task.number, 0)).deposit(3_000 * FML)
    task.submit()
    task.score(0, WORST, WORST)
    fair.wait_until(task.times(0).settle_at)
    costs = []
    for _ in range(2):
        fair.arena(OUTSIDER).settle(task.number, 0, 1)
        costs.append(used(fair))
    assert fair.arena(OUTSIDER).stake_of(task.number, NODES[1].address).delegated_wei == 400 * FML
    assert max(costs) < settle_gas(1, len(VALIDATORS)) - settle_gas(0, 0)
