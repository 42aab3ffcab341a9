"""Gas figures whose every change is reviewed as a diff."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

GAS = Path(__file__).parent / "gas.json"


@pytest.fixture(scope="session")
def gas_figure() -> Callable[[str, int], None]:
    """Compare a measured figure with gas.json, or write it there where UPDATE_GAS=1 (without -n)."""

    def compare(name: str, gas: int) -> None:
        figures: dict[str, int] = json.loads(GAS.read_text("utf-8")) if GAS.exists() else {}
        if os.environ.get("UPDATE_GAS") == "1":
            GAS.write_text(json.dumps(figures | {name: gas}, indent=1, sort_keys=True) + "\n", "utf-8")
            return
        recorded = figures.get(name)
        assert recorded == gas, f"{name}: {recorded} in gas.json, measured {gas}; UPDATE_GAS=1 accepts it"

    return compare
