"""An index of one chain in one SQLite file: what was read of it, up to which block, and back again where it forks.

The file holds nothing that the chain does not: where it is missing, damaged or of another version it is made anew.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fl_alliance.console.errors import IndexBusy

VERSION = 2
"""Of the tables; a file of another is made anew."""
_KEPT_BLOCKS = 256
"""Blocks whose hashes are kept: a fork that is deeper has everything read again."""
_BLOCKS = "CREATE TABLE block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last block that was read."""

    number: int
    hash: str


class Index:
    """The file, written by one thread and read by many.

    Parameters
    ----------
    path : Path
        Where it is, or is made.
    schema : sequence of str
        The statements that create its tables. Each table has a column `block`, by which a fork takes rows back.
    tables : sequence of str
        The names of these tables.

    Raises
    ------
    IndexBusy
        Another process writes it.
    """

    def __init__(self, path: Path, schema: Sequence[str], tables: Sequence[str]) -> None:
        self.path, self._schema, self._tables = path, schema, tables
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path)
        self._db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        with suppress(sqlite3.DatabaseError):
            db = self._connect()
            is_usable = db.execute("PRAGMA user_version").fetchone()[0] == VERSION
            if is_usable and db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
                return db
            db.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        db = self._connect()
        for statement in (_BLOCKS, *self._schema, f"PRAGMA user_version = {VERSION}"):
            db.execute(statement)
        return db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # what a power cut loses is read again
        return db

    @property
    def cursor(self) -> Cursor | None:
        """The last block that was read; None before the first."""
        with self.reading() as db:
            found = db.execute("SELECT number, hash FROM block ORDER BY number DESC LIMIT 1").fetchone()
        return Cursor(*found) if found else None

    def known(self) -> list[Cursor]:
        """Return the blocks whose hashes are kept, the newest first."""
        with self.reading() as db:
            return [Cursor(*row) for row in db.execute("SELECT number, hash FROM block ORDER BY number DESC")]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open it to read, rows by their columns' names; what is read in one such block is of one moment."""
        db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("BEGIN")
            yield db
        finally:
            db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write all of the block's statements, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def advance(self, number: int, block_hash: str) -> None:
        """Note inside `writing` that everything up to this block is there."""
        self._db.execute("INSERT OR REPLACE INTO block VALUES (?, ?)", (number, block_hash))
        self._db.execute("DELETE FROM block WHERE number <= ?", (number - _KEPT_BLOCKS,))

    def roll_back(self, number: int) -> None:
        """Forget what was read of the blocks above `number`; -1 forgets everything."""
        with self.writing() as db:
            for table in self._tables:
                db.execute(f"DELETE FROM {table} WHERE block > ?", (number,))  # noqa: S608  names of our own
            db.execute("DELETE FROM block WHERE number > ?", (number,))

    def close(self) -> None:
        """Let another process write it."""
        self._db.close()
        os.close(self._lock)


def row_values(row: dict[str, Any]) -> tuple[str, str, list[Any]]:
    """Return the columns, the placeholders and the values of a row to insert."""
    return ", ".join(row), ", ".join("?" * len(row)), list(row.values())


def put(db: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    """Write a row, in the place of the one with its key if there is one."""
    columns, marks, values = row_values(row)
    db.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608  our own names


def _locked(path: Path) -> int:
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise IndexBusy(str(path)) from None
    return handle
