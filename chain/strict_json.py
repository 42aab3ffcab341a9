"""JSON from strangers: what two readers could understand differently, or what could bring one down, is refused.

Files that others publish, messages, and files of one's own that may have been changed are all read here, and nowhere by
`json` itself (`tests/test_layers.py`).
"""

import json
import re
from itertools import accumulate
from typing import Any

DEEPEST = 32
"""Objects and arrays within one another, at most."""
_NO_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[^\[\]{}"]++', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}


def parse(content: str | bytes, deepest: int = DEEPEST, *, has_nan: bool = False) -> Any:
    """Return what a JSON text, or its UTF-8 bytes, says.

    Nesting is counted before anything is parsed: the parser recurses, and where a library has raised the interpreter's
    recursion limit (py-evm does) deep nesting would end the process instead of raising.

    Parameters
    ----------
    content : str or bytes
    deepest : int
        Objects and arrays within one another, at most.
    has_nan : bool
        Whether NaN and infinity are taken, as Python writes them: figures of a run that diverged.

    Raises
    ------
    ValueError
        No UTF-8, no JSON, NaN or infinity, a name that occurs twice in an object, a number of thousands of digits, or
        nesting deeper than `deepest`.
    """
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    if text.count("{") + text.count("[") > deepest:
        depths = accumulate(_STEPS.get(mark, 0) for mark in _NO_BRACKETS.sub("", text))
        if max(depths, default=0) > deepest:
            raise ValueError(f"nested too deeply, needed a depth of at most {deepest}")
    return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=float if has_nan else _no_constant)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
