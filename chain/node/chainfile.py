"""A chain kept in one SQLite file: a row per block, each column covered by the block's hash.

Per block: number, header (RLP), its hash, the raw transaction, the receipt and the net state writes. The header
commits to the other columns and to the parent, the settings are committed to by block 0's extra data, and the
head is stored beside the last block in the same SQLite transaction. So any byte that is not the one written is
found on reading, without executing anything; executing everything again (`ChainFile.replay`) also proves that
the writes are what the transactions do.

The file is in WAL mode with a sync per block: a process killed anywhere, or a power cut, leaves the last sealed
block, never half of one.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from eth_hash.auto import keccak

from fl_alliance.chain.errors import ChainCorrupt, ChainFileError, ChainLocked
from fl_alliance.chain.node.block import Block, Header, Receipt, root_of_one, state_digest
from fl_alliance.chain.node.clock import RecordedClock
from fl_alliance.chain.node.faults import RpcFault
from fl_alliance.chain.node.settings import Settings
from fl_alliance.chain.node.transaction import Transaction, decode_transaction

_SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE block (
    number INTEGER PRIMARY KEY,
    header BLOB NOT NULL,
    hash BLOB NOT NULL,
    tx BLOB NOT NULL,
    receipt BLOB NOT NULL,
    writes BLOB NOT NULL
)""",
)


class ChainFile:
    """Read-only view of a chain file; works while another process writes it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open and read the settings.

        Raises
        ------
        ChainFileError
            where there is no file
        ChainCorrupt
            where it is no chain file or its settings do not hold
        """
        self.path = str(path)
        if not Path(path).is_file():
            raise ChainFileError(f"chain file {path}: found no file, needed one written by a file:// chain")
        self._db = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self.settings = _read_settings(self._db, self.path)

    def blocks(self, first: int = 0) -> Iterator[Block]:
        """Yield every block from `first` to the head, each verified against its hash, its parent and its own columns.

        The block before `first` is taken for what its hash says; nothing is yielded where there is none.

        Raises
        ------
        ChainCorrupt
            naming the first block that does not hold
        """
        return _verified(self._db, self.path, self.settings, first)

    def head(self) -> tuple[int, bytes]:
        """Return number and hash of the last block; raises `ChainCorrupt` where there is none."""
        return self._stored("ORDER BY number DESC LIMIT 1", ()) or _without_blocks(self.path)

    def hash_of(self, number: int) -> bytes | None:
        """Return a block's hash as it is stored, None where there is no such block."""
        found = self._stored("WHERE number = ?", (number,))
        return found and found[1]

    def _stored(self, which: str, values: tuple[int, ...]) -> tuple[int, bytes] | None:
        try:
            found: tuple[int, bytes] | None = self._db.execute(
                f"SELECT number, hash FROM block {which}",  # noqa: S608  clauses of our own
                values,
            ).fetchone()
        except sqlite3.DatabaseError as broken:
            raise ChainCorrupt(self.path, None, f"no readable blocks ({broken})", "a chain file") from broken
        return found

    def verify(self) -> Block:
        """Check every stored byte without executing; return the head."""
        *_, head = self.blocks()
        return head

    def replay(self, *, reference: bool = False) -> Block:
        """Execute every transaction again and compare each block with the stored one; return the head.

        With `reference`, contracts run by py-evm's own loop: slower, and independent of the compiler.
        """
        from fl_alliance.chain.node.node import Node

        clock = RecordedClock()
        node = Node(self.settings, reference=reference, clock=clock)
        for block in self.blocks():
            if block.number:
                clock.told = block.timestamp
                _execute(node, block)
            if node.head.hash != block.hash:
                found, needed = f"hash 0x{block.hash.hex()}", f"0x{node.head.hash.hex()}, which execution gives"
                raise ChainCorrupt(self.path, block.number, found, needed)
        return node.head

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> "ChainFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlockLog:
    """The writing side; one process at a time."""

    def __init__(self, path: str | os.PathLike[str], settings: Settings) -> None:
        """Open for writing, creating the file with these settings where there is none.

        Raises
        ------
        ChainLocked
            where another process, or another connection of this one, writes it
        ChainCorrupt
            where it exists and is damaged; `self.blocks` then was never offered
        """
        self.path = str(path)
        self._lock: int | None = None
        lock = self._lock = _take_lock(self.path)
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self.settings = self._open(settings)
            self.blocks = list(_verified(self._db, self.path, self.settings)) if self._has_head() else []
        except sqlite3.DatabaseError as broken:
            _release_lock(self.path, lock)
            raise ChainCorrupt(self.path, None, f"no readable SQLite file ({broken})", "a chain file") from broken
        except BaseException:
            _release_lock(self.path, lock)
            raise

    def _open(self, settings: Settings) -> Settings:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")  # a receipt that was returned is on the disk
        if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return _read_settings(self._db, self.path)
        self._db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            self._db.execute(statement)
        self._db.execute("INSERT INTO meta VALUES ('settings', ?)", (settings.encode(),))
        self._db.execute("COMMIT")
        return settings

    def _has_head(self) -> bool:
        # A process killed between creating the tables and sealing block 0 leaves a file with neither.
        return bool(
            self._db.execute("SELECT (SELECT count(*) FROM block) + (SELECT count(*) - 1 FROM meta)").fetchone()[0]
        )

    def append(self, block: Block) -> None:
        raw = block.transaction.raw if block.transaction is not None else b""
        row = (block.number, block.encoded, block.hash, raw, block.receipt_bytes, block.writes)
        self._commit("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?)", row, block.number, block.hash)

    def truncate(self, number: int) -> None:
        """Drop the blocks above `number`, if there are any."""
        if self._db.execute("SELECT max(number) FROM block").fetchone()[0] <= number:
            return
        head: bytes = self._db.execute("SELECT hash FROM block WHERE number = ?", (number,)).fetchone()[0]
        self._commit("DELETE FROM block WHERE number > ?", (number,), number, head)

    def _commit(self, statement: str, values: tuple[Any, ...], number: int, head: bytes) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute(statement, values)
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('head', ?)", (_head(number, head),))
            self._db.execute("COMMIT")
        except BaseException:
            # Ctrl-C is often answered right after COMMIT, the slowest line here: then the block is kept.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Fold the write-ahead log into the file and let others write it. May be repeated."""
        self._db.close()
        if self._lock is not None:
            _release_lock(self.path, self._lock)
            self._lock = None


