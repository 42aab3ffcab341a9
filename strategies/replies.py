"""Check what nodes answer before a strategy sees it: one hostile reply must not break a round.

Flower 1.41's FedAvg, FedMedian and Krum crash on, or are destroyed by, a single reply with NaN, with other
shapes, or with an absurd `num-examples`.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict

from fl_alliance.chain.batches import VoteRecord
from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import Commitment, Proposal, commitment
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays, update_digest
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.rules.base import Motion, Statement
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.wire import Place

MAX_EXAMPLES = 10**9
NUM_EXAMPLES = "num-examples"


def check_update(message: Message, place: Place, signer: str, model: Arrays) -> Update:
    """Return the update in a proposer's reply.

    The reply is good when it has one ArrayRecord of finite arrays with the model's names, order and shapes,
    one MetricRecord of finite metrics with a positive `num-examples`, and `signer`'s signature on their digest
    for this place.

    Raises
    ------
    BadReply
        Saying what does not hold.
    """
    _check_error(message)
    alliance = wire.alliance_record(message)
    digest, signature = wire.data(alliance, "update", 32), wire.data(alliance, "signature", 64)
    arrays = _finite_arrays(wire.single_arrays(message), model)
    metrics = _finite_metrics(wire.single_metrics(message))
    if update_digest(arrays, metrics) != digest:
        raise BadReply("the update is not the one that its node signed: the digest differs")
    _check_signer(Proposal(place.task, place.round, digest), place, signature, signer)
    return Update(message, arrays, digest, signature)


def check_commitment(message: Message, place: Place, signer: str, motion: bytes) -> tuple[bytes, bytes]:
    """Return (commitment, its signature) of a voter's reply; raises `BadReply` as `check_update` does."""
    _check_error(message)
    alliance = wire.alliance_record(message)
    if wire.data(alliance, "motion", 32) != motion:
        raise BadReply("the commitment is on another motion")
    promise, signature = wire.data(alliance, "commitment", 32), wire.data(alliance, "signature", 64)
    _check_signer(Commitment(place.task, place.round, motion, promise), place, signature, signer)
    return promise, signature


def check_reveal(
    message: Message, place: Place, member: int, signer: str, motion: Motion, promise: bytes
) -> VoteRecord:
    """Return the vote in a voter's reply as it goes on chain; raises `BadReply` as `check_update` does."""
    _check_error(message)
    alliance = wire.alliance_record(message)
    signature = wire.data(alliance, "signature", 64)
    if wire.data(alliance, "motion", 32) != motion.digest:
        raise BadReply("the vote is on another motion")
    if commitment(signature) != promise:
        raise BadReply("the vote is not the one that was committed")
    vote, record = motion.read(place, member, alliance, signature)
    _check_signer(vote, place, signature, signer)
    return record


def has_good_metrics(message: Message) -> bool:
    """Return whether a strategy may average the metrics of this reply; a vote counts without them too."""
    try:
        _finite_metrics(wire.single_metrics(message))
    except BadReply:
        return False
    return True


def unusual(answers: Mapping[int, Message]) -> tuple[int, ...]:
    """Return the members whose metrics have other names than most members'; a strategy averages no such mixture.

    Of names that equally many use, those of the lowest member are the usual ones.
    """
    names = {member: tuple(sorted(wire.single_metrics(reply))) for member, reply in answers.items()}
    usual = _usual(names)
    return tuple(member for member, given in names.items() if given != usual)


def aligned(answers: Mapping[int, Message]) -> dict[int, Message]:
    """Return the answers with metrics of the same names, those of most; a strategy averages no mixture.

    A site may keep figures to itself. For what it does not tell stands the mean, weighted by `num-examples`, of what
    the others tell, so that every average stays theirs; what only few tell is left out.
    """
    found = {member: dict(wire.single_metrics(reply).items()) for member, reply in answers.items()}
    names = {member: tuple(sorted(metrics)) for member, metrics in found.items()}
    usual = _usual(names)
    if all(given == usual for given in names.values()):
        return dict(answers)
    means = {name: _mean(name, found.values()) for name in usual}
    return {
        member: _with_metrics(reply, {name: found[member].get(name, means[name]) for name in usual})
        for member, reply in answers.items()
    }


def _usual(names: Mapping[int, tuple[str, ...]]) -> tuple[str, ...]:
    most = Counter(names[member] for member in sorted(names)).most_common(1)
    return most[0][0] if most else ()


def _mean(name: str, found: Iterable[Mapping[str, Any]]) -> float:
    told = [(float(metrics[NUM_EXAMPLES]), float(metrics[name])) for metrics in found if name in metrics]
    whole = math.fsum(weight for weight, _ in told)
    return math.fsum(weight / whole * value for weight, value in told)


def _with_metrics(reply: Message, metrics: Mapping[str, Any]) -> Message:
    content = RecordDict(dict(reply.content))
    for name in reply.content.metric_records:
        content[name] = MetricRecord(dict(metrics))
    return wire.with_content(reply, content)


def _check_error(message: Message) -> None:
    if message.has_error():
        raise BadReply(wire.error_text(message))


def _check_signer(signed: Statement, place: Place, signature: bytes, signer: str) -> None:
    try:
        recovered = signed.recover(place.domain, signature)
    except SignatureInvalid as error:
        raise BadReply(str(error)) from error
    if recovered != signer:
        raise BadReply(f"signed by {recovered}, needs the signature of {signer}")


def _finite_arrays(record: ArrayRecord, model: Arrays) -> Arrays:
    if list(record) != list(model):
        raise BadReply("the arrays' names or their order differ from the model's")
    arrays = {}
    for name, array in record.items():
        # Judge the declared shape first: deserialising is where a hostile reply would cost memory.
        if tuple(array.shape) != model[name].shape or len(array.data) > 2 * model[name].nbytes + 1024:
            raise BadReply(f"array {name!r}: shape {tuple(array.shape)}, needs {model[name].shape}")
        value = wire.to_array(name, array)
        if value.shape != model[name].shape or value.dtype != model[name].dtype:
            raise BadReply(f"array {name!r}: {value.dtype}{value.shape}, needs {model[name].dtype}{model[name].shape}")
        if not np.isfinite(value).all():
            raise BadReply(f"array {name!r} has values that are not finite")
        arrays[name] = value
    return arrays


def _finite_metrics(record: MetricRecord) -> Mapping[str, float | int]:
    metrics: dict[str, float | int] = {}
    for name, value in record.items():
        if isinstance(value, list) or not math.isfinite(value):
            raise BadReply(f"metric {name!r} is not one finite number")
        metrics[name] = value
    if not 0 < metrics.get("num-examples", 0) <= MAX_EXAMPLES:
        raise BadReply(f"num-examples needs 1 to {MAX_EXAMPLES}, given {metrics.get('num-examples')}")
    return metrics
