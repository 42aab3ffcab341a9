"""Files of one JSON object a line that several processes write to, each a whole line at a time."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fl_alliance.agent.errors import StateDamaged
from fl_alliance.chain import strict_json


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, this process's alone meanwhile; a line that breaks off is cut: nothing was done after it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        yield file


def add(file: IO[bytes], entry: Mapping[str, Any]) -> None:
    """Add an entry; it is on disk when this returns."""
    file.seek(0, os.SEEK_END)
    file.write(json.dumps(entry, ensure_ascii=True).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def entries(file: IO[bytes], path: Path) -> Iterator[dict[str, Any]]:
    """Yield all entries; raises `StateDamaged` at a line that is none."""
    file.seek(0)
    for index, line in enumerate(file.read().splitlines(), 1):
        try:
            found = strict_json.parse(line)
        except ValueError:
            raise StateDamaged(str(path), f"line {index} cannot be read") from None
        if not isinstance(found, dict):
            raise StateDamaged(str(path), f"line {index} is no entry")
        yield found
