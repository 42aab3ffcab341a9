"""JSON from strangers: what two readers could understand differently, or what could bring one down, is refused."""

import json
import re
from itertools import accumulate
from typing import Any

DEEPEST = 32
"""Objects and arrays within one another, at most."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}


def parse(text: str) -> Any:
    """Return what a JSON text says.

    Nesting is counted before anything is parsed: the parser recurses, and where a library has raised the interpreter's
    recursion limit (py-evm does) deep nesting would end the process instead of raising.

    Raises
    ------
    ValueError
        No JSON, NaN or infinity, a name that occurs twice in an object, a number of thousands of digits, or nesting
        deeper than `DEEPEST`.
    """
    depths = accumulate(_STEPS.get(character, 0) for character in _STRING.sub("", text))
    if max(depths, default=0) > DEEPEST:
        raise ValueError("nested too deeply")
    return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
