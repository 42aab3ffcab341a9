"""One chain for the agent's tests; each acts behind a snapshot, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import scene as made


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator["made.Scene"]:
    with made.set_up(tmp_path_factory.mktemp("scene")) as found:
        yield found


@pytest.fixture
def scene(deployed: "made.Scene", tmp_path: Path) -> Iterator["made.Scene"]:
    """The same, put back afterwards."""
    mark = deployed.w3.provider.make_request("evm_snapshot", [])["result"]  # type: ignore[arg-type]
    yield made.Scene(deployed.w3, deployed.deployment, tmp_path)
    deployed.w3.provider.make_request("evm_revert", [mark])  # type: ignore[arg-type]
