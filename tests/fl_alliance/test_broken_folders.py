"""A run folder that somebody damaged, mixed up or half deleted is refused in one line, and nothing in it changes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fl_alliance.cli.main import main
from fl_alliance.folders import FolderError, held
from fl_alliance.records import RunFolder

WORDS = ("workload=linear", "nodes=4", "rounds=2", "alliance.proposers=2", "alliance.voters=2", "baselines=false")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs") / "finished"
    assert main(["run", *WORDS, "--quiet", "--run-dir", str(root)]) == 0
    return root


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, as if it had been stopped before its report."""
    copy = Path(shutil.copytree(finished, tmp_path / "copy"))
    (copy / "report.html").unlink()
    return copy


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("name", ["chain.db", "deployment.json", "manifest.json", "overrides.txt"])
def test_what_a_resume_needs_is_named_where_it_is_missing(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).unlink()
    before = sorted(path.name for path in folder.iterdir())
    assert name in complaint(capsys, "run", "--resume", str(folder), "--quiet")
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_model_that_the_chain_adopted_is_named_where_it_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(folder / "models")
    assert "needs the model with digest" in complaint(capsys, "run", "--resume", str(folder), "--quiet")


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("overrides.txt", "workload='linear", "No closing quotation"),
        ("overrides.txt", "workload=linear nodes=5 rounds=2 baselines=false alliance.proposers=2", "digest"),
        ("overrides.txt", "workload=linear future.setting=1", "future"),
        ("deployment.json", '{"task": ', "deployment.json"),
        ("metrics.jsonl", "{\n", "line 1"),
        ("chain.db", "no database", "chain.db"),
    ],
)
def test_a_damaged_or_foreign_file_is_named(
    folder: Path, name: str, content: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = " alliance.voters=2\n" if "nodes=5" in content else ""
    (folder / name).write_text(content + settings)
    assert named in complaint(capsys, "run", "--resume", str(folder), "--quiet")


def test_the_chain_of_another_run_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    assert main(["run", *WORDS, "seed=2", "--quiet", "--run-dir", str(other)]) == 0
    shutil.copy(other / "chain.db", folder / "chain.db")
    assert "digest" in complaint(capsys, "run", "--resume", str(folder), "--quiet")


@pytest.mark.parametrize("command", ["ledger", "report"])
@pytest.mark.parametrize("name", ["config.yaml", "deployment.json", "metrics.jsonl"])
def test_a_reader_names_the_file_that_it_cannot_read(
    folder: Path, command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).write_text("{[\n")
    assert name in complaint(capsys, command, str(folder))


@pytest.mark.parametrize(
    "place",
    [lambda root: root / "file" / "below", lambda root: root / ("long" * 100), lambda root: root / "file"],
    ids=["below a file", "name too long", "a file"],
)
def test_a_folder_that_cannot_be_made_is_named(
    place: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    root = place(tmp_path)
    assert str(root) in complaint(capsys, "run", *WORDS, "--quiet", "--run-dir", str(root))


@pytest.mark.parametrize(
    "setting", ["chain.url=nonsense", "chain.chain_id=5", "workload.name=no.such:Class", "+strategy.fraction_train=2.0"]
)
def test_what_cannot_begin_leaves_nothing_behind(
    setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    complaint(capsys, "run", *WORDS, "--quiet", setting)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("--resume",), (*WORDS, "--run-dir")], ids=["resumed", "new"])
def test_a_second_run_in_one_folder_is_refused_and_changes_nothing(
    words: tuple[str, ...], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    root = folder if "--resume" in words else empty
    before = {path: path.stat().st_mtime_ns for path in root.iterdir()}
    with held(RunFolder(root), is_new=False):
        assert "another process" in complaint(capsys, "run", "--quiet", *words, str(root))
    assert {path: path.stat().st_mtime_ns for path in root.iterdir()} == before


def test_a_folder_that_filled_up_while_it_was_waited_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    with pytest.raises(FolderError, match="is in use"), held(RunFolder(tmp_path), is_new=True):
        pass
