"""A role's journal: what was written is there, whole, for its owner alone."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fl_alliance.arena.errors import ContentMissing, JournalBusy, JournalDamaged, JournalForeign
from fl_alliance.arena.journal import Journal


def test_a_new_process_finds_what_was_written(tmp_path: Path) -> None:
    with Journal(tmp_path / "role", "task 1 of a") as journal:
        journal.write("day-1", {"salt": "00", "scores": [1, 2]})
        digest = journal.keep(b"model")
        assert journal.read("day-2") is None
    with Journal(tmp_path / "role", "task 1 of a") as journal:
        assert journal.read("day-1") == {"salt": "00", "scores": [1, 2]}
        assert journal.kept(digest) == b"model"
        with pytest.raises(ContentMissing):
            journal.kept(bytes(32))


def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "role", "task 1 of a") as journal:
        journal.write("day-1", {"salt": "00"})
        journal.keep(b"model")
    assert stat.S_IMODE((tmp_path / "role").stat().st_mode) == 0o700
    files = [path for path in (tmp_path / "role").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_another_owners_journal_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path, "task 1 of a").close()
    with pytest.raises(JournalForeign, match="found that of 'task 1 of a'; needed that of task 2 of a"):
        Journal(tmp_path, "task 2 of a")
    Journal(tmp_path, "task 1 of a").close()  # the refusal has let go of it


def test_two_processes_cannot_work_with_one_journal(tmp_path: Path) -> None:
    open_it = "import sys; from pathlib import Path; from fl_alliance.arena.journal import Journal; " \
        "Journal(Path(sys.argv[1]), 'task 1 of a')"  # fmt: skip
    command = [sys.executable, "-c", open_it, str(tmp_path)]
    journal = Journal(tmp_path, "task 1 of a")
    with pytest.raises(JournalBusy):
        Journal(tmp_path, "task 1 of a")
    busy = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "JournalBusy" in busy.stderr
    journal.close()
    journal.close()
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"salt": 1, "salt": 2}', "\xff"])
def test_a_damaged_entry_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with Journal(tmp_path, "task 1 of a") as journal:
        (tmp_path / "day-1.json").write_bytes(text.encode("latin-1"))
        with pytest.raises(JournalDamaged, match="entry day-1") as refused:
            journal.read("day-1")
        assert "salt" not in str(refused.value)


def test_damaged_content_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path, "task 1 of a") as journal:
        digest = journal.keep(b"model")
        (tmp_path / "contents" / digest.hex()).write_bytes(b"other")
        with pytest.raises(JournalDamaged):
            journal.kept(digest)


@pytest.mark.parametrize("name", ["../x", "Day", "a--b", "", "a/b"])
def test_an_entrys_name_stays_inside_the_folder(tmp_path: Path, name: str) -> None:
    with Journal(tmp_path, "task 1 of a") as journal, pytest.raises(ValueError, match="journal entry"):
        journal.write(name, {})
