"""The ledger against a real contract, on every kind of chain."""

import threading
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from fl_alliance.chain import replay, roster
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_refusals import BadParameter, BadScore, NotCommitted, TooEarly, UnknownTask, WrongPhase
from fl_alliance.chain.batches import SignedVote, WholeList, list_hash, listed
from fl_alliance.chain.codec import interface
from fl_alliance.chain.errors import (
    ChainUnreachable,
    DevelopmentKey,
    GasMissing,
    ModelDiverged,
    RequestRefused,
    TransactionReverted,
)
from fl_alliance.chain.refusals import ERC20InsufficientBalance
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules import draw, params, settlement
from fl_alliance.chain.rules.reasons import explain
from fl_alliance.chain.rules.settlement import Why
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import (
    CreateTask,
    OpenRound,
    SkipRound,
    Withdraw,
    WithdrawCredit,
    WithdrawPool,
)
from fl_alliance.chain.types import WEI_PER_FML, Phase, Standing, TaskParams
from fl_alliance.chain.vrf import Tag

Found = Callable[..., Any]


def test_a_task_runs_from_creation_to_its_last_round(found: Found) -> None:
    federation = found(nodes=7, rounds=3)
    for bad in ((), range(7), ()):
        federation.run_round(bad)
        federation.assert_equals_chain()
    model = federation.model
    assert model.stored_phase is Phase.FINISHED
    assert model.model == federation.digest("model 3")


def test_everything_that_was_paid_in_can_be_taken_out(found: Found) -> None:
    federation = found(nodes=5, rounds=1)
    federation.run_round(bad=range(5))
    ledger, task = federation.ledger, federation.task
    held = dict(zip((node.address for node in federation.model.roster.nodes), federation.model.balances, strict=True))
    takings = (Withdraw(task, member) for member in range(5))
    ledger.send(*takings, WithdrawPool(task), WithdrawCredit(ledger.sender.address))
    for address, gwei in held.items():
        assert ledger.balance_wei(address) == gwei * 10**9
    assert ledger.balance_wei(ledger.address) == ledger.models().held_gwei == 0


def test_a_whole_rounds_end_and_the_next_opening_fit_one_transaction(found: Found) -> None:
    federation = found(nodes=7)
    voters = federation.reach_commit()
    candidate = federation.digest("model 1")
    votes = federation.votes(candidate, voters)
    federation.commit(candidate, votes)
    settle = federation.settling(candidate, votes)
    ahead = federation.model.copy()
    ahead.apply(settle, federation.ledger.now() + 1, federation.ledger.sender.address)
    member = ahead.leader(Tag.PROPOSERS, 0)
    proof = federation.keys[ahead.roster.nodes[member].address].vrf.prove(ahead.alpha(Tag.PROPOSERS, member))
    federation.ledger.send(settle, OpenRound(federation.task, proof))
    federation.assert_equals_chain()
    assert federation.model.round == 2
    assert federation.model.committee.leads[Tag.PROPOSERS].member == member


def test_a_model_that_was_tried_out_leaves_the_live_one_alone(found: Found) -> None:
    federation = found(nodes=7)
    before = federation.model.copy()
    trial = federation.model.copy()
    trial.apply(OpenRound(federation.task, federation.proof(Tag.PROPOSERS)), federation.ledger.now() + 1, "0x")
    assert trial.round == federation.model.round == before.round
    assert federation.model.standings == before.standings != trial.standings
    assert federation.model.seed == before.seed != trial.seed


def test_all_steps_of_a_transaction_happen_or_none(found: Found) -> None:
    federation = found(nodes=7)
    proof = federation.proof(Tag.PROPOSERS)
    with pytest.raises(WrongPhase):
        federation.ledger.send(OpenRound(federation.task, proof), OpenRound(federation.task, proof))
    federation.assert_equals_chain()
    assert federation.model.stored_phase is Phase.IDLE


def test_a_refusal_names_the_step_and_carries_its_values(found: Found) -> None:
    federation = found(nodes=7)
    with pytest.raises(TooEarly, match="skipRound: reverted: TooEarly: task") as caught:
        federation.ledger.send(SkipRound(federation.task))
    assert caught.value.values["from"] == federation.model.skip_at()
    assert isinstance(caught.value, TransactionReverted)


def test_views_of_no_task_are_refused(found: Found) -> None:
    federation = found(nodes=0, start=False)
    for view in (federation.ledger.state, federation.ledger.params, federation.ledger.members):
        with pytest.raises(UnknownTask):
            view(99)
    with pytest.raises(UnknownTask):
        federation.ledger.model(99)


