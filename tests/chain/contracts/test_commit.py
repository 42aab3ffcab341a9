"""Committing votes: the relayer's list, and those it leaves out."""

import pytest
from federation import ACCEPT, CANDIDATE, MOTION, ONLOOKER, PREVIOUS, REJECT, Chain, Federation, Refusal, fixed

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rules.words import hash_words, keccak
from fl_alliance.chain.types import Phase, Standing


@pytest.fixture
def drawn(started: Federation) -> Federation:
    started.to_votes()
    return started


def test_the_relayer_fixes_candidate_and_list(drawn: Federation) -> None:
    votes = drawn.ballots([ACCEPT] * 3)
    receipt = drawn.commit(votes)
    state = drawn.state
    assert state["phase"] is Phase.REVEALING
    assert state["ballot"] == hash_words(MOTION, keccak(drawn.pairs(votes)))[:24]
    assert state["complete"] is True
    [(_, event)] = drawn.chain.events(receipt, "VotesCommitted")
    assert event["ballot"] == state["ballot"]


def test_nobody_but_the_relayer_names_the_candidate(chain: Chain, drawn: Federation) -> None:
    """Else whoever came first could have the voters judge nothing."""
    refused = chain.refusal("commitVotes", drawn.task, fixed(bytes(32)), True, by=ONLOOKER)
    assert refused == Refusal("NotAllowed", (ONLOOKER.address.lower(), drawn.params.relayer.lower()))


def test_the_list_is_fixed_once(chain: Chain, drawn: Federation) -> None:
    drawn.commit(drawn.ballots([ACCEPT] * 3))
    refused = chain.refusal("commitVotes", drawn.task, fixed(bytes(32)), True)
    assert refused == Refusal("WrongPhase", (drawn.task, Phase.REVEALING))


def test_the_list_comes_in_the_relayers_time(chain: Chain, drawn: Federation) -> None:
    deadline = drawn.state["phase_at"]
    chain.wait_until(deadline)
    refused = chain.refusal("commitVotes", drawn.task, fixed(bytes(32)), True)
    assert refused == Refusal("TooLate", (drawn.task, deadline, deadline))


def test_a_list_of_the_round_before_does_not_stand_for_this_one(chain: Chain, started: Federation) -> None:
    started.play()
    for call in [("commitVotes", started.task, fixed(bytes(32)), True)]:
        assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.IDLE))
    started.open()
    started.propose()
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.LOCKED))


def test_before_voters_are_drawn_nothing_is_committed(chain: Chain, started: Federation) -> None:
    refused = chain.refusal("commitVotes", started.task, fixed(bytes(32)), True)
    assert refused == Refusal("WrongPhase", (started.task, Phase.IDLE))


@pytest.fixture
def omitted(drawn: Federation) -> tuple[Federation, int, dict[int, tuple[int, int]]]:
    """The relayer leaves out the first voter, and says so."""
    left_out, *listed = drawn.drawn_voters
    votes = dict.fromkeys(listed, ACCEPT)
    drawn.commit(votes, complete=False)
    return drawn, left_out, votes


def test_a_voter_that_the_relayer_omits_commits_by_itself(
    chain: Chain, omitted: tuple[Federation, int, dict[int, tuple[int, int]]]
) -> None:
    federation, left_out, votes = omitted
    receipt = chain.send(*federation.commit_own_call(left_out, REJECT, votes), by=ONLOOKER)
    assert federation.standings[left_out] is Standing.COMMITTED
    [(_, event)] = chain.events(receipt, "VoteCommitted")
    assert (event["member"], event["standing"]) == (left_out, Standing.COMMITTED)


def test_its_vote_counts_and_is_paid_like_any_other(
    chain: Chain, omitted: tuple[Federation, int, dict[int, tuple[int, int]]]
) -> None:
    federation, left_out, votes = omitted
    chain.send(*federation.commit_own_call(left_out, ACCEPT, votes), by=ONLOOKER)
    before = federation.balances
    chain.wait_until(federation.state["phase_at"])
    event = federation.settle(federation.records(votes) + federation.own(left_out))
    assert event["outcome"].name == "ACCEPTED"
    assert federation.balances[left_out] > before[left_out]


