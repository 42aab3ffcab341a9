"""Seeded mutations: of texts and bytes, of JSON, and of the records of Flower messages."""

import copy
import json
import random
from typing import Any

from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict

_TOKENS = (
    "",
    "0",
    "-1",
    "1e309",
    "-1e309",
    "nan",
    ".inf",
    "NaN",
    "null",
    "true",
    "9" * 40,
    "1.5",
    "0x10",
    "''",
    '"',
    "'",
    "{",
    "}",
    "[",
    "]",
    "[" * 2000,
    "{a:" * 500,
    ":",
    "::",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\x00",
    "\ufeff",
    "é",
    "\ud7ff",
    "🩺",
    "%s",
    "${x}",
    "${oc.env:HOME}",
    "../../../etc/passwd",
    "A" * 5000,
    "&a *a",
    "!!python/object:os.system x",
    "---",
    "<<",
    "# ",
    "\\",
    "=",
)
_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    2**70,
    -(2**70),
    10**400,
    1.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "0x",
    "0x" + "00" * 20,
    "x" * 3000,
    "\x00",
    "é",
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"b": []}},
    [1, "2", None],
)
_SCALARS: tuple[Any, ...] = (
    0,
    1,
    -1,
    2**31,
    2**62,
    2**63 - 1,
    -(2**63),
    True,
    False,
    0.0,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "0x",
    "9" * 300,
    "-5",
    "1e5",
    "\x00",
    "é" * 50,
    b"",
    b"\x00" * 32,
    b"\xff" * 32,
    b"x" * 31,
    b"\x01" * 64,
    b"\xff" * 64,
    b"\x00" * 5000,
    [],
    [1],
    [-1, 2**62],
    [1.5],
    ["a"],
    [b"x"],
    [True],
    list(range(3000)),
)
_DTYPES = (
    "float32",
    "<f4",
    ">f8",
    "object",
    "int64",
    "bool",
    "complex128",
    "",
    "nonsense",
    "V8",
    "U5",
    "datetime64[s]",
)
_KINDS = ("numpy.ndarray", "", "torch.Tensor", "pickle")


def text(chance: random.Random, given: str, times: int = 3) -> str:
    """Return a text with up to `times` changes, often none that a person would not make."""
    for _ in range(chance.randint(1, times)):
        given = _text(chance, given)
    return given


def _text(chance: random.Random, given: str) -> str:
    at, lines = chance.randint(0, len(given)), given.split("\n")
    row = chance.randrange(len(lines))
    match chance.randrange(9):
        case 0:
            return given[:at] + chance.choice(_TOKENS) + given[at:]
        case 1:
            return given[:at] + given[at + chance.randint(1, 8) :]
        case 2:
            return given[:at]
        case 3:
            lines.pop(row)
        case 4:
            lines.insert(chance.randrange(len(lines) + 1), lines[row])
        case 5:
            other = chance.randrange(len(lines))
            lines[row], lines[other] = lines[other], lines[row]
        case 6:
            lines[row] = " " * chance.randint(1, 3) + lines[row]
        case 7:
            name, mark, _ = lines[row].partition(chance.choice((":", "=", ",")))
            lines[row] = name + mark + " " + chance.choice(_TOKENS)
        case _:
            return given[:at] + chr(chance.choice((0, 9, 34, 127, 160, 0x2028, 0xFFFD, 0x1F4A9))) + given[at + 1 :]
    return "\n".join(lines)


def data(chance: random.Random, given: bytes, times: int = 3) -> bytes:
    """Return bytes with up to `times` changes."""
    for _ in range(chance.randint(1, times)):
        at = chance.randint(0, max(0, len(given) - 1))
        match chance.randrange(5):
            case 0:
                given = given[:at] + bytes([chance.randrange(256)]) + given[at + 1 :]
            case 1:
                given = given[:at] + chance.randbytes(chance.randint(1, 16)) + given[at:]
            case 2:
                given = given[:at] + given[at + chance.randint(1, 64) :]
            case 3:
                given = given[:at]
            case _:
                given = given[:at] + given[at : at + chance.randint(1, 64)] + given[at:]
    return given


def tree(chance: random.Random, given: Any, times: int = 2) -> Any:
    """Return a JSON value with up to `times` parts replaced, removed or added."""
    made = {"root": copy.deepcopy(given)}
    for _ in range(chance.randint(1, times)):
        parent, key = _place(chance, made)
        choice = chance.randrange(4)
        if choice == 0 and parent is not made:
            del parent[key]
        elif choice == 1 and isinstance(parent, dict) and parent is not made:
            parent[chance.choice(("", "x", "n", key + "_"))] = parent[key]
        else:
            parent[key] = copy.deepcopy(chance.choice(_ODD))
    return made["root"]


def json_text(chance: random.Random, given: str) -> bytes:
    """Return JSON with another structure, or a text that is not quite JSON."""
    if chance.random() < 0.3:
        return text(chance, given).encode("utf-8", "surrogatepass")
    return json.dumps(tree(chance, json.loads(given))).encode()


def records(chance: random.Random, given: RecordDict, times: int = 2) -> RecordDict:
    """Return a message's content with up to `times` parts of its records replaced, removed or renamed."""
    made = copy.deepcopy(given)
    for _ in range(chance.randint(1, times)):
        if not made:
            return made
        name = chance.choice(list(made))
        match chance.randrange(6):
            case 0:
                del made[name]
            case 1:
                made[chance.choice(("alliance", "config", "committee", "metrics", "arrays", "x" * 200))] = made.pop(
                    name
                )
            case 2:
                made[name] = chance.choice((ConfigRecord(), ArrayRecord(), MetricRecord(), ConfigRecord({"x": 1})))
            case _:
                _record(chance, made, name)
    return made


def _record(chance: random.Random, made: RecordDict, name: str) -> None:
    record = made[name]
    if not record:
        return
    key = chance.choice(list(record))
    match record:
        case ArrayRecord():
            record[key] = _array(chance, record[key])
        case MetricRecord():
            record[key] = chance.choice([value for value in _SCALARS if type(value) in (int, float)])
        case ConfigRecord():
            value = record[key]
            if isinstance(value, bytes) and chance.random() < 0.5:
                record[key] = data(chance, value)
            else:
                record[key] = chance.choice(_SCALARS)
    if chance.random() < 0.2:
        record[chance.choice(("", "x", "server-round", "members", key + " "))] = record.pop(key)  # type: ignore[call-overload]


def _array(chance: random.Random, array: Array) -> Array:
    fields: dict[str, Any] = {name: getattr(array, name) for name in ("dtype", "shape", "stype", "data")}
    match chance.randrange(4):
        case 0:
            fields["dtype"] = chance.choice(_DTYPES)
        case 1:
            fields["shape"] = chance.choice(((), (0,), (1,), (2**40,), (-1,), (3, 3, 3), (*fields["shape"], 1)))
        case 2:
            fields["stype"] = chance.choice(_KINDS)
        case _:
            fields["data"] = data(chance, fields["data"])
    return Array(**fields)


def _place(chance: random.Random, made: Any) -> tuple[Any, Any]:
    """Return a container within a JSON value and a key of it, each depth as likely."""
    parent, key = made, "root"
    while isinstance(child := parent[key], dict | list) and child and chance.random() < 0.8:
        parent, key = child, chance.choice(list(child)) if isinstance(child, dict) else chance.randrange(len(child))
    return parent, key
