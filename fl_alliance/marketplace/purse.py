"""What a caller has signed, kept so that no gateway can tell it that it owes more than it knows of."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.arena.files import write_whole
from fl_alliance.chain import strict_json
from fl_alliance.marketplace.errors import PurseBusy, SpendRefused


@dataclass(frozen=True, slots=True)
class Owed:
    """What a caller owes a model in all, by its own count, and for how many answers."""

    owed_wei: int
    calls: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A voucher that was sent and not answered, and the digest of the request that it was for."""

    owed_wei: int
    calls: int
    request: str


class Purse:
    """An account's debts by model, in a file.

    Parameters
    ----------
    path : Path
        The file; raises `SpendRefused` where it is damaged: signing without it could pay twice.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._debts, self._pending = dict[int, Owed](), dict[int, Pending]()
        if path.is_file():
            try:
                found = strict_json.parse(path.read_bytes())
                for model, (owed, calls) in found["owed"].items():
                    self._debts[int(model)] = Owed(int(owed), int(calls))
                for model, (owed, calls, request) in found["pending"].items():
                    self._pending[int(model)] = Pending(int(owed), int(calls), str(request))
            except (ValueError, TypeError, KeyError, AttributeError):
                raise SpendRefused(f"{path}: cannot be read; needed the record of what was signed") from None

    def owed(self, model: int) -> Owed:
        """Return what is owed for a model."""
        return self._debts.get(model, Owed(0, 0))

    def has(self, model: int) -> bool:
        """Return whether there is a record of what is owed for a model."""
        return model in self._debts

    def pending(self, model: int) -> Pending | None:
        """Return the voucher for a model that was not answered yet."""
        return self._pending.get(model)

    def send(self, model: int, pending: Pending) -> None:
        """Keep a voucher that is about to be sent."""
        self._pending[model] = pending
        self._save()

    def note(self, model: int, owed: Owed) -> None:
        """Keep what is owed now; what was pending is answered."""
        self._debts[model] = owed
        self._pending.pop(model, None)
        self._save()

    def _save(self) -> None:
        owed = {str(number): [str(debt.owed_wei), debt.calls] for number, debt in sorted(self._debts.items())}
        sent = {str(number): [str(p.owed_wei), p.calls, p.request] for number, p in sorted(self._pending.items())}
        write_whole(self._path, json.dumps({"owed": owed, "pending": sent}).encode())


@contextmanager
def opened(path: Path) -> Iterator[Purse]:
    """Yield the purse in a file that no other process has; raises `PurseBusy`, and what a `Purse` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PurseBusy(str(path)) from None
        yield Purse(path)
    finally:
        os.close(lock)