@pytest.mark.parametrize("what", ["key", "task", "round", "motion", "commitment", "chain"])
def test_a_commitment_signed_for_anything_else_is_refused(
    chain: Chain, omitted: tuple[Federation, int, dict[int, tuple[int, int]]], what: str
) -> None:
    federation, left_out, votes = omitted
    forged = {
        "key": {"key": NodeKey.derive(7, 999)},
        "task": {"task": federation.task + 1},
        "round": {"round": 2},
        "motion": {"motion": bytes(32)},
        "commitment": {"commitment": bytes(32)},
        "chain": {"domain": Domain(1, chain.deployment.alliance)},
    }[what]
    honest = list(federation.commit_own_call(left_out, ACCEPT, votes))
    honest[-1] = federation.commitment(left_out, ACCEPT, **forged)
    assert chain.refusal(*honest) == Refusal("BadSignature", (left_out,))


def test_a_commitment_to_another_candidate_or_list_is_refused(
    chain: Chain, omitted: tuple[Federation, int, dict[int, tuple[int, int]]]
) -> None:
    federation, left_out, votes = omitted
    for call in [
        federation.commit_own_call(left_out, ACCEPT, votes, motion=bytes(32)),
        federation.commit_own_call(left_out, ACCEPT, {}),
    ]:
        assert chain.refusal(*call).name == "WrongBallot"


def test_only_a_silent_voter_commits(chain: Chain, omitted: tuple[Federation, int, dict[int, tuple[int, int]]]) -> None:
    federation, left_out, votes = omitted
    proposer = federation.drawn_proposers[0]
    refused = chain.refusal(*federation.commit_own_call(proposer, ACCEPT, votes))
    assert refused == Refusal("WrongStanding", (proposer, Standing.PROPOSED))
    call = federation.commit_own_call(left_out, ACCEPT, votes)
    chain.send(*call)
    assert chain.refusal(*call) == Refusal("WrongStanding", (left_out, Standing.COMMITTED))
    stranger = list(call)
    stranger[2] = 8
    assert chain.refusal(*stranger).name == "NotMember"


def test_omitted_voters_have_as_long_again_as_the_relayer_had(
    chain: Chain, omitted: tuple[Federation, int, dict[int, tuple[int, int]]]
) -> None:
    """The same end however late the relayer comes: it cannot shut a voter out by coming in its last second."""
    federation, left_out, votes = omitted
    end = federation.state["phase_at"]
    chain.wait_until(end)
    refused = chain.refusal(*federation.commit_own_call(left_out, ACCEPT, votes))
    assert refused == Refusal("TooLate", (federation.task, end, end))


def test_before_the_relayers_list_nobody_commits(chain: Chain, drawn: Federation) -> None:
    voter = drawn.drawn_voters[0]
    refused = chain.refusal(*drawn.commit_own_call(voter, ACCEPT, {}))
    assert refused == Refusal("WrongPhase", (drawn.task, Phase.COMMITTING))


def test_a_relayer_that_lies_about_a_complete_list_shuts_nobody_out(chain: Chain, drawn: Federation) -> None:
    """It lists garbage for two honest voters and says all are there: their votes still decide the round."""
    accomplice, *honest = drawn.drawn_voters
    garbage = b"".join(
        drawn.pair(voter) if voter == accomplice else voter.to_bytes(2, "big") + b"\7" * 32
        for voter in drawn.drawn_voters
    )
    listing = keccak(garbage)
    chain.send("commitVotes", drawn.task, fixed(listing), True)
    for voter in honest:
        call = list(drawn.commit_own_call(voter, REJECT, {}))
        call[4] = listing
        chain.send(*call, by=ONLOOKER)
    assert drawn.standing_as(Standing.LATE) == honest
    before = drawn.balances
    overdue = drawn.state["phase_at"] + drawn.params.reveal_s + drawn.params.evidence_s
    records = drawn.record(accomplice) + b"".join(
        (0x8000 | voter).to_bytes(2, "big") + b"\7" * 32 + drawn.own(voter, REJECT) for voter in honest
    )
    refused = chain.refusal("settle", drawn.task, PREVIOUS, CANDIDATE, records)
    assert refused == Refusal("TooEarly", (drawn.task, chain.now, overdue))
    chain.wait_until(overdue)
    event = drawn.settle(records)
    assert event["outcome"].name == "REJECTED"
    assert drawn.balances[accomplice] < before[accomplice]
    assert [drawn.balances[voter] for voter in honest] == [before[voter] for voter in honest]


