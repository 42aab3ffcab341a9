"""The agent's diary: what was asked, proposed, refused and why, shown, signed and sent; a JSON object a line, on disk.

It never holds a key: words with what looks like one are refused before they get here, and are noted as such.
"""

import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fl_alliance.agent.errors import StateDamaged
from fl_alliance.chain import strict_json

FILE = "diary.jsonl"


class Diary:
    """One account's diary; several processes may write to it, each a whole line at a time.

    Parameters
    ----------
    folder : Path
        Of the account.
    now : callable
        Returns the second.
    """

    def __init__(self, folder: Path, now: Callable[[], int]) -> None:
        self.path, self._now = folder / FILE, now

    def note(self, event: str, **facts: Any) -> None:
        """Add an entry; it is on disk when this returns."""
        line = json.dumps({"at": self._now(), "event": event} | facts, ensure_ascii=True).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)

    def unfinished(self) -> str:
        """Return what was signed last, where nothing was noted after it: the process ended before it knew."""
        last = next(iter(deque(self.entries(), maxlen=1)), {"event": ""})
        return f"{last['label']} to {last['to']}" if last["event"] == "signing" else ""

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield all entries but a last one that breaks off; raises `StateDamaged` where another cannot be read."""
        if not self.path.is_file():
            return
        lines = self.path.read_bytes().split(b"\n")
        for index, line in enumerate(lines[:-1], 1):
            try:
                found = strict_json.parse(line)
            except ValueError:
                raise StateDamaged(str(self.path), f"line {index} cannot be read") from None
            if not isinstance(found, dict):
                raise StateDamaged(str(self.path), f"line {index} is no entry")
            yield found
