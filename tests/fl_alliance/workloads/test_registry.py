import subprocess
import sys
from pathlib import Path

import pytest

from fl_alliance.workloads import BUILT_IN, WorkloadError, get
from fl_alliance.workloads.base import Workload

OWN = """
from fl_alliance.workloads.linear import Linear

class Mine(Linear):
    name = "mine"

class Half:
    name = "half"

number = 3
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "researchers_own.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "researchers_own", raising=False)
    return "researchers_own"


def test_every_built_in_workload_answers_to_its_name() -> None:
    for name in BUILT_IN:
        workload: Workload = get(name)
        assert workload.name == name
        assert workload.metrics


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(WorkloadError, match=r"'glucos'.*digits, glucose, linear.*package\.module:Class"):
        get("glucos")


def test_an_unknown_option_is_refused_with_the_options_there_are() -> None:
    with pytest.raises(WorkloadError, match=r"glucose.*'horizon'.*horizon_min"):
        get("glucose", horizon=60)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("glucose", {"horizon_min": 31}),
        ("glucose", {"horizon_min": 0}),
        ("glucose", {"hidden": 0}),
        ("digits", {"alpha": 0.0}),
        ("digits", {"hidden": -1}),
        ("linear", {"examples": 1}),
        ("linear", {"noise": -0.1}),
    ],
)
def test_an_option_out_of_range_is_refused_with_what_is_needed(name: str, options: dict[str, float]) -> None:
    with pytest.raises(WorkloadError, match=rf"workload {name}.*needed"):
        get(name, **options)


def test_a_class_of_ones_own_is_found_by_its_path(own_module: str) -> None:
    assert get(f"{own_module}:Mine", features=7).initial_arrays(0)["weight"].shape == (7,)


def test_a_class_that_is_no_workload_is_refused_with_what_it_lacks(own_module: str) -> None:
    with pytest.raises(WorkloadError, match=r"lacks .*train.*"):
        get(f"{own_module}:Half")


@pytest.mark.parametrize("missing", ["Nobody", "number"])
def test_a_missing_class_is_refused_with_the_classes_there_are(own_module: str, missing: str) -> None:
    with pytest.raises(WorkloadError, match="Half"):
        get(f"{own_module}:{missing}")


def test_a_missing_module_is_refused_by_name() -> None:
    with pytest.raises(WorkloadError, match="no_such_module"):
        get("no_such_module:Mine")


def test_torch_is_not_imported_before_a_workload_needs_it() -> None:
    code = "import sys; from fl_alliance.workloads import get; get('linear'); print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
