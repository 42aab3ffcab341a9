"""A market deployed once; each test acts behind a snapshot."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    """Import the helper module beside this file under its plain name, which the tests here import it by."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fair_module = _load("fair")


@pytest.fixture(scope="session")
def deployed_fair() -> Iterator["fair_module.Fair"]:
    """A market that all tests here share."""
    with fair_module.deployed_fair() as fair:
        yield fair


@pytest.fixture
def fair(deployed_fair: "fair_module.Fair") -> Iterator["fair_module.Fair"]:
    """The market as deployed, put back afterwards."""
    mark = deployed_fair.rpc("evm_snapshot")
    yield fair_module.Fair(deployed_fair.w3, deployed_fair.deployment, deployed_fair.start_at)
    deployed_fair.rpc("evm_revert", mark)


@pytest.fixture
def task(fair: "fair_module.Fair") -> "fair_module.Task":
    """A task of one day on which two nodes and two validators have staked, on the day before it."""
    return fair_module.Task.created(fair)
