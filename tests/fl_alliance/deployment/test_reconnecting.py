"""Members keep their node ids though their SuperNodes come back under others."""

import threading
import time
from collections.abc import Iterable

import pytest
from flwr.app import ConfigRecord, Error, Message, RecordDict
from flwr.common.constant import ErrorCode
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.vrf import Tag
from fl_alliance.client_app import app
from fl_alliance.config import ConfigError, load_config
from fl_alliance.deployment.reconnecting import CLOCK_S, LOOK_S, TRIES, Patience, Reconnecting
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place

OVERRIDES = "rule=majority workload=linear nodes=3 alliance.proposers=2 alliance.voters=1"
PLACE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=1)
WHOLE_MINUTE = Patience(quorum=1.0, grace_s=60)
MEMBERS = [NodeKey.derive(1, site).address for site in range(3)]


class Restarting(LocalGrid):
    """Nodes in this process, of which some can end, without a word or with Flower's, and come back under a new id."""

    def __init__(self) -> None:
        super().__init__(app, 3, {"overrides": OVERRIDES})
        self.deaf: set[int] = set()
        self.stuck: dict[int, threading.Event] = {}
        self.crashes: dict[int, list[int]] = {}
        self.lifetimes: list[float] = []
        self._one_at_a_time = threading.Lock()
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

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        messages = list(messages)
        self.lifetimes += [message.metadata.ttl for message in messages]
        return super().push_messages(messages)

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        with self._one_at_a_time:
            replies = list(super().pull_messages(message_ids))
            heard = [reply for reply in replies if reply.metadata.src_node_id not in self.deaf]
            self.answered += [reply.metadata.src_node_id for reply in heard]
        for reply in heard:
            if reply.metadata.src_node_id in self.stuck:
                self.stuck[reply.metadata.src_node_id].wait(30)
        return heard

    def _handle(self, message: Message) -> Message:
        if codes := self.crashes.get(message.metadata.dst_node_id):
            return Message(Error(codes.pop(), "as Flower says it"), reply_to=message)
        return super()._handle(message)


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


def members_of(
    grid: Grid, clock: Clock, told: list[str] | None = None, patience: Patience = WHOLE_MINUTE
) -> Reconnecting:
    present = {address: site + 1 for site, address in enumerate(MEMBERS)}
    words = told if told is not None else []
    return Reconnecting(
        grid, PLACE, MEMBERS, present, patience=patience, listener=words.append, clock=clock, pause=clock.pause
    )


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


def reveal(member: int) -> Message:
    record = wire.place_record(PLACE, commitments=b"")
    return Message(RecordDict({wire.ALLIANCE: record}), dst_node_id=member, message_type=wire.REVEAL)


def test_who_is_slow_is_waited_for_a_grace_period_after_a_quorum(nodes: Restarting, clock: Clock) -> None:
    told: list[str] = []
    members = members_of(nodes, clock, told, Patience(quorum=0.6, grace_s=10))
    nodes.end(2, is_noticed=False)
    found = members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=60)
    assert set(proofs(found)) == {1, 3}
    assert 10 <= clock.now < 12
    assert told == [
        "query.prove: 2 answered, waiting 7 s for member 1",
        "query.prove: 2 answered, not waited for any longer: member 1",
    ]


def test_below_a_quorum_who_is_slow_is_waited_for_until_the_timeout(nodes: Restarting, clock: Clock) -> None:
    members = members_of(nodes, clock, patience=Patience(quorum=0.7, grace_s=10))
    nodes.end(2, is_noticed=False)
    found = members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=40)
    assert set(proofs(found)) == {1, 3}
    assert 40 <= clock.now < 42


def test_somebody_who_is_known_to_be_away_is_given_the_grace_period_alone(nodes: Restarting, clock: Clock) -> None:
    members = members_of(nodes, clock, patience=Patience(quorum=0.6, grace_s=10))
    nodes.end(2, is_noticed=True)
    nodes.end(3, is_noticed=True)
    found = members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=60)
    assert set(proofs(found)) == {1}
    assert 10 <= clock.now < 12


def test_a_vote_is_waited_for_until_the_end_since_its_voter_would_pay(nodes: Restarting, clock: Clock) -> None:
    members = members_of(nodes, clock, patience=Patience(quorum=0.5, grace_s=5))
    nodes.end(2, is_noticed=False)
    found = list(members.send_and_receive([reveal(member) for member in (1, 2, 3)], timeout=40))
    assert sorted(reply.metadata.src_node_id for reply in found) == [1, 3]
    assert 40 <= clock.now < 42


@pytest.mark.parametrize("code", [ErrorCode.UNKNOWN, ErrorCode.CLIENT_APP_CRASHED])
def test_a_node_that_crashed_is_asked_again_but_not_for_ever(nodes: Restarting, clock: Clock, code: int) -> None:
    nodes.crashes = {2: [code] * (TRIES - 1), 3: [code] * 9}
    found = {r.metadata.src_node_id: r for r in members_of(nodes, clock).send_and_receive(map(question, (1, 2, 3)))}
    assert [found[member].has_error() for member in (1, 2, 3)] == [False, False, True]
    assert nodes.answered.count(3) == TRIES


def test_a_reply_that_never_comes_whole_holds_up_no_other(nodes: Restarting, clock: Clock) -> None:
    nodes.stuck[2] = threading.Event()
    members = members_of(nodes, clock, patience=Patience(quorum=0.6, grace_s=10))
    began = time.monotonic()
    found = members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=60)
    assert set(proofs(found)) == {1, 3}
    assert 10 <= clock.now < 12
    nodes.stuck[2].set()
    again = members.send_and_receive([question(member) for member in (1, 2, 3)], timeout=60)
    assert set(proofs(again)) == {1, 2, 3}
    assert len(again) == 3  # what was late is not read
    assert time.monotonic() - began < 60


def test_what_nobody_waits_for_any_more_is_not_delivered(nodes: Restarting, clock: Clock) -> None:
    members_of(nodes, clock).send_and_receive([question(1)], timeout=60)
    assert nodes.lifetimes == [60 + CLOCK_S]


@pytest.mark.parametrize(("quorum", "asked", "enough"), [(0.5, 1, 1), (0.5, 2, 1), (0.5, 3, 2), (0.1, 5, 1), (1, 5, 5)])
def test_a_quorum_is_a_share_rounded_up(quorum: float, asked: int, enough: int) -> None:
    assert Patience(quorum=quorum).enough(asked) == enough


@pytest.mark.parametrize(
    "word",
    [
        "alliance.quorum=0",
        "alliance.quorum=1.01",
        "alliance.grace_s=-1",
        "alliance.grace_s=65536",
        "alliance.quorum=nan",
    ],
)
def test_a_quorum_or_a_grace_that_makes_no_sense_is_refused(word: str) -> None:
    with pytest.raises(ConfigError, match=word.split("=")[0]):
        load_config([*OVERRIDES.split(), word])
