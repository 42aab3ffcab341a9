"""The durable ledger of one data set: everything that was ever spent on it, written down before it is spent.

An append-only file with a line for every release, flushed to the disk before the release is computed: a node that dies
in between has spent, never the other way round. Whoever appends holds the file's lock from reading what was spent to
having written, so that tasks which run at the same time cannot both spend the last of it.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.dp.accounting import Spent, Steps, spent
from fl_alliance.dp.entries import (
    Entry,
    Inherited,
    Limit,
    Opened,
    Scored,
    Spending,
    Trained,
    entry_of,
    line_of,
    steps_of,
)
from fl_alliance.dp.errors import LedgerDamaged
from fl_alliance.dp.units import Unit

NO_HEAD = ""


@dataclass(frozen=True, slots=True)
class Book:
    """A ledger as it stood at one moment: its entries in order, and the head of the last."""

    entries: tuple[Entry, ...]
    head: str

    @property
    def opened(self) -> Opened:
        """Which data it is about."""
        assert isinstance(self.entries[0], Opened)  # noqa: S101  checked when it was read
        return self.entries[0]

    @property
    def limit(self) -> Limit | None:
        """What may be spent in all, as it was last said; None where nobody has."""
        limits = [entry for entry in self.entries if isinstance(entry, Limit)]
        return limits[-1] if limits else None

    @property
    def spendings(self) -> tuple[Spending, ...]:
        """Every release, inherited ones among them."""
        return tuple(entry for entry in self.entries if isinstance(entry, Trained | Scored))

    def has(self, spending: Spending) -> bool:
        """Return whether exactly this was entered before; what it releases is the same again, and nothing new."""
        return spending in self.entries

    def spent(self, delta: float, task: str | None = None, more: Sequence[Spending] = ()) -> Spent:
        """Return what all releases, or those of one task, and `more` on top have spent together."""
        counted = [entry for entry in (*self.spendings, *more) if task is None or entry.task == task]
        steps: list[Steps] = [found for entry in counted if (found := steps_of(entry)) is not None]
        return spent(steps, sum(entry.epsilon for entry in counted if isinstance(entry, Scored)), delta)


class Ledger:
    """The file of a ledger.

    Parameters
    ----------
    path : Path
        It need not exist yet; `create` makes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether the ledger was opened before."""
        return self.path.is_file() and self.path.stat().st_size > 0

    def create(self, data: str, unit: Unit, inherits: Book | None = None) -> None:
        """Open the ledger of the data with this digest, where that was not done before.

        `inherits` is the book of earlier data whose spending counts on: its entries are copied.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone() as file:
            if os.fstat(file).st_size:
                return
            _sync_folder(self.path.parent)
            entries: list[Entry] = [Opened(data, str(unit))]
            if inherits is not None:
                entries += [Inherited(inherits.opened.data, inherits.head), *inherits.spendings]
                entries += [inherits.limit] if inherits.limit else []
            _append(file, entries, NO_HEAD)

    def read(self) -> Book:
        """Return what the ledger says now; raises `LedgerDamaged`, `OSError`."""
        with self._alone() as file:
            return self._book(file)

    @contextmanager
    def held(self) -> Iterator["Writer"]:
        """Keep everybody else from appending until the block ends; raises `LedgerDamaged`."""
        with self._alone() as file:
            yield Writer(file, self._book(file))

    def _book(self, file: int) -> Book:
        content = os.pread(file, os.fstat(file).st_size, 0)
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            # A line that was being written when the machine stopped: nobody was told that it was, so nothing left.
            os.ftruncate(file, len(whole))
        entries, head = [], NO_HEAD
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                entry, head = entry_of(line.decode(), head)
            except ValueError as error:
                raise LedgerDamaged(f"{self.path}, line {number}: {error}; needed what this node wrote there") from None
            if isinstance(entry, Opened) != (number == 1):
                raise LedgerDamaged(f"{self.path}, line {number}: needed one opening line, the first")
            entries.append(entry)
        if not entries:
            raise LedgerDamaged(f"{self.path}: is empty; needed a line that says which data it is about")
        return Book(tuple(entries), head)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


class Writer:
    """Whoever holds a ledger: reads what was spent, and appends."""

    def __init__(self, file: int, book: Book) -> None:
        self._file = file
        self.book = book

    def append(self, entry: Entry) -> None:
        """Write an entry and wait until the disk has it; raises `OSError` where it cannot, and then nothing counts."""
        head = _append(self._file, [entry], self.book.head)
        self.book = Book((*self.book.entries, entry), head)


def _append(file: int, entries: Sequence[Entry], head: str) -> str:
    lines = []
    for entry in entries:
        line, head = line_of(entry, head)
        lines.append(line)
    before, content = os.fstat(file).st_size, "".join(lines).encode()
    try:
        written = os.write(file, content)
        if written != len(content):
            raise OSError(28, "the disk took only a part of the privacy ledger's line")
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise
    return head


def _sync_folder(folder: Path) -> None:
    """Make sure that the file's name survives a stop too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
