"""The marketplace on an embedded chain, deployed once; each test acts behind a snapshot."""

from collections.abc import Iterator

import bazaar as made
import pytest


@pytest.fixture(scope="session")
def deployed() -> Iterator["made.Bazaar"]:
    with made.opened() as found:
        yield found


@pytest.fixture
def fair(deployed: "made.Bazaar") -> Iterator["made.Bazaar"]:
    """The same, put back afterwards."""
    mark = deployed.rpc("evm_snapshot")
    yield made.Bazaar(deployed.w3, deployed.deployment)
    deployed.rpc("evm_revert", mark)
