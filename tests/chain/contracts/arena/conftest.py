"""The Arena deployed once; each test acts behind a snapshot and leaves every wei where it belongs."""

from collections.abc import Iterator

import arena_town
import pytest


@pytest.fixture(scope="session")
def deployed_arena() -> Iterator["arena_town.Town"]:
    """Token, emission, pools and Arena on a chain that all tests here share, on day 0 of the emission."""
    with arena_town.deployed_town() as town:
        yield town


@pytest.fixture
def town(deployed_arena: "arena_town.Town") -> Iterator["arena_town.Town"]:
    """The town as deployed; whatever the test does, every wei must be where it belongs."""
    with arena_town.behind_snapshot(deployed_arena) as town:
        yield town


@pytest.fixture
def task(deployed_arena: "arena_town.Town") -> Iterator["arena_town.Task"]:
    """A task of five days with three nodes and three validators of 1,000 FML each, on the day before its day 0."""
    with arena_town.behind_snapshot(deployed_arena) as town:
        task = arena_town.Task.create(town)
        task.join_nodes(1_000, 1_000, 1_000)
        task.join_validators(1_000, 1_000, 1_000)
        yield task
