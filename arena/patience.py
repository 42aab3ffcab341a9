"""Repeating a step until the chain and the store have answered.

A step here is a function that looks at the chain, does what is still to be done and returns: to repeat it does nothing
twice. One thing could: a transaction that was sent, by this process or by one that was killed, and is in no block yet.
So a step begins when whatever the account has sent is in a block or gone.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fl_alliance.arena.errors import printable
from fl_alliance.chain.errors import ChainUnreachable, ReceiptMissing, RequestRefused
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rpc import Rpc

T = TypeVar("T")

NO_ANSWER = (ChainUnreachable, ReceiptMissing, OSError)
"""After these nobody knows whether something was done."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try.

    Attributes
    ----------
    first_s, longest_s : float
        Seconds of the first pause, which doubles, and of the longest.
    in_all_s : float
        Seconds of pauses after which to give up.
    pause : callable
        Sleeps for so many seconds.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    in_all_s: float = 86_400.0
    pause: Callable[[float], None] = time.sleep


class Waiting:
    """Pauses between tries, each twice as long as the one before, as long as there is patience."""

    def __init__(self, patience: Patience, tell: Callable[[str, float], None]) -> None:
        self._patience, self._tell = patience, tell
        self.renew()

    def renew(self) -> None:
        """Begin with the first pause again, as after an answer."""
        self._paused_s, self._pause_s = 0.0, self._patience.first_s

    def pause(self, error: Exception) -> None:
        """Tell of an error and pause; raises it where there is no patience left."""
        if self._paused_s >= self._patience.in_all_s:
            raise error
        self._tell(printable(str(error), 200), self._pause_s)
        self._patience.pause(self._pause_s)
        self._paused_s += self._pause_s
        self._pause_s = min(2 * self._pause_s, self._patience.longest_s)


def patiently(step: Callable[[], T], rpc: Rpc, account: str, waiting: Waiting) -> T:
    """Run a step until it returns, and return what it did, telling of every pause why and how long.

    A refusal by a contract or a node may be a lost race: then the step finds done what it was about to do, and the
    second try returns. A second refusal is raised.

    Raises
    ------
    Refused, RequestRefused
        Twice in a row.
    ChainUnreachable, ReceiptMissing, OSError
        For longer than there is patience.
    """
    was_refused = False
    while True:
        try:
            _require_quiet(rpc, account)
            return step()
        except (Refused, RequestRefused):
            if was_refused:
                raise
            was_refused = True
        except NO_ANSWER as error:
            waiting.pause(error)


def _require_quiet(rpc: Rpc, account: str) -> None:
    """Refuse to go on while transactions of this account are in no block; raises `ReceiptMissing`."""
    taken, sent = (rpc.number("eth_getTransactionCount", account, block) for block in ("latest", "pending"))
    if sent > taken:
        raise ReceiptMissing("earlier transactions", f"number {taken} of {account}", 0.0)