def test_a_late_vote_neither_earns_nor_loses(chain: Chain, drawn: Federation) -> None:
    """Who commits after reveals opened may have seen how the others voted: copying them pays nothing."""
    copier, *honest = drawn.drawn_voters
    votes = dict.fromkeys(honest, ACCEPT)
    drawn.commit(votes, complete=True)
    chain.send("revealVotes", drawn.task, MOTION, drawn.records(votes))
    chain.send(*drawn.commit_own_call(copier, ACCEPT, votes))
    before = drawn.balances
    chain.wait_until(drawn.state["phase_at"])
    event = drawn.settle(drawn.records(votes) + drawn.own(copier))
    assert event["outcome"].name == "ACCEPTED"
    assert drawn.balances[copier] == before[copier]
    assert all(drawn.balances[voter] > before[voter] for voter in honest)


def test_a_listed_voter_does_not_dodge_its_commitment_by_committing_late(chain: Chain, drawn: Federation) -> None:
    """It has seen the others' votes and would rather not have voted: the list comes first."""
    dodger, *honest = drawn.drawn_voters
    votes = {dodger: ACCEPT} | dict.fromkeys(honest, REJECT)
    drawn.commit(votes)
    others = b"".join(drawn.record(voter, REJECT) for voter in honest)
    chain.send("revealVotes", drawn.task, MOTION, drawn.bare(dodger) + others)
    chain.send(*drawn.commit_own_call(dodger, REJECT, votes))
    listing = b"\xff\xff" + keccak(drawn.pairs(votes))
    chain.send("revealVotes", drawn.task, MOTION, listing + drawn.own(dodger, REJECT))
    assert drawn.standings[dodger] is Standing.LATE_NO
    before, end = drawn.balances, drawn.state["phase_at"]
    chain.wait_until(end + drawn.params.reveal_s)
    chain.send(*drawn.evidence(votes, dodger), by=ONLOOKER)
    assert drawn.standings[dodger] is Standing.WITHHELD
    chain.wait_until(end + 2 * drawn.params.reveal_s + drawn.params.evidence_s)
    drawn.settle(listing)
    assert drawn.balances[dodger] == before[dodger] - before[dodger] // 10


@pytest.mark.parametrize("complete", [True, False])
def test_a_relayer_cannot_make_a_listed_vote_late_or_withheld(chain: Chain, drawn: Federation, complete: bool) -> None:
    """It holds every voter's signed commitment and sends it as if the voter had been omitted."""
    votes = drawn.ballots([ACCEPT] * 3)
    drawn.commit(votes, complete=complete)
    for voter in votes:
        chain.send(*drawn.commit_own_call(voter, ACCEPT, votes))
    before = drawn.balances
    chain.wait_until(drawn.state["phase_at"])
    assert drawn.settle(drawn.records(votes))["outcome"].name == "ACCEPTED"
    assert all(drawn.balances[voter] > before[voter] for voter in votes)


def test_a_listed_vote_that_was_revealed_as_an_own_one_is_not_withheld(chain: Chain, drawn: Federation) -> None:
    votes = drawn.ballots([ACCEPT] * 3)
    drawn.commit(votes)
    victim = drawn.drawn_voters[0]
    chain.send(*drawn.commit_own_call(victim, ACCEPT, votes))
    listing = b"\xff\xff" + keccak(drawn.pairs(votes))
    chain.send("revealVotes", drawn.task, MOTION, listing + drawn.own(victim))
    assert drawn.standings[victim] is Standing.LATE_YES
    chain.wait_until(drawn.state["phase_at"] + drawn.params.reveal_s)
    chain.send(*drawn.evidence(votes, victim))
    assert drawn.standings[victim] is Standing.LATE_YES
    before = drawn.balances
    drawn.settle(drawn.records(votes))
    assert drawn.balances[victim] > before[victim]
