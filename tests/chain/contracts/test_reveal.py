"""Revealing votes: the list is rebuilt from what is revealed, and every vote is checked against its signature."""

import pytest
from federation import ACCEPT, MOTION, ONLOOKER, REJECT, Chain, Federation, Refusal, fixed

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Phase, Standing


@pytest.fixture
def committed(started: Federation) -> Federation:
    """Three voters, two for and one against, all of them in the list."""
    started.to_votes()
    started.commit(scores(started))
    return started


def scores(federation: Federation) -> dict[int, tuple[int, int]]:
    return federation.ballots([ACCEPT, REJECT, ACCEPT])


def reveal(federation: Federation, votes: bytes, motion: bytes = MOTION) -> tuple[object, ...]:
    return ("revealVotes", federation.task, motion, votes)


def test_votes_are_recorded_as_they_are_revealed(chain: Chain, committed: Federation) -> None:
    votes = scores(committed)
    first, second, third = votes
    one = committed.record(first) + committed.bare(second, REJECT) + committed.bare(third)
    chain.send(*reveal(committed, one), by=ONLOOKER)
    assert committed.standings[first] is Standing.VOTED_YES
    rest = committed.bare(first) + committed.record(second, REJECT) + committed.record(third)
    chain.send(*reveal(committed, rest), by=ONLOOKER)
    assert committed.standings[second] is Standing.VOTED_NO
    assert committed.standings[third] is Standing.VOTED_YES


def test_a_vote_revealed_twice_counts_once(chain: Chain, committed: Federation) -> None:
    """Who reveals first does not spoil the relayer's batch."""
    votes = scores(committed)
    first, second, third = votes
    one = committed.record(first) + committed.bare(second, REJECT) + committed.bare(third)
    chain.send(*reveal(committed, one), by=ONLOOKER)
    committed.settle(committed.records(votes))
    assert committed.round == 2


@pytest.mark.parametrize(
    ("old", "new", "standing"),
    [
        (1_000_000, 950_000, Standing.VOTED_YES),
        (1_000_000, 949_999, Standing.VOTED_NO),
        (0, 0, Standing.VOTED_YES),
        (1, 0, Standing.VOTED_NO),
        (1, 1, Standing.VOTED_YES),
        (0, 1_000_000, Standing.VOTED_YES),
        (20, 19, Standing.VOTED_YES),
        (21, 19, Standing.VOTED_NO),
    ],
)
def test_a_yes_is_a_score_within_the_tolerance(
    chain: Chain, started: Federation, old: int, new: int, standing: Standing
) -> None:
    """Compared exactly, in integers: 950,000 of 1,000,000 is within 5 %, one less is not."""
    started.to_votes()
    votes = started.ballots([(old, new)] * 3)
    started.commit(votes)
    chain.send(*reveal(started, started.records(votes)))
    assert started.standing_as(standing) == started.drawn_voters


@pytest.mark.parametrize("wrong", [(1_000_001, 0), (0, 1_000_001), (2**32 - 1, 2**32 - 1)])
def test_a_score_above_one_is_refused(chain: Chain, started: Federation, wrong: tuple[int, int]) -> None:
    started.to_votes()
    votes = started.ballots([ACCEPT, wrong, ACCEPT])
    started.commit(votes)
    refused = chain.refusal(*reveal(started, started.records(votes)))
    assert refused == Refusal("BadScore", (started.drawn_voters[1], max(wrong)))


def test_scores_changed_on_the_way_are_refused(chain: Chain, committed: Federation) -> None:
    """The signature, and so the commitment, is the same; the scores it is over are not."""
    forged = bytearray(committed.records(scores(committed)))
    forged[9] ^= 1
    assert chain.refusal(*reveal(committed, bytes(forged))) == Refusal("BadSignature", (committed.drawn_voters[0],))


def test_a_vote_that_is_not_the_committed_one_does_not_fit_the_list(chain: Chain, committed: Federation) -> None:
    """A voter that changes its mind after it has seen the others is held to what it committed."""
    first, second, third = committed.drawn_voters
    changed = {first: REJECT, second: REJECT, third: ACCEPT}
    assert chain.refusal(*reveal(committed, committed.records(changed))).name == "WrongBallot"


