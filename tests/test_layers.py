"""Imports point down only: fl_alliance over strategies over chain; heavy libraries stay where they belong."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "chain": ("flwr", "torch", "hydra", "omegaconf", "fl_alliance.strategies", "fl_alliance.arena"),
    "strategies": ("torch", "hydra", "omegaconf", "web3", "fl_alliance.arena"),
    "arena": ("fl_alliance.strategies",),
    "fl_alliance/workloads": ("flwr", "web3", "hydra", "fl_alliance.chain", "fl_alliance.strategies"),
}
BELOW = ("fl_alliance.chain", "fl_alliance.strategies", "fl_alliance.arena", "fl_alliance.conf")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            if node.module == "fl_alliance":
                yield from (f"fl_alliance.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_a_layer_does_not_import_what_is_above_it_or_too_heavy_for_it(layer: str) -> None:
    files = [path for path in (ROOT / layer).rglob("*.py") if "node_modules" not in path.parts]
    assert files
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path)
        if any(is_within(name, package) for package in FORBIDDEN[layer])
    ]
    assert not found


@pytest.mark.parametrize("layer", ["chain", "strategies", "arena"])
def test_lower_layers_do_not_import_the_application(layer: str) -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / layer).rglob("*.py")
        if "node_modules" not in path.parts
        for name in imported(path)
        if is_within(name, "fl_alliance") and not any(is_within(name, package) for package in BELOW)
    ]
    assert not found


def test_torch_is_imported_in_workloads_and_private_training_only() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "fl_alliance").rglob("*.py")
        if not {"workloads", "dp"} & set(path.parts) and any(is_within(name, "torch") for name in imported(path))
    ]
    assert not found


OWN = {
    "arena/jail.py": "the request of the process that started it",
    "chain/artifacts/__init__.py": "files of this package",
    "chain/strict_json.py": "the one reader",
    "fl_alliance/crate/verify.py": "goes into archives, where nothing of ours is",
    "fl_alliance/lab/outcome.py": "figures of a study that this machine ran",
    "fl_alliance/lab/sweep.py": "the plan of a study that this machine ran",
    "fl_alliance/workloads/cgm.py": "what pip wrote of an installed package",
}
"""Files that read JSON which no stranger wrote."""


def test_json_of_others_is_read_by_the_one_reader_that_counts_nesting_first() -> None:
    found = {
        str(path.relative_to(ROOT))
        for layer in ("chain", "strategies", "arena", "fl_alliance")
        for path in (ROOT / layer).rglob("*.py")
        if "node_modules" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("load", "loads") and ast.unparse(node.value) == "json"
    }
    assert found == set(OWN)