def _head(number: int, digest: bytes) -> bytes:
    return number.to_bytes(8, "big") + digest


def _read_settings(db: sqlite3.Connection, path: str) -> Settings:
    try:
        row = db.execute("SELECT value FROM meta WHERE name = 'settings'").fetchone()
        return Settings.decode(row[0])
    except (sqlite3.DatabaseError, TypeError, ValueError) as broken:
        raise ChainCorrupt(path, None, f"no chain settings ({broken})", "a file written by a file:// chain") from broken


def _without_blocks(path: str) -> NoReturn:
    raise ChainCorrupt(path, 0, "no blocks", "block 0")


def _verified(db: sqlite3.Connection, path: str, settings: Settings, first: int = 0) -> Iterator[Block]:
    parent: Block | None = None
    columns = "SELECT number, header, hash, tx, receipt, writes FROM block"
    try:
        db.execute("BEGIN")  # one snapshot of rows and head, whoever writes meanwhile
        rows = db.execute(f"{columns} WHERE number >= ? ORDER BY number", (max(first - 1, 0),))
        if first and (row := next(rows, None)):
            parent = _check(row, parent, settings, path, is_first=True)
        for row in rows:
            parent = _check(row, parent, settings, path)
            yield parent
        head = db.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
    except sqlite3.DatabaseError as broken:
        number = 0 if parent is None else parent.number + 1
        raise ChainCorrupt(path, number, f"an unreadable row ({broken})", "the row as written") from broken
    finally:
        # On a damaged file the end of the reading fails like the reading, of which the error has been told.
        with suppress(sqlite3.DatabaseError):
            if db.in_transaction:
                db.execute("COMMIT")
    if parent is None:
        if first:
            return
        _without_blocks(path)
    if head is None or head[0] != _head(parent.number, parent.hash):
        found = head[0].hex() if head is not None and isinstance(head[0], bytes) else "nothing"
        needed = f"{_head(parent.number, parent.hash).hex()}, the last block's"
        raise ChainCorrupt(path, parent.number, f"head {found}", needed)


def _check(
    row: tuple[Any, ...], parent: Block | None, settings: Settings, path: str, *, is_first: bool = False
) -> Block:
    """Return the block of a row; `is_first` says that its parent is not looked at."""
    number = row[0] if is_first else 0 if parent is None else parent.number + 1

    def need(name: str, found: object, needed: object) -> None:
        if found != needed:
            raise ChainCorrupt(path, number, f"{name} {_shown(found)}", _shown(needed))

    need("number", row[0], number)
    for name, value in zip(("header", "hash", "transaction", "receipt", "writes"), row[1:], strict=True):
        need(f"{name} of type", type(value), bytes)
    encoded, digest, raw, receipt_bytes, writes = row[1:]
    need("hash", digest, keccak(encoded))
    try:
        header = Header.decode(encoded)
        need("header", header.encode(), encoded)
        need("transaction root", root_of_one(raw), header.transactions_root)
        need("receipt root", root_of_one(receipt_bytes), header.receipts_root)
        transaction = decode_transaction(raw, settings.chain_id) if raw else None
        receipt = Receipt.decode(receipt_bytes) if receipt_bytes else None
    except (ValueError, IndexError, TypeError, RpcFault) as broken:
        raise ChainCorrupt(path, number, f"an unreadable column ({broken})", "what was written") from broken
    need("block number", header.number, number)
    if is_first:
        return Block(header, digest, transaction, receipt, writes, encoded)
    need(
        "writes digest", state_digest(parent.header.state_digest if parent else bytes(32), writes), header.state_digest
    )
    need("parent hash", header.parent_hash, parent.hash if parent else bytes(32))
    if parent is None:
        need("settings digest", keccak(settings.encode()), header.extra_data)
    elif header.timestamp < parent.timestamp:
        raise ChainCorrupt(path, number, f"timestamp {header.timestamp}", f"at least {parent.timestamp}")
    return Block(header, digest, transaction, receipt, writes, encoded)


def _shown(value: object) -> str:
    return f"0x{value.hex()[:160]}" if isinstance(value, bytes) else str(value)


def _execute(node: Any, block: Block) -> None:
    transaction: Transaction | None = block.transaction
    if transaction is None:
        node.mine()
    else:
        node.send(transaction.raw)


def _take_lock(path: str) -> int:
    """Hold `path`.lock, which names the holder; it disappears with the holder's clean exit."""
    lock = f"{path}.lock"
    while True:
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as refused:
            raise ChainFileError(f"chain file {path}: cannot be opened for writing ({refused.strerror})") from refused
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            owner = os.pread(handle, 64, 0).decode(errors="replace") or "another process"
            os.close(handle)
            raise ChainLocked(path, owner) from taken
        if _same_file(handle, lock):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}".encode(), 0)
            return handle
        os.close(handle)  # the former holder removed it between our open and our lock


def _same_file(handle: int, lock: str) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(lock))
    except FileNotFoundError:
        return False


def _release_lock(path: str, handle: int) -> None:
    Path(f"{path}.lock").unlink(missing_ok=True)
    os.close(handle)
