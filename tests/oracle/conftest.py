"""ByzFL, where it is installed; without it these tests are skipped and say how to get it."""

import importlib
import importlib.util
import sys
from types import ModuleType

import pytest
from flwr.supercore.task_identity import TaskIdentity

REASON = "needs ByzFL: pip install --no-deps -r tests/oracle/requirements.txt"


@pytest.fixture(autouse=True)
def identity() -> None:
    """Let messages be made outside a run: Flower's runtimes set this as they start."""
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


@pytest.fixture(scope="session")
def byzfl() -> ModuleType:
    """ByzFL's attacks and aggregators as one namespace.

    `import byzfl` would also load its benchmark, which needs torchvision and seaborn: the package is entered without
    its `__init__`.
    """
    found = importlib.util.find_spec("byzfl")
    if found is None or found.submodule_search_locations is None:
        pytest.skip(REASON)
    package = ModuleType("byzfl")
    package.__path__ = list(found.submodule_search_locations)
    sys.modules["byzfl"] = package
    for module in ("aggregators.aggregators", "aggregators.preaggregators", "attacks.attacks"):
        vars(package).update(
            {
                name: value
                for name, value in vars(importlib.import_module(f"byzfl.{module}")).items()
                if name[0].isupper()
            }
        )
    return package
