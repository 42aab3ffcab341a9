"""A Flower grid whose members keep one node id each, though their SuperNodes end and come back under others.

Flower gives a SuperNode that starts again a new id; one that authenticates keeps its id, but what was asked of it
before is lost all the same. Here a member's id is its place in the roster, counted from 1; what was asked of a node
that went away is asked again when it is back, which costs it nothing: its journal is on disk.

An exchange ends when everybody has answered, and otherwise a grace period after a quorum has. Who is late is not waited
for and not listened to any more, but for reveals: a vote that is not revealed costs its voter stake.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flwr.app import Message, Metadata, RecordDict
from flwr.app.message import make_message
from flwr.common.constant import ErrorCode
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid
from flwr.supercore.run import Run

from fl_alliance.deployment.inbox import Inbox
from fl_alliance.deployment.presence import challenge_message, member_of
from fl_alliance.federation import quorum_of
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place

Life = tuple[int, str]
"""A node's id, and when Flower last saw it start: what was sent to it in one life it does not know in the next."""
FIRST_POLL_S, LONGEST_POLL_S = 0.02, 0.1
LOOK_S = 3.0
TRIES = 3
"""How often a node that is there is asked the same, where what failed was no doing of its member's."""
CLOCK_S = 300.0
"""By how much a node's clock may be behind or ahead; it dates its reply by its own, and a reply can be too old."""
_GONE = (ErrorCode.NODE_UNAVAILABLE, ErrorCode.MESSAGE_UNAVAILABLE, ErrorCode.REPLY_MESSAGE_UNAVAILABLE)
_FAILED = (ErrorCode.UNKNOWN, ErrorCode.CLIENT_APP_CRASHED)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an exchange waits for the rest.

    Attributes
    ----------
    quorum : float
        Share of those asked, rounded up, whose replies are enough; over 0, at most 1. At 1 nobody is left out.
    grace_s : float
        Seconds that the others are given from then on, and that somebody who is away is given to come back; 0: nobody
        is left out.
    """

    quorum: float = 1.0
    grace_s: float = 30.0

    def enough(self, asked: int) -> int:
        """Return of how many replies the grace period begins."""
        return quorum_of(self.quorum, asked) if self.grace_s else asked


@dataclass(slots=True)
class _Exchange:
    """One `send_and_receive` under way: who is still asked, what was sent to whom, and since when who is away."""

    open: dict[int, Message]
    enough: int
    waiting: dict[str, int] = field(default_factory=dict)
    sent: dict[int, Life] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    away: dict[int, float] = field(default_factory=dict)
    replies: list[Message] = field(default_factory=list)
    enough_at: float = math.inf
    is_told: bool = False
    answered_at: float = 0.0

    @property
    def kind(self) -> str:
        """What they are asked."""
        return next(iter(self.open.values())).metadata.message_type

    @property
    def late(self) -> str:
        """Who has yet to answer."""
        return "member " + ", ".join(str(member - 1) for member in sorted(self.open))


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
    known : iterable of Life
        Of those who were asked who they are already.
    patience : Patience, optional
        When an exchange ends without everybody.
    listener : callable
        Told in words who comes back, and who was not waited for.
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
        known: Iterable[Life] = (),
        patience: Patience | None = None,
        listener: Callable[[str], None] = lambda _: None,
        is_registered: Callable[[int, str], bool] = anybody,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._grid, self._place, self._members, self._listener = grid, place, list(members), listener
        self._clock, self._pause, self._is_registered = clock, pause, is_registered
        self._patience, self._inbox = patience or Patience(), Inbox(grid)
        self._present = dict(present)
        self._known = set(known)
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
        """Ask members and return their replies, in the order of their arrival.

        Whoever is away is asked when it is back. After `timeout` seconds, or earlier as `Patience` says, the exchange
        is over, and what comes later is not read.
        """
        began = self._clock()
        end = math.inf if timeout is None else began + timeout
        open_messages = {message.metadata.dst_node_id: message for message in messages}
        is_reveal = any(message.metadata.message_type == wire.REVEAL for message in open_messages.values())
        enough = len(open_messages) + 1 if is_reveal else self._patience.enough(len(open_messages))
        asked = _Exchange(open_messages, enough, answered_at=began)
        while asked.open and self._clock() < self._until(asked, end):
            self._look()
            self._send(asked, end)
            self._receive(asked)
            self._tell_slow(asked)
            if asked.open:
                self._pause(self._interval(asked))
        self._tell_late(asked)
        return asked.replies

    def _until(self, asked: _Exchange, end: float) -> float:
        """Return when the exchange is over, as it looks now."""
        if asked.enough >= len(asked.open) + len(asked.replies):
            return end  # nobody may be left out
        grace = self._patience.grace_s
        are_away = set(asked.open) <= set(asked.away)
        away = max(asked.away[member] for member in asked.open) if are_away else math.inf
        return min(end, asked.enough_at + grace, away + grace)

    def _interval(self, asked: _Exchange) -> float:
        """Return how long to pause: short while replies come, as long as `LONGEST_POLL_S` after a while without."""
        return min(LONGEST_POLL_S, max(FIRST_POLL_S, (self._clock() - asked.answered_at) / 20))

    def _receive(self, asked: _Exchange) -> None:
        """Take in what has come."""
        for reply in self._pull(asked.waiting):
            member = asked.waiting.pop(reply.metadata.reply_to_message_id)
            if member not in asked.open or self._is_no_answer(asked, member, reply):
                continue
            if not self._is_registered(reply.metadata.src_node_id, self._members[member - 1]):
                continue  # asked again when its own node is there
            del asked.open[member]
            asked.away.pop(member, None)
            asked.replies.append(_from(reply, member))
            asked.answered_at = self._clock()
            if len(asked.replies) == asked.enough:
                asked.enough_at = self._clock()

    def _is_no_answer(self, asked: _Exchange, member: int, reply: Message) -> bool:
        """Return whether a reply is Flower's word for a node that is away or failed, which is then asked again."""
        if not reply.has_error():
            return False
        if reply.error.code in _GONE:
            asked.away.setdefault(member, self._clock())
            return True
        tries = asked.tries[member] = asked.tries.get(member, 1) + 1
        if reply.error.code in _FAILED and tries <= TRIES:
            del asked.sent[member]
            return True
        return False

    def _send(self, asked: _Exchange, end: float) -> None:
        """Send what was not sent to the node that the member is now."""
        for member in asked.open:
            if self._life(member) is None:
                asked.away.setdefault(member, self._clock())
        fresh = [member for member in asked.open if self._life(member) not in (None, asked.sent.get(member))]
        # What is not fetched by the end of the exchange is not delivered: a node that comes back works on what is new.
        left = end - self._clock()
        twins = [_to(asked.open[member], self._present[self._members[member - 1]], left) for member in fresh]
        ids = self._grid.push_messages(twins) if twins else ()
        for member, twin, message_id in zip(fresh, twins, ids, strict=True):
            if message_id:
                asked.sent[member] = (twin.metadata.dst_node_id, self._lives.get(twin.metadata.dst_node_id, ""))
                asked.waiting[message_id] = member
                asked.away.pop(member, None)

    def _tell_slow(self, asked: _Exchange) -> None:
        """Say once who keeps the others waiting."""
        left_s = asked.enough_at + self._patience.grace_s - self._clock()
        if asked.open and not asked.is_told and left_s < self._patience.grace_s - LOOK_S:
            asked.is_told = True
            self._listener(f"{asked.kind}: {len(asked.replies)} answered, waiting {left_s:.0f} s for {asked.late}")

    def _tell_late(self, asked: _Exchange) -> None:
        if asked.open:
            self._listener(f"{asked.kind}: {len(asked.replies)} answered, not waited for any longer: {asked.late}")

    def _pull(self, waiting: Mapping[str, int]) -> Iterator[Message]:
        """Yield replies to what members were asked; take in who has said which member it is."""
        for reply in self._inbox.take([*waiting, *self._asked]):
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
        there = set(self._present.values())
        new = [life[0] for life in lives.items() if life not in self._known and life[0] not in there]
        self._known.update(lives.items())
        questions = [challenge_message(node_id, self._place) for node_id in new]
        ids = self._grid.push_messages([message for message, _ in questions]) if questions else ()
        for node_id, (_, challenge), message_id in zip(new, questions, ids, strict=True):
            self._asked[message_id] = (node_id, challenge)

    def _life(self, member: int) -> Life | None:
        node_id = self._present.get(self._members[member - 1])
        return None if node_id is None else (node_id, self._lives.get(node_id, ""))


def _to(message: Message, node_id: int, left_s: float) -> Message:
    """Return the same message to another node, worthless once the exchange is over, clocks that differ allowed for."""
    told = message.metadata
    ttl = min(told.ttl, left_s + CLOCK_S)
    return Message(message.content, node_id, told.message_type, ttl=ttl, group_id=told.group_id)


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
