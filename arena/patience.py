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


def patiently(
    step: Callable[[], T], rpc: Rpc, account: str, patience: Patience, tell: Callable[[str, float], None]
) -> T:
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
    paused_s, pause_s, was_refused = 0.0, patience.first_s, False
    while True:
        try:
            _require_quiet(rpc, account)
            return step()
        except (Refused, RequestRefused):
            if was_refused:
                raise
            was_refused = True
        except NO_ANSWER as error:
            if paused_s >= patience.in_all_s:
                raise
            tell(printable(str(error), 200), pause_s)
            patience.pause(pause_s)
            paused_s, pause_s = paused_s + pause_s, min(2 * pause_s, patience.longest_s)


def _require_quiet(rpc: Rpc, account: str) -> None:
    """Refuse to go on while transactions of this account are in no block; raises `ReceiptMissing`."""
    taken, sent = (rpc.number("eth_getTransactionCount", account, block) for block in ("latest", "pending"))
    if sent > taken:
        raise ReceiptMissing("earlier transactions", f"number {taken} of {account}", 0.0)
