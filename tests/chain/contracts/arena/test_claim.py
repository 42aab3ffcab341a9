"""Claims: once for each day and account, to the account itself, whoever calls."""

from arena_town import FML, OUTSIDER, Task
from federation import Refusal

NOTHING = Refusal("NothingThere", ())


def test_an_account_is_paid_once_for_a_day(task: Task) -> None:
    task.play(0, 100, 200, 300)
    for key in (*task.nodes, *task.validators):
        before = task.town.balance(key)
        event = task.claim(0, key)
        assert task.town.balance(key) == before + event["paidWei"] + event["feeWei"]
        assert task.refusal("claim", 0, key.address) == NOTHING
    assert task.state["owed"] == task.state["held_nodes"] + task.state["held_validators"]


def test_nothing_is_paid_before_the_day_is_finished_or_to_who_took_no_part(task: Task) -> None:
    task.submit(0, task.nodes[:2])
    task.score_alike(0, 100, 200)
    task.to_settlement(0)
    task.send("settle", 0, 100)
    assert task.refusal("claim", 0, task.nodes[0].address) == NOTHING
    task.at(1)
    task.send("finishDay", 0)
    for key in (task.nodes[2], OUTSIDER):
        assert task.refusal("claim", 0, key.address) == NOTHING
    assert task.refusal("claim", 1, task.nodes[0].address) == NOTHING
    assert task.refusal("claim", 6, task.nodes[0].address) == Refusal("UnknownDay", (task.number, 6, 6))
    assert task.claim(0, task.nodes[0])["feeWei"] == 2 * FML


def test_several_days_are_claimed_in_one_transaction(task: Task) -> None:
    node = task.nodes[0]
    for day in range(3):
        task.play(day, 100, 200, 300)
    calls = [task.arena.encode("claim", task.number, day, node.address) for day in range(3)]
    receipt = task.arena.send("multicall", calls)
    assert [event["day"] for event in task.arena.events(receipt, "Claimed")] == [0, 1, 2]


def test_shares_of_a_day_add_up_to_what_it_owes(task: Task) -> None:
    owed = task.state["owed"]
    task.play(0, 100, 200, 300)
    state, sums = task.state, task.day_state(0)
    total = sum(sums[name] for name in ("nodes_now", "nodes_held", "validators_now", "validators_held"))
    assert total == 200 * FML
    assert state["owed"] - owed - 6 * FML + state["pool"] == total
    assert state["pool"] < 1_000
