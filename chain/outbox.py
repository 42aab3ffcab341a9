"""What one key has sent, on disk before any node sees it: what a chain has lost is sent again, byte for byte.

A transaction that was sent and forgotten is the one way to pay twice: whoever starts again cannot tell whether it still
comes, and gives another the next number. Sending the same bytes again is always safe, since a number counts once.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from fl_alliance.chain import strict_json
from fl_alliance.chain.errors import OutboxDamaged

KEPT = 64
"""Numbers that are kept in memory; a fork that replaces more transactions of one key is not made good."""


class Outbox:
    """The transactions of one key by number, the newest version of each last.

    Parameters
    ----------
    path : Path or None
        One JSON object a line, added to and never rewritten; None keeps them in memory only.

    Raises
    ------
    OutboxDamaged
        A line before the last is not what was written; a last one that breaks off was never sent.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._sent: dict[int, bytes] = {}
        if path is not None and path.is_file():
            self._read(path)

    @property
    def is_kept(self) -> bool:
        """Whether it is on disk."""
        return self._path is not None

    def add(self, number: int, raw: bytes) -> None:
        """Keep a signed transaction; it is on disk when this returns."""
        self._write(number, raw)

    def drop(self, number: int) -> None:
        """Forget a number's transaction, which no node took."""
        self._write(number, b"")

    def since(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Yield (number, newest version) of every transaction from a number on, ascending."""
        for found in sorted(self._sent):
            if found >= number:
                yield found, self._sent[found]

    def _write(self, number: int, raw: bytes) -> None:
        self._take(number, raw)
        if self._path is None:
            return
        with self._path.open("ab") as file:
            file.write(json.dumps({"number": number, "raw": raw.hex()}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _take(self, number: int, raw: bytes) -> None:
        self._sent.pop(number, None)
        if raw:
            self._sent[number] = raw
        self._sent.pop(number - KEPT, None)

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        for index, line in enumerate(whole.splitlines(), start=1):
            try:
                entry = strict_json.parse(line)
                self._take(int(entry["number"]), bytes.fromhex(entry["raw"]))
            except (ValueError, KeyError, TypeError) as error:
                raise OutboxDamaged(str(path), index) from error
        if len(whole) < len(content):
            with path.open("r+b") as file:
                file.truncate(len(whole))
