"""A market on a chain file in which everything happens once, played on the real contracts, and copies of it."""

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fl_alliance.audit.market import FileSource

_CONTRACTS = Path(__file__).parents[2] / "chain" / "contracts"


def _load(folder: Path, name: str) -> ModuleType:
    """Import a helper module of these tests, or of the contracts', under its plain name."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


for _name in ("federation", "emissions"):
    _load(_CONTRACTS, _name)
arena_town = _load(_CONTRACTS / "arena", "arena_town")
_load(_CONTRACTS / "arena", "test_random_tasks")
market_play = _load(Path(__file__).parent, "market_play")
tampering = _load(Path(__file__).parent, "tampering")


@pytest.fixture(scope="session")
def market_chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a whole market's chain, which no test changes."""
    path = tmp_path_factory.mktemp("market") / "chain.db"
    with arena_town.deployed_town(f"file://{path}") as town:
        market_play.play_everything(town)
    return path


@pytest.fixture(scope="session")
def market_source(market_chain: Path) -> FileSource:
    """The same, read once; what it tells is altered behind it."""
    return FileSource.open(market_chain, executes=False)


@pytest.fixture
def copied(market_chain: Path, tmp_path: Path) -> Path:
    """A copy of the file, to be tampered with."""
    return Path(shutil.copy(market_chain, tmp_path / "chain.db"))


@pytest.fixture(scope="session")
def deployed_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple["arena_town.Town", Path]]:
    """Token, emission, pools and Arena on a chain file that several plays begin from, each behind a snapshot."""
    path = tmp_path_factory.mktemp("town") / "chain.db"
    with arena_town.deployed_town(f"file://{path}") as town:
        yield town, path


@pytest.fixture
def town(deployed_market: tuple["arena_town.Town", Path]) -> Iterator["arena_town.Town"]:
    """The town as deployed."""
    with arena_town.behind_snapshot(deployed_market[0]) as town:
        yield town
