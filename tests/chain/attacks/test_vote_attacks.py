"""Attacks on the vote: copying, changing one's mind, withholding, slipping out, spoiling others' transactions."""

import pytest
from federation import (
    ACCEPT,
    CANDIDATE,
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

from fl_alliance.chain.messages import Commitment
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Standing

SLASH = 6 * FML // GWEI
"""What a loser with a balance of 60 FML loses, in gwei."""


def by_hash(federation: Federation, votes: dict[int, tuple[int, int]]) -> bytes:
    """Return the record that stands for the whole list."""
    return b"\xff\xff" + keccak(federation.pairs(votes))


def deltas(federation: Federation, before: list[int]) -> list[int]:
    return [now - then for now, then in zip(federation.balances, before, strict=True)]


def test_a_copied_commitment_cannot_be_revealed_and_costs_the_copier(chain: Chain, drawn: Federation) -> None:
    lazy, honest, other = drawn.drawn_voters
    stolen = keccak(drawn.vote(honest, REJECT))
    pairs = lazy.to_bytes(2, "big") + stolen + drawn.pair(honest, REJECT) + drawn.pair(other, REJECT)
    chain.send("commitVotes", drawn.task, fixed(keccak(pairs)), True)
    rest = drawn.record(honest, REJECT) + drawn.record(other, REJECT)
    forged = lazy.to_bytes(2, "big") + drawn.record(honest, REJECT)[2:]
    assert chain.refusal("settle", drawn.task, PREVIOUS, CANDIDATE, forged + rest) == Refusal("BadSignature", (lazy,))
    chain.send("revealVotes", drawn.task, MOTION, (lazy | 0x8000).to_bytes(2, "big") + stolen + rest)
    before, omitted = drawn.balances, drawn.state["phase_at"]
    chain.wait_until(omitted + 200)
    proof = b"\0\0" + b"".join(drawn.commitment(lazy, commitment=stolen))
    chain.send("proveWithheld", drawn.task, MOTION, pairs, proof, by=ONLOOKER)
    chain.wait_until(omitted + 500)
    drawn.settle(b"\xff\xff" + keccak(pairs), by=ONLOOKER)
    assert deltas(drawn, before)[lazy] == -SLASH


def test_nobody_reads_a_vote_on_chain_while_others_can_still_commit(chain: Chain, drawn: Federation) -> None:
    """A voter that the list omits commits in time or copies: not both."""
    early, other, omitted = drawn.drawn_voters
    votes = {early: ACCEPT, other: ACCEPT}
    drawn.commit(votes, complete=False)
    last_second = drawn.state["phase_at"] - 1
    assert chain.refusal("revealVotes", drawn.task, MOTION, drawn.records(votes)).name == "TooEarly"
    chain.wait_until(last_second + 1)
    chain.send("revealVotes", drawn.task, MOTION, drawn.records(votes))
    assert chain.refusal(*drawn.commit_own_call(omitted, ACCEPT, votes)).name == "TooLate"


def test_who_votes_after_seeing_the_others_earns_nothing(chain: Chain, drawn: Federation) -> None:
    """Even where the relayer lied about a complete list to let an accomplice look first."""
    first, second, accomplice = drawn.drawn_voters
    votes = {first: REJECT, second: REJECT}
    drawn.commit(votes, complete=True)
    chain.send("revealVotes", drawn.task, MOTION, drawn.records(votes))
    chain.send(*drawn.commit_own_call(accomplice, REJECT, votes))
    before, omitted = drawn.balances, drawn.state["phase_at"]
    chain.send("revealVotes", drawn.task, MOTION, by_hash(drawn, votes) + drawn.own(accomplice, REJECT))
    chain.wait_until(omitted + 300)
    drawn.settle(by_hash(drawn, votes), by=ONLOOKER)
    assert deltas(drawn, before)[accomplice] == 0
    assert deltas(drawn, before)[first] > 0


def test_a_listed_voter_does_not_slip_out_when_it_sees_itself_losing(chain: Chain, drawn: Federation) -> None:
    """It commits once more by itself, to be late and so beyond reward and loss: its place in the list comes first."""
    loser, *others = drawn.drawn_voters
    votes = {loser: ACCEPT} | dict.fromkeys(others, REJECT)
    drawn.commit(votes)
    chain.send("revealVotes", drawn.task, MOTION, drawn.bare(loser) + drawn.records(dict.fromkeys(others, REJECT)))
    chain.send(*drawn.commit_own_call(loser, ACCEPT, votes), by=ONLOOKER)
    before, omitted = drawn.balances, drawn.state["phase_at"]
    chain.wait_until(omitted + 200)
    chain.send(*drawn.evidence(votes, loser), by=ONLOOKER)
    chain.wait_until(omitted + 500)
    drawn.settle(by_hash(drawn, votes), by=ONLOOKER)
    assert deltas(drawn, before)[loser] == -SLASH


def test_a_listed_voter_that_reveals_as_if_it_were_late_is_counted_where_it_is_listed(
    chain: Chain, drawn: Federation
) -> None:
    """Its vote is public then: anybody puts it into its place, where it loses."""
    loser, *others = drawn.drawn_voters
    votes = {loser: ACCEPT} | dict.fromkeys(others, REJECT)
    drawn.commit(votes)
    chain.send("revealVotes", drawn.task, MOTION, drawn.bare(loser) + drawn.records(dict.fromkeys(others, REJECT)))
    chain.send(*drawn.commit_own_call(loser, ACCEPT, votes))
    late = by_hash(drawn, votes) + drawn.own(loser)
    assert chain.refusal("settle", drawn.task, PREVIOUS, CANDIDATE, late).name == "TooEarly"
    chain.send("revealVotes", drawn.task, MOTION, late)
    before = drawn.balances
    drawn.settle(drawn.records(votes), by=ONLOOKER)
    assert deltas(drawn, before)[loser] == -SLASH


def test_a_listed_voter_does_not_join_the_winners_when_it_sees_them(chain: Chain, drawn: Federation) -> None:
    """Its second commitment says the opposite: the first one, unrevealed, is proven, and both together cost it all."""
    turncoat, *others = drawn.drawn_voters
    known = dict.fromkeys(others, REJECT)
    votes = {turncoat: ACCEPT} | known
    drawn.commit(votes)
    chain.send("revealVotes", drawn.task, MOTION, drawn.bare(turncoat) + drawn.records(known))
    chain.send(*drawn.commit_own_call(turncoat, REJECT, votes))
    chain.send("revealVotes", drawn.task, MOTION, by_hash(drawn, votes) + drawn.own(turncoat, REJECT))
    assert chain.refusal("settle", drawn.task, PREVIOUS, CANDIDATE, by_hash(drawn, votes)).name == "TooEarly"
    before, omitted = drawn.balances, drawn.state["phase_at"]
    chain.wait_until(omitted + 200)
    chain.send(*drawn.evidence(votes, turncoat), by=ONLOOKER)
    chain.wait_until(omitted + 500)
    listed, own = (keccak(drawn.vote(turncoat, scores)) for scores in (ACCEPT, REJECT))
    both = [drawn.commitment(turncoat, commitment=said) for said in (listed, own)]
    mark = chain.rpc("evm_snapshot")
    drawn.settle(by_hash(drawn, votes), by=ONLOOKER)
    assert deltas(drawn, before)[turncoat] == -SLASH
    chain.rpc("evm_revert", mark)
    chain.senders.clear()
    chain.send("slashEquivocation", drawn.task, (1, turncoat, 1, MOTION, listed, own, *both), by=ONLOOKER)
    assert drawn.balances[turncoat] == 0
    assert chain.read("creditGwei", ONLOOKER.address) == before[turncoat] // 10


def test_a_voter_does_not_choose_between_two_commitments_when_it_reveals(chain: Chain, drawn: Federation) -> None:
    """Listed with one vote, committed by itself to another before anything is revealed: only its own one counts."""
    hedger, *others = drawn.drawn_voters
    votes = {hedger: ACCEPT} | dict.fromkeys(others, REJECT)
    drawn.commit(votes, complete=False)
    chain.send(*drawn.commit_own_call(hedger, REJECT, votes))
    chain.wait_until(drawn.state["phase_at"])
    chain.send("revealVotes", drawn.task, MOTION, drawn.records(votes))
    assert drawn.standings[hedger] is Standing.COMMITTED
    other = by_hash(drawn, votes) + drawn.own(hedger, ACCEPT)
    assert chain.refusal("revealVotes", drawn.task, MOTION, other) == Refusal("NotCommitted", (hedger,))


def test_withholding_a_vote_costs_as_much_as_losing_it(chain: Chain, drawn: Federation) -> None:
    """Nobody settles early to spare the accomplice, and whoever proves it in time decides."""
    withholder, *others = drawn.drawn_voters
    votes = {withholder: ACCEPT} | dict.fromkeys(others, REJECT)
    drawn.commit(votes)
    known = drawn.bare(withholder) + drawn.records(dict.fromkeys(others, REJECT))
    omitted, before = drawn.state["phase_at"], drawn.balances
    for second in (omitted, omitted + 200, omitted + 299):
        chain.wait_until(second)
        assert chain.refusal("settle", drawn.task, PREVIOUS, CANDIDATE, known, by=ONLOOKER).name == "TooEarly"
        if second == omitted + 200:
            chain.send(*drawn.evidence(votes, withholder), by=ONLOOKER)
    chain.wait_until(omitted + 300)
    assert chain.refusal("settle", drawn.task, PREVIOUS, CANDIDATE, known, by=ONLOOKER).name == "TooEarly"
    chain.wait_until(omitted + 500)
    drawn.settle(known, by=ONLOOKER)
    assert deltas(drawn, before)[withholder] == -SLASH


def test_an_accused_voter_that_answers_is_not_punished_for_its_silence(chain: Chain, drawn: Federation) -> None:
    """A relayer that keeps a reveal back and accuses its voter gains nothing against a voter who sends it itself."""
    honest, *others = drawn.drawn_voters
    votes = dict.fromkeys(drawn.drawn_voters, REJECT)
    drawn.commit(votes)
    before = drawn.balances
    chain.wait_until(drawn.state["phase_at"] + 200)
    chain.send(*drawn.evidence(votes, honest))
    answer = drawn.record(honest, REJECT) + b"".join(drawn.bare(other, REJECT) for other in others)
    chain.send("revealVotes", drawn.task, MOTION, answer, by=ONLOOKER)
    drawn.settle(drawn.records(votes))
    assert deltas(drawn, before)[honest] > 0


def test_nobody_is_accused_with_anything_but_its_own_signed_commitment(chain: Chain, drawn: Federation) -> None:
    """A list can hold any bytes beside a member's number: only that member's signature makes them its own."""
    framed, *others = drawn.drawn_voters
    invented = keccak(b"a vote that was never cast")
    pairs = framed.to_bytes(2, "big") + invented + b"".join(drawn.pair(other, REJECT) for other in others)
    chain.send("commitVotes", drawn.task, fixed(keccak(pairs)), True)
    chain.wait_until(drawn.state["phase_at"] + 200)
    elsewhere = Commitment(drawn.task, 1, keccak(b"another candidate"), invented).sign(drawn.keys[framed], chain.domain)
    real = b"".join(drawn.commitment(framed, REJECT))
    by_another = drawn.commitment(framed, commitment=invented, key=drawn.keys[others[0]])
    for signature in (real, elsewhere, b"".join(by_another), bytes(64)):
        refusal = chain.refusal("proveWithheld", drawn.task, MOTION, pairs, b"\0\0" + signature)
        assert refusal == Refusal("BadSignature", (framed,))


def test_a_silent_voter_that_was_never_listed_cannot_be_accused(chain: Chain, drawn: Federation) -> None:
    silent, *others = drawn.drawn_voters
    votes = dict.fromkeys(others, REJECT)
    drawn.commit(votes, complete=False)
    before = drawn.balances
    chain.wait_until(drawn.state["phase_at"] + 200)
    wider = drawn.evidence(dict.fromkeys(drawn.drawn_voters, REJECT), silent)
    assert chain.refusal(*wider).name == "WrongBallot"
    drawn.settle(drawn.records(votes))
    assert deltas(drawn, before)[silent] == 0


def test_accusations_are_not_spoiled_by_an_accomplice_that_reveals_at_the_last_moment(
    chain: Chain, drawn: Federation
) -> None:
    """One of three accused answers one transaction ahead of the evidence: the other two are accused all the same."""
    votes = dict.fromkeys(drawn.drawn_voters, ACCEPT)
    quick, *slow = drawn.drawn_voters
    drawn.commit(votes)
    chain.wait_until(drawn.state["phase_at"] + 200)
    spoiler = drawn.record(quick) + b"".join(map(drawn.bare, slow))
    chain.send("revealVotes", drawn.task, MOTION, spoiler, by=ONLOOKER)
    chain.send(*drawn.evidence(votes, quick, *slow))
    assert [drawn.standings[voter] for voter in (quick, *slow)] == [Standing.VOTED_YES, *[Standing.WITHHELD] * 2]


def test_a_settlement_is_not_spoiled_by_revealing_one_of_its_votes_first(chain: Chain, drawn: Federation) -> None:
    """A stranger takes a vote out of the pending settlement and sends it ahead, listed or by itself committed."""
    *listed, own = drawn.drawn_voters
    votes = dict.fromkeys(listed, REJECT)
    drawn.commit(votes, complete=False)
    chain.send(*drawn.commit_own_call(own, REJECT, votes))
    chain.wait_until(drawn.state["phase_at"])
    pending = drawn.records(votes) + drawn.own(own, REJECT)
    ahead = drawn.record(listed[0], REJECT) + drawn.bare(listed[1], REJECT) + drawn.own(own, REJECT)
    chain.send("revealVotes", drawn.task, MOTION, ahead, by=ONLOOKER)
    assert drawn.settle(pending)["outcome"].name == "REJECTED"


@pytest.mark.parametrize("colluding", [0, 1])
def test_proposers_and_a_minority_of_voters_in_collusion_lose(chain: Chain, drawn: Federation, colluding: int) -> None:
    """Whatever was done to the model (flipped labels or signs, noise, a backdoor): two honest voters turn it down."""
    voters, proposers = drawn.drawn_voters, drawn.drawn_proposers
    votes = {voter: ACCEPT if rank < colluding else REJECT for rank, voter in enumerate(voters)}
    drawn.commit(votes)
    before = drawn.balances
    assert drawn.settle(drawn.records(votes), by=ONLOOKER)["outcome"].name == "REJECTED"
    moved = deltas(drawn, before)
    assert [moved[loser] for loser in (*proposers, *voters[:colluding])] == [-SLASH] * (3 + colluding)
    assert min(moved[voter] for voter in voters[colluding:]) > 0
