"""The default task: what somebody asks in plain words, as the FML tool call that does it, in JSON.

Data are drawn from templates. Which set a prompt may be in follows from the prompt itself: no seed and no size brings a
prompt of one set into another, and whoever draws a training set of their own does not meet what scores.
"""

import hashlib
import json
from collections.abc import Iterator

import numpy as np

from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.examples import MOST_EXAMPLES, Example
from fl_alliance.arena.kinds.lm.phrases import PHRASES, TOOLS, fillers_of
from fl_alliance.arena.kinds.seeded import stream

SETS = ("train", "a", "b")
_EDGES = {"train": range(192), "a": range(192, 224), "b": range(224, 256)}


def examples(name: str, count: int, seed: int) -> tuple[Example, ...]:
    """Return `count` different examples of a set; tools take turns, past those that have no new prompt left.

    Parameters
    ----------
    name
        One of `SETS`.
    count
        1 to `MOST_EXAMPLES`.
    seed
        Another seed draws others, of the same set.

    Raises
    ------
    DataUnusable
        Another count.
    """
    if not 1 <= count <= MOST_EXAMPLES:
        raise DataUnusable(f"{count} examples", f"1 to {MOST_EXAMPLES}")
    found: dict[str, Example] = {}
    for example in _drawn(stream(seed, "calls", name)):
        if set_of(example.prompt) == name:
            found.setdefault(example.prompt, example)
        if len(found) == count:
            break
    return tuple(found.values())


def set_of(prompt: str) -> str:
    """Return which of `SETS` a prompt may be in: three quarters are for training, an eighth each for a and b."""
    first = hashlib.sha256(prompt.encode()).digest()[0]
    return next(name for name, edges in _EDGES.items() if first in edges)


def _drawn(rng: np.random.Generator) -> Iterator[Example]:
    while True:
        for tool in TOOLS:
            phrase = PHRASES[tool][rng.integers(len(PHRASES[tool]))]
            choices = {name: fillers_of(tool, name) for name in TOOLS[tool]}
            arguments = {name: known[rng.integers(len(known))] for name, known in choices.items()}
            answer = json.dumps({"tool": tool, **arguments}, separators=(",", ":"))
            yield Example(phrase.format(**arguments), answer)
