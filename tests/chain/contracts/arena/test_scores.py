"""Committing to scores and revealing them: assignment, windows, openings and proofs."""

from arena_town import (
    FML,
    NODE,
    OUTSIDER,
    REVEAL_SCORES,
    SALT,
    SCORE,
    VALIDATOR,
    Task,
    Town,
)
from federation import GWEI, Refusal

from fl_alliance.chain.rules.assignment import places, validator_quota
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.vrf import output

SCORES = (100_000, 200_000, 300_000)
CLOSES = 21_600 + 3_600 + SCORE


def test_a_validators_quota_follows_its_stake(town: Town) -> None:
    task = Task.create(town, validator_limit=1_000)
    stakes = (250, 500, 1_000, 2_000)
    task.join_nodes(100)
    task.join_validators(*stakes)
    task.submit(0)
    task.to_scores(0)
    for validator, stake, share in zip(task.validators, stakes, (0.119, 0.5, 0.982, 1.0), strict=True):
        event = task.arena.events(task.commit_scores(0, validator, (1,)), "ScoresCommitted")[0]
        assert event["weightGwei"] == stake * FML // GWEI
        assert event["quota"] == 1  # no more than there are places
        quota = validator_quota(stake * FML, 250 * FML, 1_000)
        assert round(quota / 1_000, 2) == round(share, 2)


def test_places_are_drawn_by_the_validators_own_output(town: Town) -> None:
    task = Task.create(town, validator_limit=10)
    task.join_nodes(*[100] * 9)
    task.join_validators(*[500] * 4)
    task.submit(0)
    task.to_scores(0)
    for validator in task.validators:
        task.commit_scores(0, validator, (7,) * 9)
    task.to_score_reveals(0)
    drawn = []
    for validator in task.validators:
        event = task.arena.events(task.reveal_scores(0, validator, (7,) * 9), "ScoresRevealed")[0]
        expected = places(output(task.proof(0, validator)), 9, 5)
        assert tuple((event["start"] + i * event["stride"]) % 9 for i in range(5)) == expected
        assert event["stride"] * task.validation(0, validator)["inverse"] % 9 == 1
        drawn.append(expected)
    task.finish(0)
    assert [task.validation(0, validator)["scored"] for validator in task.validators] == [5] * 4
    scored = {place for each in drawn for place in each}
    assert len(set(map(frozenset, drawn))) > 1
    assert set(task.read("ranking", 0)) == scored


def test_scores_of_places_that_were_not_assigned_do_not_count(town: Town) -> None:
    task = Task.create(town, validator_limit=4)
    task.join_nodes(*[100] * 5)
    (validator,) = task.join_validators(500)
    task.submit(0)
    task.score(0, {validator: (11, 12, 13, 14, 15)})
    assigned = task.assigned(0, validator)
    task.finish(0)
    assert len(assigned) == 2
    assert sorted(assigned) == list(task.read("ranking", 0))
    found = [task.submission(0, node)["score"] for node in task.nodes]
    assert found == [11 + place if place in assigned else 0 for place in range(5)]


def test_a_stake_too_small_for_a_single_place_scores_nothing(town: Town) -> None:
    task = Task.create(town, validator_limit=5)
    task.join_nodes(100)
    (validator,) = task.join_validators(250)
    task.submit(0)
    task.to_scores(0)
    assert task.refusal("commitScores", SALT, by=validator) == Refusal(
        "NoQuota", (task.number, validator.address, 250 * 10**9)
    )


def test_only_validators_score(task: Task) -> None:
    task.submit(0)
    task.to_scores(0)
    for key, role in ((task.nodes[0], NODE), (OUTSIDER, 0)):
        assert task.refusal("commitScores", SALT, by=key) == Refusal("WrongRole", (task.number, key.address, role))


def test_who_became_a_validator_today_scores_tomorrow(task: Task) -> None:
    task.submit(0)
    task.send("stake", VALIDATOR, 250 * FML, 0, 9, by=OUTSIDER)
    task.to_scores(0)
    assert task.refusal("commitScores", SALT, by=OUTSIDER) == Refusal("StakeTooLow", (0, 250 * 10**9))


def test_a_day_without_a_revealed_model_has_nothing_to_score(task: Task) -> None:
    task.at(0)
    task.commit(0, task.nodes[0])
    task.to_scores(0)
    assert task.refusal("commitScores", SALT, by=task.validators[0]) == Refusal("NothingToScore", (task.number, 0))


