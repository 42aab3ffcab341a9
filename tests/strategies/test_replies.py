"""One hostile reply is dropped with its reason; it never reaches a strategy."""

from collections.abc import Callable

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Error, Message, MetricRecord, RecordDict

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain, Proposal
from fl_alliance.strategies.digests import update_digest
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.replies import aligned, check_update, unusual
from fl_alliance.strategies.wire import ALLIANCE, Place, single_metrics, without_alliance

PLACE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=3)
MODEL = {"w": np.zeros((2, 2), dtype=np.float32)}
PROPOSER, ATTACKER = NodeKey.derive(1, 0), NodeKey.derive(1, 1)


def signed_reply(
    arrays: dict[str, np.ndarray], metrics: dict[str, float | int], key: NodeKey = PROPOSER, place: Place = PLACE
) -> Message:
    """Return what a node sends that signs whatever it sends."""
    digest = update_digest(arrays, metrics)
    signature = Proposal(place.task, place.round, digest).sign(key, place.domain)
    content = RecordDict(
        {
            "arrays": ArrayRecord({name: Array(array) for name, array in arrays.items()}),
            "metrics": MetricRecord(dict(metrics)),
            ALLIANCE: ConfigRecord({"update": digest, "signature": signature}),
        }
    )
    return Message(content, reply_to=Message(RecordDict(), dst_node_id=7, message_type="train"))


def honest_reply() -> Message:
    return signed_reply({"w": np.ones((2, 2), dtype=np.float32)}, {"num-examples": 5, "train_loss": 0.1})


def test_an_honest_reply_holds_and_reaches_the_strategy_without_the_chains_words() -> None:
    reply = honest_reply()
    update = check_update(reply, PLACE, PROPOSER.address, MODEL)
    assert Proposal(1, 3, update.digest).recover(PLACE.domain, update.signature) == PROPOSER.address
    assert (update.arrays["w"] == 1).all()
    assert update.metrics == {"num-examples": 5, "train_loss": 0.1}
    passed_on = without_alliance(reply)
    assert set(passed_on.content) == {"arrays", "metrics"}
    assert passed_on.metadata.src_node_id == 7


@pytest.mark.parametrize(
    ("arrays", "metrics", "reason"),
    [
        ({"w": np.full((2, 2), np.nan, dtype=np.float32)}, {"num-examples": 5}, "not finite"),
        ({"w": np.full((2, 2), np.inf, dtype=np.float32)}, {"num-examples": 5}, "not finite"),
        ({"w": np.ones((4, 1), dtype=np.float32)}, {"num-examples": 5}, "shape"),
        ({"w": np.ones((2, 2), dtype=np.float64)}, {"num-examples": 5}, "float64"),
        ({"v": np.ones((2, 2), dtype=np.float32)}, {"num-examples": 5}, "names"),
        ({"w": np.ones((500, 500), dtype=np.float32)}, {"num-examples": 5}, "shape"),
        ({"w": np.ones((2, 2), dtype=np.float32)}, {"num-examples": -140}, "num-examples"),
        ({"w": np.ones((2, 2), dtype=np.float32)}, {"num-examples": 10**12}, "num-examples"),
        ({"w": np.ones((2, 2), dtype=np.float32)}, {"num-examples": float("nan")}, "not one finite number"),
        ({"w": np.ones((2, 2), dtype=np.float32)}, {"loss": 1.0}, "num-examples"),
    ],
)
def test_a_reply_that_would_break_a_strategy_is_dropped_though_signed(
    arrays: dict[str, np.ndarray], metrics: dict[str, float], reason: str
) -> None:
    with pytest.raises(BadReply, match=reason):
        check_update(signed_reply(arrays, metrics), PLACE, PROPOSER.address, MODEL)


def test_an_update_that_breaks_its_promise_is_dropped() -> None:
    reply = honest_reply()
    reply.content["metrics"] = MetricRecord({"num-examples": 500, "train_loss": 0.1})
    with pytest.raises(BadReply, match="digest differs"):
        check_update(reply, PLACE, PROPOSER.address, MODEL)


