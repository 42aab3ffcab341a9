"""The contracts on an embedded chain for attackers to try; every test acts behind a snapshot and leaves even books."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.sender import Sender


def _load(name: str, path: Path) -> ModuleType:
    """Import a module under a name that no other test module has; the tests here import it by that name."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


attacked = _load("attacked", Path(__file__).parents[1] / "contracts" / "federation.py")


@pytest.fixture(scope="session")
def deployed() -> Iterator["attacked.Federation"]:
    """A task of eight members with 60 FML each, started, on a chain that all tests share."""
    w3 = connect("memory://")
    chain = attacked.Chain(w3, deploy(Sender(w3, attacked.DEPLOYER)))
    yield attacked.Federation.create(chain).start(*[60] * 8)
    close(w3)


@pytest.fixture
def chain(deployed: "attacked.Federation") -> Iterator["attacked.Chain"]:
    """The chain as deployed; whatever an attack does, the contract must hold exactly what it owes."""
    shared = deployed.chain
    mark = shared.rpc("evm_snapshot")
    chain = attacked.Chain(shared.w3, shared.deployment, credited=set(shared.credited))
    yield chain
    assert chain.is_conserved()
    shared.rpc("evm_revert", mark)


@pytest.fixture
def started(deployed: "attacked.Federation", chain: "attacked.Chain") -> "attacked.Federation":
    """Task 1: eight members with six seats each, three proposers and three voters a round, ready for round 1."""
    return attacked.Federation(chain, deployed.params, deployed.pool_wei, deployed.task, list(deployed.keys))


@pytest.fixture
def drawn(started: "attacked.Federation") -> "attacked.Federation":
    """The same in round 1, everybody has proposed and voters are drawn."""
    started.to_votes()
    return started
