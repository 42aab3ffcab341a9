"""A Flower grid whose members keep one node id each, though their SuperNodes end and come back under others.

Flower gives a SuperNode that starts again a new id; one that authenticates keeps its id, but what was asked of it
before is lost all the same. Here a member's id is its place in the roster, counted from 1; what was asked of a node
that went away is asked again when it is back, which costs it nothing: its journal is on disk.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from flwr.app import Message, Metadata, RecordDict
from flwr.app.message import make_message
from flwr.common.constant import ErrorCode
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid
from flwr.supercore.run import Run

from fl_alliance.deployment.presence import challenge_message, member_of
from fl_alliance.strategies.wire import Place

_Life = tuple[int, str]
"""A node's id, and when Flower last saw it start: what was sent to it in one life it does not know in the next."""
POLL_S = 0.5
LOOK_S = 3.0
_GONE = (ErrorCode.NODE_UNAVAILABLE, ErrorCode.MESSAGE_UNAVAILABLE, ErrorCode.REPLY_MESSAGE_UNAVAILABLE)


def anybody(node_id: int, address: str) -> bool:
    """Listen to every node that shows which member it is."""
    return True


class Reconnecting(Grid):
    """Show a grid's nodes by the members that they are.

    Parameters
    ----------
    grid : Grid
        Flower's.
    place : Place
        The task, for who comes back to sign.
    members : Sequence[str]
        Addresses in the order of the roster; member i is node i + 1.
    present : Mapping[str, int]
        Address -> Flower's node id, of those that are there.
    known : iterable of int
        Flower's node ids of those who need not be asked who they are.
    listener : callable
        Told in words who comes back.
    is_registered : callable
        Whether Flower's node is the one that a member has registered; what another one says is not listened to.
    clock, pause : callable
        Seconds that never go back; sleeps for so many.
    """

    def __init__(
        self,
        grid: Grid,
        place: Place,
        members: Sequence[str],
        present: Mapping[str, int],
        *,
        known: Iterable[int] = (),
        listener: Callable[[str], None] = lambda _: None,
        is_registered: Callable[[int, str], bool] = anybody,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._grid, self._place, self._members, self._listener = grid, place, list(members), listener
        self._clock, self._pause, self._is_registered = clock, pause, is_registered
        self._present = dict(present)
        self._known = {*present.values(), *known}
        self._asked: dict[str, tuple[int, bytes]] = {}
        self._lives = {node.node_id: node.last_activated_at for node in grid.get_nodes()}
        self._looked = clock()

    def get_node_ids(self) -> Iterable[int]:
        """Return the members' ids, whether they are there or not."""
        return list(range(1, len(self._members) + 1))

    def get_nodes(self) -> Iterable[NodeInfo]:
        """Return a record of each member."""
        return [NodeInfo(node_id=node_id) for node_id in self.get_node_ids()]

    def set_run(self, run: Run) -> None:
        """Set the run of the grid behind."""
        self._grid.set_run(run)

    @property
    def run(self) -> Run:
        """Return the run of the grid behind."""
        return self._grid.run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """Create a message."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Refuse: who pushes and pulls by itself would lose what has to be asked again."""
        raise NotImplementedError("a grid of members that reconnect only sends and receives")

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Refuse, as `push_messages`."""
        raise NotImplementedError("a grid of members that reconnect only sends and receives")

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Ask members and return their replies, in the order of their arrival; whoever is away is waited for."""
        end = None if timeout is None else self._clock() + timeout
        open_messages = {message.metadata.dst_node_id: message for message in messages}
        waiting: dict[str, int] = {}
        sent: dict[int, _Life] = {}
        replies: list[Message] = []
        while open_messages and (end is None or self._clock() < end):
            self._look()
            self._send(open_messages, sent, waiting)
            for reply in self._pull(waiting):
                member = waiting.pop(reply.metadata.reply_to_message_id)
                is_foreign = not self._is_registered(reply.metadata.src_node_id, self._members[member - 1])
                if member not in open_messages or _is_gone(reply) or is_foreign:
                    continue  # asked again when its node is back
                del open_messages[member]
                replies.append(_from(reply, member))
            if open_messages:
                self._pause(POLL_S)
        return replies

    def _send(self, messages: Mapping[int, Message], sent: dict[int, _Life], waiting: dict[str, int]) -> None:
        """Send what was not sent to the node that the member is now, since it was last started."""
        fresh = [member for member in messages if self._life(member) not in (None, sent.get(member))]
        twins = [_to(messages[member], self._present[self._members[member - 1]]) for member in fresh]
        for member, twin, message_id in zip(fresh, twins, self._grid.push_messages(twins), strict=True):
            sent[member] = (twin.metadata.dst_node_id, self._lives.get(twin.metadata.dst_node_id, ""))
            waiting[message_id] = member

    def _pull(self, waiting: Mapping[str, int]) -> Iterator[Message]:
        """Yield replies to what members were asked; take in who has said which member it is."""
        for reply in self._grid.pull_messages([*waiting, *self._asked]):
            asked = self._asked.pop(reply.metadata.reply_to_message_id, None)
            if asked is None:
                yield reply
                continue
            node_id, challenge = asked
            address = member_of(reply, self._place, challenge, self._members)
            if address is not None and self._is_registered(node_id, address):
                self._present[address] = node_id
                self._listener(f"member {self._members.index(address)} is back")

    def _look(self) -> None:
        """Ask nodes that are new who they are, every few seconds."""
        if self._clock() - self._looked < LOOK_S:
            return
        self._looked = self._clock()
        nodes = list(self._grid.get_nodes())
        lives = {node.node_id: node.last_activated_at for node in nodes}
        for index, address in enumerate(self._members):
            node_id = self._present.get(address, 0)
            if node_id in lives and self._lives.get(node_id, "") not in ("", lives[node_id]):
                self._listener(f"member {index} is back")
        self._lives |= lives
        new = [node.node_id for node in nodes if node.node_id not in self._known]
        self._known.update(new)
        questions = [challenge_message(node_id, self._place) for node_id in new]
        ids = self._grid.push_messages([message for message, _ in questions]) if questions else ()
        for node_id, (_, challenge), message_id in zip(new, questions, ids, strict=True):
            self._asked[message_id] = (node_id, challenge)

    def _life(self, member: int) -> _Life | None:
        node_id = self._present.get(self._members[member - 1])
        return None if node_id is None else (node_id, self._lives.get(node_id, ""))


def _is_gone(reply: Message) -> bool:
    return reply.has_error() and reply.error.code in _GONE


def _to(message: Message, node_id: int) -> Message:
    """Return the same message to another node."""
    told = message.metadata
    return Message(message.content, node_id, told.message_type, ttl=told.ttl, group_id=told.group_id)


def _from(reply: Message, member: int) -> Message:
    """Return the same reply as from a member."""
    told = reply.metadata
    metadata = Metadata(
        run_id=told.run_id,
        message_id=told.message_id,
        src_node_id=member,
        dst_node_id=told.dst_node_id,
        reply_to_message_id=told.reply_to_message_id,
        group_id=told.group_id,
        created_at=told.created_at,
        ttl=told.ttl,
        message_type=told.message_type,
    )
    if reply.has_error():
        return make_message(metadata, error=reply.error)
    return make_message(metadata, content=reply.content)
