"""What a member is told before it sends: what a step would pay, why it is refused, what could be held against it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from players import TERMS

from fl_alliance.chain.alliance_refusals import TooEarly, WrongPhase, WrongStanding
from fl_alliance.chain.batches import SignedProposal
from fl_alliance.chain.forecast import Duty, Exposure, Forecast, forecast
from fl_alliance.chain.messages import Proposal
from fl_alliance.chain.steps import Propose, Statement, TaskStep

Found = Callable[..., Any]
STAKE_GWEI = 64 * 10**9


def told(federation: Any, step: TaskStep) -> Forecast:
    ledger = federation.ledger
    return forecast(federation.model, step, ledger.now() + 1, ledger.sender.address)


def test_a_settlement_is_told_line_by_line_and_nothing_changes(found: Found) -> None:
    federation = found(nodes=7)
    voters = federation.reach_commit()
    candidate = federation.digest("model 1")
    votes = federation.votes(candidate, voters, bad=voters[:1])
    federation.commit(candidate, votes)
    step, before = federation.settling(candidate, votes), list(federation.model.balances)
    foreseen = told(federation, step)
    assert foreseen.refusal is None
    assert foreseen.is_slashable
    assert federation.model.balances == before
    federation.ledger.send(step)
    assert foreseen.lines == federation.model.settlement.lines


def test_what_the_contract_would_refuse_is_told_with_its_reason(found: Found) -> None:
    federation = found(nodes=7)
    foreseen = told(federation, federation.settling(bytes(32), ()))
    assert isinstance(foreseen.refusal, WrongPhase)
    assert (foreseen.lines, foreseen.exposures, foreseen.is_slashable) == ((), (), False)


def test_a_second_different_proposal_exposes_its_proposer(found: Found) -> None:
    federation = found(nodes=7)
    federation.open_round()
    federation.propose()
    member = federation.model.committee.proposers[0]
    (same,) = federation.proposals([member])
    assert not told(federation, Propose(federation.task, (same,))).exposures
    update = federation.digest("another update")
    signature = Proposal(federation.task, 1, update).sign(federation.key(member), federation.ledger.domain)
    second = told(federation, Propose(federation.task, (SignedProposal(member, update, signature),)))
    assert second.exposures == (Exposure(member, Statement.PROPOSAL, STAKE_GWEI),)
    assert second.is_slashable
    forged = told(federation, Propose(federation.task, (SignedProposal(member, update, same.signature),)))
    assert not forged.exposures


def test_a_commitment_of_ones_own_is_a_duty_and_a_second_one_exposes(found: Found) -> None:
    federation = found(nodes=7, slash_gwei=10**9)
    first, *others = federation.reach_commit()
    candidate = federation.digest("model 1")
    votes = federation.votes(candidate, others)
    federation.commit(candidate, votes, is_complete=False)
    promise = federation.own_commitment(federation.vote(first, candidate), candidate, votes)
    ballot, params = federation.model.committee.ballot, federation.model.params
    loss = STAKE_GWEI * params.slash_bps // 10_000 + 10**9
    assert told(federation, promise).duties == (Duty(first, ballot.evidence_start(params), loss),)
    federation.ledger.send(promise)
    other = federation.own_commitment(federation.vote(first, candidate, (1, 1)), candidate, votes)
    foreseen = told(federation, other)
    assert isinstance(foreseen.refusal, WrongStanding)
    assert foreseen.exposures == (Exposure(first, Statement.COMMITMENT, STAKE_GWEI),)
    assert not told(federation, replace(other, motion=bytes(32))).exposures
    early = told(federation, federation.revealing(candidate, votes))
    assert isinstance(early.refusal, TooEarly)


def test_a_second_vote_on_a_menu_exposes_its_voter(found: Found) -> None:
    federation = found(nodes=7, terms=TERMS)
    voters = federation.reach_commit()
    menu = federation.plain_menu()
    votes = federation.votes(menu, voters)
    federation.commit(menu, votes)
    federation.ledger.send(federation.revealing(menu, votes))
    assert not told(federation, federation.revealing(menu, votes)).exposures
    again = federation.vote(voters[0], menu, (1, 2))
    own = replace(again, is_own=True)
    foreseen = told(federation, federation.revealing(menu, (*votes, own)))
    assert foreseen.exposures == (Exposure(voters[0], Statement.VOTE, STAKE_GWEI),)
