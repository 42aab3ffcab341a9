"""A market for each test that plays a task in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import village as villages


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are faster on one core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def open_village() -> Callable[..., Any]:
    """Open a market for several tests: (folder) -> context of a village."""
    return villages.village


@pytest.fixture(scope="session")
def shared_village(tmp_path_factory: pytest.TempPathFactory) -> Iterator["villages.Village"]:
    """A market in which nothing has happened yet."""
    with villages.village(tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.fixture
def village(shared_village: "villages.Village", tmp_path: Path) -> Iterator["villages.Village"]:
    """The same market, put back afterwards, with folders and accounts of the test's own."""
    with shared_village.behind_snapshot(tmp_path) as found:
        yield found
