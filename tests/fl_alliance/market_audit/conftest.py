"""A market on a chain file in which everything happens once, played on the real contracts, and copies of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import arena_town
import assembly
import dao_play
import market_play
import pytest
from tampering import Recorded

from fl_alliance.audit.market import FileSource


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


@pytest.fixture(scope="session")
def dao_chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a chain on which a DAO decided, which no test changes."""
    path = tmp_path_factory.mktemp("dao") / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        dao_play.play_dao(dao)
    return path


@pytest.fixture(scope="session")
def recorded(dao_chain: Path) -> Recorded:
    """The same, as an audit reads it."""
    return Recorded.of(dao_chain)
