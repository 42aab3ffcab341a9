"""The contracts on an embedded chain for attackers to try; every test acts behind a snapshot and leaves even books."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


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
