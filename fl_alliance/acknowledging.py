"""Receipts for what members sent and the chain has: signed by the coordinator, carried by its next messages to them.

They are given when a round has ended, for the proposals and votes that its transcript must have: whatever becomes of
the coordinator's process, an honest transcript, which follows from the chain, has them. With its receipt a member
proves on chain that a transcript leaves its message out, or tells it otherwise.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid

from fl_alliance.chain.rules.evidence import Kind
from fl_alliance.chain.statements import Receipt
from fl_alliance.strategies import wire
from fl_alliance.strategies.committee_grid import CommitteeGrid
from fl_alliance.transcript.account import Account
from fl_alliance.transcript.content import vote_value

MOST = 16
"""Receipts that wait for one member at most; of more the oldest are dropped."""


class AcknowledgingGrid(CommitteeGrid):
    """A grid whose messages carry receipts.

    Parameters
    ----------
    grid : Grid
        That of the members' nodes.
    members : mapping of int to int
        Members by their node.
    sign : Callable[[Receipt], bytes]
        Signs with the coordinator's key, for the contract of its bond.
    """

    def __init__(self, grid: Grid, members: Mapping[int, int], sign: Callable[[Receipt], bytes]) -> None:
        super().__init__(grid, list(members))
        self._members, self._sign = members, sign
        self._waiting: dict[int, dict[tuple[int, Kind], Receipt]] = {}

    def acknowledge(self, account: Account) -> None:
        """Give receipts for a round that has ended, with the next message to each member."""
        for receipt in _receipts(account):
            waiting = self._waiting.setdefault(receipt.member, {})
            waiting[receipt.round, receipt.kind] = receipt
            while len(waiting) > MOST:
                del waiting[next(iter(waiting))]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Exchange messages; a receipt goes with every message to its member until one is answered."""
        outgoing, carried = list[Message](), dict[int, list[Receipt]]()
        for message in messages:
            node = message.metadata.dst_node_id
            waiting = self._waiting.get(self._members.get(node, -1), {})
            if waiting and message.has_content():
                carried[node] = list(waiting.values())
                # A strategy sends one content to all: what is for this member alone goes into a content of its own.
                own = RecordDict({**message.content, wire.TAKEN: self._record(carried[node])})
                outgoing.append(wire.with_content(message, own))
            else:
                outgoing.append(message)
        replies = list(super().send_and_receive(outgoing, timeout=timeout))
        for node in {reply.metadata.src_node_id for reply in replies if not reply.has_error()}:
            for receipt in carried.get(node, ()):
                self._waiting[receipt.member].pop((receipt.round, receipt.kind), None)
        return replies

    def _record(self, receipts: list[Receipt]) -> ConfigRecord:
        return ConfigRecord(
            {
                "task": receipts[0].task,
                "member": receipts[0].member,
                "rounds": [receipt.round for receipt in receipts],
                "kinds": [int(receipt.kind) for receipt in receipts],
                "values": [receipt.value for receipt in receipts],
                "signatures": [self._sign(receipt) for receipt in receipts],
            }
        )


def _receipts(account: Account) -> Iterator[Receipt]:
    task, number = account["task"], account["round"]
    for one in account["proposals"]:
        yield Receipt(task, number, Kind.PROPOSAL, one["member"], bytes.fromhex(one["update"]))
    for one in account["votes"]:
        yield Receipt(task, number, Kind.VOTE, one["member"], vote_value(one))
