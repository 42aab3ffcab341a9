"""The log of a site's decisions: JSON lines, each with the digest of the one before, on the disk before a reply leaves.

A line is written with its end in one write and flushed. What a crash leaves of a line stays in the file as it is; the
next line says how many bytes they are and their sha256. Whatever else is not as this site wrote it is damage: the log
is never mended silently, and a site whose log is damaged answers nothing.
"""

import errno
import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.site.decisions import VERDICTS, Decision
from fl_alliance.site.errors import LogDamaged

NO_HEAD = "0" * 64


@dataclass(frozen=True, slots=True)
class Torn:
    """What a crash left of a line, as the next line tells it."""

    bytes: int
    sha256: str


Entry = Decision | Torn


@dataclass(frozen=True, slots=True)
class Book:
    """A log as it stood at one moment.

    Attributes
    ----------
    entries : tuple
        Every whole line.
    heads : tuple of str
        Of each entry: the sha256 in hex of its line, without the field that says it.
    rest : bytes or None
        What a crash left of a line that was being written, and no line tells of yet.
    is_ended : bool
        Whether the file ends with the end of a line.
    """

    entries: tuple[Entry, ...] = ()
    heads: tuple[str, ...] = ()
    rest: bytes | None = None
    is_ended: bool = True

    @property
    def head(self) -> str:
        """Digest of the last line."""
        return self.heads[-1] if self.heads else NO_HEAD

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions, in their order."""
        return tuple(entry for entry in self.entries if isinstance(entry, Decision))

    def had(self, head: str, length: int) -> bool:
        """Return whether this was the head when the log had so many lines, as what was anchored must hold for ever."""
        if not 0 <= length <= len(self.heads):
            return False
        return head == (self.heads[length - 1] if length else NO_HEAD)


class DecisionLog:
    """The file of a site's decisions.

    Parameters
    ----------
    path : Path
        It need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Book:
        """Return what the log says, changing nothing; empty where there is none.

        Raises
        ------
        LogDamaged
            A line is not as it was written.
        OSError
            The file cannot be read.
        """
        return parse(self.path.read_bytes(), self.path) if self.path.exists() else Book()

    @contextmanager
    def held(self) -> Iterator["Writer"]:
        """Keep every other process from deciding until the block ends; raises as `read`."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_new = not self.path.exists()
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_new:
                _sync_folder(self.path.parent)
            yield Writer(file, parse(_content(file), self.path))
        finally:
            os.close(file)


class Writer:
    """Whoever holds a log: knows what it says, and appends."""

    def __init__(self, file: int, book: Book) -> None:
        self._file = file
        self.book = book

    def append(self, decision: Decision) -> None:
        """Write a decision and wait until the disk has it; raises `OSError` where it cannot, and nothing may leave."""
        book, heads = self.book, list(self.book.heads)
        new: list[Entry] = [] if book.rest is None else [torn(book.rest)]
        new.append(decision)
        lines = b"" if book.is_ended else b"\n"
        for entry in new:
            line, head = encode(entry, len(heads) + 1, heads[-1] if heads else NO_HEAD)
            heads.append(head)
            lines += line + b"\n"
        _write(self._file, lines)
        self.book = Book((*book.entries, *new), tuple(heads))


def torn(rest: bytes) -> Torn:
    """Return what a line tells of a torn one before it."""
    return Torn(len(rest), hashlib.sha256(rest).hexdigest())


def encode(entry: Entry, number: int, before: str) -> tuple[bytes, str]:
    """Return an entry's line, without its end, and its head: the sha256 in hex of the line without that last field."""
    content = asdict(entry) if isinstance(entry, Decision) else {"torn": asdict(entry)}
    line = json.dumps({"n": number, "prev": before, **content}, separators=(",", ":"), allow_nan=False).encode()
    head = hashlib.sha256(line).hexdigest()
    return line.removesuffix(b"}") + b',"head":"%s"}' % head.encode(), head


def parse(content: bytes, path: Path) -> Book:
    """Return what the bytes of a log say; raises `LogDamaged`, naming the line."""
    lines = content.split(b"\n")
    is_ended = lines[-1] == b""
    entries: list[Entry] = []
    heads: list[str] = []
    rest: list[bytes] = []
    for number, line in enumerate(lines[:-1] if is_ended else lines, start=1):
        told = torn(b"\n".join(rest)) if rest else None
        try:
            entry, head = _decode(line, len(heads) + 1, heads[-1] if heads else NO_HEAD)
        except ValueError as error:
            if _is_whole(line):
                raise LogDamaged(f"{path}, line {number}: {error}; needed what this site wrote there") from None
            rest.append(line)
            continue
        if (entry if isinstance(entry, Torn) else None) != told:
            raise LogDamaged(f"{path}, line {number}: does not tell of the torn line before it, or tells of none")
        rest = []
        entries.append(entry)
        heads.append(head)
    return Book(tuple(entries), tuple(heads), b"\n".join(rest) if rest else None, is_ended)


def _is_whole(line: bytes) -> bool:
    """Return whether a line is complete JSON, so that no crash can have left it as it is."""
    try:
        strict_json.parse(line)
    except ValueError:
        return False
    return True


def _decode(line: bytes, number: int, before: str) -> tuple[Entry, str]:
    """Return the entry of a line and its head; raises `ValueError` where it is not exactly the one with this number
    and this head before it."""
    content = strict_json.parse(line)
    if not isinstance(content, dict) or content.pop("n", None) != number or content.pop("prev", None) != before:
        raise ValueError(f"is not line {number} after the one before it")
    content.pop("head", None)
    entry = _torn(content) if set(content) == {"torn"} else _decision(content)
    whole, head = encode(entry, number, before)
    if whole != line:
        raise ValueError("is not written as this site writes, or was changed")
    return entry, head


def _torn(content: dict[str, Any]) -> Torn:
    found = content["torn"]
    if not isinstance(found, dict) or set(found) != {"bytes", "sha256"}:
        raise ValueError("tells nothing of a torn line")
    if type(found["bytes"]) is not int or not isinstance(found["sha256"], str):
        raise ValueError("tells nothing of a torn line")
    return Torn(**found)


def _decision(content: dict[str, Any]) -> Decision:
    types = {field.name: field.type for field in fields(Decision)}
    if set(content) != set(types):
        raise ValueError("has other fields than a decision")
    for name, value in content.items():
        if type(value).__name__ != str(getattr(types[name], "__name__", types[name])):
            raise ValueError(f"{name} is no {getattr(types[name], '__name__', types[name])}")
    decision = Decision(**content)
    if decision.verdict not in VERDICTS or min(decision.at, decision.bytes, decision.round) < 0:
        raise ValueError("has a value that no decision has")
    if not 0 <= decision.epsilon < math.inf:
        raise ValueError("has a value that no decision has")
    return decision


def _content(file: int) -> bytes:
    size, parts, at = os.fstat(file).st_size, [], 0
    while at < size and (part := os.pread(file, size - at, at)):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def _write(file: int, lines: bytes) -> None:
    before = os.fstat(file).st_size
    try:
        if os.write(file, lines) != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)  # nothing left, and nobody has been told of it
        raise


def _sync_folder(folder: Path) -> None:
    """Make sure that the file's name survives a stop too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
