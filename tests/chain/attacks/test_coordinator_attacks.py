"""A relayer that drops, replaces or inserts messages, misreports votes or payouts, or shuts voters out."""

import pytest
from federation import (
    ACCEPT,
    CANDIDATE,
    DEPLOYER,
    FML,
    GWEI,
    MOTION,
    ONLOOKER,
    PREVIOUS,
    REJECT,
    Chain,
    Federation,
    Refusal,
    fixed,
)

from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Phase, Standing

SLASH = 6 * FML // GWEI


def test_an_update_that_the_relayer_drops_is_submitted_by_anybody(chain: Chain, started: Federation) -> None:
    dropped, *others = started.open()
    started.propose(others)
    chain.send("propose", started.task, started.proposal(dropped), by=ONLOOKER)
    assert started.standing_as(Standing.PROPOSED) == [dropped, *others]


def test_an_update_that_the_relayer_replaces_is_not_its_proposers(chain: Chain, started: Federation) -> None:
    proposer, *_ = started.open()
    record = started.proposal(proposer)
    replaced = record[:2] + keccak(b"another update") + record[34:]
    assert chain.refusal("propose", started.task, replaced) == Refusal("BadSignature", (proposer,))


def test_an_update_that_the_relayer_inserts_has_no_place(chain: Chain, started: Federation) -> None:
    drawn = started.open()
    stranger = next(member for member in range(8) if member not in drawn)
    refusal = chain.refusal("propose", started.task, started.proposal(stranger))
    assert refusal == Refusal("WrongStanding", (stranger, Standing.NONE))
    invented = started.proposal(drawn[0], key=DEPLOYER)
    assert chain.refusal("propose", started.task, invented) == Refusal("BadSignature", (drawn[0],))


def test_the_relayer_opens_no_second_list_when_it_dislikes_the_first(chain: Chain, drawn: Federation) -> None:
    votes = dict.fromkeys(drawn.drawn_voters, REJECT)
    drawn.commit(votes)
    other = keccak(drawn.pairs(dict.fromkeys(drawn.drawn_voters[:1], ACCEPT)))
    assert chain.refusal("commitVotes", drawn.task, fixed(other), True) == Refusal("WrongPhase", (1, Phase.REVEALING))


@pytest.mark.parametrize("changed", ["scores", "candidate", "omission"])
def test_the_relayer_does_not_misreport_votes(chain: Chain, drawn: Federation, changed: str) -> None:
    """Nor settle for another candidate than the one voted on, nor without a vote that is known to it alone."""
    victim, *others = drawn.drawn_voters
    votes = dict.fromkeys(drawn.drawn_voters, REJECT)
    drawn.commit(votes)
    record, candidate = drawn.record(victim, REJECT), CANDIDATE
    if changed == "scores":
        record = record[:6] + (900_000).to_bytes(4, "big") + record[10:]
    if changed == "candidate":
        candidate = keccak(b"the candidate that the relayer prefers")
    batch = record + drawn.records(dict.fromkeys(others, REJECT))
    if changed == "omission":
        batch = drawn.records(dict.fromkeys(others, REJECT))
    name = {"scores": "BadSignature", "candidate": "BadSignature", "omission": "WrongBallot"}[changed]
    assert chain.refusal("settle", drawn.task, PREVIOUS, candidate, batch).name == name


def test_a_vote_that_the_relayer_keeps_back_is_submitted_by_anybody(chain: Chain, drawn: Federation) -> None:
    kept_back, *others = drawn.drawn_voters
    votes = {kept_back: REJECT} | dict(zip(others, (ACCEPT, REJECT), strict=True))
    drawn.commit(votes)
    known = b"".join(drawn.record(m, votes[m]) if m == kept_back else drawn.bare(m, votes[m]) for m in sorted(votes))
    chain.send("revealVotes", drawn.task, MOTION, known, by=ONLOOKER)
    assert drawn.settle(drawn.records(votes))["outcome"].name == "REJECTED"


