"""The time that counts in a task: its chain's, in seconds of the newest block."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from fl_alliance.chain.connect import advance_to
from fl_alliance.chain.rpc import Rpc

if TYPE_CHECKING:
    from web3 import Web3

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 30.0
_MEASURED_S = 0.1
"""Our seconds over which a chain's speed is measured at least."""


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
        The chain's seconds between two looks at least. Where the chain's clock runs faster than ours, which is found
        out by looking, the looks come closer.
    elapsed : callable
        Our seconds since any fixed moment.
    """

    def __init__(
        self,
        rpc: Rpc,
        pause: Callable[[float], None] = time.sleep,
        poll_s: float = 1.0,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rpc, self._pause, self._poll_s, self._elapsed = rpc, pause, poll_s, elapsed
        self._seen: tuple[int, float] | None = None
        self._speed: float | None = None

    def now(self) -> int:
        """Return the second of the newest block; raises `ChainUnreachable`."""
        return self._rpc.second()

    def wait_until(self, second: int) -> None:
        """Return once the newest block is of this second or later; raises `ChainUnreachable`.

        A pause is half of what is left, at the speed of the chain's clock, and half a minute at most.
        """
        while (left := second - self._look()) > 0:
            self._pause(self._pause_s(left))

    def _look(self) -> int:
        """Return the time, and note how fast it passes."""
        now, at = self.now(), self._elapsed()
        if self._seen is None:
            self._seen = now, at
        elif at - self._seen[1] >= _MEASURED_S:
            self._speed = (now - self._seen[0]) / (at - self._seen[1])
            self._seen = now, at
        return now

    def _pause_s(self, left: int) -> float:
        if self._speed is None:
            return _MEASURED_S
        speed = max(1.0, self._speed)  # a chain whose newest block is old only seems to stand
        return min(max(self._poll_s / speed, left / speed / 2, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)


class SimulatedClock:
    """The clock of a development chain that belongs to this process alone: waiting moves it."""

    def __init__(self, w3: "Web3") -> None:
        self._w3, self._rpc = w3, Rpc(w3)

    def now(self) -> int:
        """Return the second of the newest block."""
        return self._rpc.second()

    def wait_until(self, second: int) -> None:
        """Move the chain's clock to this second."""
        advance_to(self._w3, second)
