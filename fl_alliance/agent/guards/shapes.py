"""What was said as a whole: whether it asks for a tool, by a cue or by its shape alone."""

from collections.abc import Sequence

from fl_alliance.agent.guards.courtesy import POLITE
from fl_alliance.agent.guards.lexicon import Order
from fl_alliance.agent.guards.phrasebook import LEXICONS, orders_of

PART = "*"
"""Stands in what was said for a part that was found."""
_TERSE = ([PART, PART, "choice"], [PART, "choice", "on", PART])
""""proposal 3: no" and "no on proposal 3": a choice is a part, and then what was said for it."""
_PLACES = frozenset(("to", "into", "over to", "in", "on", "onto", "with", "fml", "task", "account", "wallet"))


def asks_for(tool: str, said: Sequence[str]) -> bool:
    """Return whether phrases and parts, in the order in which they were said, ask for a tool."""
    return any(_is_in_order(order, said) for order in orders_of(tool)) or _is_terse(tool, said)


def is_bare(said: Sequence[str]) -> bool:
    """Return whether nothing is said but parts, and words for where these stand."""
    return all(word == PART or word in _PLACES or word in POLITE for word in said)


def _is_in_order(order: Order, said: Sequence[str]) -> bool:
    """Return whether one of each class was said, one behind the other."""
    left = iter(said)
    return all(any(phrase in known for phrase in left) for known in order)


def _is_terse(tool: str, said: Sequence[str]) -> bool:
    known = LEXICONS[tool]
    shape = ["choice" if word in known.choices else word for word in said if word not in POLITE]
    return known.is_terse and shape in _TERSE
