"""How the Alliance's words travel inside Flower messages; both ends use these functions.

Beside a strategy's own `arrays`, `config` and `metrics`, a message carries one ConfigRecord named `alliance`.
A ConfigRecord holds 64-bit integers, so amounts in wei travel as decimal text and 256-bit numbers as bytes.
Decoding raises `BadReply` on anything that is missing, of the wrong type or of the wrong length: what a node
answers is untrusted.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from numpy.typing import NDArray

from fl_alliance.chain.messages import Domain
from fl_alliance.strategies.errors import BadReply

ALLIANCE = "alliance"
ARRAYS = "arrays"
COMMITTEE = "committee"
MASKS = "masks"
METRICS = "metrics"
PREVIOUS = "previous"
RECEIPT = "receipt"
"""In a proposer's `alliance` record: what its update spent of a privacy budget, signed."""

TAKEN = "taken"
"""What of a node's the coordinator has taken, signed by it; beside any request."""

OWN_DATA = -1
"""The `partition` of a hospital with data of its own."""

HERE = "query.here"
JOIN = "query.join"
MASK_AGREE = "query.mask_agree"
MASK_KEY = "query.mask_key"
MASK_REVEAL = "query.mask_reveal"
PROVE = "query.prove"
REVEAL = "query.reveal"

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Place:
    """Which round of which task on which contract a message belongs to; every signature is bound to it."""

    domain: Domain
    task: int
    round: int


@dataclass(frozen=True, slots=True)
class Registration:
    """A node's signed wish to join a task with a stake, to be submitted by anyone.

    `proof` shows that the node holds the secret of `vrf_x`; `signature` moves the stake into the contract and,
    through its nonce, only together with this VRF key and task. `partition` is the site's number, from 0, or
    `OWN_DATA` of a hospital that brings its own data and so has none; it sends no number then. `binding` shows whose
    the node's own key is, where the consortium asks for that; empty elsewhere.
    """

    partition: int
    address: str
    vrf_x: int
    proof: bytes
    signature: bytes
    binding: bytes = b""


def registration_record(registration: Registration) -> ConfigRecord:
    """Return a registration as a node sends it."""
    number = {"partition": registration.partition} if registration.partition != OWN_DATA else {}
    return ConfigRecord(
        {
            **number,
            "address": registration.address,
            "vrf-x": registration.vrf_x.to_bytes(32, "big"),
            "proof": registration.proof,
            "signature": registration.signature,
            **({"binding": registration.binding} if registration.binding else {}),
        }
    )


def read_registration(message: Message) -> Registration:
    """Return the registration in a node's reply."""
    if message.has_error():
        raise BadReply(error_text(message))
    record = alliance_record(message)
    return Registration(
        integer(record, "partition") if "partition" in record else OWN_DATA,
        text(record, "address"),
        int.from_bytes(data(record, "vrf-x", 32), "big"),
        data(record, "proof"),
        data(record, "signature", 64),
        data(record, "binding") if "binding" in record else b"",
    )


def error_text(message: Message) -> str:
    """Return a node's error in one short line."""
    reason = (message.error.reason or "no reason given").strip().splitlines()[0][:200]
    return f"error {message.error.code}: {reason}"


def place_record(place: Place, **extra: int | str | bytes) -> ConfigRecord:
    """Return the `alliance` record that tells a node where in the protocol it is asked to act."""
    return ConfigRecord(
        {
            "contract": place.domain.contract,
            "chain-id": place.domain.chain_id,
            "task": place.task,
            "round": place.round,
            **extra,
        }
    )


def read_place(record: ConfigRecord) -> Place:
    """Return the place that an `alliance` record names."""
    domain = Domain(integer(record, "chain-id"), text(record, "contract"))
    return Place(domain, integer(record, "task"), integer(record, "round"))


def committee_record(members: Iterable[int]) -> ConfigRecord:
    """Return the record that tells a node who else is asked the same; the draw is public."""
    return ConfigRecord({"members": list(members)})


def read_committee(message: Message) -> tuple[int, ...]:
    """Return who is asked the same as this node; empty where the request does not say."""
    members = message.content.config_records.get(COMMITTEE, ConfigRecord()).get("members", [])
    return tuple(cast(list[int], members))


def alliance_record(message: Message) -> ConfigRecord:
    """Return a message's `alliance` record."""
    record = message.content.config_records.get(ALLIANCE)
    if record is None:
        raise BadReply(f"no {ALLIANCE!r} record in the message")
    return record


