"""Chains on which every step of a task was taken, refused ones too: the audit agrees with all of it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from players import TERMS

from fl_alliance.audit.chain import audit_chain
from fl_alliance.audit.facts import Audited, EndedRound
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.ballot import ballot_hash
from fl_alliance.chain.batches import Evidence, Listed, RevealedVote, WholeList, list_hash
from fl_alliance.chain.calls import encode
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.errors import TransactionError
from fl_alliance.chain.messages import Commitment, Leave, Proposal, commitment
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.settlement import Why
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import (
    Abandon,
    Cancel,
    CommitVote,
    CommitVotes,
    DrawVoters,
    Finish,
    Fund,
    LeaveTask,
    LeaveTaskWithSignature,
    OpenRound,
    ProveWithheld,
    Register,
    SkipRound,
    SlashEquivocation,
    Start,
    Statement,
    Withdraw,
    WithdrawCredit,
    WithdrawPool,
    WithdrawQueued,
)
from fl_alliance.chain.types import WEI_PER_FML, CandidateTerms
from fl_alliance.chain.vrf import Tag

DEVELOPER = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
Found = Callable[..., Any]
STAKE_WEI = 64 * WEI_PER_FML


@pytest.fixture
def chain_file(tmp_path: Path) -> Path:
    return tmp_path / "chain.db"


@pytest.fixture
def terms() -> CandidateTerms | None:
    """By majority, unless a test says that it is for both rules."""
    return None


@pytest.fixture
def site(chain_file: Path, terms: CandidateTerms | None) -> Iterator[SimpleNamespace]:
    """The Alliance of one rule, deployed on a chain file of this test's own."""
    with connected(f"file://{chain_file}") as w3:
        deployment = deploy(Sender(w3, DEVELOPER), rule="candidates" if terms else "majority")
        yield SimpleNamespace(w3=w3, deployment=deployment, candidates=deployment)


by_both_rules = pytest.mark.parametrize("terms", [None, TERMS], ids=["majority", "candidates"])


def audited(path: Path, executes: bool = True) -> tuple[Audited, list[EndedRound]]:
    told: list[EndedRound] = []
    return audit_chain(path, executes=executes, listener=lambda task, ended: told.append(ended)), told


def pairs(votes: tuple[RevealedVote, ...]) -> tuple[Listed, ...]:
    return tuple(Listed(vote.member, commitment(vote.signature)) for vote in votes)


@by_both_rules
def test_joining_leaving_and_withdrawing_at_every_time_holds(
    found: Found, chain_file: Path, terms: CandidateTerms | None
) -> None:
    federation = found(nodes=6, start=False, rounds=3, proposers=2, voters=2, terms=terms)
    ledger, task, model = federation.ledger, federation.task, lambda: federation.model
    early, late, never = (NodeKey.derive(9, index) for index in range(3))
    federation.funded(early, STAKE_WEI).send(
        Register(task, early.vrf.public_x, federation.possession(early), STAKE_WEI)
    )
    federation.funded(federation.key(0), 0).send(LeaveTask(task, 0))
    ledger.approve(10 * WEI_PER_FML)
    ledger.send(Fund(task, 5 * WEI_PER_FML), Fund(task, 5 * WEI_PER_FML))
    ledger.send(Start(task))
    leaver = federation.key(1)
    ledger.send(
        federation.registration(late),
        LeaveTaskWithSignature(task, 1, Leave(task).sign(leaver, ledger.domain)),
    )
    for _ in range(2):
        federation.run_round()
    ledger.send(federation.registration(never))
    federation.run_round()
    assert len(model().roster.nodes) == 7
    held = [balance + model().record(member).escrow_gwei for member, balance in enumerate(model().balances)]
    ledger.send(*(Withdraw(task, member) for member, amount in enumerate(held) if amount))
    ledger.send(WithdrawQueued(task, 2), WithdrawPool(task))
    ledger.send(*(WithdrawCredit(account) for account in dict(model().credits)))
    for executes in (True, False):
        result, told = audited(chain_file, executes)
        assert result.models.held_gwei == 0
        assert [ended.outcome for ended in told] == [Outcome.ACCEPTED] * 3


@by_both_rules
def test_votes_committed_by_themselves_withheld_and_said_twice_hold(
    found: Found, chain_file: Path, terms: CandidateTerms | None
) -> None:
    federation = found(nodes=8, rounds=2, proposers=2, voters=5, terms=terms)
    ledger, task = federation.ledger, federation.task
    first, second, third, fourth, fifth = federation.reach_commit()
    candidate = federation.plain_menu() if terms else federation.digest("candidate")
    votes = federation.votes(candidate, (first, second, third), bad=(third,))
    own, withheld = federation.vote(fourth, candidate), federation.vote(fifth, candidate)
    listed = list_hash(pairs((*votes, withheld)))
    motion = federation.motion(candidate)
    ledger.send(CommitVotes(task, ballot_hash(motion, listed), False))
    message = Commitment(task, 1, motion, commitment(own.signature))
    signature = message.sign(federation.key(fourth), ledger.domain)
    ledger.send(CommitVote(task, fourth, motion, listed, commitment(own.signature), signature))
    ballot = federation.model.committee.ballot
    ledger.advance_to(ballot.omit_end)
    whole = (*votes, *pairs((withheld,)))
    ledger.send(federation.revealing(candidate, (*whole, replace(own, is_own=True))))
    ledger.advance_to(ballot.evidence_start(federation.model.params))
    evidence = Commitment(task, 1, motion, commitment(withheld.signature)).sign(federation.key(fifth), ledger.domain)
    ledger.send(ProveWithheld(task, motion, pairs((*votes, withheld)), (Evidence(3, evidence),)))
    said = [Proposal(task, 1, federation.digest(text)) for text in ("one", "another")]
    signed = [message.sign(federation.key(first), ledger.domain) for message in said]
    ledger.send(
        SlashEquivocation(
            task, 1, first, Statement.PROPOSAL, bytes(32), said[0].update, said[1].update, signed[0], signed[1]
        )
    )
    ledger.advance_to(ballot.answer_end(federation.model.params))
    federation.settle(candidate, (WholeList(listed),))
    for executes in (True, False):
        result, (ended,) = audited(chain_file, executes)
        whys = {line.member: line.reason.why for line in ended.lines if line.delta_gwei < 0}
        against = {} if terms else {third: Why.VOTED_AGAINST}
        assert whys == {first: Why.EQUIVOCATED, fifth: Why.WITHHELD_VOTE} | against
        assert (ended.yes, ended.no) == ((4, 0) if terms else (3, 1))
        assert result.counts.slashes == len(whys)


