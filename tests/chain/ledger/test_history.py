"""Reading a chain back into steps, and everything else from those steps."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.chain.alliance_refusals import BadBatch
from fl_alliance.chain.batches import Listed, SignedProposal, SignedVote, WholeList
from fl_alliance.chain.calls import decode, encode, encode_all
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import deploy_contract
from fl_alliance.chain.errors import DataUnreadable, ModelDiverged, StepUnknown
from fl_alliance.chain.history import Call, calls_in_file, calls_on_chain, steps
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.steps import (
    Fund,
    Propose,
    RevealVotes,
    Settle,
    SkipRound,
    SlashEquivocation,
    Start,
    Statement,
    Step,
)

Found = Callable[..., Any]
WORD, SIGNATURE = b"\x11" * 32, b"\x22" * 64
SAMPLES: Sequence[Step] = (
    Fund(1, 10**18),
    Propose(1, (SignedProposal(3, WORD, SIGNATURE), SignedProposal(700, WORD, SIGNATURE))),
    RevealVotes(
        2, WORD, (Listed(1, WORD), SignedVote(2, 5, 6, SIGNATURE), SignedVote(9, 0, 1, SIGNATURE, is_own=True))
    ),
    Settle(2, WORD, WORD, (WholeList(WORD),)),
    Settle(2, WORD, bytes(32), ()),
    SlashEquivocation(1, 2, 3, Statement.VOTE, WORD, WORD, bytes(32), SIGNATURE, SIGNATURE),
)


@pytest.mark.parametrize("step", SAMPLES, ids=lambda step: type(step).__name__)
def test_a_step_comes_back_from_its_calldata(step: Step) -> None:
    assert decode(encode(step)) == (step,)


def test_the_steps_of_one_transaction_come_back_in_order() -> None:
    assert decode(encode_all(SAMPLES)) == tuple(SAMPLES)


def test_a_transaction_inside_a_transaction_is_unwrapped() -> None:
    multicall = interface("Alliance").functions["multicall"]
    nested = multicall.encode([[encode(Start(1)), encode_all(SAMPLES)]])
    assert decode(nested) == (Start(1), *SAMPLES)


def test_calldata_of_nothing_that_takes_a_step_is_refused() -> None:
    for calldata in (b"", b"\x01\x02\x03\x04"):
        with pytest.raises(StepUnknown):
            decode(calldata)


def test_calldata_that_is_cut_is_refused() -> None:
    with pytest.raises(DataUnreadable):
        decode(encode(SAMPLES[1])[:-60])


def test_padding_that_the_contract_ignores_does_not_matter() -> None:
    calldata = encode(SAMPLES[1])
    assert calldata.endswith(bytes(20))
    assert decode(calldata[:-1] + b"\x01") == decode(calldata[:-20]) == (SAMPLES[1],)
    multicall = interface("Alliance").functions["multicall"]
    assert decode(multicall.encode([[calldata[:-1] + b"\x01"]])) == (SAMPLES[1],)


def test_records_that_do_not_divide_are_refused() -> None:
    for name, args in (("propose", (1, b"\0" * 97)), ("revealVotes", (1, WORD, b"\0" * 73))):
        with pytest.raises(BadBatch):
            decode(interface("Alliance").functions[name].encode(args))


def test_history_tells_every_step_with_its_sender_and_leaves_out_what_failed(found: Found) -> None:
    federation = found(nodes=5, rounds=2)
    ledger = federation.ledger
    with pytest.raises(Refused):
        ledger.send(SkipRound(federation.task))
    federation.run_round()
    calls = calls_on_chain(ledger.rpc, ledger.address, ledger.deployment.block, ledger.rpc.number("eth_blockNumber"))
    told = [taken for taken in steps(calls) if getattr(taken.step, "task", federation.task) == federation.task]
    assert Counter(type(taken.step).__name__ for taken in told) == {
        "CreateTask": 1,
        "RegisterWithAuthorization": 5,
        "Start": 1,
        "OpenRound": 1,
        "Propose": 1,
        "DrawVoters": 1,
        "CommitVotes": 1,
        "Settle": 1,
    }
    assert {taken.sender for taken in told} == {ledger.sender.address}
    assert [taken.block for taken in told] == sorted(taken.block for taken in told)


def test_what_a_contract_funds_a_task_with_is_told_as_its_call(found: Found) -> None:
    """In a node's blocks nobody called the Alliance; its event tells. Amounts are in a run that the emission pays."""
    federation = found(nodes=5)
    ledger, task = federation.ledger, federation.task
    contracts = dict(ledger.deployment.contracts)
    deploy_contract(ledger.sender, "Forwarder", (ledger.address,), contracts)
    funder = contracts["Forwarder"].address
    ledger.sender.send(funder, encode(Fund(task, 0)), 300_000, "fund")
    last = ledger.rpc.number("eth_blockNumber")
    [taken] = steps(calls_on_chain(ledger.rpc, ledger.address, last, last))
    assert (taken.sender, taken.step) == (funder, Fund(task, 0))
    assert ledger.model(task).pool_gwei == ledger.state(task).pool_gwei


Played = tuple[Alliance, AllianceModel]


def play_into(path: Path, enrol: Callable[[Any], Any]) -> Played:
    """Play two rounds of a task into a chain file, close it, and return the ledger with its models."""
    with connected(f"file://{path}") as w3:
        federation = enrol(w3)
        federation.run_round()
        federation.run_round(bad=range(5))
        return federation.ledger, federation.ledger.models()


def test_a_chain_file_alone_gives_back_every_balance_and_seed(tmp_path: Path, enrol: Callable[[Any], Any]) -> None:
    path = tmp_path / "chain.db"
    ledger, models = play_into(path, enrol)
    again = AllianceModel(ledger.domain, ledger.token)
    with ChainFile(path) as chain:
        for call in calls_in_file(chain.blocks(), ledger.address):
            assert all(taken.sender == ledger.sender.address for taken, _ in again.follow(call))
    assert again.held_gwei == models.held_gwei > 0
    twin, model = again.task(1), models.task(1)
    assert (twin.seed, twin.model, twin.balances) == (model.seed, model.model, model.balances)
    assert twin.settlement == model.settlement


def test_an_event_that_tells_something_else_is_found_out(tmp_path: Path, enrol: Callable[[Any], Any]) -> None:
    path = tmp_path / "chain.db"
    ledger, _ = play_into(path, enrol)
    again = AllianceModel(ledger.domain, ledger.token)
    with ChainFile(path) as chain:
        forged = [_forged(call) for call in calls_in_file(chain.blocks(), ledger.address)]
    with pytest.raises(ModelDiverged, match="Settle"):
        [list(again.follow(call)) for call in forged]


def _forged(call: Call) -> Call:
    """The call with its last event's last byte changed where it settles."""
    if not any(isinstance(step, Settle) for step in decode(call.calldata)):
        return call
    *others, last = call.logs
    data = last.data[:-1] + bytes([last.data[-1] ^ 1])
    return replace(call, logs=(*others, replace(last, data=data)))
