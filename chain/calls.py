"""Steps as calldata and back: the one place that knows how a step's fields lie in the contract's arguments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_args

from fl_alliance.chain import batches
from fl_alliance.chain.codec import Function, interface
from fl_alliance.chain.errors import StepUnknown
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.steps import (
    CreateCandidateTask,
    CreateTask,
    RevealScores,
    SettleMenu,
    SlashEquivocation,
    Statement,
    Step,
    TaskStep,
    WithdrawCredit,
)
from fl_alliance.chain.types import CandidateTerms, Reward, TaskParams
from fl_alliance.chain.vrf import Proof

MAJORITY, CANDIDATES = "Alliance", "CandidateAlliance"
"""The contracts of the two rules, by artifact."""
_MULTICALL = "multicall"


@dataclass(frozen=True, slots=True)
class _Field:
    """How one kind of field turns into an ABI argument and back."""

    outward: Callable[[Any], Any]
    inward: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def read_params(values: Sequence[Any]) -> TaskParams:
    """Return task parameters from the contract's struct."""
    named = dict(zip((field.name for field in fields(TaskParams)), values, strict=True))
    return TaskParams(**named | {"relayer": checksum(named["relayer"])})


def read_terms(values: Sequence[Any]) -> CandidateTerms:
    """Return what a task that judges candidates has beside its parameters, from the contract's struct."""
    named = dict(zip((field.name for field in fields(CandidateTerms)), values, strict=True))
    return CandidateTerms(**named | {"reward": Reward(named["reward"])})


def _to_struct(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, field.name) for field in fields(value))


def _to_proof(values: Sequence[Any]) -> Proof:
    named = dict(zip((field.name for field in fields(Proof)), values, strict=True))
    return Proof(**named | {"hints": tuple(named["hints"])})


_PLAIN = _Field(_same, _same)
_SIGNATURE = _Field(lambda signature: (signature[:32], signature[32:]), b"".join)
_FIELDS = {
    "params": _Field(_to_struct, read_params),
    "terms": _Field(_to_struct, read_terms),
    "proof": _Field(Proof.to_solidity, _to_proof),
    "proposals": _Field(batches.pack_proposals, batches.unpack_proposals),
    "votes": _Field(batches.pack_votes, batches.unpack_votes),
    "pairs": _Field(batches.pack_list, batches.unpack_list),
    "evidence": _Field(batches.pack_evidence, batches.unpack_evidence),
    "kind": _Field(int, Statement),
    "node": _Field(_same, checksum),
    "account": _Field(_same, checksum),
    "signature": _SIGNATURE,
    "first_signature": _SIGNATURE,
    "second_signature": _SIGNATURE,
}


_PACKED = _Field(_same, _same)
_OWN_FIELDS: dict[type[Step], dict[str, _Field]] = {
    RevealScores: {"votes": _PACKED},
    SettleMenu: {"votes": _PACKED},
}
"""Fields that one kind of step has otherwise than the rest."""
_NAMES: dict[type[Step], str] = {CreateCandidateTask: "createTask", RevealScores: "revealVotes", SettleMenu: "settle"}
"""Functions of the contract that judges candidates which are called as the other's but take something else."""
_KINDS: tuple[type[Step], ...] = (CreateTask, CreateCandidateTask, *get_args(TaskStep), WithdrawCredit)


def function_name(kind: type[Step]) -> str:
    """Return the name of the contract's function behind a kind of step."""
    return _NAMES.get(kind, kind.__name__[0].lower() + kind.__name__[1:])


def function_of(kind: type[Step]) -> Function:
    """Return the contract's function behind a kind of step."""
    return interface(CANDIDATES if kind in _NAMES else MAJORITY).functions[function_name(kind)]


@cache
def _kinds() -> Mapping[bytes, type[Step]]:
    """Return every kind of step by its function's selector; no two of the contracts' differ in meaning."""
    return {function_of(kind).selector: kind for kind in _KINDS}


def encode(step: Step) -> bytes:
    """Return the calldata of one step."""
    values = [_field(type(step), field.name).outward(getattr(step, field.name)) for field in fields(step)]
    if isinstance(step, SlashEquivocation):
        values = [values[0], tuple(values[1:])]
    return function_of(type(step)).encode(values)


def _field(kind: type[Step], name: str) -> _Field:
    return _OWN_FIELDS.get(kind, {}).get(name) or _FIELDS.get(name, _PLAIN)


def encode_all(steps: Sequence[Step]) -> bytes:
    """Return the calldata that takes several steps in one transaction, in order; all of them happen, or none."""
    if len(steps) == 1:
        return encode(steps[0])
    return interface(MAJORITY).functions[_MULTICALL].encode([[encode(step) for step in steps]])


def decode(calldata: bytes) -> tuple[Step, ...]:
    """Return the steps in a call of the contract, a multicall's in its order; asking a view takes none.

    Raises
    ------
    StepUnknown
        The calldata calls nothing that takes a step.
    BadBatch
        Its packed records do not divide.
    """
    selector = calldata[:4]
    kind = _kinds().get(selector)
    if kind is None:
        function = interface(MAJORITY).by_selector.get(selector) or interface(CANDIDATES).by_selector.get(selector)
        if function is not None and function.name == _MULTICALL:
            return tuple(step for inner in function.decode(calldata)[0] for step in decode(inner))
        if function is not None and function.is_view:
            return ()
        raise StepUnknown(selector)
    values: Sequence[Any] = function_of(kind).decode(calldata)
    if kind is SlashEquivocation:
        values = (values[0], *values[1])
    named = zip(fields(kind), values, strict=True)
    return (kind(*(_field(kind, field.name).inward(value) for field, value in named)),)
