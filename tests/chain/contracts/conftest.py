"""The contracts on an embedded chain, deployed once; each test acts behind a snapshot and leaves balanced books."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.sender import Sender


def _load(name: str) -> ModuleType:
    """Import the helper module beside this file under its plain name, which the tests here import it by."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


federation = _load("federation")


@pytest.fixture(scope="session")
def deployed() -> Iterator["federation.Federation"]:
    """A task of eight members with two seats each, started, on a chain that all tests share."""
    w3 = connect("memory://")
    chain = federation.Chain(w3, deploy(Sender(w3, federation.DEPLOYER)))
    yield federation.Federation.create(chain).start(*[20] * 8)
    close(w3)


@pytest.fixture
def chain(deployed: "federation.Federation") -> Iterator["federation.Chain"]:
    """The chain as deployed; whatever the test does must leave the contract holding exactly what it owes."""
    shared = deployed.chain
    mark = shared.rpc("evm_snapshot")
    chain = federation.Chain(shared.w3, shared.deployment, credited=set(shared.credited))
    yield chain
    assert chain.is_conserved()
    shared.rpc("evm_revert", mark)


@pytest.fixture
def started(deployed: "federation.Federation", chain: "federation.Chain") -> "federation.Federation":
    """Task 1: eight members, three proposers and three voters a round, ready for round 1."""
    return federation.Federation(chain, deployed.params, deployed.pool_wei, deployed.task, list(deployed.keys))
