"""Ask members for something through Flower and get their replies by member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flwr.app import ConfigRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp import Grid

from fl_alliance.chain.vrf import Tag
from fl_alliance.strategies import wire
from fl_alliance.strategies.committee_grid import CommitteeGrid
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place

Replies = Mapping[int, Message]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The members of a task as nodes of a Flower grid.

    `node_ids[i]` is the Flower node of the roster's member i. A member that does not answer within `timeout` seconds,
    or `within` so many where the chain's window says how long there is, is simply not in the replies, and one that
    answers twice is once in them.
    """

    grid: Grid
    node_ids: Sequence[int]
    timeout: float

    def committee(self, members: Iterable[int]) -> CommitteeGrid:
        """Return a grid that shows only these members."""
        return CommitteeGrid(self.grid, [self.node_ids[member] for member in members])

    def ask(self, messages: Iterable[Message], place: Place, within: float | None = None) -> Replies:
        """Send messages with the `alliance` record and the names of all asked added; return replies by member."""
        outgoing = list(messages)
        asked = {message.metadata.dst_node_id for message in outgoing}
        committee = wire.committee_record(member for member, node in enumerate(self.node_ids) if node in asked)
        for message in outgoing:
            message.content[wire.ALLIANCE] = wire.place_record(place)
            message.content[wire.COMMITTEE] = committee
        return self._replies(outgoing, within)

    def query(self, action: str, members: Iterable[int], record: ConfigRecord, within: float | None = None) -> Replies:
        """Send the same `alliance` record to members as a query; return replies by member, ascending."""
        return self.query_each(action, {member: RecordDict({wire.ALLIANCE: record}) for member in members}, within)

    def query_each(self, action: str, contents: Mapping[int, RecordDict], within: float | None = None) -> Replies:
        """Send a content of its own to each of some members as a query; return replies by member, ascending."""
        messages = [
            Message(content, dst_node_id=self.node_ids[member], message_type=action)
            for member, content in contents.items()
        ]
        return self._replies(messages, within)

    def prove(self, member: int, place: Place, tag: Tag, seed: bytes, within: float | None = None) -> bytes | None:
        """Return the member's encoded VRF proof over `seed`, or None where it does not answer with one."""
        replies = self.query(wire.PROVE, [member], wire.place_record(place, tag=int(tag), seed=seed), within)
        try:
            if member not in replies or replies[member].has_error():
                return None
            return wire.data(wire.alliance_record(replies[member]), "proof")
        except BadReply:
            return None

    def reply_of(self, member: int, arrays: Arrays, metrics: Mapping[str, Any]) -> Message:
        """Return the reply with which this member once sent an update that was kept."""
        content = RecordDict({wire.ARRAYS: wire.to_record(arrays), wire.METRICS: MetricRecord(dict(metrics))})
        request = Message(RecordDict(), dst_node_id=self.node_ids[member], message_type=MessageType.TRAIN)
        return Message(content, reply_to=request)

    def _replies(self, messages: Iterable[Message], within: float | None) -> Replies:
        replies = self.grid.send_and_receive(messages, timeout=self.timeout if within is None else within)
        member_of = {node_id: member for member, node_id in enumerate(self.node_ids)}
        found: dict[int, Message] = {}
        for reply in replies:
            member = member_of.get(reply.metadata.src_node_id)
            if member is not None:
                found.setdefault(member, reply)
        return dict(sorted(found.items()))
