"""The B day: dataset B, everybody's best submission, Reward B, and what happens where it comes to nothing."""

from arena_town import CREATOR, DATASET_B, FML, OUTSIDER, REVEALED, SALT, Task, Town
from federation import Refusal

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.arena_pay import paid
from fl_alliance.chain.rules.words import keccak

WINDOW = 21_600 + 3_600


def short(town: Town, **changes: object) -> Task:
    """A task of two days with two nodes and two validators."""
    task = Task.create(town, day_count=2, **changes)
    task.join_nodes(1_000, 1_000)
    task.join_validators(1_000, 1_000)
    return task


def test_dataset_b_is_opened_on_the_b_day_by_whoever_can(town: Town) -> None:
    task = short(town)
    call = ("revealDatasetB", DATASET_B, SALT)
    assert task.refusal(*call) == Refusal("TooEarly", (task.number, town.now, task.begins(2)))
    task.at(2)
    wrong = task.refusal("revealDatasetB", keccak(b"another"), SALT, by=CREATOR)
    assert (wrong.name, wrong.values[1]) == ("WrongOpening", task.params["dataset_b"])
    event = task.arena.events(task.send(*call, by=OUTSIDER), "DatasetBRevealed")
    assert event == [{"task": task.number, "digest": DATASET_B}]
    assert task.state["dataset_b"] == DATASET_B
    assert task.refusal(*call) == Refusal("AlreadyDone", (task.number, 2, CREATOR.address))


def test_dataset_b_comes_before_validators_begin_or_never(town: Town) -> None:
    task = short(town)
    task.at(2, WINDOW)
    assert task.refusal("revealDatasetB", DATASET_B, SALT) == Refusal(
        "TooLate", (task.number, town.now, task.begins(2) + WINDOW)
    )


def test_the_best_submission_of_each_node_takes_part_once(town: Town) -> None:
    task = short(town)
    first, second = task.nodes
    task.play(0, 500, 200)
    task.play(1, 300, 400)
    task.at(2)
    receipt = task.send("enterFinal", [second.address, first.address, second.address], by=OUTSIDER)
    entered = [(e["node"], e["place"], e["ofDay"], e["ofPlace"]) for e in task.arena.events(receipt, "FinalEntered")]
    assert entered == [(second.address, 0, 0, 1), (first.address, 1, 1, 0)]
    found = task.submission(2, first)
    assert (found["digest"], found["verdict"]) == (task.model(1, first), REVEALED)
    assert task.submission(2, second)["digest"] == task.model(0, second)


def test_of_equally_good_submissions_of_a_node_the_earlier_takes_part(town: Town) -> None:
    task = short(town)
    task.play(0, 300, 200)
    task.play(1, 300, 100)
    task.at(2)
    receipt = task.send("enterFinal", [node.address for node in task.nodes])
    assert [event["ofDay"] for event in task.arena.events(receipt, "FinalEntered")] == [0, 1]


def test_nobody_enters_before_all_days_are_finished_or_without_a_submission(town: Town) -> None:
    task = short(town)
    task.play(0, 500, WORST)
    task.at(2)
    first, second = task.nodes
    assert task.refusal("enterFinal", [first.address]) == Refusal("WrongDay", (task.number, 2, 1))
    task.finish(1)
    assert task.refusal("enterFinal", [second.address]) == Refusal("NothingToEnter", (task.number, second.address))
    assert task.refusal("commitSubmission", SALT, by=first) == Refusal(
        "TooLate", (task.number, town.now, task.begins(2))
    )
    task.at(2, WINDOW)
    assert task.refusal("enterFinal", [first.address]).name == "TooLate"


def test_without_dataset_b_there_is_nothing_to_score(town: Town) -> None:
    task = short(town)
    task.play(0, 500, 200)
    task.finish(1)
    task.at(2)
    task.send("enterFinal", [node.address for node in task.nodes])
    task.to_scores(2)
    assert task.refusal("commitScores", SALT, by=task.validators[0]) == Refusal("NothingToScore", (task.number, 2))


def test_reward_b_goes_by_the_ranks_on_dataset_b(town: Town) -> None:
    """Who looked the answers of dataset A up is first there, and last where it counts for nine tenths."""
    task = short(town)
    looker, honest = task.nodes
    task.play(0, 0, 300_000)
    task.play(1, 0, 300_000)
    held_wei = task.state["held_nodes"] + task.state["held_validators"]
    pool_wei = task.state["pool"]
    event = task.play_final(900_000, 310_000)
    assert event["rewardWei"] == held_wei + pool_wei
    assert (task.state["held_nodes"], task.state["held_validators"], task.state["pool"]) == (0, 0, 0)
    assert task.claim(2, honest)["paidWei"] > task.claim(2, looker)["paidWei"]
    assert task.read("ranking", 2) == (1, 0)


def test_fees_and_slashes_are_paid_out_with_reward_b(town: Town) -> None:
    task = short(town)
    task.join_nodes(1_000)
    task.play(0, 100, 200, WORST)
    task.finish(1)
    pool_wei = task.state["pool"]
    assert 102 * FML <= pool_wei < 102 * FML + 1_000
    task.nodes, out = task.nodes[:2], task.nodes[2:]
    event = task.play_final(100, 200)
    assert event["nodesNowWei"] + event["validatorsNowWei"] in range(180 * FML + pool_wei - 1_000, 180 * FML + pool_wei)
    task.nodes += out
    task.pay_out()
    assert town.balance(task.arena.address) == 0


def test_what_was_held_is_paid_by_each_days_shares_where_nobody_scores_dataset_b(town: Town) -> None:
    task = short(town)
    task.play(0, 100, 200)
    task.play(1, 400, 300)
    early = task.claim(0, task.nodes[0])["paidWei"]
    supply = town.fml.read("totalSupply")
    task.finish(2)
    state = task.state
    assert (state["phase"], state["fell_back"]) == (3, True)
    burned = supply - town.fml.read("totalSupply")
    assert 0 <= burned < 1_000  # what rounding left; nobody was slashed
    for day in (0, 1):
        for key in (*task.nodes, *task.validators):
            node = key in task.nodes
            share = (task.submission if node else task.validation)(day, key)["share"]
            sums = task.day_state(day)
            names = ("nodes_now", "nodes_held") if node else ("validators_now", "validators_held")
            due = [paid(sums[name], share) for name in names]
            claimed = task.claim(day, key)
            if (day, key) == (0, task.nodes[0]):
                assert early == due[0]
                assert claimed["paidWei"] == due[1]
            else:
                assert claimed["paidWei"] == sum(due)
            assert task.refusal("claim", day, key.address) == Refusal("NothingThere", ())
    assert task.state["owed"] == task.state["held_nodes"] == task.state["held_validators"] == 0


def test_a_worst_consensus_on_dataset_b_is_slashed_too(town: Town) -> None:
    task = short(town)
    task.play(0, 100, 200)
    task.finish(1)
    task.play_final(WORST, 200)
    assert task.stake_of(task.nodes[0])["own"] == 900 * FML
    assert task.read("ranking", 2) == (1,)


def test_slashes_that_no_b_day_pays_out_are_burned(town: Town) -> None:
    task = short(town)
    task.play(0, WORST, 200)
    task.finish(1)
    supply = town.fml.read("totalSupply")
    pool_wei = task.state["pool"]
    (event,) = task.arena.events(task.finish_receipt(2), "TaskCompleted")
    assert event == {"task": task.number, "fellBack": True, "burnedWei": pool_wei}
    assert supply - town.fml.read("totalSupply") == pool_wei > 100 * FML
