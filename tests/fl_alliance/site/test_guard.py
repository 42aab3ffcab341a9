"""A node answers what its site's policy lets, tells nobody why it does not, and has everything in its log."""

import hashlib
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flwr.common.constant import ErrorCode
from flwr.common.serde import recorddict_to_proto
from policed import HERE, KEY, LARGE, MONDAY_NOON, OVERRIDES, Hospital, assert_refused

from fl_alliance.chain.vrf import Tag
from fl_alliance.code_digest import code_digest
from fl_alliance.deployment.signer import SignerService
from fl_alliance.site import guard, station
from fl_alliance.site.guard import FAILURE
from fl_alliance.site.policy import RESERVE_BYTES, Policy
from fl_alliance.site.reasons import Reason
from fl_alliance.site.request import Request
from fl_alliance.site.rules import of_task
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import update_digest


@pytest.fixture
def hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hospital]:
    monkeypatch.setattr(guard.time, "time", lambda: MONDAY_NOON)
    here = Hospital(tmp_path)
    with SignerService(KEY, here.home):
        yield here


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
        ("  patients: 0", "  patients: 1", Reason.PATIENTS),
        ("  unit: any", "  unit: record", Reason.UNIT),
        ("  masks: any", "  masks: yes", Reason.MASKS),
        ("score_epsilon: any", "score_epsilon: 1", Reason.SCORES),
        ("open: always", "open: [{days: [mon], from: 18:00, to: 06:00}]", Reason.HOURS),
        ("message: 10 MB", "message: 16385", Reason.MESSAGE),
        ("task: 1 GB", "task: 16385", Reason.TASK_BYTES),
        ("day: 200 MB", "day: 16385", Reason.DAY),
    ],
)
def test_what_the_policy_does_not_allow_is_refused_without_a_word(
    hospital: Hospital, old: str, new: str, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "WAIT_S", 0.0)
    if reason is Reason.MESSAGE:
        hospital.settle(LARGE)
    hospital.says(old, new)
    assert_refused(hospital.trained(), hospital, reason)


def test_a_task_that_began_before_the_hospital_looked_at_the_chain_again_is_waited_for(hospital: Hospital) -> None:
    station.write_members(hospital.home, 3)
    later = threading.Timer(0.5, station.write_members, (hospital.home, 4))
    later.start()
    reply = hospital.trained()
    later.join()
    assert not reply.has_error()
    assert hospital.decisions[-1].verdict == "allowed"


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
    assert not hospital.asked(wire.REVEAL, place=HERE, commitments=promise).has_error()  # a later vote took no place


def test_a_day_begins_with_nothing_sent(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    hospital.trained()
    hospital.says("day: 200 MB", f"day: {RESERVE_BYTES + hospital.decisions[0].bytes}")
    assert_refused(hospital.trained(place=replace(HERE, round=2)), hospital, Reason.DAY)
    monkeypatch.setattr(guard.time, "time", lambda: MONDAY_NOON + 43_200)
    assert not hospital.trained(place=replace(HERE, round=2)).has_error()


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