def data(record: ConfigRecord, name: str, length: int | None = None) -> bytes:
    """Return a bytes field, of exactly `length` bytes where given."""
    value = record.get(name)
    if not isinstance(value, bytes) or (length is not None and len(value) != length):
        raise BadReply(f"{name}: needs {length or 'some'} bytes, given {_describe(value)}")
    return value


def integer(record: ConfigRecord, name: str) -> int:
    """Return a non-negative integer field."""
    value = record.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadReply(f"{name}: needs a non-negative integer, given {_describe(value)}")
    return value


def integers(record: ConfigRecord, name: str) -> list[int]:
    """Return a field that is a list of integers."""
    value = record.get(name)
    if not isinstance(value, list) or any(not isinstance(item, int) or isinstance(item, bool) for item in value):
        raise BadReply(f"{name}: needs a list of integers, given {_describe(value)}")
    return [int(item) for item in value]


def texts(record: ConfigRecord, name: str) -> list[str]:
    """Return a field that is a list of texts."""
    value = record.get(name)
    if not isinstance(value, list) or any(not isinstance(item, str) for item in value):
        raise BadReply(f"{name}: needs a list of texts, given {_describe(value)}")
    return [str(item) for item in value]


def text(record: ConfigRecord, name: str) -> str:
    """Return a text field."""
    value = record.get(name)
    if not isinstance(value, str):
        raise BadReply(f"{name}: needs text, given {_describe(value)}")
    return value


def to_record(arrays: Mapping[str, NDArray[Any]]) -> ArrayRecord:
    """Return named arrays as a Flower record, in their order."""
    return ArrayRecord({name: Array(array) for name, array in arrays.items()})


def weight(records: Iterable[ArrayRecord]) -> int:
    """Return how many bytes these records' arrays take in a message."""
    return sum(len(array.data) for record in records for array in record.values())


def to_arrays(record: ArrayRecord) -> dict[str, NDArray[np.float32]]:
    """Return a Flower record's named arrays, in their order; arrays are deserialised without pickle.

    Raises
    ------
    BadReply
        One cannot be read.
    """
    return {name: to_array(name, array) for name, array in record.items()}


def to_array(name: str, array: Array) -> NDArray[Any]:
    """Return one named array; raises `BadReply` where it cannot be read."""
    try:
        return array.numpy()
    except Exception as error:  # numpy parses a header as Python, and lets through whatever that raises
        raise BadReply(f"array {name!r} cannot be read") from error


def require_form(arrays: Mapping[str, NDArray[Any]], model: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays of other names, order, shapes or dtypes than a model's, and a model of none; raises `BadReply`."""
    form = [(name, array.shape, array.dtype) for name, array in arrays.items()]
    needed = [(name, array.shape, array.dtype) for name, array in model.items()]
    if form != needed or not sum(array.size for array in model.values()):
        raise BadReply("arrays of other names, order, shapes or dtypes than the model's, or none at all")
    if any(array.dtype.kind not in "fiu" for array in model.values()):
        raise BadReply("arrays of something else than numbers")


def arrays_named(content: RecordDict, name: str) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of this name in a message's content."""
    record = content.array_records.get(name)
    if record is None:
        raise BadReply(f"no arrays {name!r} in the message")
    return to_arrays(record)


def single_arrays(message: Message) -> ArrayRecord:
    """Return the one ArrayRecord of a reply."""
    return _single(message.content.array_records.values(), "ArrayRecord")


def single_metrics(message: Message) -> MetricRecord:
    """Return the one MetricRecord of a reply."""
    return _single(message.content.metric_records.values(), "MetricRecord")


def with_content(message: Message, content: RecordDict) -> Message:
    """Return the same message with another content; the one given keeps its own."""
    twin = copy.copy(message)
    twin.content = content
    return twin


def without_alliance(message: Message) -> Message:
    """Return the reply as a strategy expects it: its records without the Alliance's own."""
    kept = {name: record for name, record in message.content.items() if name != ALLIANCE}
    return with_content(message, RecordDict(kept))


def reply_to(message: Message, alliance: ConfigRecord, **records: ArrayRecord | MetricRecord) -> Message:
    """Return a node's reply: its records, and its words to the Alliance."""
    return Message(RecordDict({**records, ALLIANCE: alliance}), reply_to=message)


def _single(records: Iterable[_R], kind: str) -> _R:
    found = list(records)
    if len(found) != 1:
        raise BadReply(f"needs exactly one {kind}, given {len(found)}")
    return found[0]


def _describe(value: object) -> str:
    """Say what kind of thing a node sent, never its content."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else type(value).__name__
