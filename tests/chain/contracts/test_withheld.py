"""Committing and not revealing: proven, answered or not, and never spared by settling early."""

import pytest
from federation import ACCEPT, CANDIDATE, MOTION, ONLOOKER, PREVIOUS, REJECT, Chain, Federation, Refusal, fixed

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Standing


class Round:
    """A round in which the first voter committed a no and withholds it; the others revealed a yes."""

    def __init__(self, federation: Federation) -> None:
        federation.to_votes()
        self.federation = federation
        self.withholder, *self.honest = federation.drawn_voters
        self.votes = {self.withholder: REJECT} | dict.fromkeys(self.honest, ACCEPT)
        federation.commit(self.votes)
        params = federation.params
        self.omit_end = federation.state["phase_at"]
        self.reveal_end = self.omit_end + params.reveal_s
        self.evidence_end = self.reveal_end + params.evidence_s
        self.answer_end = self.evidence_end + params.reveal_s

    @property
    def records(self) -> bytes:
        f = self.federation
        return f.bare(self.withholder, REJECT) + b"".join(map(f.record, self.honest))

    @property
    def settling(self) -> tuple[object, ...]:
        return ("settle", self.federation.task, PREVIOUS, CANDIDATE, self.records)

    @property
    def evidence(self) -> tuple[object, ...]:
        return self.federation.evidence(self.votes, self.withholder)


@pytest.fixture
def withheld(started: Federation) -> Round:
    return Round(started)


def test_a_proven_withholder_loses_like_the_losing_side(chain: Chain, withheld: Round) -> None:
    chain.wait_until(withheld.reveal_end)
    receipt = chain.send(*withheld.evidence, by=ONLOOKER)
    [(_, event)] = chain.events(receipt, "VotesWithheld")
    assert event["members"] == (withheld.withholder,)
    before = withheld.federation.balances
    chain.wait_until(withheld.answer_end)
    chain.send(*withheld.settling, by=ONLOOKER)
    held = before[withheld.withholder]
    assert withheld.federation.balances[withheld.withholder] == held - held // 10
    assert chain.read("creditGwei", ONLOOKER.address) == held // 10 // 10


def test_nobody_settles_early_to_spare_an_accomplice(chain: Chain, withheld: Round) -> None:
    """Two of three votes are a quorum, but the third is committed and not yet proven to be withheld."""
    for second in (chain.now, withheld.omit_end, withheld.reveal_end, withheld.evidence_end - 1):
        chain.wait_until(second)
        refused = chain.refusal(*withheld.settling)
        assert refused == Refusal("TooEarly", (withheld.federation.task, chain.now, withheld.evidence_end))


def test_without_evidence_the_round_settles_and_nobody_is_blamed(chain: Chain, withheld: Round) -> None:
    before = withheld.federation.balances
    chain.wait_until(withheld.evidence_end)
    chain.send(*withheld.settling, by=ONLOOKER)
    assert withheld.federation.balances[withheld.withholder] == before[withheld.withholder]
    assert withheld.federation.round == 2


def test_the_list_given_by_its_hash_hides_nothing_before_its_time(chain: Chain, withheld: Round) -> None:
    federation = withheld.federation
    chain.send("revealVotes", federation.task, MOTION, withheld.records)
    by_hash = ("settle", federation.task, PREVIOUS, CANDIDATE, b"\xff\xff" + keccak(federation.pairs(withheld.votes)))
    chain.wait_until(withheld.omit_end)
    refused = chain.refusal(*by_hash)
    assert refused == Refusal("TooEarly", (federation.task, chain.now, withheld.evidence_end))


def test_the_accused_answers_by_revealing(chain: Chain, withheld: Round) -> None:
    chain.wait_until(withheld.reveal_end)
    chain.send(*withheld.evidence)
    assert withheld.federation.standings[withheld.withholder] is Standing.WITHHELD
    refused = chain.refusal(*withheld.settling)
    assert refused == Refusal("TooEarly", (withheld.federation.task, chain.now, withheld.answer_end))
    event = withheld.federation.settle(withheld.federation.records(withheld.votes))
    assert event["outcome"].name == "ACCEPTED"
    assert withheld.federation.round == 2


def test_evidence_has_its_time(chain: Chain, withheld: Round) -> None:
    task = withheld.federation.task
    refused = chain.refusal(*withheld.evidence)
    assert refused == Refusal("TooEarly", (task, chain.now, withheld.reveal_end))
    chain.wait_until(withheld.evidence_end)
    assert chain.refusal(*withheld.evidence) == Refusal("TooLate", (task, chain.now, withheld.evidence_end))


def test_who_has_revealed_is_passed_over(chain: Chain, withheld: Round) -> None:
    """Nobody spares others by revealing, or by being accused, one transaction ahead of the evidence."""
    federation = withheld.federation
    chain.send("revealVotes", federation.task, MOTION, withheld.records)
    chain.wait_until(withheld.reveal_end)
    everybody = federation.evidence(withheld.votes, *withheld.votes)
    receipt = chain.send(*everybody)
    [(_, event)] = chain.events(receipt, "VotesWithheld")
    assert event["members"] == (withheld.withholder,)
    [(_, event)] = chain.events(chain.send(*everybody), "VotesWithheld")
    assert event["members"] == ()
    assert federation.standing_as(Standing.VOTED_YES) == withheld.honest


