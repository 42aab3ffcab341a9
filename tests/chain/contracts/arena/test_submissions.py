"""Committing to models and revealing them: windows, copies, limits."""

import pytest
from arena_town import (
    COMMITTED,
    FML,
    OUTSIDER,
    REFUSED,
    REVEAL,
    REVEALED,
    SALT,
    SUBMIT,
    WORST_VERDICT,
    Task,
)
from federation import Refusal

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.words import keccak

MODEL = keccak(b"the same model")


def test_a_commitment_takes_the_fee_and_the_next_place(task: Task) -> None:
    task.at(0)
    before = [task.town.balance(node) for node in task.nodes]
    places = [
        task.arena.events(task.commit(0, node), "SubmissionCommitted")[0]["place"] for node in reversed(task.nodes)
    ]
    assert places == [0, 1, 2]
    assert [wei - task.town.balance(node) for wei, node in zip(before, task.nodes, strict=True)] == [2 * FML] * 3
    assert task.state["owed"] == 6 * FML


def test_a_node_commits_once_a_day(task: Task) -> None:
    task.at(0)
    node = task.nodes[0]
    task.commit(0, node)
    assert task.refusal("commitSubmission", SALT, by=node) == Refusal("AlreadyDone", (task.number, 0, node.address))
    task.at(1)
    task.commit(1, node)


def test_only_nodes_submit(task: Task) -> None:
    task.at(0)
    for key, role in ((task.validators[0], 3), (OUTSIDER, 0)):
        assert task.refusal("commitSubmission", SALT, by=key) == Refusal("WrongRole", (task.number, key.address, role))


def test_commitments_are_taken_within_the_first_window(task: Task) -> None:
    node, begin = task.nodes[0], task.begins(0)
    assert task.refusal("commitSubmission", SALT, by=node) == Refusal("TooEarly", (task.number, task.town.now, begin))
    task.at(0, -1)
    task.commit(0, node)
    task.just_before(0, SUBMIT)
    task.commit(0, task.nodes[1])
    task.at(0, SUBMIT)
    assert task.refusal("commitSubmission", SALT, by=task.nodes[2]) == Refusal(
        "TooLate", (task.number, begin + SUBMIT, begin + SUBMIT)
    )


def test_models_are_revealed_within_the_second_window(task: Task) -> None:
    task.at(0)
    node, opens = task.nodes[0], task.begins(0) + SUBMIT
    for each in task.nodes:
        task.commit(0, each)
    call = ("revealSubmission", task.model(0, node), 1_000, SALT)
    assert task.refusal(*call, by=node) == Refusal("TooEarly", (task.number, task.town.now, opens))
    task.at(0, SUBMIT - 1)
    task.reveal(0, task.nodes[1])
    task.just_before(0, SUBMIT + REVEAL)
    task.reveal(0, task.nodes[2])
    task.at(0, SUBMIT + REVEAL)
    assert task.refusal(*call, by=node) == Refusal("TooLate", (task.number, task.town.now, opens + REVEAL))


def test_a_model_is_revealed_as_it_was_committed_to_and_once(task: Task) -> None:
    task.at(0)
    node, other = task.nodes[:2]
    task.commit(0, node)
    task.to_reveals(0)
    committed = task.submission_hash(0, node, task.model(0, node))
    for digest, parameters in ((MODEL, 1_000), (task.model(0, node), 1_001)):
        given = task.submission_hash(0, node, digest, parameters)
        assert task.refusal("revealSubmission", digest, parameters, SALT, by=node) == Refusal(
            "WrongOpening", (given, committed)
        )
    assert task.refusal("revealSubmission", MODEL, 1_000, SALT, by=other) == Refusal(
        "WrongOpening", (bytes(32), bytes(32))
    )
    assert task.refusal("revealSubmission", bytes(32), 1_000, SALT, by=node) == Refusal("BadParameter", ("digest", 0))
    task.reveal(0, node)
    assert task.refusal("revealSubmission", task.model(0, node), 1_000, SALT, by=node) == Refusal(
        "AlreadyDone", (task.number, 0, node.address)
    )


