"""The ledger client where candidates are judged: sending, reading back, following, and paying everything out."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from players import TERMS

from fl_alliance.chain.alliance_refusals import BadBatch, BadParameter
from fl_alliance.chain.batches import SignedScores, WholeList, pack_votes, unpack_scores
from fl_alliance.chain.calls import CANDIDATES, MAJORITY, decode, encode
from fl_alliance.chain.codec import interface
from fl_alliance.chain.errors import StepForeign
from fl_alliance.chain.history import calls_on_chain, steps
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.steps import (
    CreateCandidateTask,
    CreateTask,
    RevealScores,
    Settle,
    SettleMenu,
    Withdraw,
    WithdrawCredit,
    WithdrawPool,
)
from fl_alliance.chain.types import Phase, Record, Reward

Found = Callable[..., Any]


@pytest.fixture
def federation(found: Found) -> Any:
    return found(nodes=7, rounds=3, terms=TERMS)


def test_a_task_runs_from_creation_to_its_last_round_and_pays_everything_out(federation: Any) -> None:
    ledger, task = federation.ledger, federation.task
    for bad in ((), range(7), ()):
        federation.run_round(bad)
        federation.assert_equals_chain()
    model = federation.model
    assert model.stored_phase is Phase.FINISHED
    assert model.model == federation.digest("model 3 1")
    assert sum(model.escrow.values()) > 0
    owed = [m for m, balance in enumerate(model.balances) if balance + model.record(m).escrow_gwei]
    ledger.send(*(Withdraw(task, member) for member in owed), WithdrawPool(task))
    for account in [account for account, amount in model.credits.items() if amount]:
        ledger.send(WithdrawCredit(account))
    assert ledger.balance_wei(ledger.address) == 0


def test_the_old_model_stays_where_voters_prefer_it(federation: Any) -> None:
    federation.run_round(bad=range(7))
    model = federation.model
    assert (model.last_outcome, model.model) == (Outcome.REJECTED, model.params.initial_model)
    assert model.named == model.params.initial_model
    assert model.stale_previous is None


def test_votes_revealed_early_are_kept_for_the_settlement(federation: Any) -> None:
    federation.reach_commit()
    menu = federation.plain_menu()
    votes = federation.votes(menu, federation.model.committee.voters)
    federation.commit(menu, votes)
    federation.ledger.send(federation.revealing(menu, votes))
    federation.assert_equals_chain()
    assert set(federation.model.committee.scores) == {vote.member for vote in votes}
    federation.settle(menu, votes)
    federation.assert_equals_chain()
    assert federation.model.last_outcome is Outcome.ACCEPTED


def test_every_step_comes_back_from_its_calldata(federation: Any) -> None:
    params, record = federation.model.params, SignedScores(3, 7, (1, -2, 3), b"\1" * 64, is_own=True)
    packed = pack_votes([WholeList(b"\2" * 32), record])
    assert tuple(unpack_scores(packed, 3)) == (WholeList(b"\2" * 32), record)
    with pytest.raises(BadBatch):
        tuple(unpack_scores(packed, 4))
    for step in (CreateCandidateTask(params, TERMS, 5), RevealScores(1, b"menu", packed), SettleMenu(1, b"", packed)):
        assert decode(encode(step)) == (step,)
    assert decode(encode(CreateTask(params, 5))) == (CreateTask(params, 5),)


def test_a_stranger_that_only_reads_the_chain_comes_to_the_same_state(federation: Any) -> None:
    federation.run_round()
    ledger = federation.ledger
    models = AllianceModel(ledger.domain, ledger.token, CANDIDATES)
    last = ledger.rpc.number("eth_blockNumber")
    for call in calls_on_chain(ledger.rpc, ledger.address, ledger.deployment.block, last):
        for _ in models.follow(call):
            pass
    own, read = federation.model, models.task(federation.task)
    assert (read.balances, read.records, read.prior) == (own.balances, own.records, own.prior)
    settled = [taken.step for taken in steps(calls_on_chain(ledger.rpc, ledger.address, last, last))]
    assert isinstance(settled[0], SettleMenu)
    assert len(own.vote_records(settled[0])) == own.params.voters


def test_a_step_of_the_other_rule_is_foreign(federation: Any) -> None:
    model, relayer = federation.model, federation.ledger.sender.address
    federation.reach_commit()
    federation.commit(federation.plain_menu(), [])
    with pytest.raises(StepForeign):
        federation.model.copy().apply(
            Settle(federation.task, bytes(32), bytes(32), ()), federation.ledger.now(), relayer
        )
    with pytest.raises(StepForeign):
        AllianceModel(model.domain, model.fml.contract, MAJORITY).apply(
            CreateCandidateTask(model.params, TERMS, 0), 0, relayer
        )


@pytest.mark.parametrize(
    ("changes", "terms", "name"),
    [
        ({"proposers": 65}, {}, "proposers"),
        ({"voters": 0}, {}, "voters"),
        ({"slash_gwei": 2**51}, {}, "slashGwei"),
        ({}, {"override_bps": 10_001}, "overrideBps"),
        ({}, {"convict_bps": 10_001}, "convictBps"),
        ({}, {"suspect_at": 0}, "suspectAt"),
        ({}, {"offset": 128}, "offset"),
        ({}, {"escrow_bps": 10_001}, "escrowBps"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_terms_out_of_their_range_are_refused_by_contract_and_rules(
    federation: Any, changes: dict[str, int], terms: dict[str, int], name: str
) -> None:
    ledger: Alliance = federation.ledger
    values = {field.name: getattr(federation.model.params, field.name) for field in fields(federation.model.params)}
    params = type(federation.model.params)(**values | changes)
    step = CreateCandidateTask(params, replace(TERMS, reward=Reward.STAKE, **terms), 0)
    with pytest.raises(BadParameter) as by_rules:
        ledger.models().copy().apply(step, ledger.now(), ledger.sender.address)
    with pytest.raises(BadParameter) as by_contract:
        ledger.send(step)
    assert by_rules.value.values == by_contract.value.values
    assert by_rules.value.values["name"] == name


def test_the_two_contracts_share_no_function_of_different_meaning() -> None:
    majority, candidates = interface(MAJORITY).by_selector, interface(CANDIDATES).by_selector
    shared = majority.keys() & candidates.keys()
    assert len(shared) > 20
    assert all(majority[selector].name == candidates[selector].name for selector in shared)


def test_who_has_no_record_has_an_empty_one(federation: Any) -> None:
    assert federation.model.record(0) == Record()
    assert federation.ledger.records(federation.task) == (Record(),) * 7