def test_a_copied_commitment_reveals_the_copied_voters_vote_only(chain: Chain, started: Federation) -> None:
    """A lazy voter that commits another's commitment cannot open it: the signature in it is the other's."""
    started.to_votes()
    copied, copier, third = started.drawn_voters
    copy = copier.to_bytes(2, "big") + keccak(started.vote(copied))
    listing = started.pair(copied) + copy + started.pair(third)
    chain.send("commitVotes", started.task, fixed(keccak(listing)), True)
    stolen = copier.to_bytes(2, "big") + started.record(copied)[2:]
    batch = started.record(copied) + stolen + started.record(third)
    assert chain.refusal(*reveal(started, batch)) == Refusal("BadSignature", (copier,))


@pytest.mark.parametrize("what", ["key", "task", "round", "motion", "chain", "contract"])
def test_a_vote_signed_for_anything_else_is_refused_by_member(chain: Chain, started: Federation, what: str) -> None:
    started.to_votes()
    forger, *rest = started.drawn_voters
    wrong = {
        "key": {"key": NodeKey.derive(7, 999)},
        "task": {"task": started.task + 1},
        "round": {"round": 2},
        "motion": {"motion": bytes(32)},
        "chain": {"domain": Domain(1, chain.deployment.alliance)},
        "contract": {"domain": Domain(chain.chain_id, ONLOOKER.address)},
    }[what]
    signature = started.vote(forger, ACCEPT, **wrong)
    listing = forger.to_bytes(2, "big") + keccak(signature) + b"".join(map(started.pair, rest))
    chain.send("commitVotes", started.task, fixed(keccak(listing)), True)
    batch = started.record(forger, ACCEPT, **wrong) + b"".join(map(started.record, rest))
    assert chain.refusal(*reveal(started, batch)) == Refusal("BadSignature", (forger,))


def test_a_vote_with_the_signature_of_nobody_is_refused(chain: Chain, started: Federation) -> None:
    """`ecrecover` answers such a signature with address zero, which must not pass for a member."""
    started.to_votes()
    forger, *rest = started.drawn_voters
    listing = forger.to_bytes(2, "big") + keccak(bytes(64)) + b"".join(map(started.pair, rest))
    chain.send("commitVotes", started.task, fixed(keccak(listing)), True)
    batch = started.record(forger)[:10] + bytes(64) + b"".join(map(started.record, rest))
    assert chain.refusal(*reveal(started, batch)) == Refusal("BadSignature", (forger,))


def test_nobody_but_a_voter_votes(chain: Chain, started: Federation) -> None:
    """A relayer that lists a proposer's vote gains nothing."""
    started.to_votes()
    proposer = started.drawn_proposers[0]
    members = sorted([proposer, *started.drawn_voters])
    listing = keccak(b"".join(map(started.pair, members)))
    chain.send("commitVotes", started.task, fixed(listing), True)
    batch = b"".join(map(started.record, members))
    assert chain.refusal(*reveal(started, batch)) == Refusal("WrongStanding", (proposer, Standing.PROPOSED))
    honest = b"".join(started.bare(m) if m == proposer else started.record(m) for m in members)
    chain.send(*reveal(started, honest))
    assert len(started.standing_as(Standing.VOTED_YES)) == 3


def test_a_list_names_each_member_once_and_in_order(chain: Chain, started: Federation) -> None:
    """Else an accomplice of the relayer could be listed with a yes and a no, and choose when it has seen the rest."""
    started.to_votes()
    first, second, third = started.drawn_voters
    records = [started.record(first), started.record(first, REJECT), started.record(second), started.record(third)]
    twice = b"".join([started.pair(first), started.pair(first, REJECT), started.pair(second), started.pair(third)])
    chain.send("commitVotes", started.task, fixed(keccak(twice)), True)
    for batch in [
        b"".join(records),
        records[1] + records[0] + records[2] + records[3],
        records[2] + records[0] + records[3],
        started.bare(first) + started.bare(first, REJECT) + records[2] + records[3],
    ]:
        assert chain.refusal(*reveal(started, batch)) == Refusal("BadBatch", (len(batch),))


def test_nothing_is_revealed_to_an_incomplete_list_before_the_omitted_have_committed(
    chain: Chain, started: Federation
) -> None:
    started.to_votes()
    left_out, *listed = started.drawn_voters
    votes = dict.fromkeys(listed, ACCEPT)
    started.commit(votes, complete=False)
    end = started.state["phase_at"]
    refused = chain.refusal(*reveal(started, started.records(votes)))
    assert refused == Refusal("TooEarly", (started.task, chain.now, end))
    chain.wait_until(end)
    chain.send(*reveal(started, started.records(votes)))
    assert started.standings[left_out] is Standing.SILENT_VOTER