@pytest.mark.parametrize(
    "forged",
    [
        lambda: signed_reply({"w": np.ones((2, 2), dtype=np.float32)}, {"num-examples": 5}, key=ATTACKER),
        lambda: signed_reply(
            {"w": np.ones((2, 2), dtype=np.float32)}, {"num-examples": 5}, place=Place(PLACE.domain, 1, 2)
        ),
        lambda: signed_reply(
            {"w": np.ones((2, 2), dtype=np.float32)}, {"num-examples": 5}, place=Place(PLACE.domain, 2, 3)
        ),
    ],
    ids=["another node's signature", "another round's", "another task's"],
)
def test_a_signature_for_something_else_does_not_hold(forged: Callable[[], Message]) -> None:
    with pytest.raises(BadReply, match="signed by"):
        check_update(forged(), PLACE, PROPOSER.address, MODEL)


def test_a_node_that_failed_is_dropped_with_one_line_of_its_reason() -> None:
    request = Message(RecordDict(), dst_node_id=7, message_type="train")
    reply = Message(Error(2, "<class 'ValueError'>: no data\nTraceback of that site"), reply_to=request)
    with pytest.raises(BadReply, match=r"error 2: <class 'ValueError'>: no data$"):
        check_update(reply, PLACE, PROPOSER.address, MODEL)


@pytest.mark.parametrize("field", ["update", "signature"])
@pytest.mark.parametrize("value", [b"", b"x" * 31, "text", 5])
def test_a_field_of_the_wrong_form_is_named_without_its_content(field: str, value: object) -> None:
    reply = honest_reply()
    reply.content[ALLIANCE][field] = value  # type: ignore[index]
    with pytest.raises(BadReply, match=field):
        check_update(reply, PLACE, PROPOSER.address, MODEL)


def test_arrays_are_never_unpickled() -> None:
    reply = honest_reply()
    array = reply.content.array_records["arrays"]["w"]
    array.data = (
        b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }".ljust(117) + b"\n"
    )
    with pytest.raises(BadReply, match="cannot be read"):
        check_update(reply, PLACE, PROPOSER.address, MODEL)


def test_metrics_under_other_names_than_most_are_unusual() -> None:
    usual, odd = {"num-examples": 5, "train_loss": 0.1}, {"num-examples": 5, "bait": 1.0}
    arrays = {"w": np.ones((2, 2), dtype=np.float32)}
    answers = {member: signed_reply(arrays, odd if member == 2 else usual) for member in (2, 4, 7)}
    assert unusual(answers) == (2,)
    assert unusual({}) == ()
    assert unusual({1: answers[4], 2: answers[2]}) == (2,)


def test_for_a_metric_that_a_site_keeps_to_itself_stands_the_mean_of_the_others() -> None:
    arrays = {"w": np.ones((2, 2), dtype=np.float32)}
    told = [
        {"num-examples": 10, "train_loss": 0.5},
        {"num-examples": 30, "train_loss": 0.1},
        {"num-examples": 1},
        {"num-examples": 5, "train_loss": 0.3, "bait": 7.0},
        {"num-examples": 10, "train_loss": 0.5},
    ]
    answers = {member: signed_reply(arrays, metrics) for member, metrics in enumerate(told)}
    made = {member: dict(single_metrics(reply)) for member, reply in aligned(answers).items()}
    assert made[2] == {"num-examples": 1, "train_loss": pytest.approx((0.5 * 20 + 0.1 * 30 + 0.3 * 5) / 55)}
    assert made[3] == {"num-examples": 5, "train_loss": 0.3}
    assert made[0] == told[0]
    assert dict(single_metrics(answers[3])) == told[3]  # what was signed is left as it was


def test_answers_with_one_set_of_names_stay_what_they_are() -> None:
    answers = {3: honest_reply(), 5: honest_reply()}
    assert aligned(answers) == answers
    assert aligned({}) == {}
