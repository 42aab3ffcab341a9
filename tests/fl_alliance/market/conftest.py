"""What the market's tests share: the harness of processes on loopback, which the benchmark of kills is made of."""

import pytest


@pytest.fixture(autouse=True)
def _no_key_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests acts as the development accounts."""
    monkeypatch.delenv("FL_ALLIANCE_KEY", raising=False)
    monkeypatch.delenv("FL_ALLIANCE_KEY_PASSWORD", raising=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the market of processes: for seven minutes it mostly waits for days to pass."""
    items.sort(key=lambda item: item.path.name != "test_market_processes.py")
