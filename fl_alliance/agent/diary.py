"""The agent's diary: what was asked, proposed, refused and why, shown, signed and sent; a JSON object a line, on disk.

It never holds a key: words with what looks like one are refused before they get here, and are noted as such.
"""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fl_alliance.agent import lines

FILE = "diary.jsonl"
_SEEN_THROUGH = ("sent", "reverted")


class Diary:
    """One account's diary; several processes may write to it.

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
        with lines.opened(self.path) as file:
            lines.add(file, {"at": self._now(), "event": event} | facts)

    def signing(self, label: str, to: str, data: bytes) -> str:
        """Note what is about to be signed, and return the mark by which `seen` says what came of it."""
        mark = secrets.token_hex(4)
        self.note("signing", label=label, to=to, data="0x" + data.hex(), mark=mark)
        return mark

    def seen(self, mark: str, event: str, **facts: Any) -> None:
        """Note what came of it: `sent`, or `reverted`."""
        self.note(event, mark=mark, **facts)

    def unfinished(self) -> list[str]:
        """Return what was signed of which nothing more is known, and note that somebody was told."""
        left: dict[str, str] = {}
        for entry in self.entries():
            if entry["event"] == "signing":
                left[entry.get("mark", "")] = f"{entry['label']} to {entry['to']}"
            elif entry["event"] == "told":
                left.clear()
            elif entry["event"] in _SEEN_THROUGH:
                left.pop(entry.get("mark", ""), None)
        if left:
            self.note("told", unfinished=list(left.values()))
        return list(left.values())

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield all entries but a last one that breaks off; raises `StateDamaged` where another cannot be read."""
        if not self.path.is_file():
            return
        with lines.opened(self.path) as file:
            found = list(lines.entries(file, self.path))
        yield from found