def test_scores_are_committed_to_once_and_within_the_third_window(task: Task) -> None:
    task.submit(0)
    first, second, third = task.validators
    opens = task.begins(0) + CLOSES - SCORE
    assert task.refusal("commitScores", SALT, by=first) == Refusal("TooEarly", (task.number, task.town.now, opens))
    task.at(0, CLOSES - SCORE - 1)
    task.commit_scores(0, first, SCORES)
    assert task.refusal("commitScores", SALT, by=first) == Refusal("AlreadyDone", (task.number, 0, first.address))
    task.just_before(0, CLOSES)
    task.commit_scores(0, second, SCORES)
    task.at(0, CLOSES)
    assert task.refusal("commitScores", SALT, by=third) == Refusal(
        "TooLate", (task.number, task.town.now, opens + SCORE)
    )


def test_scores_are_revealed_once_and_within_the_fourth_window(task: Task) -> None:
    task.submit(0)
    task.to_scores(0)
    first, second, third = task.validators
    for validator in task.validators:
        task.commit_scores(0, validator, SCORES)
    call = ("revealScores", task.proof(0, first).to_solidity(), task.packed(SCORES), SALT)
    opens = task.begins(0) + CLOSES
    assert task.refusal(*call, by=first) == Refusal("TooEarly", (task.number, task.town.now, opens))
    task.at(0, CLOSES - 1)
    task.reveal_scores(0, first, SCORES)
    assert task.refusal(*call, by=first) == Refusal("AlreadyDone", (task.number, 0, first.address))
    task.just_before(0, CLOSES + REVEAL_SCORES)
    task.reveal_scores(0, second, SCORES)
    task.at(0, CLOSES + REVEAL_SCORES)
    late = ("revealScores", task.proof(0, third).to_solidity(), task.packed(SCORES), SALT)
    assert task.refusal(*late, by=third) == Refusal("TooLate", (task.number, task.town.now, opens + REVEAL_SCORES))


def test_scores_are_revealed_as_they_were_committed_to(task: Task) -> None:
    task.submit(0)
    task.to_scores(0)
    validator, silent = task.validators[:2]
    task.commit_scores(0, validator, SCORES)
    task.to_score_reveals(0)
    proof, words = task.proof(0, validator).to_solidity(), task.packed(SCORES)
    committed = task.scores_hash(0, validator, words)
    other = task.packed((1, 2, 3))
    assert task.refusal("revealScores", proof, other, SALT, by=validator) == Refusal(
        "WrongOpening", (task.scores_hash(0, validator, other), committed)
    )
    salt = keccak(b"another salt")
    assert task.refusal("revealScores", proof, words, salt, by=validator) == Refusal(
        "WrongOpening", (task.scores_hash(0, validator, words, salt), committed)
    )
    assert task.refusal("revealScores", proof, [*words, 0], SALT, by=validator) == Refusal("WrongLength", (2, 1))
    nothing = Refusal("WrongOpening", (bytes(32), bytes(32)))
    assert task.refusal("revealScores", proof, words, SALT, by=silent) == nothing
    assert task.refusal("revealScores", proof, words, SALT, by=task.nodes[0]) == nothing


def test_who_copies_a_commitment_cannot_open_it(task: Task) -> None:
    task.submit(0)
    task.to_scores(0)
    validator, copier = task.validators[:2]
    words = task.packed(SCORES)
    for key in (validator, copier):
        task.send("commitScores", task.scores_hash(0, validator, words), by=key)
    task.to_score_reveals(0)
    task.reveal_scores(0, validator, SCORES)
    proof = task.proof(0, copier).to_solidity()
    assert task.refusal("revealScores", proof, words, SALT, by=copier).name == "WrongOpening"


def test_a_proof_of_another_key_day_or_task_is_refused(task: Task) -> None:
    task.play(0, *SCORES)
    task.submit(1)
    task.to_scores(1)
    validator, other = task.validators[:2]
    task.commit_scores(1, validator, SCORES)
    task.to_score_reveals(1)
    stale = validator.vrf.prove(task.read("scoreAlpha", 0))
    foreign = validator.vrf.prove(task.arena.read("scoreAlpha", task.number, 1)[::-1])
    for proof in (task.proof(1, other), stale, foreign):
        refusal = task.refusal("revealScores", proof.to_solidity(), task.packed(SCORES), SALT, by=validator)
        assert refusal.name == "VrfProofRejected"
    task.reveal_scores(1, validator, SCORES)


def test_what_the_output_is_over_changes_with_every_reveal(task: Task) -> None:
    task.at(0)
    for node in task.nodes:
        task.commit(0, node)
    task.to_reveals(0)
    seen = {task.read("scoreAlpha", 0)}
    for node in task.nodes:
        task.reveal(0, node)
        seen.add(task.read("scoreAlpha", 0))
    assert len(seen) == 4
