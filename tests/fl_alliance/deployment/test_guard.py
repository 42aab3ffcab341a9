"""No bundle is unpacked, let alone imported, but those that the consortium approved, under the settings it approved."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from flwr.cli.build import build_fab_from_disk
from flwr.cli.install import install_from_fab

from fl_alliance.bundles import bundle_digest, settings_digest
from fl_alliance.deployment.approval import Approvals, NotApproved
from fl_alliance.deployment.guard import APPROVED, Guard, shim
from fl_alliance.folders import FolderError

SETTINGS = {"rounds": 3, "learning-rate": 0.1}
PROJECT = """\
[project]
name = "their-app"
version = "1.0.0"
license = { text = "Apache-2.0" }
dependencies = []
[tool.flwr.app]
publisher = "somebody"
[tool.flwr.app.components]
serverapp = "client:app"
clientapp = "client:app"
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Somebody's Flower app."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "client.py").write_text("app = None\n")
    return folder


@pytest.fixture
def fab(app: Path) -> bytes:
    """Its bundle, which is approved."""
    return build_fab_from_disk(app)


def guarded(fab: bytes, run_config: dict[str, object], given: bytes, place: Path) -> Path:
    """Go through Flower's two steps, the second of which really unpacks; return where to."""
    approvals = Approvals(frozenset({(bundle_digest(fab), settings_digest(SETTINGS))}))
    asked = (None, SimpleNamespace(run_config=run_config), None, None)
    guard = Guard(approvals, lambda client: asked, install_from_fab)
    assert guard.pull(None) is asked
    return Path(guard.install(given, install_dir=place, skip_prompt=True))


def test_an_approved_bundle_under_approved_settings_is_unpacked(fab: bytes, tmp_path: Path) -> None:
    assert (guarded(fab, SETTINGS, fab, tmp_path / "flwr") / "client.py").is_file()


def test_a_tampered_bundle_is_not_even_unpacked(app: Path, fab: bytes, tmp_path: Path) -> None:
    (app / "client.py").write_text("app = None  # and a little more\n")
    with pytest.raises(NotApproved, match="none of the 1 bundles"):
        guarded(fab, SETTINGS, build_fab_from_disk(app), tmp_path / "flwr")
    assert not (tmp_path / "flwr").exists()


def test_tampered_settings_are_refused(fab: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotApproved):
        guarded(fab, SETTINGS | {"learning-rate": 1e9}, fab, tmp_path / "flwr")
    assert not (tmp_path / "flwr").exists()


def test_the_list_comes_back_as_it_was_written(tmp_path: Path) -> None:
    approvals = Approvals(frozenset({(b"a" * 32, b"b" * 32), (b"c" * 32, b"d" * 32)}))
    approvals.save(tmp_path / "approved.json")
    assert Approvals.load(tmp_path / "approved.json") == approvals


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '[{"code": "ab", "config": "cd"}]', '[{"code": "zz"}]'])
def test_a_broken_list_lets_nothing_run(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "approved.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FolderError, match="needed what fl-alliance sites approved writes"):
        Approvals.load(path)


def test_the_command_that_flower_starts_is_ours_where_the_path_begins_with_it(tmp_path: Path) -> None:
    command = shim(tmp_path / "bin")
    surroundings = {**os.environ, "PATH": f"{command}:{os.environ['PATH']}", APPROVED: str(tmp_path / "missing.json")}
    done = subprocess.run(["flwr-clientapp", "--help"], env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "missing.json" in done.stderr
