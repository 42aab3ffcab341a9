"""Sites of a small federation, seen from inside."""

from collections.abc import Callable

import pytest

from fl_alliance.config import load_config
from fl_alliance.insider import Insider, enter

BASE = ["workload=linear", "nodes=8", "alliance.proposers=4", "alliance.voters=4", "attack.share=0.5"]


@pytest.fixture
def site() -> Callable[..., Insider]:
    """Return a function that enters a site of eight, four of them malicious: the first malicious one, or the n-th."""

    def entered(*overrides: str, position: int = 0) -> Insider:
        config = load_config([*BASE, *overrides])
        first = enter(config, 0)
        return enter(config, first.coalition[position])

    return entered
