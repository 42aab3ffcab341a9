"""YAML from strangers, before it is parsed: the parser recurses, and takes quadratic time for brackets in brackets."""

import re

MOST_BRACKETS, MOST_DASHES = 2_000, 32
_IN_A_LINE = re.compile(rf"(?:[-?:][ \t]+){{{MOST_DASHES}}}")


def require_shallow(text: str) -> None:
    """Refuse YAML that nests deeper than any file of this project; raises `ValueError`."""
    if text.count("[") + text.count("{") > MOST_BRACKETS or _IN_A_LINE.search(text):
        raise ValueError("nested too deeply")
