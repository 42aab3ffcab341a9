"""Members keep their node ids though their SuperNodes come back under others."""

from collections.abc import Iterable

import pytest
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.vrf import Tag
from fl_alliance.client_app import app
from fl_alliance.deployment.reconnecting import LOOK_S, Reconnecting
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place

OVERRIDES = "rule=majority workload=linear nodes=3 alliance.proposers=2 alliance.voters=1"
PLACE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=1)
MEMBERS = [NodeKey.derive(1, site).address for site in range(3)]


class Restarting(LocalGrid):
    """Nodes in this process, of which some can end, without a word or with Flower's, and come back under a new id."""

    def __init__(self) -> None:
        super().__init__(app, 3, {"overrides": OVERRIDES})
        self.deaf: set[int] = set()
        self.answered: list[int] = []
        self.activated = dict.fromkeys((1, 2, 3), "first")

    def get_nodes(self) -> Iterable[NodeInfo]:
        return [NodeInfo(node_id=node, last_activated_at=self.activated.get(node, "")) for node in self._contexts]

    def end(self, node_id: int, is_noticed: bool) -> None:
        """Let a SuperNode end; Flower notices by itself only after a while."""
        if is_noticed:
            del self._contexts[node_id]
        else:
            self.deaf.add(node_id)

    def come_back(self, node_id: int, new_id: int) -> None:
        """Start the SuperNode of a site again."""
        site = LocalGrid(app, 3, {"overrides": OVERRIDES})
        self._contexts[new_id] = site._contexts[node_id]

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        replies = list(super().pull_messages(message_ids))
        heard = [reply for reply in replies if reply.metadata.src_node_id not in self.deaf]
        self.answered += [reply.metadata.src_node_id for reply in heard]
        return heard


class Clock:
    """Time that passes while somebody waits; things can be set to happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self.plans: dict[float, list[object]] = {}

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        for second in [second for second in self.plans if second <= self.now]:
            for plan in self.plans.pop(second):
                plan()  # type: ignore[operator]


@pytest.fixture
def nodes() -> Restarting:
    return Restarting()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def members_of(grid: Grid, clock: Clock, told: list[str] | None = None) -> Reconnecting:
    present = {address: site + 1 for site, address in enumerate(MEMBERS)}
    words = told if told is not None else []
    return Reconnecting(grid, PLACE, MEMBERS, present, listener=words.append, clock=clock, pause=clock.pause)


def question(member: int) -> Message:
    record = wire.place_record(PLACE, tag=int(Tag.PROPOSERS), seed=bytes(31) + b"\x07")
    return Message(RecordDict({wire.ALLIANCE: record}), dst_node_id=member, message_type=wire.PROVE)


def proofs(replies: Iterable[Message]) -> dict[int, bytes]:
    return {r.metadata.src_node_id: wire.data(wire.alliance_record(r), "proof") for r in replies}


@pytest.mark.parametrize("is_noticed", [False, True])
def test_a_member_that_ended_is_asked_again_when_it_is_back(nodes: Restarting, clock: Clock, is_noticed: bool) -> None:
    told: list[str] = []
    members = members_of(nodes, clock, told)
    whole = proofs(members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=60))
    nodes.end(2, is_noticed)
    clock.plans[10.0] = [lambda: nodes.come_back(2, 77)]
    again = proofs(members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=60))
    assert again == whole
    assert set(whole) == {1, 2, 3}
    assert 77 in nodes.answered
    assert told == ["member 1 is back"]
    assert clock.now < 10 + 3 * LOOK_S


def test_a_node_that_authenticates_is_asked_again_under_its_old_id(nodes: Restarting, clock: Clock) -> None:
    told: list[str] = []
    members = members_of(nodes, clock, told)
    nodes.end(2, is_noticed=False)

    def start_again() -> None:
        nodes.deaf.clear()
        nodes.activated[2] = "second"

    clock.plans[10.0] = [start_again]
    found = proofs(members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=60))
    assert set(found) == {1, 2, 3}
    assert 10 <= clock.now < 10 + 3 * LOOK_S
    assert told == ["member 1 is back"]


def test_nobody_is_asked_twice_in_one_life(nodes: Restarting, clock: Clock) -> None:
    members = members_of(nodes, clock)
    nodes.end(2, is_noticed=False)
    members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=20)
    assert sorted(nodes.answered) == [1, 3]


def test_a_node_that_is_not_the_registered_one_is_not_heard(nodes: Restarting, clock: Clock) -> None:
    present = {address: site + 1 for site, address in enumerate(MEMBERS)}
    revoked = {2}
    members = Reconnecting(
        nodes,
        PLACE,
        MEMBERS,
        present,
        is_registered=lambda node, address: present[address] == node and node not in revoked,
        clock=clock,
        pause=clock.pause,
    )
    heard = proofs(members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=5))
    assert set(heard) == {1, 3}
    assert 2 in nodes.answered
    nodes.end(3, is_noticed=True)
    clock.plans[clock.now + 1] = [lambda: nodes.come_back(3, 77)]
    assert set(proofs(members.send_and_receive([question(3)], timeout=20))) == set(), "it comes with another key"


def test_a_member_that_does_not_come_back_costs_its_reply_alone(nodes: Restarting, clock: Clock) -> None:
    nodes.end(2, is_noticed=True)
    found = members_of(nodes, clock).send_and_receive([question(member) for member in (1, 2, 3)], timeout=20)
    assert set(proofs(found)) == {1, 3}
    assert 20 <= clock.now < 22


def test_a_stranger_takes_nobodys_place(nodes: Restarting, clock: Clock) -> None:
    stranger = LocalGrid(app, 3, {"overrides": OVERRIDES + " seed=99"})
    nodes.end(2, is_noticed=True)
    nodes._contexts[50] = stranger._contexts[2]
    found = members_of(nodes, clock).send_and_receive([question(2)], timeout=20)
    assert not list(found)
    assert 50 in nodes.answered  # it was asked who it is


def test_an_error_of_a_members_own_is_its_answer(nodes: Restarting, clock: Clock) -> None:
    broken = Message(RecordDict({wire.ALLIANCE: ConfigRecord({"tag": 9})}), dst_node_id=1, message_type=wire.PROVE)
    (reply,) = members_of(nodes, clock).send_and_receive([broken], timeout=20)
    assert reply.has_error()
    assert reply.metadata.src_node_id == 1
    assert clock.now == 0


def test_all_members_are_shown_whether_they_are_there_or_not(nodes: Restarting, clock: Clock) -> None:
    nodes.end(2, is_noticed=True)
    members = members_of(nodes, clock)
    assert list(members.get_node_ids()) == [node.node_id for node in members.get_nodes()] == [1, 2, 3]
