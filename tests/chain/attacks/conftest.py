"""The contracts on an embedded chain for attackers to try; every test acts behind a snapshot and leaves even books."""

from collections.abc import Iterator
from dataclasses import replace

import federation
import players
import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import WEI_PER_FML


@pytest.fixture(scope="session")
def deployed() -> Iterator["federation.Federation"]:
    """A task of eight members with 60 FML each, started, on a chain that all tests share."""
    with federation.deployed_task(*[60] * 8) as deployed:
        yield deployed


@pytest.fixture
def chain(deployed: "federation.Federation") -> Iterator["federation.Chain"]:
    """The chain as deployed; whatever an attack does, the contract must hold exactly what it owes."""
    with federation.behind_snapshot(deployed) as chain:
        yield chain


@pytest.fixture
def started(deployed: "federation.Federation", chain: "federation.Chain") -> "federation.Federation":
    """Task 1: eight members with six seats each, three proposers and three voters a round, ready for round 1."""
    return federation.Federation(chain, deployed.params, deployed.pool_wei, deployed.task, list(deployed.keys))


@pytest.fixture
def drawn(started: "federation.Federation") -> "federation.Federation":
    """The same in round 1, everybody has proposed and voters are drawn."""
    started.to_votes()
    return started


@pytest.fixture(scope="session")
def judging() -> Iterator["players.CandidateFederation"]:
    """A task of ten members that judges candidates, started, on a chain that all tests share."""
    w3 = connect("memory://")
    ledger = Alliance(w3, deploy(Sender(w3, players.DEVELOPER), rule="candidates"), players.DEVELOPER)
    params = players.task_params(ledger.sender.address, proposers=4, voters=5, rounds=20, slash_gwei=8 * 10**9)
    task = ledger.create_task(params, 1000 * WEI_PER_FML, players.TERMS)
    members = players.CandidateFederation(ledger, task)
    ledger.send(*(members.registration(NodeKey.derive(7, index)) for index in range(10)))
    ledger.send(Start(task))
    yield members
    close(w3)


@pytest.fixture
def candidates(judging: "players.CandidateFederation") -> Iterator["players.CandidateFederation"]:
    """The same behind a snapshot; whatever an attack does, contract and rules must agree on every balance."""
    shared = judging.ledger
    mark = shared.rpc("evm_snapshot")
    candidates = replace(judging, ledger=Alliance(shared.w3, shared.deployment, players.DEVELOPER))
    yield candidates
    candidates.assert_equals_chain()
    shared.rpc("evm_revert", mark)
