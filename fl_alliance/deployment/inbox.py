"""Replies pulled from Flower's grid, each by a thread of its own: one that never comes whole holds up no other.

Flower shows a reply as soon as a node has begun to upload it, and whoever pulls it then waits for the rest: minutes,
where the node was killed in the middle of it. Such a pull is left behind here; what it brings is not read any more.
"""

import threading
from collections.abc import Collection, Iterable
from queue import Empty, SimpleQueue
from time import monotonic

from flwr.app import Message
from flwr.serverapp import Grid

from fl_alliance.deployment.pulling import pull_soon

PATIENCE_S = 0.1
"""How long one look waits for pulls to end; what takes longer is there at a later look."""


class Inbox:
    """What was answered to messages of one grid.

    Parameters
    ----------
    grid : Grid
        Flower's; its `pull_messages` is called from several threads at once.
    """

    def __init__(self, grid: Grid, patience_s: float = PATIENCE_S) -> None:
        pull_soon()
        self._grid, self._patience_s = grid, patience_s
        self._pulling: set[str] = set()
        self._done: SimpleQueue[tuple[str, list[Message] | Exception]] = SimpleQueue()

    def take(self, message_ids: Iterable[str]) -> list[Message]:
        """Return the replies to these messages that are whole by now; raises what a pull raised."""
        wanted = set(message_ids)
        for message_id in wanted - self._pulling:
            self._pulling.add(message_id)
            threading.Thread(target=self._pull, args=(message_id,), daemon=True).start()
        return [reply for reply in self._ended(wanted) if reply.metadata.reply_to_message_id in wanted]

    def _ended(self, wanted: Collection[str]) -> Iterable[Message]:
        """Yield what pulls bring until all wanted ones have ended, or patience has."""
        end = monotonic() + self._patience_s
        while self._pulling.intersection(wanted) and (left := end - monotonic()) > 0:
            try:
                message_id, found = self._done.get(timeout=left)
            except Empty:
                return
            self._pulling.discard(message_id)
            if isinstance(found, Exception):
                raise found
            yield from found

    def _pull(self, message_id: str) -> None:
        try:
            self._done.put((message_id, list(self._grid.pull_messages([message_id]))))
        except Exception as error:  # raised again where it is read
            self._done.put((message_id, error))
