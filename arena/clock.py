"""The time that counts in a task: its chain's, in seconds of the newest block."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from fl_alliance.chain.connect import advance_to
from fl_alliance.chain.rpc import Rpc

if TYPE_CHECKING:
    from web3 import Web3

_LONGEST_PAUSE_S = 30.0


class Clock(Protocol):
    """Tells a chain's time and lets it pass."""

    def now(self) -> int:
        """Return the second of the newest block."""

    def wait_until(self, second: int) -> None:
        """Return once `now` is at least `second`; at once where it is."""


class ChainClock:
    """Real time: looks at the chain now and then, and never moves its clock.

    Parameters
    ----------
    rpc : Rpc
        The chain.
    pause : callable
        Sleeps for so many seconds.
    poll_s : float
        Seconds between two looks at least; a chain whose clock runs faster than ours needs a short one.
    """

    def __init__(self, rpc: Rpc, pause: Callable[[float], None] = time.sleep, poll_s: float = 1.0) -> None:
        self._rpc, self._pause, self._poll_s = rpc, pause, poll_s

    def now(self) -> int:
        """Return the second of the newest block; raises `ChainUnreachable`."""
        return int(self._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def wait_until(self, second: int) -> None:
        """Return once the newest block is of this second or later; raises `ChainUnreachable`.

        The looks become rarer the longer it is away, twice a minute at least: chains may run faster than real time.
        """
        while (left := second - self.now()) > 0:
            self._pause(min(max(self._poll_s, left / 20), _LONGEST_PAUSE_S))


class SimulatedClock:
    """The clock of a development chain that belongs to this process alone: waiting moves it."""

    def __init__(self, w3: "Web3") -> None:
        self._w3, self._rpc = w3, Rpc(w3)

    def now(self) -> int:
        """Return the second of the newest block."""
        return int(self._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def wait_until(self, second: int) -> None:
        """Move the chain's clock to this second."""
        advance_to(self._w3, second)