def test_what_the_token_refuses_has_its_own_class(found: Found) -> None:
    federation = found(nodes=0, start=False)
    poor_node = NodeKey.derive(1, 1)
    step = federation.registration(poor_node)
    federation.funded(poor_node, 0).transfer(federation.ledger.sender.address, 1)
    with pytest.raises(ERC20InsufficientBalance):
        federation.ledger.send(step)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("rounds", 0, "rounds"),
        ("rounds", 65_536, "rounds"),
        ("proposers", 0, "proposers"),
        ("voters", 1023, "proposers + voters"),
        ("slash_bps", 10_001, "slashBps"),
        ("absence_bps", 10_001, "absenceBps"),
        ("bounty_bps", 10_001, "bountyBps"),
        ("tolerance_bps", 10_001, "toleranceBps"),
        ("min_stake_gwei", 0, "minStakeGwei"),
        ("min_stake_gwei", 2**51, "minStakeGwei"),
        ("registration_s", 0, "registrationS"),
        ("leader_s", 0, "leaderS"),
        ("propose_s", 0, "proposeS"),
        ("commit_s", 0, "commitS"),
        ("reveal_s", 0, "revealS"),
        ("evidence_s", 0, "evidenceS"),
        ("quorum", 0, "quorum"),
        ("quorum", 3, "quorum"),
    ],
)
def test_a_parameter_out_of_range_is_named_by_contract_and_model(
    found: Found, name: str, value: int, error: str
) -> None:
    federation = found(nodes=0, start=False)
    good = federation.model.params
    params = TaskParams(**{field.name: getattr(good, field.name) for field in fields(good)} | {name: value})
    for take in (federation.ledger.send, lambda step: federation.ledger.models().copy().apply(step, 0, "0x")):
        with pytest.raises(BadParameter) as caught:
            take(CreateTask(params, 0))
        assert caught.value.values["name"] == error


def test_a_score_above_one_is_refused_by_contract_and_model(found: Found) -> None:
    federation = found(nodes=7)
    voters = federation.reach_commit()
    candidate = federation.digest("model 1")
    votes = tuple(federation.vote(member, candidate, (1_000_001, 0)) for member in voters)
    federation.commit(candidate, votes)
    step = federation.revealing(candidate, votes)
    for take in (federation.ledger.send, lambda step: federation.model.copy().apply(step, federation.ledger.now(), "")):
        with pytest.raises(BadScore):
            take(step)


def test_a_voter_that_committed_by_itself_can_reveal_that_vote_only(found: Found) -> None:
    federation = found(nodes=7)
    first, *rest = federation.reach_commit()
    candidate = federation.digest("model 1")
    votes = federation.votes(candidate, rest)
    federation.commit(candidate, votes, is_complete=False)
    promised, other = federation.vote(first, candidate), federation.vote(first, candidate, (1, 1))
    federation.ledger.send(federation.own_commitment(promised, candidate, votes))
    federation.ledger.advance_to(federation.model.committee.ballot.omit_end)
    assert federation.model.standings[first] is Standing.COMMITTED
    own = SignedVote(first, other.score_old, other.score_new, other.signature, is_own=True)
    step = federation.revealing(candidate, (WholeList(list_hash(listed(votes))), own))
    for take in (federation.ledger.send, lambda step: federation.model.copy().apply(step, federation.ledger.now(), "")):
        with pytest.raises(NotCommitted):
            take(step)


def test_an_absent_leader_pays_and_the_next_in_line_opens(found: Found) -> None:
    federation = found(nodes=7)
    model, ledger = federation.model, federation.ledger
    first = model.leader(Tag.PROPOSERS, 0)
    ledger.advance_to(model.phase_at + 2 * model.params.leader_s)
    ledger.send(OpenRound(federation.task, federation.proof(Tag.PROPOSERS)))
    lead = federation.model.committee.leads[Tag.PROPOSERS]
    assert lead.rank == 2
    assert first in lead.absent
    line = next(line for line in federation.model.lines if line.member == first)
    assert line.reason.why is Why.ABSENT_LEADER
    assert explain(line) == "let its turn to lead pass: lost 1 % of its balance 64 FML"
    federation.assert_equals_chain()


def test_the_rules_constants_are_the_contracts(found: Found) -> None:
    ledger = found(nodes=0, start=False).ledger
    named = {
        "MAX_MEMBERS": roster.MAX_MEMBERS,
        "MAX_ADMISSIONS": roster.MAX_ADMISSIONS,
        "MAX_SEATS": draw.MAX_SEATS,
        "MAX_BALANCE_GWEI": settlement.MAX_BALANCE_GWEI,
        "MAX_LEADERS": draw.MAX_LEADERS,
        "ABANDONED_S": replay.ABANDONED_S,
        "MAX_TIMEOUT_S": params.MAX_TIMEOUT_S,
    }
    assert {name: ledger.constant(name) for name in named} == named
    assert {name for name in interface("Alliance").functions if name.isupper()} == named.keys()


