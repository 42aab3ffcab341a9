"""A node answers what its site's policy lets, tells nobody why it does not, and has everything in its log."""

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict, UserConfig
from flwr.common.constant import ErrorCode
from flwr.common.serde import recorddict_to_proto
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.vrf import Tag
from fl_alliance.client_app import app
from fl_alliance.code_digest import code_digest
from fl_alliance.config import config_digest, load_config
from fl_alliance.deployment.signer import SignerService
from fl_alliance.deployment.terms import Terms
from fl_alliance.site import guard
from fl_alliance.site.decisions import Decision
from fl_alliance.site.guard import FAILURE, REFUSAL
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.policy import RESERVE_BYTES, Policy
from fl_alliance.site.reasons import Reason
from fl_alliance.site.request import Request
from fl_alliance.site.rules import of_task
from fl_alliance.site.station import write_members
from fl_alliance.site.template import template
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import update_digest
from fl_alliance.strategies.wire import Place
from fl_alliance.yardstick import Yardstick

OVERRIDES = "rule=majority workload=linear nodes=4 alliance.proposers=2 alliance.voters=2"
LARGE = OVERRIDES + " workload.options.features=5000"
KEY = NodeKey(b"\x7e" * 32)
HERE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=1)
TOKEN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
MONDAY_NOON = 1_796_040_000.0
"""2026-11-30 12:00 UTC."""


class Hospital:
    """A hospital with a home, a policy and a clock."""

    def __init__(self, root: Path) -> None:
        self.home, self.policy = root / "home", root / "policy.yaml"
        self.home.mkdir()
        self.log = DecisionLog(root / "policy.decisions.jsonl")
        text = template(code_digest().hex(), (31337, HERE.domain.contract, 1))
        self.policy.write_text(text.replace("examples: 100", "examples: 1"))
        self.settle(OVERRIDES)
        write_members(self.home, 4)

    def settle(self, overrides: str) -> None:
        self.overrides = overrides
        Terms(
            chain_id=31337,
            contract=HERE.domain.contract,
            token=TOKEN,
            task=1,
            stake_wei=100 * 10**18,
            code_digest=code_digest().hex(),
            config_digest=config_digest(load_config(overrides)).hex(),
            site=2,
            data="",
            address=KEY.address,
            policy=str(self.policy),
        ).save(self.home)

    def says(self, old: str, new: str) -> None:
        text = self.policy.read_text()
        assert old in text
        self.policy.write_text(text.replace(old, new))

    def asked(
        self, kind: str, records: dict[str, object] | None = None, place: Place = HERE, **extra: object
    ) -> Message:
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
        node_config = UserConfig({"partition-id": 2, "home": str(self.home)})
        context = Context(1, 9, node_config, RecordDict(), UserConfig({"overrides": self.overrides}))
        offer = wire.place_record(place, **extra)  # type: ignore[arg-type]
        content = RecordDict({**(records or {}), wire.ALLIANCE: offer})  # type: ignore[dict-item]
        message = Message(content, dst_node_id=9, message_type=kind)
        message.metadata.__dict__["_message_id"] = "asked"
        return app(message, context)

    def trained(self, move: float = 0.0, place: Place = HERE) -> Message:
        arrays = wire.to_record({name: array + np.float32(move) for name, array in self.model.items()})
        return self.asked("train", {"arrays": arrays, "config": ConfigRecord({"server-round": 1})}, place)

    def voted(self, move: float = 0.1, place: Place = HERE) -> Message:
        new = {name: array + np.float32(move) for name, array in self.model.items()}
        records: dict[str, object] = {wire.ARRAYS: wire.to_record(new), wire.PREVIOUS: wire.to_record(self.model)}
        return self.asked("evaluate", records, place)

    def joined(self) -> Message:
        return self.asked(
            wire.JOIN, **{"token": TOKEN, "stake-wei": str(10**20), "valid-before": 2_000_000_000, "salt": bytes(32)}
        )

    @property
    def model(self) -> dict[str, np.ndarray]:
        return Yardstick(load_config(self.overrides)).initial_model

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return self.log.read().decisions


@pytest.fixture
def hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hospital]:
    monkeypatch.setattr(guard.time, "time", lambda: MONDAY_NOON)
    here = Hospital(tmp_path)
    with SignerService(KEY, here.home):
        yield here


def assert_refused(reply: Message, hospital: Hospital, reason: str) -> None:
    """Check that the reply says nothing, and that the log says why."""
    assert reply.has_error()
    assert (reply.error.code, reply.error.reason) == (ErrorCode.MOD_FAILED_PRECONDITION, REFUSAL)
    last = hospital.decisions[-1]
    assert (last.verdict, last.reason, last.bytes, last.digest) == ("refused", reason, 0, "")


