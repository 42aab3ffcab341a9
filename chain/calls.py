"""Steps as calldata and back: the one place that knows how a step's fields lie in the contract's arguments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args

from fl_alliance.chain import batches
from fl_alliance.chain.codec import interface
from fl_alliance.chain.errors import StepUnknown
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.rules.words import address_bytes
from fl_alliance.chain.steps import CreateTask, SlashEquivocation, Statement, Step, TaskStep, WithdrawCredit
from fl_alliance.chain.types import TaskParams
from fl_alliance.chain.vrf import Proof

CONTRACT = "Alliance"
_MULTICALL = "multicall"


@dataclass(frozen=True, slots=True)
class _Field:
    """How one kind of field turns into an ABI argument and back."""

    outward: Callable[[Any], Any]
    inward: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _checksum(address: str) -> str:
    return checksummed(address_bytes(address))


def read_params(values: Sequence[Any]) -> TaskParams:
    """Return task parameters from the contract's struct."""
    named = dict(zip((field.name for field in fields(TaskParams)), values, strict=True))
    return TaskParams(**named | {"relayer": _checksum(named["relayer"])})


def _to_proof(values: Sequence[Any]) -> Proof:
    named = dict(zip((field.name for field in fields(Proof)), values, strict=True))
    return Proof(**named | {"hints": tuple(named["hints"])})


_PLAIN = _Field(_same, _same)
_SIGNATURE = _Field(lambda signature: (signature[:32], signature[32:]), b"".join)
_FIELDS = {
    "params": _Field(lambda params: tuple(getattr(params, field.name) for field in fields(params)), read_params),
    "proof": _Field(Proof.to_solidity, _to_proof),
    "proposals": _Field(batches.pack_proposals, batches.unpack_proposals),
    "votes": _Field(batches.pack_votes, batches.unpack_votes),
    "pairs": _Field(batches.pack_list, batches.unpack_list),
    "evidence": _Field(batches.pack_evidence, batches.unpack_evidence),
    "kind": _Field(int, Statement),
    "node": _Field(_same, _checksum),
    "account": _Field(_same, _checksum),
    "signature": _SIGNATURE,
    "first_signature": _SIGNATURE,
    "second_signature": _SIGNATURE,
}


_KINDS: tuple[type[Step], ...] = (CreateTask, *get_args(TaskStep), WithdrawCredit)


def function_name(kind: type[Step]) -> str:
    """Return the name of the contract's function behind a kind of step."""
    return kind.__name__[0].lower() + kind.__name__[1:]


_BY_NAME = {function_name(kind): kind for kind in _KINDS}


def encode(step: Step) -> bytes:
    """Return the calldata of one step."""
    values = [_FIELDS.get(field.name, _PLAIN).outward(getattr(step, field.name)) for field in fields(step)]
    if isinstance(step, SlashEquivocation):
        values = [values[0], tuple(values[1:])]
    return interface(CONTRACT).functions[function_name(type(step))].encode(values)


def encode_all(steps: Sequence[Step]) -> bytes:
    """Return the calldata that takes several steps in one transaction, in order; all of them happen, or none."""
    if len(steps) == 1:
        return encode(steps[0])
    return interface(CONTRACT).functions[_MULTICALL].encode([[encode(step) for step in steps]])


def decode(calldata: bytes) -> tuple[Step, ...]:
    """Return the steps in a call of the contract, a multicall's in its order; asking a view takes none.

    Raises
    ------
    StepUnknown
        The calldata calls nothing that takes a step.
    BadBatch
        Its packed records do not divide.
    """
    function = interface(CONTRACT).by_selector.get(calldata[:4])
    if function is None:
        raise StepUnknown(calldata[:4])
    if function.name == _MULTICALL:
        return tuple(step for inner in function.decode(calldata)[0] for step in decode(inner))
    if function.is_view:
        return ()
    kind = _BY_NAME.get(function.name)
    if kind is None:
        raise StepUnknown(calldata[:4])
    values: Sequence[Any] = function.decode(calldata)
    if kind is SlashEquivocation:
        values = (values[0], *values[1])
    named = zip(fields(kind), values, strict=True)
    return (kind(*(_FIELDS.get(field.name, _PLAIN).inward(value) for field, value in named)),)
