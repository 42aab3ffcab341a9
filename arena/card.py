"""What is known of a submission, for people (`README.md`, a model card) and for programs (`lineage.json`).

Both are made from what the chain and the store say, never from text that came with the submission, and hold no path of
this machine. Equal lineages give equal bytes.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from fl_alliance.arena.errors import LineageUnreadable, shown
from fl_alliance.arena.files import write_whole
from fl_alliance.chain import strict_json

CARD, LINEAGE = "README.md", "lineage.json"
FORMAT = 1
"""Version of `lineage.json`; a reader refuses another."""

_CHECKS: dict[Any, Callable[[Any], bool]] = {
    str: lambda value: isinstance(value, str),
    int: lambda value: type(value) is int,
    int | None: lambda value: value is None or type(value) is int,
    tuple[str, ...]: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
}
_HEX = re.compile(r"0x[0-9a-f]{40}|0x[0-9a-f]{64}|[0-9a-f]{64}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Score:
    """A validator's score of a submission.

    Attributes
    ----------
    validator : str
        Its address.
    loss : int
        In millionths; lower is better.
    transaction : str
        Hash of the transaction that revealed it.
    """

    validator: str
    loss: int
    transaction: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a model comes from and what was found of it.

    Attributes
    ----------
    task : str
        The Arena task, `CHAIN_ID:CONTRACT:NUMBER`.
    kind : str
        Kind of the task, such as `tabular`.
    node : str
        Address of the training node.
    day : int
        Day of the task, from 0.
    digest, cid : str
        The submission's sha256 in hex, and its IPFS name.
    size, parameters : int
        Its bytes and values.
    parents : tuple of str
        Digests, in hex, of the models that training started from; the task's base where it started from nothing else.
    dataset : str
        sha256 in hex of the task's public dataset.
    loss_unit : str
        What a loss of 1 is one of, such as `bits per byte`.
    loss : int or None
        The consensus in millionths; None before there is one.
    scores : tuple of Score
        The validators' scores it was taken from.
    """

    task: str
    kind: str
    node: str
    day: int
    digest: str
    cid: str
    size: int
    parameters: int
    parents: tuple[str, ...]
    dataset: str
    loss_unit: str
    loss: int | None = None
    scores: tuple[Score, ...] = ()


_CHECKS[tuple[Score, ...]] = lambda value: isinstance(value, tuple)

Made = TypeVar("Made", Score, Lineage)


def lineage_text(lineage: Lineage) -> str:
    """Return `lineage.json`; equal lineages give equal text."""
    return json.dumps({"format": FORMAT} | asdict(lineage), indent=2, sort_keys=True) + "\n"


def parse_lineage(text: str) -> Lineage:
    """Return what a `lineage.json` says.

    Raises
    ------
    LineageUnreadable
        No JSON, another format, or a field missing, foreign or of another type.
    """
    try:
        found = strict_json.parse(text)
    except ValueError as error:
        raise LineageUnreadable(f"no JSON ({error})") from None
    if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
        raise LineageUnreadable(f"no format, or another than {FORMAT}")
    return _made(Lineage, found | {"scores": _scores(found.get("scores"))})


def model_card(lineage: Lineage) -> str:
    """Return the model card in Markdown, with the metadata that model hubs read."""
    head = {"tags": ["fl-alliance", "arena", lineage.kind], "parents": list(lineage.parents)}
    rows = [
        ("task", lineage.task),
        ("training node", lineage.node),
        ("day", str(lineage.day)),
        ("sha256", lineage.digest),
        ("IPFS", lineage.cid),
        ("size", f"{lineage.size:,} bytes, {lineage.parameters:,} parameters"),
        ("trained from", ", ".join(lineage.parents) or "the task's base"),
        ("dataset", lineage.dataset),
        ("loss", _loss(lineage.loss, lineage.loss_unit)),
    ]
    scores = [(score.validator, _loss(score.loss, lineage.loss_unit), score.transaction) for score in lineage.scores]
    parts = [
        "\n".join(["---", *(f"{key}: {json.dumps(value)}" for key, value in head.items()), "---"]),
        f"# {_cell(lineage.kind)}: submission {lineage.digest[:12]}",
        "Submitted to an AI Arena task and scored by its validators on data that the training node does not have.",
        _table(("what", "value"), rows),
        "## Scores",
        _table(("validator", "loss", "transaction"), scores) if scores else "None yet.",
        f"The same for programs: `{LINEAGE}`.",
    ]
    return "\n\n".join(parts) + "\n"


def write_card(folder: Path, lineage: Lineage) -> None:
    """Write both files into a folder, each whole or not at all."""
    write_whole(folder / LINEAGE, lineage_text(lineage).encode())
    write_whole(folder / CARD, model_card(lineage).encode())


def _loss(loss: int | None, unit: str) -> str:
    return "none yet" if loss is None else f"{loss / 1e6:.6f} {unit}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text so that it stays inside a table's cell and makes no markup; digests and addresses as code."""
    words = text.split(", ")
    if all(_HEX.fullmatch(word) for word in words):
        return ", ".join(f"`{word}`" for word in words)
    return re.sub(r"([\\`*_{}\[\]<>#|!~])", r"\\\1", " ".join(text.split()))


def _scores(found: Any) -> tuple[Score, ...]:
    if not isinstance(found, list) or not all(isinstance(score, dict) for score in found):
        raise LineageUnreadable("scores that are no list of objects")
    return tuple(_made(Score, score) for score in found)


def _made(kind: type[Made], found: dict[str, Any]) -> Made:
    needed = {field.name: field.type for field in fields(kind)}
    if found.keys() != needed.keys():
        raise LineageUnreadable(f"fields {', '.join(map(shown, sorted(found)))} of {kind.__name__}")
    for name, value in found.items():
        if not _CHECKS[needed[name]](value):
            raise LineageUnreadable(f"{name} that is {shown(str(value))}")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return kind(**values)