def test_a_commitment_of_one_day_is_not_revealed_on_another(task: Task) -> None:
    task.at(0)
    node = task.nodes[0]
    stale = task.submission_hash(0, node, MODEL)
    task.at(1)
    task.send("commitSubmission", stale, by=node)
    task.to_reveals(1)
    assert task.refusal("revealSubmission", MODEL, 1_000, SALT, by=node) == Refusal(
        "WrongOpening", (task.submission_hash(1, node, MODEL), stale)
    )


def test_the_commitment_of_another_node_opens_nothing(task: Task) -> None:
    """Who copies a hash has a hash that only its author can open."""
    author, copier = task.nodes[:2]
    task.at(0)
    task.commit(0, author)
    task.send("commitSubmission", task.submission_hash(0, author, task.model(0, author)), by=copier)
    task.to_reveals(0)
    task.reveal(0, author)
    assert task.refusal("revealSubmission", task.model(0, author), 1_000, SALT, by=copier).name == "WrongOpening"


@pytest.mark.parametrize("author_first", [True, False])
def test_of_two_nodes_with_one_model_the_later_commitment_is_refused(task: Task, author_first: bool) -> None:
    author, copier, other = task.nodes
    task.at(0)
    for node, digest in ((author, MODEL), (other, None), (copier, MODEL)):
        task.commit(0, node, digest)
    task.to_reveals(0)
    for node in (author, copier) if author_first else (copier, author):
        task.reveal(0, node, MODEL)
    task.reveal(0, other)
    verdicts = [task.submission(0, node)["verdict"] for node in (author, copier, other)]
    assert verdicts == [REVEALED, REFUSED, REVEALED]
    task.score_alike(0, 100_000, 200_000, 100_000)
    task.finish(0)
    copied = task.submission(0, copier)
    assert (copied["verdict"], copied["score"], copied["share"]) == (WORST_VERDICT, WORST, 0)
    assert task.stake_of(copier)["own"] == 900 * FML
    assert task.refusal("claim", 0, copier.address) == Refusal("NothingThere", ())


def test_a_model_of_an_earlier_day_is_its_authors_alone(task: Task) -> None:
    author, copier = task.nodes[:2]
    task.play(0, 100_000, 200_000, 300_000)
    known = task.model(0, author)
    task.at(1)
    for node in (copier, author):
        task.commit(1, node, known)
    task.to_reveals(1)
    for node in (copier, author):
        task.reveal(1, node, known)
    assert task.submission(1, copier)["verdict"] == REFUSED
    assert task.submission(1, author)["verdict"] == REVEALED


def test_a_model_over_the_limit_is_refused_and_takes_no_digest_from_others(task: Task) -> None:
    giant, small = task.nodes[:2]
    task.at(0)
    task.commit(0, giant, MODEL, 1_000_001)
    task.commit(0, small, MODEL, 1_000_000)
    task.to_reveals(0)
    task.reveal(0, giant, MODEL, 1_000_001)
    task.reveal(0, small, MODEL, 1_000_000)
    assert task.submission(0, giant)["verdict"] == REFUSED
    assert task.submission(0, small)["verdict"] == REVEALED


def test_a_model_that_is_not_revealed_costs_the_fee_and_no_stake(task: Task) -> None:
    silent, *others = task.nodes
    task.at(0)
    for node in task.nodes:
        task.commit(0, node)
    task.to_reveals(0)
    for node in others:
        task.reveal(0, node)
    task.score_alike(0, 1, 2, 3)
    task.finish(0)
    assert task.submission(0, silent)["verdict"] == COMMITTED
    assert task.stake_of(silent)["own"] == 1_000 * FML
    assert task.refusal("claim", 0, silent.address) == Refusal("NothingThere", ())
    assert [task.claim(0, node)["feeWei"] for node in others] == [2 * FML] * 2
    assert task.read("ranking", 0) == (1, 2)
