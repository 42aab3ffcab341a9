"""What a ledger's lines say, and how they hang together.

A line is one JSON object; its `head` is sha256 of the same object without it, in canonical JSON, and the object holds
the head of the line before. So a head names everything spent until then, and a changed line is noticed.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.dp.accounting import Steps
from fl_alliance.dp.units import Unit

FORMAT = "fl-alliance/privacy-ledger/1"
HOSPITAL = "hospital"
"""Who set a limit by `fl-alliance privacy limit`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first line: which data the ledger is about, and in which unit it counts."""

    data: str
    unit: str
    format: str = FORMAT


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be spent on the data in all; the last one holds. `by` is who said so: `hospital`, `policy`, a task."""

    epsilon: float
    delta: float
    by: str


@dataclass(frozen=True, slots=True)
class Trained:
    """Private steps at the request with this digest; a request is answered in one way only, and counts once."""

    task: str
    round: int
    request: str
    noise: float
    rate: float
    steps: int


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores with Laplace noise at the request with this digest, `epsilon`-differentially private in all."""

    task: str
    round: int
    request: str
    epsilon: float


@dataclass(frozen=True, slots=True)
class Inherited:
    """What follows until the next line of another kind than `trained` and `scored` was spent on earlier data."""

    data: str
    head_there: str


Entry = Opened | Limit | Trained | Scored | Inherited
Spending = Trained | Scored

_KINDS: dict[str, type[Any]] = {
    "opened": Opened,
    "limit": Limit,
    "trained": Trained,
    "scored": Scored,
    "inherited": Inherited,
}


def line_of(entry: Entry, previous: str) -> tuple[str, str]:
    """Return an entry as a line, and its head."""
    kind = next(name for name, made in _KINDS.items() if isinstance(entry, made))
    content = {"kind": kind, **asdict(entry), "previous": previous}
    head = _digest(content)
    return json.dumps({**content, "head": head}) + "\n", head


def entry_of(line: str, previous: str) -> tuple[Entry, str]:
    """Return the entry and the head of a line.

    Raises
    ------
    ValueError
        It is no such line, it follows another than `previous`, or it was changed.
    """
    content = strict_json.parse(line)
    if not isinstance(content, dict) or content.get("kind") not in _KINDS:
        raise ValueError("not a ledger's line")
    head = content.pop("head", None)
    if content.get("previous") != previous:
        raise ValueError("does not follow the line before it")
    if _digest(content) != head:
        raise ValueError("was changed: its head is another")
    made = _KINDS[content.pop("kind")]
    del content["previous"]
    try:
        entry: Entry = made(**content)
    except TypeError as error:
        raise ValueError(f"other fields than it needs: {error}") from None
    _check(entry)
    return entry, str(head)


def steps_of(entry: Entry) -> Steps | None:
    """Return what an accountant takes of an entry."""
    return (entry.noise, entry.rate, entry.steps) if isinstance(entry, Trained) else None


def _check(entry: Entry) -> None:
    match entry:
        case Trained():
            numbers: tuple[float, ...] = (entry.noise, entry.rate, entry.steps)
            good = entry.rate <= 1 and isinstance(entry.steps, int)
        case Scored():
            numbers, good = (entry.epsilon,), True
        case Limit():
            numbers, good = (entry.epsilon, entry.delta), entry.delta < 1
        case Opened():
            numbers, good = (), entry.format == FORMAT and entry.unit in set(Unit)
        case _:
            numbers, good = (), True
    if not good or not all(isinstance(number, int | float) and 0 < number < math.inf for number in numbers):
        raise ValueError("numbers out of range")


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
