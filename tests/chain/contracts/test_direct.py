"""Everything that happens in a task can be read from the calldata of transactions to the contract."""

from dataclasses import replace

import pytest
from federation import ACCEPT, CANDIDATE, DEPLOYER, FML, MOTION, ONLOOKER, PREVIOUS, Chain, Federation, Refusal, fixed

from fl_alliance.chain import artifacts
from fl_alliance.chain.deploy import Contract
from fl_alliance.chain.rules.words import word


@pytest.fixture
def forwarded(chain: Chain) -> Chain:
    """The chain as seen through a contract that passes every call on to the Alliance."""
    init = bytes.fromhex(artifacts.load("Forwarder").bytecode[2:]) + word(chain.deployment.alliance)
    forwarder = chain.send_raw(None, init, ONLOOKER).contract
    assert forwarder is not None
    contracts = chain.deployment.contracts | {"Alliance": Contract(forwarder, "")}
    return Chain(chain.w3, replace(chain.deployment, contracts=contracts), credited=chain.credited)


def test_no_step_of_a_task_is_taken_from_a_contract(chain: Chain, started: Federation, forwarded: Chain) -> None:
    """It would work without leaving its calldata where history, audit and every node look for it."""
    task, signature = started.task, (bytes(32), bytes(32))
    evidence = (1, 0, 0, bytes(32), bytes(32), MOTION, signature, signature)
    for call in [
        started.open_call(),
        ("multicall", [chain.encode(*started.open_call())]),
        started.registration(ONLOOKER, 20 * FML),
        ("register", task, 1, started.proof().to_solidity(), 20 * FML),
        ("leaveTask", task, 0),
        ("leaveTaskWithSignature", task, 0, started.leave_signature(started.keys[0])),
        ("createTask", Federation.tuple_of(started.params), 0),
        ("start", task),
        ("cancel", task),
        ("finish", task),
        ("skipRound", task),
        ("propose", task, bytes(98)),
        ("drawVoters", task, started.proof().to_solidity()),
        ("commitVotes", task, fixed(bytes(32)), True),
        ("commitVote", task, 0, MOTION, bytes(32), bytes(32), signature),
        ("revealVotes", task, MOTION, b""),
        ("proveWithheld", task, MOTION, b"", b""),
        ("settle", task, PREVIOUS, CANDIDATE, b""),
        ("slashEquivocation", task, evidence),
        ("abandon", task),
        ("withdraw", task, 0),
        ("withdrawQueued", task, 0),
        ("withdrawPool", task),
        ("withdrawCredit", DEPLOYER.address),
    ]:
        assert forwarded.refusal(*call) == Refusal("NotDirect", ()), call


def test_several_steps_in_one_direct_transaction_are_direct(chain: Chain, started: Federation) -> None:
    chain.send_all(started.open_call())
    started.propose()
    votes = dict.fromkeys(started.draw(), ACCEPT)
    started.commit(votes)
    chain.send_all(("settle", started.task, PREVIOUS, CANDIDATE, started.records(votes)))
    assert started.round == 2
