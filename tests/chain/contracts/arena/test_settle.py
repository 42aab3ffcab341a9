"""Settling a day: consensus, verdicts, slashes, batches."""

from arena_town import COMMITTED, FML, RANKED, UNSCORED, WORST_VERDICT, Task, Town
from federation import Refusal

from fl_alliance.chain.rules.arena_consensus import WORST, consensus

WINDOWS = 50_400


def test_a_day_is_settled_after_its_windows(task: Task) -> None:
    task.submit(0)
    task.score_alike(0, 1, 2, 3)
    task.at(0, WINDOWS - 1)
    assert task.refusal("settle", 0, 1) == Refusal("TooEarly", (task.number, task.town.now, task.begins(0) + WINDOWS))
    task.send("settle", 0, 1)
    assert task.day_state(0)["settled"] == 1


def test_settling_in_batches_comes_to_the_same_as_at_once(town: Town) -> None:
    task = Task.create(town)
    task.join_nodes(*[100] * 11)
    task.join_validators(250, 700, 1_000)
    task.submit(0)
    said = {v: [(7 * i * (place + 3)) % 50 + 100 for place in range(11)] for i, v in enumerate(task.validators, 2)}
    task.score(0, said)
    task.to_settlement(0)
    outcomes = []
    for batches in ((14,), (1, 2, 3, 4, 5), (8, 3, 1, 1, 1), (10, 2, 2)):
        mark = town.rpc("evm_snapshot")
        left = 14
        for count in batches:
            task.send("settle", 0, count)
            left -= min(count, left)
            state = task.day_state(0)
            assert state["commits"] + state["validators"] - state["settled"] - state["judged"] == left
        assert task.refusal("settle", 0, 1) == Refusal("NothingThere", ())
        found = [task.submission(0, node) for node in task.nodes], [task.validation(0, v) for v in task.validators]
        outcomes.append((found, task.read("ranking", 0), task.state))
        town.back_to(mark)
    assert all(outcome == outcomes[0] for outcome in outcomes)
    task.send("settle", 0, 14)


def test_a_day_that_the_task_does_not_have_is_not_settled(task: Task) -> None:
    assert task.refusal("settle", 6, 1) == Refusal("UnknownDay", (task.number, 6, 6))
    task.to_settlement(0)
    assert task.refusal("settle", 0, 1) == Refusal("NothingThere", ())


def test_an_outlier_is_clipped_and_moves_the_consensus_little(town: Town) -> None:
    task = Task.create(town)
    task.join_nodes(100)
    stakes = (1_000, 1_000, 1_500, 1_000)
    task.join_validators(*stakes)
    scores = (100_000, 101_000, 102_000, 4_000_000_000)
    task.submit(0)
    task.score(0, {v: (score,) for v, score in zip(task.validators, scores, strict=True)})
    task.finish(0)
    expected = consensus(scores, [stake * FML for stake in stakes])
    assert task.submission(0, task.nodes[0])["score"] == expected < 103_000


def test_a_submission_that_half_of_the_stake_refuses_loses_fee_and_stake(task: Task) -> None:
    poisoned, *honest = task.nodes
    task.submit(0)
    first, second, third = task.validators
    said = {first: (WORST, 200, 300), second: (WORST, 200, 300), third: (100, 200, 300)}
    task.score(0, said)
    task.to_settlement(0)
    slashed = task.arena.events(task.send("settle", 0, 100), "Slashed")
    assert slashed == [
        {"task": 1, "day": 0, "account": poisoned.address, "ownWei": 100 * FML, "delegatedWei": 0},
    ]
    task.at(1)
    task.send("finishDay", 0)
    assert task.submission(0, poisoned)["verdict"] == WORST_VERDICT
    assert task.stake_of(poisoned)["own"] == 900 * FML
    assert task.refusal("claim", 0, poisoned.address) == Refusal("NothingThere", ())
    assert 0 <= task.state["pool"] - 102 * FML < 1_000  # and what rounding left
    assert [task.submission(0, node)["verdict"] for node in honest] == [RANKED] * 2
    assert task.validation(0, third)["share"] < task.validation(0, second)["share"]


def test_a_submission_that_nobody_scored_gets_its_fee_back(task: Task) -> None:
    task.submit(0)
    task.finish(0)
    assert [task.submission(0, node)["verdict"] for node in task.nodes] == [UNSCORED] * 3
    claimed = task.claim(0, task.nodes[0])
    assert (claimed["paidWei"], claimed["feeWei"], claimed["pushedWei"]) == (0, 2 * FML, 0)
    assert task.state["fund"] == 1_000 * FML


def test_a_validator_that_does_not_reveal_is_slashed_and_not_paid(task: Task) -> None:
    task.submit(0)
    task.to_scores(0)
    silent, *others = task.validators
    for validator in task.validators:
        task.commit_scores(0, validator, (100, 200, 300))
    task.to_score_reveals(0)
    for validator in others:
        task.reveal_scores(0, validator, (100, 200, 300))
    task.finish(0)
    assert task.stake_of(silent)["own"] == 900 * FML
    assert [task.validation(0, validator)["share"] for validator in task.validators] == [0, 10**18 // 2, 10**18 // 2]
    assert task.refusal("claim", 0, silent.address) == Refusal("NothingThere", ())


def test_a_slash_counts_from_the_next_day_on(task: Task) -> None:
    """A day is settled while the next one runs: what counts there was fixed when it began."""
    poisoned = task.nodes[0]
    task.submit(0)
    task.score_alike(0, WORST, 200, 300)
    task.at(1)
    task.send("settle", 0, 100)
    assert task.stake_of(poisoned)["own"] == 900 * FML
    assert task.stake_of(poisoned)["weight"] == 1_000 * 10**9
    task.at(2)
    assert task.stake_of(poisoned)["weight"] == 900 * 10**9


def test_who_is_slashed_below_the_least_stake_is_out(town: Town) -> None:
    task = Task.create(town, slash_bps=9_500)
    (node,) = task.join_nodes(1_000)
    task.join_validators(1_000)
    task.submit(0)
    task.score_alike(0, WORST)
    task.finish(0)
    task.at(2)
    assert task.refusal("commitSubmission", bytes(32), by=node) == Refusal("StakeTooLow", (50 * 10**9, 100 * 10**9))


def test_only_the_best_are_ranked_and_of_equal_ones_the_earlier(town: Town) -> None:
    task = Task.create(town, paid_nodes=3)
    task.join_nodes(*[100] * 6)
    task.join_validators(1_000)
    task.play(0, 500, 300, 400, 300, 200, 400)
    assert task.read("ranking", 0) == (4, 1, 3)
    shares = [task.submission(0, node)["share"] for node in task.nodes]
    assert [share > 0 for share in shares] == [False, True, False, True, True, False]
    assert shares[4] > shares[1] > shares[3]


def test_a_place_that_was_not_revealed_holds_nothing_up(task: Task) -> None:
    task.at(0)
    for node in task.nodes:
        task.commit(0, node)
    task.to_reveals(0)
    task.reveal(0, task.nodes[2])
    task.score_alike(0, 1, 2, 3)
    task.finish(0)
    assert [task.submission(0, node)["verdict"] for node in task.nodes] == [COMMITTED, COMMITTED, RANKED]
    assert [task.validation(0, validator)["scored"] for validator in task.validators] == [1] * 3