def test_another_candidate_is_not_voted_on(chain: Chain, committed: Federation) -> None:
    votes = committed.records(scores(committed))
    refused = chain.refusal(*reveal(committed, votes, motion=bytes(32)))
    assert refused == Refusal("BadSignature", (committed.drawn_voters[0],))
    bare = b"".join(committed.bare(voter, vote) for voter, vote in scores(committed).items())
    assert chain.refusal(*reveal(committed, bare, motion=bytes(32))).name == "WrongBallot"


def test_a_batch_cut_short_is_refused(chain: Chain, committed: Federation) -> None:
    votes = committed.records(scores(committed))
    bare = committed.bare(committed.drawn_voters[0])
    for batch in [votes[:-1], votes + b"\0", bare[:-1], b"\xff\xff" + bytes(31)]:
        assert chain.refusal(*reveal(committed, batch)).name == "BadBatch"


def test_what_follows_a_batch_in_the_calldata_is_not_part_of_it(chain: Chain, committed: Federation) -> None:
    """The batch's length word says one byte less; the byte itself is still there, in the padding."""
    votes = committed.records(scores(committed))
    data = bytearray(chain.encode("revealVotes", committed.task, MOTION, votes))
    length = 4 + 3 * 32
    data[length : length + 32] = (len(votes) - 1).to_bytes(32, "big")
    request = {"to": chain.deployment.alliance, "data": "0x" + data.hex()}
    with pytest.raises(Exception, match="revert"):
        chain.rpc("eth_call", request, "latest")


@pytest.mark.parametrize("member", [8, 0x3FFF])
def test_a_vote_of_a_member_that_does_not_exist_is_refused(chain: Chain, committed: Federation, member: int) -> None:
    votes = committed.records(scores(committed))
    batch = votes + member.to_bytes(2, "big") + votes[2:74]
    assert chain.refusal(*reveal(committed, batch)) == Refusal("BadBatch", (len(batch),))


def test_an_own_vote_needs_an_own_commitment(chain: Chain, committed: Federation) -> None:
    voter = committed.drawn_voters[0]
    listing = b"\xff\xff" + keccak(committed.pairs(scores(committed)))
    refused = chain.refusal(*reveal(committed, listing + committed.own(voter)))
    assert refused == Refusal("WrongStanding", (voter, Standing.SILENT_VOTER))


def test_an_own_vote_is_the_one_committed(chain: Chain, started: Federation) -> None:
    started.to_votes()
    left_out, *listed = started.drawn_voters
    votes = dict.fromkeys(listed, ACCEPT)
    started.commit(votes, complete=False)
    chain.send(*started.commit_own_call(left_out, REJECT, votes))
    chain.wait_until(started.state["phase_at"])
    listing = b"\xff\xff" + keccak(started.pairs(votes))
    refused = chain.refusal(*reveal(started, listing + started.own(left_out, ACCEPT)))
    assert refused == Refusal("NotCommitted", (left_out,))
    chain.send(*reveal(started, listing + started.own(left_out, REJECT)))
    assert started.standings[left_out] is Standing.VOTED_NO


def test_who_committed_by_itself_is_not_counted_from_the_list(chain: Chain, started: Federation) -> None:
    """Two commitments do not give a choice: the one on chain replaces the one in the list."""
    started.to_votes()
    twice, *rest = started.drawn_voters
    votes = {twice: ACCEPT} | dict.fromkeys(rest, ACCEPT)
    started.commit(votes, complete=False)
    chain.send(*started.commit_own_call(twice, REJECT, votes))
    chain.wait_until(started.state["phase_at"])
    chain.send(*reveal(started, started.records(votes)))
    assert started.standings[twice] is Standing.COMMITTED
    chain.send(*reveal(started, started.records(votes) + started.own(twice, REJECT)))
    assert started.standings[twice] is Standing.VOTED_NO


def test_there_is_nothing_to_reveal_before_the_list(chain: Chain, started: Federation) -> None:
    started.to_votes()
    refused = chain.refusal(*reveal(started, started.records(scores(started))))
    assert refused == Refusal("WrongPhase", (started.task, Phase.COMMITTING))
