"""Attacks on the protocol itself, as a configuration names them: `attack/protocol=replay`.

Each is a Flower mod around a malicious site's app. What it makes of an honest answer it signs again with the site's own
key, where a forgery without a signature would be nothing to test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict

from fl_alliance.chain.accounts import NodeKey, SigningKey
from fl_alliance.chain.messages import Proposal
from fl_alliance.insider import Answer, Insider
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import update_digest
from fl_alliance.strategies.wire import Place
from fl_alliance.workloads.base import Arrays

TRAIN, EVALUATE = "train", "evaluate"
SECOND = "attack.second"
"""Where in a site's state an equivocator keeps what it tells somebody else."""

_FOREIGN = 1_000_000  # what lies between a site's number and that of the key which is no member's
Metrics = dict[str, float | int | list[float] | list[int]]


@dataclass(frozen=True, slots=True)
class HostileReply:
    """Answers a request to train with what breaks a strategy that trusts it.

    `what` is `nan` or `inf` (in every array), `shape` (one more row), `examples` (a billion), `no-examples`, or
    `metrics` (huge, and of other names than everybody's).
    """

    insider: Insider
    what: Literal["nan", "inf", "shape", "examples", "no-examples", "metrics"] = "nan"

    def __post_init__(self) -> None:
        if self.what not in _SPOILT:
            raise ValueError(f"what={self.what!r}: needs one of {', '.join(_SPOILT)}")

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Answer in the app's place."""
        place = asked_at(message)
        reply = answer(message, context)
        if message.metadata.message_type != TRAIN or reply.has_error():
            return reply
        arrays, metrics = wire.to_arrays(wire.single_arrays(reply)), dict(wire.single_metrics(reply))
        return proposing(message, place, self.insider.key, *_SPOILT[self.what](arrays, metrics))


@dataclass(slots=True)
class Replay:
    """Sends the first update and the first vote that it ever signed again and again."""

    insider: Insider
    _first: dict[str, Message] = field(default_factory=dict)

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Answer with what was answered first."""
        kind = message.metadata.message_type
        if kind not in (TRAIN, EVALUATE):
            return answer(message, context)
        first = self._first.setdefault(kind, answer(message, context))
        return first if first.has_error() else Message(first.content, reply_to=message)


@dataclass(frozen=True, slots=True)
class WithheldReveal:
    """Commits to a vote and never reveals it."""

    insider: Insider

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Refuse to reveal."""
        if message.metadata.message_type == wire.REVEAL:
            raise LookupError(f"site {self.insider.site} does not reveal its vote")
        return answer(message, context)


@dataclass(frozen=True, slots=True)
class ForgedNode:
    """Answers in a member's place with signatures of a key that is no member's."""

    insider: Insider

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Sign with the foreign key."""
        place = asked_at(message)
        reply = answer(message, context)
        if reply.has_error() or wire.ALLIANCE not in reply.content.config_records:
            return reply
        if message.metadata.message_type == TRAIN:
            arrays, metrics = wire.to_arrays(wire.single_arrays(reply)), dict(wire.single_metrics(reply))
            return proposing(message, place, self.key, arrays, metrics)
        if message.metadata.message_type == EVALUATE:
            record = reply.content.config_records[wire.ALLIANCE]
            record["signature"] = bytes(reversed(cast(bytes, record["signature"])))
        return reply

    @property
    def key(self) -> NodeKey:
        """The key that signs."""
        return NodeKey.derive(self.insider.config.seed, self.insider.site + _FOREIGN)


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Signs two updates for one round: one it sends, the other it would tell another coordinator.

    The second statement lies in the node's state under `SECOND`, as digest and signature. Whoever holds both can have
    the node slashed; the coordinator that was told one of them cannot.
    """

    insider: Insider

    def __call__(self, message: Message, context: Context, answer: Answer) -> Message:
        """Answer honestly, and sign something else too."""
        place = asked_at(message)
        reply = answer(message, context)
        if message.metadata.message_type == TRAIN and place is not None and not reply.has_error():
            other = update_digest({"other": np.zeros(1, np.float32)}, {"num-examples": 1})
            signature = Proposal(place.task, place.round, other).sign(self.insider.key, place.domain)
            context.state[SECOND] = ConfigRecord({"round": place.round, "digest": other, "signature": signature})
        return reply


def asked_at(request: Message) -> Place | None:
    """Return the place that a request names, None for a plain Flower one; the app takes the name off."""
    record = request.content.config_records.get(wire.ALLIANCE)
    return None if record is None else wire.read_place(record)


def proposing(request: Message, place: Place | None, key: SigningKey, arrays: Arrays, metrics: Metrics) -> Message:
    """Return a reply to a request to train with another content, signed where the request is an Alliance's."""
    content = RecordDict({wire.ARRAYS: wire.to_record(arrays), wire.METRICS: MetricRecord(metrics)})
    if place is not None:
        digest = update_digest(arrays, {name: value for name, value in metrics.items() if not isinstance(value, list)})
        signature = Proposal(place.task, place.round, digest).sign(key, place.domain)
        content[wire.ALLIANCE] = ConfigRecord({"update": digest, "signature": signature})
    return Message(content, reply_to=request)


Spoil = Callable[[Arrays, Metrics], tuple[Arrays, Metrics]]


def _filled(value: float) -> Spoil:
    return lambda arrays, metrics: ({n: np.full_like(array, value) for n, array in arrays.items()}, metrics)


def _with(**extra: float | int) -> Spoil:
    named = {name.replace("_", "-"): value for name, value in extra.items()}
    return lambda arrays, metrics: (arrays, {**metrics, **named})


def _longer(arrays: Arrays, metrics: Metrics) -> tuple[Arrays, Metrics]:
    return {name: np.concatenate([array, array[:1]]) for name, array in arrays.items()}, metrics


_SPOILT: Mapping[str, Spoil] = {
    "nan": _filled(float("nan")),
    "inf": _filled(float("inf")),
    "shape": _longer,
    "examples": _with(num_examples=10**9),
    "no-examples": _with(num_examples=-140),
    "metrics": _with(train_loss=1e300, train_accuracy_of_nobody=-1e300),
}
