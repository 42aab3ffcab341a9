"""A task's description: what everybody needs to train for it and to score it, as one canonical JSON text.

The chain holds the sha256 of that text and of what it names; the text itself, and all it names but dataset B, lie in
the store. Who reads a task gets both, and only where they say the same.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from fl_alliance.arena.copies import SIMILARITY_LIMIT
from fl_alliance.arena.errors import SpecUnreadable, TaskMismatch, shown
from fl_alliance.arena.kinds.base import Budget, Kind
from fl_alliance.arena.kinds.errors import BudgetUnusable
from fl_alliance.arena.store import DIGEST_BYTES, Store
from fl_alliance.chain import strict_json
from fl_alliance.chain.arena_types import TaskParams
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.rules.consensus import BPS

FORMAT = 1
"""Version of the description; a reader refuses another."""
MOST_SPEC_BYTES = 65_536
TOLERANCE = 2_000
"""Millionths by which two honest validators' scores of one model may differ."""
_DIGESTS = ("train", "dataset_a", "dataset_b", "base_model")


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """The public description of a task.

    Attributes
    ----------
    title : str
        For people; 1 to 200 characters.
    kind : str
        Name of the task's kind, 1 to 32 characters.
    options : mapping
        What the kind is made with, as JSON: a workload and its options, a base language model.
    train, dataset_a : bytes
        sha256 of the public training set and of what submissions are scored on every day; both are in the store.
    dataset_b : bytes
        The commitment to what they are scored on at the end, as the chain holds it.
    base_model : bytes
        sha256 of the submission of somebody who has not trained; in the store. What does not beat it is refused, see
        `beats_untrained`.
    budget : Budget
        The training budget that the creator suggests.
    max_parameters, max_bytes : int
        Of a submission, at least 1.
    tolerance : int
        Millionths by which two honest scores of one model may differ.
    copy_bps : int
        Cosine of two updates, of 10,000, above which the later one is a copy.
    """

    title: str
    kind: str
    options: Mapping[str, Any]
    train: bytes
    dataset_a: bytes
    dataset_b: bytes
    base_model: bytes
    budget: Budget
    max_parameters: int
    max_bytes: int
    tolerance: int = TOLERANCE
    copy_bps: int = round(SIMILARITY_LIMIT * BPS)

    def __post_init__(self) -> None:
        """Refuse what no task can be; raises `SpecUnreadable`."""
        if not 1 <= len(self.title) <= 200 or not self.title.isprintable():
            raise SpecUnreadable(f"title {shown(self.title)}", "1 to 200 printable characters")
        if not 1 <= len(self.kind) <= 32 or not self.kind.isprintable():
            raise SpecUnreadable(f"kind {shown(self.kind)}", "1 to 32 printable characters")
        for name in _DIGESTS:
            if len(getattr(self, name)) != DIGEST_BYTES:
                raise SpecUnreadable(f"{name} of {len(getattr(self, name))} bytes", f"{DIGEST_BYTES}")
        for name, most in (
            ("max_parameters", 2**64 - 1),
            ("max_bytes", 2**40),
            ("tolerance", 2**32),
            ("copy_bps", BPS),
        ):
            if not 1 <= getattr(self, name) <= most:
                raise SpecUnreadable(f"{name} {getattr(self, name)}", f"1 to {most}")

    @property
    def similarity_limit(self) -> float:
        """`copy_bps` as a cosine."""
        return self.copy_bps / BPS

    def beats_untrained(self, score: int, base_score: int) -> bool:
        """Return whether a score is below the untrained model's by more than `tolerance`.

        A hundredth of the untrained model's loss will do where that is less: in some units all losses are small.
        """
        return score + min(self.tolerance, base_score // 100) < base_score

    @property
    def digest(self) -> bytes:
        """sha256 of `encode`: what the chain holds as the task's `spec_digest`."""
        return hashlib.sha256(self.encode()).digest()

    def encode(self) -> bytes:
        """Return the description as JSON in its one form: names sorted, no spaces, ASCII."""
        plain = {name: getattr(self, name).hex() for name in _DIGESTS}
        rest = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _DIGESTS}
        text = {"format": FORMAT, **rest, **plain, "options": dict(self.options), "budget": asdict(self.budget)}
        return _canonical(text)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return a stranger's description.

        Raises
        ------
        SpecUnreadable
            No JSON, not in canonical form, of another version, or a field missing, foreign or out of range.
        """
        found = _object(data)
        if found.pop("format", None) != FORMAT:
            raise SpecUnreadable("no format, or another", f"format {FORMAT}")
        needed = {field.name for field in fields(cls)}
        if found.keys() != needed:
            raise SpecUnreadable(f"fields {', '.join(map(shown, sorted(found)))}", ", ".join(sorted(needed)))
        for name, value in found.items():
            _require_type(name, value)
        try:
            digests = {name: bytes.fromhex(found[name]) for name in _DIGESTS}
            budget = Budget(**found["budget"])
        except (ValueError, TypeError, BudgetUnusable) as error:
            raise SpecUnreadable(shown(str(error), 200), "digests in hex and a training budget") from None
        return cls(**(found | digests | {"budget": budget}))


@dataclass(frozen=True, slots=True)
class Task:
    """A task as both chain and store have it."""

    number: int
    params: TaskParams
    spec: TaskSpec

    def require_kind(self, kind: Kind[Any]) -> None:
        """Refuse a kind other than the task's; raises `TaskMismatch`."""
        if kind.name != self.spec.kind:
            raise TaskMismatch(self.number, "kind handed in", kind.name, self.spec.kind)
        if kind.limits.parameters > self.spec.max_parameters:
            found, needed = kind.limits.parameters, self.spec.max_parameters
            raise TaskMismatch(self.number, "parameters of the kind handed in", found, f"at most {needed}")


def read_task(arena: ArenaView, store: Store, number: int) -> Task:
    """Return a task's parameters with its description.

    Raises
    ------
    UnknownTask
        The chain has no such task.
    StoreError
        The description is not in the store, or damaged there.
    SpecUnreadable
        It is no description.
    TaskMismatch
        It names other content than the chain does.
    """
    params = arena.params(number)
    spec = TaskSpec.decode(store.get(params.spec_digest, MOST_SPEC_BYTES))
    for name in ("kind", "max_parameters", "dataset_a", "dataset_b", "base_model"):
        found, needed = getattr(spec, name), getattr(params, name)
        if found != needed:
            raise TaskMismatch(
                number, f"{name} of the description", _readable(found), f"{_readable(needed)} as on chain"
            )
    return Task(number, params, spec)


def _canonical(value: Any) -> bytes:
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SpecUnreadable(str(error), "options that JSON can carry") from None
    return text.encode()


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = strict_json.parse(data.decode("ascii"))
    except (UnicodeDecodeError, ValueError) as error:
        raise SpecUnreadable(f"no JSON ({shown(str(error))})", "a task's description in JSON") from None
    if not isinstance(found, dict) or _canonical(found) != data:
        raise SpecUnreadable("JSON in another form", "an object with sorted names and no spaces")
    return found


def _require_type(name: str, value: Any) -> None:
    if name in ("title", "kind", *_DIGESTS):
        is_right = isinstance(value, str)
    elif name in ("options", "budget"):
        is_right = isinstance(value, dict)
    else:
        is_right = type(value) is int
    if not is_right:
        raise SpecUnreadable(f"{name} that is {shown(str(value))}", "text, an object or a whole number in its place")


def _readable(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