def test_many_threads_can_send_with_one_key(found: Found) -> None:
    federation = found(nodes=0, start=False)
    accounts = [NodeKey.derive(3, index).address for index in range(24)]
    failures: list[BaseException] = []

    def pay(address: str) -> None:
        try:
            federation.ledger.transfer(address, WEI_PER_FML)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=pay, args=(address,)) for address in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert {federation.ledger.balance_wei(address) for address in accounts} == {WEI_PER_FML}


def test_a_refused_transaction_does_not_use_up_a_number(found: Found) -> None:
    ledger = found(nodes=0, start=False).ledger
    with pytest.raises(RequestRefused):
        ledger.sender.send(ledger.token, b"", 10, "too little gas")
    ledger.approve(1)


def test_an_account_that_cannot_pay_for_a_transaction_is_told_what_it_holds_and_needs(found: Found) -> None:
    ledger = found(nodes=0, start=False).ledger
    poor = NodeKey(bytes.fromhex("5c" * 32))
    ledger.sender.send(poor.address, b"", 21_000, "gas", 6)
    sender = Sender(ledger.w3, poor)
    with pytest.raises(GasMissing, match=f"{poor.address} holds 6 wei of the coin of chain 31337") as refused:
        sender.send(ledger.token, b"", 100_000, "call", value=7)
    assert refused.value.held_wei == 6
    assert refused.value.needed_wei == sender.most_wei(100_000) + 7
    with pytest.raises(RequestRefused) as other:
        ledger.sender.send(ledger.token, b"", 10, "too little gas")
    assert not isinstance(other.value, GasMissing)


def test_another_account_finds_the_same_models(found: Found) -> None:
    federation = found(nodes=7)
    federation.run_round()
    theirs, ours = federation.stranger().model(federation.task), federation.model
    assert (theirs.seed, theirs.balances, theirs.pool_gwei) == (ours.seed, ours.balances, ours.pool_gwei)


def test_blocks_that_a_fork_replaced_are_forgotten(found: Found) -> None:
    federation = found(nodes=7)
    snapshot = federation.ledger.rpc("evm_snapshot")
    federation.open_round()
    assert federation.model.stored_phase is Phase.PROPOSING
    federation.ledger.rpc("evm_revert", snapshot)
    federation.ledger.advance_to(federation.ledger.now() + 90)
    federation.ledger.advance_to(federation.ledger.now() + 90)
    assert federation.model.stored_phase is Phase.IDLE
    federation.assert_equals_chain()


def test_a_head_that_a_fork_replaced_is_forgotten(found: Found) -> None:
    federation = found(nodes=7)
    snapshot = federation.ledger.rpc("evm_snapshot")
    federation.open_round()
    assert federation.model.stored_phase is Phase.PROPOSING
    federation.ledger.rpc("evm_revert", snapshot)
    assert federation.model.stored_phase is Phase.IDLE
    federation.ledger.advance_to(federation.ledger.now() + 90)
    assert federation.model.stored_phase is Phase.IDLE


def test_a_node_that_does_not_answer_is_told_from_one_that_refuses() -> None:
    from web3 import HTTPProvider, Web3

    with pytest.raises(ChainUnreachable, match=r"127\.0\.0\.1"):
        Rpc(Web3(HTTPProvider("http://127.0.0.1:9", exception_retry_configuration=None)))("eth_chainId")


def test_a_chain_that_does_something_else_than_the_rules_is_found_out(found: Found) -> None:
    federation = found(nodes=7)
    federation.open_round()
    federation.propose()
    federation.model.pool_gwei += 7
    federation.draw_voters()
    candidate = federation.digest("model 1")
    votes = federation.votes(candidate, federation.model.committee.voters)
    federation.commit(candidate, votes)
    federation.settle(candidate, votes)
    with pytest.raises(ModelDiverged, match="Settle"):
        federation.ledger.models()
    federation.assert_equals_chain()


def test_a_key_that_everybody_knows_is_refused_off_the_development_chain() -> None:
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.sender import Sender

    with connected("memory://?chain_id=5") as w3, pytest.raises(DevelopmentKey):
        Sender(w3, NodeKey.derive(0, 0))


def test_where_nobody_judges_the_relayer_names_the_model(found: Found) -> None:
    federation = found(nodes=3, proposers=3, voters=0, rounds=1)
    federation.open_round()
    federation.propose()
    federation.settle(federation.digest("model 1"), ())
    assert federation.model.model == federation.digest("model 1")
    federation.assert_equals_chain()
