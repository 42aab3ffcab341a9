"""Where run folders are made and found: `runs/<UTC date and time>-<workload>`."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fl_alliance.records import FolderError, RunFolder

__all__ = ["FolderError", "default_root", "discard", "held", "new_folder", "open_folder", "open_stopped"]

RUNS = Path("runs")


def new_folder(root: Path) -> RunFolder:
    """Create the folder of a new run.

    Raises
    ------
    FolderError
        There is something in it already: one run never overwrites another.
    """
    _check_empty(root)
    root.mkdir(parents=True, exist_ok=True)
    return RunFolder(root)


@contextmanager
def held(folder: RunFolder, is_new: bool) -> Iterator[None]:
    """Keep every other run out of the folder until the block ends; a process that is killed lets go of it too.

    Raises
    ------
    FolderError
        Another process is running in it, or with `is_new` one has been.
    """
    lock = os.open(folder.root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(f"{folder.root}: another process is running in it; needed a folder of its own") from None
        if is_new:
            _check_empty(folder.root)
        yield
    finally:
        os.close(lock)


def _check_empty(root: Path) -> None:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FolderError(f"{root}: is in use; needed a new or empty folder (--resume {root} continues a run)")


def open_folder(name: str | None) -> RunFolder:
    """Return the run folder of that name, or the newest under `runs/` when no name is given.

    Raises
    ------
    FolderError
        There is no run in it.
    """
    folder = RunFolder(Path(name)) if name is not None else _newest()
    if not folder.config.is_file():
        raise FolderError(f"{folder.root}: no run in this folder (no {folder.config.name}); needed a run folder")
    return folder


def open_stopped(name: str) -> RunFolder:
    """Return the folder of a run to go on with; raises `FolderError` where what it was started with is missing."""
    folder = RunFolder(Path(name))
    if not folder.overrides.is_file():
        open_folder(name)
        raise FolderError(f"{folder.root}: lacks {folder.overrides.name}, the run's settings; cannot go on without")
    return folder


def discard(folder: RunFolder) -> None:
    """Remove the folder of a run that could not begin, and `runs/` where that leaves nothing in it."""
    shutil.rmtree(folder.root)
    if folder.root.parent == RUNS and not any(RUNS.iterdir()):
        RUNS.rmdir()


def default_root(workload: str, now: datetime | None = None) -> Path:
    """Return a folder name that sorts by time and says what was trained; a taken one gets a number behind it."""
    base = RUNS / f"{(now or datetime.now(UTC)):%Y%m%d-%H%M%S}-{workload}"
    root, number = base, 2
    while root.exists():
        root, number = base.with_name(f"{base.name}-{number}"), number + 1
    return root


def _newest() -> RunFolder:
    runs = sorted(path.parent for path in RUNS.glob("*/config.yaml"))
    if not runs:
        raise FolderError(f"no run under {RUNS}/; needed the name of a run folder")
    return RunFolder(runs[-1])
