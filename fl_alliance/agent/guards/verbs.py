"""Forms of verbs, and the frames in which people wish that something be done by them: "i'd like … sent"."""

from collections.abc import Sequence

from fl_alliance.agent.guards.courtesy import each
from fl_alliance.agent.guards.lexicon import Order

_PARTICIPLES = {
    "send": "sent",
    "pay": "paid",
    "repay": "repaid",
    "give": "given",
    "put": "put",
    "set": "set",
    "take": "taken",
    "throw": "thrown",
    "withdraw": "withdrawn",
    "shoot": "shot",
    "stick": "stuck",
}
"""Those that no rule makes."""
_DOUBLED = ("drop", "slip", "tip", "pop", "put", "set", "remit", "commit", "transfer", "zap")
WISHES = (
    *("i want", "i'd like", "i would like", "i need", "i'd love", "i would love", "i wish", "i request", "i'd prefer"),
    *("have", "get", "can i have", "could i have", "may i have"),
)
_DUTIES = each(("to", "should", "must", "shall", "has to", "needs to", "ought to", "is to", "are to"), ("be",))


def gerund(verb: str) -> str:
    """Return "handing over" of "hand over"."""
    head, _, tail = verb.partition(" ")
    return f"{_stem(head)}ing {tail}".strip()


def participle(verb: str) -> str:
    """Return "handed over" of "hand over"."""
    head, _, tail = verb.partition(" ")
    ended = f"{head}d" if head.endswith("e") else f"{_doubled(head)}ed"
    return f"{_PARTICIPLES.get(head, ended)} {tail}".strip()


def minded(verbs: Sequence[str]) -> tuple[str, ...]:
    """Return the ways to ask whether somebody minds doing it."""
    return each(("would you mind", "do you mind"), tuple(map(gerund, verbs)))


def wished(*verbs: str) -> tuple[Order, ...]:
    """Return the orders of wishing that it be done: "i want … sent", "must be sent"."""
    done = tuple(map(participle, verbs))
    return (WISHES, (*done, *each(("to be",), done))), (each(_DUTIES, done),)


def _stem(verb: str) -> str:
    return verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else _doubled(verb)


def _doubled(verb: str) -> str:
    return verb + verb[-1] if verb in _DOUBLED else verb
