"""What a crowded day costs: no transaction is above the gas limit of one (EIP-7825)."""

import os
import random

import pytest
from arena_town import FML, Task, Town
from federation import GAS

CROWD = pytest.mark.skipif(
    os.environ.get("ARENA_CROWD") != "1", reason="plays 1,000 submissions and 100 validators; ARENA_CROWD=1 does"
)


def crowded(town: Town, nodes: int, validators: int) -> tuple[Task, int]:
    """Play a day to its settlement, everybody scoring everything at random; return it and the most gas of a transaction."""
    chance = random.Random(1)
    task = Task.create(town, validator_limit=2 * nodes, paid_nodes=64, paid_validators=64)
    task.join_nodes(*[100] * nodes)
    task.join_validators(*(chance.randrange(1_000, 2_000) for _ in range(validators)))
    task.at(0)
    most = max(task.commit(0, node).gas_used for node in task.nodes)
    task.to_reveals(0)
    most = max(most, *(task.reveal(0, node).gas_used for node in task.nodes))
    task.to_scores(0)
    true = [chance.randrange(10**6) for _ in range(nodes)]
    said = {v: [loss + chance.randrange(1_000) for loss in true] for v in task.validators}
    most = max(most, *(task.commit_scores(0, v, scores).gas_used for v, scores in said.items()))
    task.to_score_reveals(0)
    most = max(most, *(task.reveal_scores(0, v, scores).gas_used for v, scores in said.items()))
    task.to_settlement(0)
    return task, most


def settled(task: Task, *counts: int) -> list[int]:
    """Settle in batches of these sizes and return what each cost."""
    return [task.send("settle", 0, count).gas_used for count in counts]


def test_a_batch_costs_what_its_places_and_validators_do(town: Town) -> None:
    """The slope from which it follows how many places a batch takes with 100 validators."""
    nodes, validators = 48, 20
    task, _ = crowded(town, nodes, validators)
    first, small, large, _ = settled(task, 8, 8, 32, validators)
    a_place = (large - small) / 24
    a_score = a_place / validators
    fixed = small - 8 * a_place
    print(first, small, large, a_place, a_score, fixed)


@CROWD
@pytest.mark.slow
def test_1000_submissions_and_100_validators_settle_below_the_gas_limit(town: Town) -> None:
    task, most = crowded(town, 1_000, 100)
    gas = []
    while task.day_state(0)["settled"] < 1_000:
        gas += settled(task, 32)
        print(gas[-1])
    gas += settled(task, 100)
    task.at(1)
    finish = task.send("finishDay", 0).gas_used
    print(most, max(gas), sum(gas), finish)
    assert max(most, finish, *gas) < GAS
    assert len(task.read("ranking", 0)) == 64
    assert task.stake_of(task.nodes[0])["own"] == 100 * FML