def test_an_answer_that_the_policy_allows_leaves_and_is_in_the_log(hospital: Hospital) -> None:
    reply = hospital.trained()
    content = recorddict_to_proto(reply.content).SerializeToString(deterministic=True)
    (decision,) = hospital.decisions
    assert (decision.verdict, decision.kind, decision.round) == ("allowed", "train", 1)
    assert (decision.bytes, decision.digest) == (len(content), hashlib.sha256(content).hexdigest())
    assert decision.statement == reply.content.config_records[wire.ALLIANCE]["update"].hex()  # type: ignore[union-attr]
    assert decision.policy == hashlib.sha256(hospital.policy.read_bytes()).hexdigest()


def test_metrics_are_filtered_before_the_update_is_signed(hospital: Hospital) -> None:
    hospital.says("train_loss: {digits: 2, range: [0, 10]}", "train_loss: {digits: 1, range: [0, 10]}")
    reply = hospital.trained()
    metrics = dict(wire.single_metrics(reply))
    assert set(metrics) == {"num-examples", "train_loss"}
    assert metrics["num-examples"] % 10 == 0
    assert round(metrics["train_loss"], 1) == metrics["train_loss"]
    digest = update_digest(wire.to_arrays(wire.single_arrays(reply)), metrics)
    assert reply.content.config_records[wire.ALLIANCE]["update"] == digest


def test_of_a_revealed_vote_only_listed_figures_leave_and_its_scores_are_rounded(hospital: Hospital) -> None:
    hospital.says("digits: 4\n  range: [0, 4]", "digits: 2\n  range: [0, 4]")
    promise = hospital.voted().content.config_records[wire.ALLIANCE]["commitment"]
    shown = hospital.asked(wire.REVEAL, commitments=promise)
    vote = shown.content.config_records[wire.ALLIANCE]
    assert vote["score-old"] % 10_000 == vote["score-new"] % 10_000 == 0  # type: ignore[operator]
    assert set(wire.single_metrics(shown)) <= {"num-examples", "loss", "score"}
    assert [each.kind for each in hospital.decisions] == ["evaluate", wire.REVEAL]


def test_without_listed_metrics_a_proposer_still_proposes(hospital: Hospital) -> None:
    text = hospital.policy.read_text()
    hospital.policy.write_text(re.sub(r"metrics:\n(  .*\n)+", "metrics: {}\n", text))
    assert dict(wire.single_metrics(hospital.trained())) == {"num-examples": 1}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("numbers: [1]", "numbers: [2]", Reason.TASK),
        ("chain: 31337\n    c", "chain: 1\n    c", Reason.TASK),
        ("config: any", "config: []", Reason.CONFIG),
        ("members: 4", "members: 5", Reason.MEMBERS),
        ("examples: 1\n", "examples: 1000000\n", Reason.EXAMPLES),
        ("score_epsilon: any", "score_epsilon: 1", Reason.SCORES),
        ("open: always", "open: [{days: [mon], from: 18:00, to: 06:00}]", Reason.HOURS),
        ("message: 10 MB", "message: 16385", Reason.MESSAGE),
        ("task: 1 GB", "task: 16385", Reason.TASK_BYTES),
        ("day: 200 MB", "day: 16385", Reason.DAY),
    ],
)
def test_what_the_policy_does_not_allow_is_refused_without_a_word(
    hospital: Hospital, old: str, new: str, reason: Reason
) -> None:
    if reason is Reason.MESSAGE:
        hospital.settle(LARGE)
    hospital.says(old, new)
    assert_refused(hospital.trained(), hospital, reason)


def test_other_code_than_the_listed_is_refused(hospital: Hospital) -> None:
    hospital.says(code_digest().hex(), "00" * 32)
    assert_refused(hospital.trained(), hospital, Reason.CODE)


def test_a_task_that_pays_by_contribution_is_refused_where_voters_may_not_tell_it(hospital: Hospital) -> None:
    hospital.settle(OVERRIDES.replace("rule=majority", "rule=candidates"))
    assert not hospital.joined().has_error()
    hospital.says("contributions: yes", "contributions: no")
    assert_refused(hospital.joined(), hospital, Reason.CONTRIBUTIONS)


