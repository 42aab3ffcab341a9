"""Where a block's timestamp comes from; all times are Unix seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fl_alliance.chain.node.faults import INVALID_PARAMS, RpcFault


class Clock(Protocol):
    """Tells a chain the time of its next block."""

    def next(self, head: int) -> int:
        """Return the timestamp of the block that follows one with timestamp `head`."""
        ...

    def sealed(self) -> None:
        """Take note that a block has the timestamp that `next` returned."""
        ...


@dataclass(slots=True)
class DevelopmentClock:
    """One second a block, and whatever it is moved by: no real clock enters, so equal runs give equal chains."""

    advance: int = 0
    told: int | None = None

    def next(self, head: int) -> int:
        """Return the time it was set to, or the parent's plus at least one second."""
        return self.told if self.told is not None else head + max(1, self.advance)

    def sealed(self) -> None:
        """Forget what it was told: that was for one block."""
        self.advance, self.told = 0, None

    def increase(self, seconds: int) -> None:
        """Put at least `seconds` more between the head and the next block."""
        self.advance += seconds

    def set(self, timestamp: int, head: int) -> None:
        """Give the next block this timestamp; it must be above the head's, or RpcFault."""
        if timestamp <= head:
            text = f"Timestamp error: {timestamp} is not above the previous block's timestamp {head}"
            raise RpcFault(INVALID_PARAMS, text)
        self.told = timestamp


class RunningClock:
    """Real time since the clock was made, `speed` times as fast.

    Blocks sealed within one second share its timestamp, as they share a block elsewhere: with a second for each, a
    burst of transactions would carry the chain's time ahead of everybody's.

    Parameters
    ----------
    start : int
        The time now: a new chain's genesis, or the head of one that goes on, so that a pause does not count.
    speed : float
        Seconds of chain time in a real second, above 0.
    monotonic : callable
        Real seconds since any fixed moment.
    """

    def __init__(self, start: int, speed: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed: given {speed}, needed a number above 0")
        self.start, self.speed = start, speed
        self._monotonic, self._began = monotonic, monotonic()

    def now(self) -> int:
        """Return the time, rounded down to a second."""
        return self.start + int(self.speed * (self._monotonic() - self._began))

    def next(self, head: int) -> int:
        """Return the time now, which is never before the head's."""
        return max(head, self.now())

    def sealed(self) -> None:
        """Do nothing: real time goes on by itself."""


class RecordedClock:
    """Repeats the timestamps of a chain that is executed again; set `told` before each block."""

    told = 0

    def next(self, head: int) -> int:
        """Return what was recorded; RpcFault where no chain could have had it."""
        if self.told < head:
            raise RpcFault(INVALID_PARAMS, f"Timestamp error: {self.told} is below the previous block's {head}")
        return self.told

    def sealed(self) -> None:
        """Do nothing: the next block's time is told before it is sealed."""
