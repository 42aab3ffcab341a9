"""The ledger against a real contract, on every kind of chain."""

from collections.abc import Callable
from typing import Any

Found = Callable[..., Any]


def test_a_task_runs_from_creation_to_its_last_round(found: Found) -> None:
    federation = found(nodes=7, rounds=3)
    for bad in ((), (0, 1, 2, 3, 4, 5, 6), ()):
        federation.run_round(bad)
        federation.assert_equals_chain()
