"""The worked table of the specification: 200 FML a day, half to nodes, five days, a tenth paid at once."""

import pytest
from arena_town import CREATOR, FML, Task

from fl_alliance.chain.rules.arena_pay import held, paid, task_pools
from fl_alliance.chain.rules.ranking import node_shares

SHARES = node_shares([1_000 * FML] * 3, 85 * 10**16)


@pytest.fixture
def played(task: Task) -> Task:
    """Five days in which the first node is the best and the third the worst, and dataset B says the same."""
    for day in range(5):
        task.play(day, 100_000, 200_000, 300_000)
    task.play_final(110_000, 210_000, 310_000)
    return task


def test_reward_a_is_paid_daily_by_rank(played: Task) -> None:
    (nodes_wei, _) = task_pools(200 * FML, 3, 3, 0)
    now_wei, _ = held(nodes_wei, 1_000)
    for day in range(5):
        earned = [played.claim(day, node)["paidWei"] for node in played.nodes]
        assert [round(wei / FML, 1) for wei in earned] == [3.9, 3.3, 2.8]
        assert earned == [paid(now_wei, share) for share in SHARES]


def test_reward_b_pays_what_five_days_held(played: Task) -> None:
    earned = [played.claim(5, node)["paidWei"] for node in played.nodes]
    total_wei = played.day_state(5)["nodes_now"]
    assert earned == [paid(total_wei, share) for share in SHARES]
    assert abs(total_wei - 450 * FML) < 1_000  # five times what rounding left
    # The table takes shares of .39, .33 and .28.
    shares = [round(wei / total_wei, 2) for wei in earned]
    assert shares == [0.39, 0.33, 0.28]
    assert [round(90 * share, 1) for share in shares] == [35.1, 29.7, 25.2]


def test_everything_that_came_in_goes_out(played: Task) -> None:
    before = played.town.balance(CREATOR)
    played.pay_out()
    assert played.town.balance(played.arena.address) == 0
    assert played.town.balance(CREATOR) == before + 1_000 * FML