def test_garbage_in_the_list_frames_nobody(chain: Chain, started: Federation) -> None:
    """The relayer invents a commitment: without the voter's signature it is nobody's."""
    started.to_votes()
    victim, *rest = started.drawn_voters
    pairs = victim.to_bytes(2, "big") + b"\7" * 32 + b"".join(map(started.pair, rest))
    chain.send("commitVotes", started.task, fixed(keccak(pairs)), True)
    chain.wait_until(started.state["phase_at"] + started.params.reveal_s)
    forger = NodeKey.derive(7, 999)
    r, vs = started.commitment(victim, ACCEPT, commitment=b"\7" * 32, key=forger)
    evidence = bytes(2) + r + vs
    call = ("proveWithheld", started.task, MOTION, pairs, evidence)
    assert chain.refusal(*call) == Refusal("BadSignature", (victim,))
    before = started.balances
    chain.wait_until(chain.now + started.params.evidence_s)
    records = (0x8000 | victim).to_bytes(2, "big") + b"\7" * 32 + b"".join(map(started.record, rest))
    started.settle(records)
    assert started.balances[victim] == before[victim]


def test_a_commitment_to_another_candidate_frames_nobody(chain: Chain, started: Federation) -> None:
    """The relayer shows the voters one candidate and fixes another: their votes cannot be revealed, nor blamed."""
    started.to_votes()
    victim, *rest = started.drawn_voters
    shown = keccak(b"shown")
    vote = started.vote(victim, ACCEPT, motion=shown)
    pairs = victim.to_bytes(2, "big") + keccak(vote) + b"".join(map(started.pair, rest))
    chain.send("commitVotes", started.task, fixed(keccak(pairs)), True)
    chain.wait_until(started.state["phase_at"] + started.params.reveal_s)
    r, vs = started.commitment(victim, ACCEPT, commitment=keccak(vote), motion=shown)
    call = ("proveWithheld", started.task, MOTION, pairs, bytes(2) + r + vs)
    assert chain.refusal(*call) == Refusal("BadSignature", (victim,))


def test_a_list_that_cannot_be_read_frames_nobody(chain: Chain, started: Federation) -> None:
    """Its order is wrong, so that nobody could have revealed to it."""
    started.to_votes()
    first, second, third = started.drawn_voters
    pairs = started.pair(second) + started.pair(first) + started.pair(third)
    chain.send("commitVotes", started.task, fixed(keccak(pairs)), True)
    chain.wait_until(started.state["phase_at"] + started.params.reveal_s)
    r, vs = started.commitment(first)
    call = ("proveWithheld", started.task, MOTION, pairs, b"\0\1" + r + vs)
    assert chain.refusal(*call) == Refusal("BadBatch", (len(pairs),))


def test_evidence_that_does_not_fit_is_refused(chain: Chain, withheld: Round) -> None:
    chain.wait_until(withheld.reveal_end)
    name, task, motion, pairs, evidence = withheld.evidence
    other = withheld.federation.pairs(dict.fromkeys(withheld.honest, ACCEPT))
    assert chain.refusal(name, task, motion, pairs, b"") == Refusal("BadBatch", (0,))
    assert chain.refusal(name, task, motion, pairs, evidence[:-1]) == Refusal("BadBatch", (65,))
    assert chain.refusal(name, task, motion, pairs, b"\0\3" + evidence[2:]) == Refusal("BadBatch", (len(pairs),))
    assert chain.refusal(name, task, motion, pairs[:-1], evidence) == Refusal("BadBatch", (len(pairs) - 1,))
    assert chain.refusal(name, task, motion, other, evidence).name == "WrongBallot"
    assert chain.refusal(name, task, bytes(32), pairs, evidence).name == "WrongBallot"


def test_who_committed_by_itself_and_withholds_needs_no_evidence(chain: Chain, started: Federation) -> None:
    started.to_votes()
    withholder, *listed = started.drawn_voters
    votes = dict.fromkeys(listed, ACCEPT)
    started.commit(votes, complete=False)
    chain.send(*started.commit_own_call(withholder, REJECT, votes))
    end = started.state["phase_at"]
    chain.wait_until(end)
    due = end + started.params.reveal_s + started.params.evidence_s
    refused = chain.refusal("settle", started.task, PREVIOUS, CANDIDATE, started.records(votes))
    assert refused == Refusal("TooEarly", (started.task, chain.now, due))
    before = started.balances
    chain.wait_until(due)
    started.settle(started.records(votes))
    assert started.balances[withholder] == before[withholder] - before[withholder] // 10


def test_a_void_round_still_slashes_who_withheld(chain: Chain, started: Federation) -> None:
    """Killing a round that one is about to lose is not free."""
    started.to_votes()
    votes = started.ballots([ACCEPT] * 3)
    started.commit(votes)
    honest, *withholders = votes
    chain.wait_until(started.state["phase_at"] + started.params.reveal_s)
    chain.send(*started.evidence(votes, *withholders))
    before = started.balances
    chain.wait_until(chain.now + started.params.evidence_s + started.params.reveal_s)
    records = started.record(honest) + b"".join(map(started.bare, withholders))
    assert started.settle(records)["outcome"].name == "VOID"
    for member, held in enumerate(before):
        assert started.balances[member] == held - held // 10 * (member in withholders)
