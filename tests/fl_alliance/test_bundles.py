"""A Flower app's digest: the same of its folder, its bundle and that bundle unpacked; another after any change."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from flwr.cli.build import build_fab_from_disk
from flwr.cli.install import install_from_fab

from fl_alliance.bundles import BundleError, app_digest, bundle_digest, settings_digest, unpacked_digest

PROJECT = """\
[project]
name = "their-app"
version = "1.0.0"
description = "Somebody's app"
license = { text = "Apache-2.0" }
dependencies = []

[tool.flwr.app]
publisher = "somebody"

[tool.flwr.app.components]
serverapp = "their_app.server:app"
clientapp = "their_app.client:app"

[tool.flwr.app.config]
rounds = 3
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Somebody's Flower app, which knows nothing of us."""
    folder = tmp_path / "app"
    (folder / "their_app").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    for name in ("__init__", "server", "client"):
        (folder / "their_app" / f"{name}.py").write_text(f'"""{name}"""\n')
    return folder


def test_folder_bundle_and_installed_app_have_one_digest(app: Path, tmp_path: Path) -> None:
    fab = build_fab_from_disk(app)
    (tmp_path / "their.fab").write_bytes(fab)
    installed = install_from_fab(fab, install_dir=tmp_path / "flwr", skip_prompt=True)
    assert app_digest(app) == app_digest(tmp_path / "their.fab") == bundle_digest(fab) == unpacked_digest(installed)
    (installed / "their_app" / "__pycache__").mkdir()
    (installed / "their_app" / "__pycache__" / "client.pyc").write_bytes(b"cache")
    assert unpacked_digest(installed) == bundle_digest(fab)


@pytest.mark.parametrize("change", ["a byte", "a name", "one more", "one less"])
def test_any_change_of_an_app_changes_its_digest(app: Path, change: str) -> None:
    before, client = app_digest(app), app / "their_app" / "client.py"
    if change == "a byte":
        client.write_text(client.read_text() + " ")
    elif change == "a name":
        client.rename(app / "their_app" / "other.py")
    elif change == "one more":
        (app / "their_app" / "more.py").write_text("")
    else:
        client.unlink()
    assert app_digest(app) != before


def packed(*names: str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return content.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "content", [b"", b"no archive", packed("../out.py"), packed("/out.py"), packed("a.py", "a.py")]
)
def test_what_is_no_bundle_has_no_digest(content: bytes) -> None:
    with pytest.raises(BundleError, match="needed"):
        bundle_digest(content)


def test_names_and_contents_do_not_run_together() -> None:
    assert len({bundle_digest(packed("ab")), bundle_digest(packed("a", "b")), bundle_digest(packed("b", "a"))}) == 2


def test_a_link_in_an_app_is_refused(app: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text("")
    (app / "their_app" / "more.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(BundleError, match="is a link"):
        unpacked_digest(app)


@pytest.mark.parametrize("name", ["nowhere", "app/pyproject.toml"])
def test_what_is_no_app_is_named(app: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match=r"needed"):
        app_digest(tmp_path / name)


def test_settings_have_one_digest_in_any_order_and_another_for_any_value() -> None:
    assert settings_digest({"a": 1, "b": "x"}) == settings_digest({"b": "x", "a": 1})
    assert settings_digest({"a": 1}) != settings_digest({"a": 2}) != settings_digest({"a": True})
