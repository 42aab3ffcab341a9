"""What is installed, and what travels in a Flower bundle, is what belongs there and nothing else."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAPPED = ("chain", "strategies", "arena", "conf")


def test_every_package_folder_is_in_the_package_map() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {"fl_alliance"}
    for path in [
        *(ROOT / "fl_alliance").rglob("__init__.py"),
        *(p for m in MAPPED for p in (ROOT / m).rglob("__init__.py")),
    ]:
        parts = path.parent.relative_to(ROOT).parts
        found.add(".".join(parts if parts[0] == "fl_alliance" else ("fl_alliance", *parts)))
    assert listed == found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources with a hospital's data lying around in it."""
    copy = tmp_path / "checkout"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".*", "node_modules", "runs", "build", "*.egg-info", "__pycache__")
    )
    shutil.copy(ROOT / ".gitignore", copy)
    for name in ("patients.json", "fl_alliance/patients.json", "conf/patients.jsonl", "notes.md", "runs/x/config.yaml"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text('{"patient": "secret"}')
    return copy


def test_a_flower_bundle_ships_sources_and_no_data(checkout: Path) -> None:
    flwr = Path(sys.executable).with_name("flwr")
    subprocess.run([flwr, "build", "--app", "."], cwd=checkout, check=True, capture_output=True, timeout=120)
    (bundle,) = checkout.glob("*.fab")
    names = set(zipfile.ZipFile(bundle).namelist())
    assert "chain/artifacts/Alliance.json" in names
    assert "conf/workload/glucose.yaml" in names
    assert "fl_alliance/client_app.py" in names
    assert not [name for name in names if "patients" in name or "runs" in name or name.startswith("tests")]
    assert bundle.stat().st_size < 10_000_000


def test_a_wheel_holds_everything_a_run_needs(checkout: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(tmp_path),
    ]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "fl_alliance/chain/artifacts/Alliance.json",
        "fl_alliance/conf/strategy/fedavg.yaml",
        "fl_alliance/strategies/chain_backed.py",
        "fl_alliance/workloads/data/cgm_hall.csv.gz",
        "fl_alliance/py.typed",
    ):
        assert needed in names
    assert not [name for name in names if not name.startswith(("fl_alliance/", "fl_alliance-"))]
