"""Messages between a strategy and nodes, without a run."""

import pytest
from flwr.supercore.task_identity import TaskIdentity


@pytest.fixture(autouse=True)
def identity() -> None:
    """Let messages be made outside a run: Flower's runtimes set this as they start."""
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
