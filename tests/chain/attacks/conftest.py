"""The contracts on an embedded chain for attackers to try; every test acts behind a snapshot and leaves even books."""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import WEI_PER_FML


def _load(name: str, path: Path) -> ModuleType:
    """Import a module under a name that no other test module has; the tests here import it by that name."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


attacked = _load("attacked", Path(__file__).parents[1] / "contracts" / "federation.py")
judged = _load("judged", Path(__file__).parents[1] / "ledger" / "players.py")


@pytest.fixture(scope="session")
def deployed() -> Iterator["attacked.Federation"]:
    """A task of eight members with 60 FML each, started, on a chain that all tests share."""
    with attacked.deployed_task(*[60] * 8) as deployed:
        yield deployed


@pytest.fixture
def chain(deployed: "attacked.Federation") -> Iterator["attacked.Chain"]:
    """The chain as deployed; whatever an attack does, the contract must hold exactly what it owes."""
    with attacked.behind_snapshot(deployed) as chain:
        yield chain


@pytest.fixture
def started(deployed: "attacked.Federation", chain: "attacked.Chain") -> "attacked.Federation":
    """Task 1: eight members with six seats each, three proposers and three voters a round, ready for round 1."""
    return attacked.Federation(chain, deployed.params, deployed.pool_wei, deployed.task, list(deployed.keys))


@pytest.fixture
def drawn(started: "attacked.Federation") -> "attacked.Federation":
    """The same in round 1, everybody has proposed and voters are drawn."""
    started.to_votes()
    return started


@pytest.fixture(scope="session")
def judging() -> Iterator["judged.CandidateFederation"]:
    """A task of ten members that judges candidates, started, on a chain that all tests share."""
    w3 = connect("memory://")
    ledger = Alliance(w3, deploy(Sender(w3, judged.DEVELOPER), rule="candidates"), judged.DEVELOPER)
    params = judged.task_params(ledger.sender.address, proposers=4, voters=5, rounds=20, slash_gwei=8 * 10**9)
    task = ledger.create_task(params, 1000 * WEI_PER_FML, judged.TERMS)
    federation = judged.CandidateFederation(ledger, task)
    ledger.send(*(federation.registration(NodeKey.derive(7, index)) for index in range(10)))
    ledger.send(Start(task))
    yield federation
    close(w3)


@pytest.fixture
def candidates(judging: "judged.CandidateFederation") -> Iterator["judged.CandidateFederation"]:
    """The same behind a snapshot; whatever an attack does, contract and rules must agree on every balance."""
    shared = judging.ledger
    mark = shared.rpc("evm_snapshot")
    candidates = replace(judging, ledger=Alliance(shared.w3, shared.deployment, judged.DEVELOPER))
    yield candidates
    candidates.assert_equals_chain()
    shared.rpc("evm_revert", mark)
