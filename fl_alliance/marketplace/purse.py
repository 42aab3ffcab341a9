"""What a caller has signed, kept so that no gateway can tell it that it owes more than it knows of."""

import json
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.arena.files import write_whole
from fl_alliance.chain import strict_json
from fl_alliance.marketplace.errors import SpendRefused


@dataclass(frozen=True, slots=True)
class Owed:
    """What a caller owes a model in all, by its own count, and for how many answers."""

    owed_wei: int
    calls: int


class Purse:
    """An account's debts by model, in a file.

    Parameters
    ----------
    path : Path
        The file; raises `SpendRefused` where it is damaged: signing without it could pay twice.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._debts = path, dict[int, Owed]()
        if path.is_file():
            try:
                found = strict_json.parse(path.read_bytes())
                self._debts = {int(model): Owed(int(owed), int(calls)) for model, (owed, calls) in found.items()}
            except (ValueError, TypeError, AttributeError):
                raise SpendRefused(f"{path}: cannot be read; needed the record of what was signed") from None

    def owed(self, model: int) -> Owed:
        """Return what is owed for a model."""
        return self._debts.get(model, Owed(0, 0))

    def note(self, model: int, owed: Owed) -> None:
        """Keep what is owed now."""
        self._debts[model] = owed
        content = {str(number): [str(debt.owed_wei), debt.calls] for number, debt in sorted(self._debts.items())}
        write_whole(self._path, json.dumps(content).encode())
