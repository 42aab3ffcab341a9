"""What days cost, and that a crowded one needs no transaction above the gas limit of one (EIP-7825)."""

import random
from collections.abc import Callable
from itertools import product

import pytest
from arena_town import FML, Task, Town, behind_snapshot
from federation import GAS

BATCH = 32
"""Places that are settled at once in front of 100 validators."""


def crowded(town: Town, nodes: int, validators: int) -> tuple[Task, dict[str, int]]:
    """Play a day to its settlement, everybody scoring everything; return it and the most that each call cost."""
    chance = random.Random(1)
    task = Task.create(town, validator_limit=2 * nodes, paid_nodes=64, paid_validators=64)
    task.join_nodes(*[100] * nodes)
    task.join_validators(*(chance.randrange(1_000, 2_000) for _ in range(validators)))
    gas = {}
    task.at(0)
    gas["commit_submission"] = max(task.commit(0, node).gas_used for node in task.nodes)
    task.to_reveals(0)
    gas["reveal_submission"] = max(task.reveal(0, node).gas_used for node in task.nodes)
    task.to_scores(0)
    true = [chance.randrange(10**6) for _ in range(nodes)]
    said = {v: [loss + chance.randrange(1_000) for loss in true] for v in task.validators}
    gas["commit_scores"] = max(task.commit_scores(0, v, scores).gas_used for v, scores in said.items())
    task.to_score_reveals(0)
    gas["reveal_scores"] = max(task.reveal_scores(0, v, scores).gas_used for v, scores in said.items())
    task.to_settlement(0)
    return task, gas


def settled(task: Task, count: int) -> int:
    return task.send("settle", 0, count).gas_used


def test_what_each_call_of_a_day_costs(town: Town, gas_figure: Callable[[str, int], None]) -> None:
    task, gas = crowded(town, 24, 5)
    gas["settle"] = settled(task, 29)
    task.at(1)
    gas["finish_day"] = task.send("finishDay", 0).gas_used
    gas["claim"] = task.send("claim", 0, task.nodes[0].address).gas_used
    for name, figure in gas.items():
        gas_figure(f"arena_24_5_{name}", figure)


def test_a_batch_in_front_of_100_validators_stays_below_the_gas_limit(
    town: Town, gas_figure: Callable[[str, int], None]
) -> None:
    """From first batches of 8 and 16 places before 10 and 30 validators: a, b a validator, c a place, d a score."""
    cost: dict[tuple[int, int], int] = {}
    for validators in (10, 30):
        with behind_snapshot(town) as copy:
            task, _ = crowded(copy, 16, validators)
            for places in (8, 16):
                mark = copy.rpc("evm_snapshot")
                cost[validators, places] = settled(task, places)
                copy.back_to(mark)
    for validators, places in product((10, 30), (8, 16)):
        gas_figure(f"arena_settle_{validators}_{places}", cost[validators, places])
    score = (cost[30, 16] - cost[30, 8] - cost[10, 16] + cost[10, 8]) / (20 * 8)
    place = (cost[10, 16] - cost[10, 8]) / 8 - 10 * score
    validator = (cost[30, 8] - cost[10, 8]) / 20 - 8 * score
    fixed = cost[10, 8] - 10 * validator - 8 * place - 80 * score
    assert score < 3_500
    assert fixed + 100 * validator + BATCH * place + 100 * BATCH * score < GAS


@pytest.mark.slow
def test_1000_submissions_and_100_validators_settle_below_the_gas_limit(town: Town) -> None:
    task, gas = crowded(town, 1_000, 100)
    batches = []
    while task.day_state(0)["settled"] < 1_000:
        batches.append(settled(task, BATCH))
    batches.append(settled(task, 100))
    task.at(1)
    finish = task.send("finishDay", 0).gas_used
    assert max(*gas.values(), *batches, finish) < GAS
    assert len(task.read("ranking", 0)) == 64
    assert task.stake_of(task.nodes[0])["own"] == 100 * FML
