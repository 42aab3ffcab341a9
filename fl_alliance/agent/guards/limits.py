"""What an agent may spend: in one transaction, and in any 24 hours; kept on disk, counted before anything is sent."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.errors import LimitExceeded, StateDamaged
from fl_alliance.arena.files import write_whole
from fl_alliance.chain import strict_json
from fl_alliance.chain.types import WEI_PER_FML

DAY_S = 86_400
_TERMS, _SPENT = "limits.json", "spent.jsonl"


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be spent, in wei."""

    transaction_wei: int = 100 * WEI_PER_FML
    day_wei: int = 500 * WEI_PER_FML


class Limits:
    """One account's limits; several processes may share the folder.

    What was counted stays counted, whether or not it was then sent: a kill in between costs room, never money. Seconds
    are this machine's: a chain's clock is told by whoever serves it.

    Parameters
    ----------
    folder : Path
        Of the account.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def terms(self) -> Terms:
        """What may be spent now; raises `StateDamaged`."""
        path = self._folder / _TERMS
        if not path.is_file():
            return Terms()
        try:
            found = strict_json.parse(path.read_bytes())
            return Terms(int(found["transaction_wei"]), int(found["day_wei"]))
        except (ValueError, KeyError, TypeError) as error:
            raise StateDamaged(str(path), f"{type(error).__name__}: {error}") from None

    def set(self, terms: Terms) -> None:
        """Set what may be spent; only a person does, by a command."""
        content = {"transaction_wei": str(terms.transaction_wei), "day_wei": str(terms.day_wei)}
        write_whole(self._folder / _TERMS, json.dumps(content).encode() + b"\n")

    def spent_wei(self, now: int) -> int:
        """Return what was counted in the last 24 hours, in wei; raises `StateDamaged`."""
        with self._opened() as file:
            return self._counted(file, now)

    def check(self, amount_wei: int, now: int) -> None:
        """Refuse what would be over a limit; raises `LimitExceeded`, `StateDamaged`."""
        with self._opened() as file:
            self._check(file, amount_wei, now)

    def take(self, amount_wei: int, now: int) -> None:
        """Count an amount, on disk when this returns; raises as `check`, and then counts nothing."""
        with self._opened() as file:
            self._check(file, amount_wei, now)
            file.seek(0, os.SEEK_END)
            file.write(json.dumps({"at": now, "amount_wei": str(amount_wei)}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _check(self, file: IO[bytes], amount_wei: int, now: int) -> None:
        terms = self.terms
        if amount_wei > terms.transaction_wei:
            raise LimitExceeded(
                f"{exactly(amount_wei)} at once, the limit is {exactly(terms.transaction_wei)}; "
                "a person raises it with `fl-alliance agent limits`"
            )
        spent_wei = self._counted(file, now)
        if amount_wei and spent_wei + amount_wei > terms.day_wei:
            raise LimitExceeded(
                f"{exactly(amount_wei)} on top of {exactly(spent_wei)} in the last 24 hours, the limit is "
                f"{exactly(terms.day_wei)}; a person raises it with `fl-alliance agent limits`"
            )

    def _counted(self, file: IO[bytes], now: int) -> int:
        """Return the sum since 24 hours ago; what a clock that was set back makes the future counts too."""
        file.seek(0)
        total_wei = 0
        for index, line in enumerate(file.read().splitlines(), 1):
            try:
                entry = strict_json.parse(line)
                at, amount_wei = int(entry["at"]), int(entry["amount_wei"])
            except (ValueError, KeyError, TypeError):
                raise StateDamaged(str(self._folder / _SPENT), f"line {index} cannot be read") from None
            total_wei += amount_wei if at > now - DAY_S else 0
        return total_wei

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """Open the file of what was spent, this process's alone meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _SPENT).open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)  # a line that breaks off was never followed by a transaction
            yield file
