"""Four hospitals over TLS, each test's own: what a test does to them has one outcome, which it states."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from loopback import Loopback

WINDOWS = (
    "alliance.leader_s=40",
    "alliance.propose_s=150",
    "alliance.commit_s=150",
    "alliance.reveal_s=90",
    "alliance.evidence_s=5",
    "alliance.grace_s=60",
)
"""More than a restart takes with others on the machine; only who stays away for good costs a round this."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless it is asked for."""
    if os.environ.get("FL_ALLIANCE_WHOLE_HOSPITALS") != "1":
        for item in items:
            if item.get_closest_marker("minutes"):
                item.add_marker(pytest.mark.skip(reason="minutes; FL_ALLIANCE_WHOLE_HOSPITALS=1 plays it"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Loopback]]:
    """Start a chain, a coordinator and hospitals, all of four if not told; they are ended with the test."""
    with ExitStack() as stack:

        def started(*settings: str, hospitals: Sequence[int] = range(4), nodes: int = 4, run: str = "task") -> Loopback:
            town = stack.enter_context(Loopback(tmp_path, nodes, (*WINDOWS, *settings), run_name=run))
            town.serve_chain()
            town.coordinate()
            for site in hospitals[:nodes]:
                town.join(site)
            return town

        yield started
