"""What an agent may do: spend in one request, spend in any 24 hours, and how often; on disk before anything is sent.

How often bounds what spends no FML: votes, flags, ratings, and the chain's coin for their gas.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fl_alliance.agent import lines
from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.errors import LimitExceeded, StateDamaged
from fl_alliance.arena.files import write_whole
from fl_alliance.chain import strict_json
from fl_alliance.chain.types import WEI_PER_FML

DAY_S = 86_400
_TERMS, _SPENT = "limits.json", "spent.jsonl"
_RAISED = "a person raises it with `fl-alliance agent limits`"


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be spent in one request and in 24 hours, in wei, and how many requests may be signed in these."""

    transaction_wei: int = 100 * WEI_PER_FML
    day_wei: int = 500 * WEI_PER_FML
    requests: int = 50


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
        self._folder, self._path = folder, folder / _SPENT

    @property
    def terms(self) -> Terms:
        """What may be spent now; raises `StateDamaged`."""
        path = self._folder / _TERMS
        if not path.is_file():
            return Terms()
        try:
            found = strict_json.parse(path.read_bytes())
            return Terms(
                int(found["transaction_wei"]), int(found["day_wei"]), int(found.get("requests", Terms().requests))
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateDamaged(str(path), f"{type(error).__name__}: {error}") from None

    def set(self, terms: Terms) -> None:
        """Set what may be spent; only a person does, by a command."""
        amounts = {"transaction_wei": str(terms.transaction_wei), "day_wei": str(terms.day_wei)}
        content = amounts | {"requests": terms.requests}
        write_whole(self._folder / _TERMS, json.dumps(content).encode() + b"\n")

    def spent(self, now: int) -> tuple[int, int]:
        """Return what was counted in the last 24 hours, in wei, and of how many requests; raises `StateDamaged`."""
        with lines.opened(self._path) as file:
            return self._counted(file, now)

    def check(self, amount_wei: int, now: int) -> None:
        """Refuse what would be over a limit; raises `LimitExceeded`, `StateDamaged`."""
        with lines.opened(self._path) as file:
            self._check(file, amount_wei, now)

    def take(self, amount_wei: int, now: int) -> None:
        """Count a request and its amount, on disk when this returns; raises as `check`, and then counts nothing."""
        with lines.opened(self._path) as file:
            self._check(file, amount_wei, now)
            lines.add(file, {"at": now, "amount_wei": str(amount_wei)})

    def _check(self, file: IO[bytes], amount_wei: int, now: int) -> None:
        terms = self.terms
        if amount_wei > terms.transaction_wei:
            raise LimitExceeded(
                f"{exactly(amount_wei)} at once, the limit is {exactly(terms.transaction_wei)}; {_RAISED}"
            )
        spent_wei, requests = self._counted(file, now)
        if amount_wei and spent_wei + amount_wei > terms.day_wei:
            raise LimitExceeded(
                f"{exactly(amount_wei)} on top of {exactly(spent_wei)} in the last 24 hours, the limit is "
                f"{exactly(terms.day_wei)}; {_RAISED}"
            )
        if requests >= terms.requests:
            raise LimitExceeded(f"{requests} requests were signed in the last 24 hours, the limit; {_RAISED}")

    def _counted(self, file: IO[bytes], now: int) -> tuple[int, int]:
        """Return the sums since 24 hours ago; what a clock that was set back makes the future counts too."""
        total_wei, requests = 0, 0
        for index, entry in enumerate(lines.entries(file, self._path), 1):
            try:
                at, amount_wei = int(entry["at"]), int(entry["amount_wei"])
            except (ValueError, KeyError, TypeError):
                raise StateDamaged(str(self._path), f"line {index} cannot be read") from None
            if at > now - DAY_S:
                total_wei, requests = total_wei + amount_wei, requests + 1
        return total_wei, requests