def test_absent_leaders_skipped_rounds_and_abandoned_tasks_hold(found: Found, chain_file: Path) -> None:
    federation = found(nodes=6, rounds=6)
    ledger, task = federation.ledger, federation.task
    ledger.advance_to(federation.model.phase_at + 3 * federation.model.params.leader_s)
    federation.open_round()  # by the fourth in line
    federation.propose()
    ledger.advance_to(federation.model.phase_at + 2 * federation.model.params.leader_s)
    federation.draw_voters()  # by the third
    ledger.advance_to(federation.model.committee.commit_end)
    ledger.send(SkipRound(task))  # no list of commitments
    ledger.advance_to(federation.model.skip_at())
    ledger.send(SkipRound(task))  # nobody opens
    federation.open_round()
    ledger.advance_to(federation.model.phase_at)
    ledger.send(SkipRound(task))  # nobody proposes
    federation.open_round()
    federation.propose()
    ledger.advance_to(federation.model.skip_at())
    ledger.send(SkipRound(task))  # nobody draws the voters
    few = found(nodes=2, start=False)
    few.ledger.advance_to(ledger.now() + 600)
    few.ledger.send(Cancel(few.task))
    few.ledger.advance_to(ledger.now() + 9 * 86_400)
    few.ledger.send(Abandon(task))
    for executes in (True, False):
        result, told = audited(chain_file, executes)
        assert [ended.outcome for ended in told] == [Outcome.VOID] * 4
        assert result.counts.slashes >= 4
        assert len(result.models.tasks) == 2


def test_a_task_that_runs_out_of_members_holds(found: Found, chain_file: Path) -> None:
    federation = found(nodes=5, rounds=3)
    federation.ledger.send(
        LeaveTaskWithSignature(
            federation.task, 2, Leave(federation.task).sign(federation.key(2), federation.ledger.domain)
        )
    )
    federation.run_round()
    federation.run_round()
    federation.ledger.send(Finish(federation.task))
    assert len(audited(chain_file)[1]) == 2


def test_what_the_contract_refused_the_rules_refuse(found: Found, chain_file: Path) -> None:
    federation = found(nodes=6)
    ledger, task = federation.ledger, federation.task
    model = federation.model
    other = next(member for member in range(6) if member != model.leader(Tag.PROPOSERS, 0))
    proof = federation.key(other).vrf.prove(model.alpha(Tag.PROPOSERS, other))
    refused = [Start(task), Finish(task), SkipRound(task), Withdraw(task, 0), Fund(task, 1), DrawVoters(task, proof)]
    for step in (*refused, OpenRound(task, proof), WithdrawCredit(DEVELOPER.address)):
        with suppress(Refused):
            ledger.send(step)
            pytest.fail(f"{step} was taken")
    federation.run_round()
    for executes in (True, False):
        assert len(audited(chain_file, executes)[1]) == 1


def test_a_transaction_without_enough_gas_holds_only_by_execution(found: Found, chain_file: Path) -> None:
    federation = found(nodes=6)
    step = OpenRound(federation.task, federation.proof(Tag.PROPOSERS))
    with pytest.raises(TransactionError):
        federation.ledger.sender.send(federation.ledger.address, encode(step), 100_000, "openRound")
    federation.run_round()
    assert len(audited(chain_file)[1]) == 1
    with pytest.raises(DoesNotHold, match="cannot be verified without execution"):
        audited(chain_file, executes=False)


def test_gifts_and_transactions_that_are_nobodys_business_hold(found: Found, chain_file: Path) -> None:
    federation = found(nodes=6)
    ledger, token = federation.ledger, interface("FML").functions
    stranger = federation.stranger()
    ledger.sender.send(stranger.sender.address, b"", 21_000, "ether", 1)
    ledger.transfer(stranger.sender.address, 7)
    ledger.sender.send(ledger.token, token["delegate"].encode([ledger.sender.address]), 200_000, "delegate")
    ledger.transfer(stranger.sender.address, 7)
    stranger.sender.send(ledger.token, token["approve"].encode([ledger.sender.address, 5]), 200_000, "approve")
    pull = token["transferFrom"].encode([stranger.sender.address, ledger.address, 5])

    view = interface("Alliance").functions["params"].encode([federation.task])
    ledger.sender.send(ledger.address, view, 200_000, "a view")
    multicall = interface("Alliance").functions["multicall"].encode([[view, encode(Fund(federation.task, 10**9))]])
    ledger.approve(10**9)
    ledger.sender.send(ledger.address, multicall, 300_000, "a view and a step")
    assert audited(chain_file)[0].counts.steps
    assert audited(chain_file, executes=False)[0].counts.steps
    ledger.sender.send(ledger.token, pull, 200_000, "transferFrom")
    federation.run_round()
    assert len(audited(chain_file)[1]) == len(audited(chain_file, executes=False)[1]) == 1
