"""One consortium for all tests, each of which acts behind a snapshot."""

from collections.abc import Iterator

import consortium
import pytest


@pytest.fixture(scope="session")
def deployed_consortium() -> Iterator["consortium.Consortium"]:
    """Four members of whom three must agree, beside an Alliance that pays FML."""
    with consortium.consortium() as deployed:
        yield deployed


@pytest.fixture
def hospitals(deployed_consortium: "consortium.Consortium") -> Iterator["consortium.Consortium"]:
    """The consortium as deployed."""
    with consortium.behind_snapshot(deployed_consortium) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def deployed_with_points() -> Iterator["consortium.Consortium"]:
    """The same beside an Alliance that pays points."""
    with consortium.consortium(has_points=True) as deployed:
        yield deployed


@pytest.fixture
def pointed(deployed_with_points: "consortium.Consortium") -> Iterator["consortium.Consortium"]:
    """The consortium with points as deployed."""
    with consortium.behind_snapshot(deployed_with_points) as fresh:
        yield fresh