def test_the_relayer_does_not_make_listed_voters_late_to_keep_their_reward(chain: Chain, drawn: Federation) -> None:
    """It has every voter's signed commitment and submits them as if they were omitted: the list comes first."""
    friend, *honest = drawn.drawn_voters
    votes = {friend: ACCEPT} | dict.fromkeys(honest, REJECT)
    drawn.commit(votes, complete=True)
    for voter in honest:
        chain.send(*drawn.commit_own_call(voter, REJECT, votes))
    before = drawn.balances
    assert drawn.settle(drawn.records(votes))["outcome"].name == "REJECTED"
    moved = [now - then for now, then in zip(drawn.balances, before, strict=True)]
    assert moved[friend] == -SLASH
    assert min(moved[voter] for voter in honest) > 0


def test_the_relayer_does_not_get_a_voter_slashed_by_committing_it_twice(chain: Chain, drawn: Federation) -> None:
    """Listed, and committed once more by the relayer: the vote that the voter has revealed counts all the same."""
    victim = drawn.drawn_voters[0]
    votes = dict.fromkeys(drawn.drawn_voters, REJECT)
    drawn.commit(votes, complete=False)
    chain.send(*drawn.commit_own_call(victim, REJECT, votes))
    chain.wait_until(drawn.state["phase_at"])
    before = drawn.balances
    drawn.settle(drawn.records(votes))
    assert drawn.balances[victim] > before[victim]


def test_the_relayer_does_not_void_a_round_by_a_list_that_nobody_knows(chain: Chain, drawn: Federation) -> None:
    """Voters commit by themselves and are heard; and nobody is punished for a list that it could not read."""
    nonsense = keccak(b"no list at all")
    chain.send("commitVotes", drawn.task, fixed(nonsense), False)
    for voter in drawn.drawn_voters:
        commitment = keccak(drawn.vote(voter, REJECT))
        signature = drawn.commitment(voter, REJECT)
        call = ("commitVote", drawn.task, voter, MOTION, nonsense, commitment, signature)
        chain.send(*call, by=ONLOOKER)
    chain.wait_until(drawn.state["phase_at"])
    votes = b"\xff\xff" + nonsense + b"".join(drawn.own(voter, REJECT) for voter in drawn.drawn_voters)
    assert drawn.settle(votes, by=ONLOOKER)["outcome"].name == "REJECTED"


def test_a_list_that_cannot_be_read_accuses_nobody(chain: Chain, drawn: Federation) -> None:
    """Its voters could not have revealed to it: twice the same member, or members out of order."""
    votes = dict.fromkeys(drawn.drawn_voters, REJECT)
    pairs = b"".join(drawn.pair(voter, REJECT) for voter in reversed(drawn.drawn_voters))
    chain.send("commitVotes", drawn.task, fixed(keccak(pairs)), True)
    chain.wait_until(drawn.state["phase_at"] + 200)
    accused = max(votes)
    evidence = b"\0\0" + b"".join(drawn.commitment(accused, REJECT))
    assert chain.refusal("proveWithheld", drawn.task, MOTION, pairs, evidence).name == "BadBatch"


def test_an_absent_relayer_voids_the_round_and_punishes_nobody(chain: Chain, drawn: Federation) -> None:
    before, pool = drawn.balances, drawn.pool
    chain.wait_until(drawn.state["phase_at"])
    chain.send("skipRound", drawn.task, by=ONLOOKER)
    assert (drawn.balances, drawn.pool, drawn.phase) == (before, pool, Phase.IDLE)


def test_an_abandoned_task_gives_every_stake_back(chain: Chain, drawn: Federation) -> None:
    """Relayer, creator and leaders are gone for good: no stake is locked, whatever the phase."""
    drawn.commit(dict.fromkeys(drawn.drawn_voters, REJECT))
    before = drawn.balances
    drawn.finish_by_abandoning()
    for member, key in enumerate(drawn.keys):
        chain.send("withdraw", drawn.task, member, by=ONLOOKER)
        assert chain.balance(key.address) == before[member] * GWEI
    assert drawn.balances == [0] * 8
