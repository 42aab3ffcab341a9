"""What a role must not forget: written whole and durable before what it is about happens.

A folder of one account in one task. Entries are small JSON objects by name (what was committed to, and the salts that
open it); contents are files under their digests (models, dataset B, until they are public). One process at a time.
"""

import fcntl
import hashlib
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fl_alliance.arena.errors import ContentMissing, JournalBusy, JournalDamaged, JournalForeign, shown
from fl_alliance.arena.files import read_regular, write_whole
from fl_alliance.chain import strict_json

MOST_ENTRY_BYTES = 16 * 2**20
MOST_CONTENT_BYTES = 4 * 2**30
_OWNER = "owner"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Journal:
    """One account's journal of one task.

    Parameters
    ----------
    folder : Path
        Made with access for its owner alone.
    owner : str
        Whose it is and of what: chain, Arena, task and account, or for a creator what comes before there is a task.

    Raises
    ------
    JournalForeign
        The folder is another owner's.
    JournalBusy
        Another process has it open.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self.folder, self.owner = folder, owner
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise JournalBusy(str(folder)) from None
        try:
            self._take()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others open it; may be repeated."""
        with suppress(OSError):
            os.close(self._lock)
        self._lock = -1

    def write(self, name: str, entry: dict[str, Any]) -> None:
        """Put an entry in place of what is there under its name; on return it has reached the disk."""
        write_whole(self._entry(name), (json.dumps(entry, sort_keys=True) + "\n").encode())

    def read(self, name: str) -> dict[str, Any] | None:
        """Return an entry, None where there is none.

        Raises
        ------
        JournalDamaged
            What is there is no entry.
        """
        try:
            found = strict_json.parse(read_regular(self._entry(name), MOST_ENTRY_BYTES).decode())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise JournalDamaged(str(self.folder), name, type(error).__name__) from None
        if not isinstance(found, dict):
            raise JournalDamaged(str(self.folder), name, "no object")
        return found

    def keep(self, content: bytes) -> bytes:
        """Keep a content and return its sha256."""
        digest = hashlib.sha256(content).digest()
        path = self._content(digest)
        if not path.exists():
            write_whole(path, content)
        return digest

    def kept(self, digest: bytes) -> bytes:
        """Return a content.

        Raises
        ------
        ContentMissing
            It was never kept here.
        JournalDamaged
            Something else is there under its digest.
        """
        try:
            content = read_regular(self._content(digest), MOST_CONTENT_BYTES)
        except FileNotFoundError:
            raise ContentMissing(digest, f"journal {self.folder}") from None
        if hashlib.sha256(content).digest() != digest:
            raise JournalDamaged(str(self.folder), digest.hex(), "other content")
        return content

    def _entry(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"journal entry {shown(name)}: needed words of a-z and 0-9 joined by -")
        return self.folder / f"{name}.json"

    def _content(self, digest: bytes) -> Path:
        return self.folder / "contents" / digest.hex()

    def _take(self) -> None:
        """Write down whose journal this is, or make sure that it is this owner's."""
        found = self.read(_OWNER)
        if found is None:
            self.write(_OWNER, {"owner": self.owner})
        elif found.get("owner") != self.owner:
            raise JournalForeign(str(self.folder), shown(str(found.get("owner")), 200), self.owner)
