"""A task's windows on the chain: how long nodes are waited for in them, and waiting one out."""

from fl_alliance.chain.ledger import Alliance
from fl_alliance.strategies import events

OF_A_WINDOW = 0.8
"""Share of a window of the chain for which nodes are waited for: what they send has to be in a block in time."""


class Windows:
    """The windows of one round.

    Parameters
    ----------
    ledger : Alliance
    task, number : int
        The task, and the round that is said to be waited in.
    listener : callable
        Told for what a window is waited out, and how long that takes.
    """

    def __init__(self, ledger: Alliance, task: int, number: int, listener: events.Listener) -> None:
        self._ledger, self._task, self._number, self._listener = ledger, task, number, listener

    @property
    def left(self) -> float | None:
        """Seconds for which nodes can be waited for in this phase; None where its end is moved, not waited for."""
        now = self._ledger.now()
        return self.share_of(max(0, self._ledger.model(self._task).deadline(now) - now))

    @property
    def turn(self) -> float | None:
        """Seconds for which nodes can be waited for before a leader is late; None as for `left`."""
        return self.share_of(self._ledger.model(self._task).params.leader_s)

    def share_of(self, window_s: int) -> float | None:
        """Return for how many seconds of a window nodes can be waited for; None as for `left`."""
        return None if self._ledger.is_moved else OF_A_WINDOW * window_s

    def wait_until(self, timestamp: int, what: str) -> None:
        """Wait a window of the chain out, and say for what, where it takes time."""
        left = timestamp - self._ledger.now()
        if left > 0 and not self._ledger.is_moved:
            self._listener(events.Stage(f"round {self._number}: waiting {left} s for {what}"))
        self._ledger.advance_to(timestamp)
