"""What the market's tests share: the harness of processes on loopback, which the benchmark of kills is made of."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str, path: Path) -> ModuleType:
    """Import a helper outside any package under a plain name, which the tests here import it by."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_load("kill", Path(__file__).resolve().parents[2] / "bench" / "kill.py")


@pytest.fixture(autouse=True)
def _no_key_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests acts as the development accounts."""
    monkeypatch.delenv("FL_ALLIANCE_KEY", raising=False)
    monkeypatch.delenv("FL_ALLIANCE_KEY_PASSWORD", raising=False)
