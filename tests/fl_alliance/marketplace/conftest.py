"""A marketplace on an embedded chain with two listed models, deployed once; each test acts behind a snapshot."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import bazaar
import fairground as made
import pytest

NEEDED = ("fastapi", "httpx", "openai", "uvicorn", "x402")
if any(find_spec(name) is None for name in NEEDED):  # without the extra `market`
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def opened_fair() -> Iterator["bazaar.Bazaar"]:
    with bazaar.opened() as found:
        yield found


@pytest.fixture(scope="session")
def backend() -> Iterator["made.BackendServer"]:
    server = made.BackendServer()
    yield server
    server.close()


@pytest.fixture
def ground(opened_fair: "bazaar.Bazaar", backend: "made.BackendServer", tmp_path: Path) -> Iterator["made.Fairground"]:
    """Put back afterwards."""
    mark = opened_fair.rpc("evm_snapshot")
    backend.__dict__.update(asked=[], words=("Drink", " some", " juice", "."), fails_after=None, pause_s=0.0)
    found = made.Fairground(bazaar.Bazaar(opened_fair.w3, opened_fair.deployment), tmp_path, backend)
    found.list_models()
    yield found
    opened_fair.rpc("evm_revert", mark)