def test_outside_its_hours_a_site_works_not_but_ends_what_it_has_begun(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital.says("open: always", "open: [{days: [mon], from: 11:00, to: 12:01}]")
    promise = hospital.voted().content.config_records[wire.ALLIANCE]["commitment"]
    monkeypatch.setattr(guard.time, "time", lambda: MONDAY_NOON + 60)
    assert_refused(hospital.voted(place=replace(HERE, round=2)), hospital, Reason.HOURS)
    assert not hospital.asked(wire.REVEAL, commitments=promise).has_error()
    assert not hospital.asked(wire.PROVE, tag=int(Tag.PROPOSERS), seed=bytes(32)).has_error()


def test_bytes_add_up_over_messages_and_leave_room_to_reveal(hospital: Hospital) -> None:
    first = hospital.voted()
    size = hospital.decisions[0].bytes
    hospital.says("task: 1 GB", f"task: {RESERVE_BYTES + 2 * size}")
    assert not hospital.voted(place=replace(HERE, round=2)).has_error()
    assert_refused(hospital.voted(place=replace(HERE, round=3)), hospital, Reason.TASK_BYTES)
    promise = first.content.config_records[wire.ALLIANCE]["commitment"]
    assert hospital.asked(wire.REVEAL, place=HERE, commitments=promise).has_error()  # the second vote took its place


def test_a_day_begins_with_nothing_sent(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    hospital.trained()
    hospital.says("day: 200 MB", f"day: {RESERVE_BYTES + hospital.decisions[0].bytes}")
    assert_refused(hospital.trained(place=replace(HERE, round=2)), hospital, Reason.DAY)
    monkeypatch.setattr(guard.time, "time", lambda: MONDAY_NOON + 43_200)
    assert not hospital.trained(place=replace(HERE, round=2)).has_error()


def test_the_budget_of_votes_is_spent_once_for_one_vote_and_never_exceeded(hospital: Hospital) -> None:
    hospital.settle(
        "rule=candidates rule.reward=stake rule.score_epsilon=1 workload=linear nodes=4 alliance.proposers=2 "
        "alliance.voters=2"
    )
    hospital.says("score_epsilon: any", "score_epsilon: 1")
    hospital.says("lifetime_epsilon: any", "lifetime_epsilon: 2")

    def vote(number: int, move: float = 0.1) -> Message:
        new = {name: array + np.float32(move) for name, array in hospital.model.items()}
        menu = ConfigRecord({"order": [0, 1], "members": [0, 1], "averages": [0, 0]})
        arrays = {wire.ARRAYS: new, wire.PREVIOUS: hospital.model, "proposal-0": new, "proposal-1": new}
        records = {"menu": menu, **{name: wire.to_record(each) for name, each in arrays.items()}}
        return hospital.asked("evaluate", records, replace(HERE, round=number))  # type: ignore[arg-type]

    assert not vote(1).has_error()
    assert not vote(1).has_error()
    assert not vote(2).has_error()
    assert_refused(vote(3), hospital, Reason.BUDGET)
    assert not vote(2).has_error()
    assert_refused(vote(2, move=0.2), hospital, Reason.BUDGET)


def test_an_answer_that_never_left_was_never_given(hospital: Hospital) -> None:
    hospital.says("message: 10 MB", "message: 16385")
    hospital.settle(LARGE)
    place = replace(HERE, round=2)
    assert_refused(hospital.trained(place=place), hospital, Reason.MESSAGE)
    hospital.says("message: 16385", "message: 10 MB")
    assert not hospital.trained(move=1.0, place=place).has_error()  # the node did not remember another statement


def test_what_was_not_agreed_to_is_refused_in_the_same_words(hospital: Hospital) -> None:
    hospital.says("numbers: [1]", "numbers: any")
    assert_refused(hospital.trained(place=replace(HERE, task=2)), hospital, Reason.TERMS)
    hospital.trained()
    assert_refused(hospital.trained(move=1.0), hospital, Reason.TERMS)


def test_a_request_of_an_unknown_kind_is_refused(hospital: Hospital) -> None:
    assert of_task(Policy.load(hospital.policy), Request("query.anything", HERE)) is Reason.KIND


@pytest.mark.parametrize("damage", ["policy", "no policy", "log", "terms"])
def test_without_its_policy_or_log_a_node_says_nothing_and_tells_nobody_why(
    hospital: Hospital, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    hospital.trained()
    match damage:
        case "policy":
            hospital.policy.write_text("version: 9")
        case "no policy":
            hospital.policy.unlink()
        case "log":
            content = hospital.log.path.read_bytes()
            hospital.log.path.write_bytes(content.replace(b"allowed", b"refused"))
        case "terms":
            (hospital.home / "terms.json").write_text("{}")
    with caplog.at_level(logging.ERROR, logger="flwr"):
        reply = hospital.trained()
    assert (reply.error.code, reply.error.reason) == (ErrorCode.CLIENT_APP_RAISED_EXCEPTION, FAILURE)


def test_what_goes_wrong_inside_stays_inside(hospital: Hospital) -> None:
    (hospital.home / "state.bin").write_bytes(b"\xff\xff\xff")
    reply = hospital.trained()
    assert (reply.error.code, reply.error.reason) == (ErrorCode.CLIENT_APP_RAISED_EXCEPTION, FAILURE)
    assert (hospital.decisions[-1].verdict, hospital.decisions[-1].reason) == ("failed", "FolderError")


def test_the_log_has_the_answer_before_the_node_remembers_it(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fl_alliance.deployment import memory

    def stopped(path: Path, content: bytes) -> None:
        assert [each.verdict for each in hospital.decisions] == ["allowed"]
        raise KeyboardInterrupt

    monkeypatch.setattr(memory, "write_whole", stopped)
    with pytest.raises(KeyboardInterrupt):
        hospital.trained()
