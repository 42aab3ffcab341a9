"""JSON from strangers: what two readers could understand differently is refused."""

import json
from typing import Any


def parse(text: str) -> Any:
    """Return what a JSON text says.

    Raises
    ------
    ValueError
        No JSON, NaN or infinity, a name that occurs twice in an object, a number of thousands of digits, or nesting
        deeper than the interpreter's stack.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
