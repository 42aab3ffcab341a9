"""A market deployed once; each test acts behind a snapshot."""

from collections.abc import Iterator

import fair as fair_module
import pytest


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
