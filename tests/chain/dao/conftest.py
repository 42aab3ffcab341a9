"""The DAO on an embedded chain, deployed once; each test acts behind a snapshot."""

from collections.abc import Iterator

import assembly
import pytest


@pytest.fixture(scope="session")
def deployed() -> Iterator["assembly.Assembly"]:
    """A market that a DAO owns, on a chain that all tests share."""
    with assembly.assembled() as found:
        yield found


@pytest.fixture
def dao(deployed: "assembly.Assembly") -> Iterator["assembly.Assembly"]:
    """The same, put back afterwards."""
    mark = deployed.rpc("evm_snapshot")
    yield assembly.Assembly(deployed.w3, deployed.deployment)
    deployed.rpc("evm_revert", mark)
