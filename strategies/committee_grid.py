"""A view of a Flower grid that shows an inner strategy the committee of this round and nobody else."""

from collections.abc import Iterable, Sequence

from flwr.app import Message, RecordDict
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid
from flwr.supercore.run import Run


class CommitteeGrid(Grid):
    """Show only `node_ids`; everything else is passed on to `grid`.

    Flower's strategies sample from `grid.get_node_ids()`. With this view they sample exactly the nodes that
    the chain drew, whatever their own fractions say they would take of a larger federation.
    """

    def __init__(self, grid: Grid, node_ids: Sequence[int]) -> None:
        self._grid = grid
        self._node_ids = tuple(node_ids)

    def get_node_ids(self) -> Iterable[int]:
        """Return the committee's node ids."""
        return list(self._node_ids)

    def get_nodes(self) -> Iterable[NodeInfo]:
        """Return the committee's node records."""
        committee = set(self._node_ids)
        return [node for node in self._grid.get_nodes() if node.node_id in committee]

    def set_run(self, run: Run) -> None:
        """Set the run of the grid behind this view."""
        self._grid.set_run(run)

    @property
    def run(self) -> Run:
        """Return the run of the grid behind this view."""
        return self._grid.run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """Create a message as the grid behind this view does."""
        return self._grid.create_message(content, message_type, dst_node_id, group_id, ttl)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Push messages through the grid behind this view."""
        return self._grid.push_messages(messages)

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Pull replies through the grid behind this view."""
        return self._grid.pull_messages(message_ids)

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Exchange messages through the grid behind this view."""
        return self._grid.send_and_receive(messages, timeout=timeout)
