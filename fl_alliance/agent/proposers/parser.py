"""The deterministic proposer, which needs no model: the one tool whose lexicon takes all the words."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from fl_alliance.agent.amounts import plainly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import GuardRefused, NotUnderstood
from fl_alliance.agent.guards.offers import is_named
from fl_alliance.agent.guards.phrasebook import commands, orders_of
from fl_alliance.agent.guards.reading import Mentions, mentions, mentions_but
from fl_alliance.agent.guards.words import bare_of
from fl_alliance.agent.tools import TOOLS, Action, Call, Kind

_EXAMPLES = "send 5 FML to ada; stake 5 FML in task 3; vote yes on proposal 2; balance"


_CLAUSES = re.compile(r"(?<=[.,!?;:]) +| - ")
_ASKING = re.compile(
    r"\b(?:what|what's|whats|how|how's|hows|when|where|which|show|tell|check|see|know|look|balance|price|status|overview|"
    r"summary|update)\b",
    re.IGNORECASE,
)
"""Words of a clause that wants to know something."""
_ACTIONS = [name for name, tool in TOOLS.items() if issubclass(tool, Action)]
_ME = re.compile(r"\b(?:i|my|mine|me)\b", re.IGNORECASE)
_READS = [name for name, tool in TOOLS.items() if not issubclass(tool, Action)]


class Parser:
    """Reads words with the guards' own reader, each tool in turn.

    Parameters
    ----------
    book : Book
        For names.
    me : str
        The account.
    """

    name = "parser"

    def __init__(self, book: Book, me: str) -> None:
        self._book, self._me = book, me

    def propose(self, words: str, context: Sequence[str]) -> str:
        """Return the call; context is not looked at."""
        found: dict[str, Mapping[str, Any]] = {}
        reasons: list[str] = []
        for name, tool in TOOLS.items():
            try:
                understood = self._arguments(tool, mentions(words, name, self._book, self._me))
            except (GuardRefused, NotUnderstood) as refused:
                if _is_asked_for(name, words):
                    reasons.append(f"{name}: {refused}")
                continue
            if understood is not None:
                found[name] = understood
            else:
                reasons.append(f"{name}: takes {_needs(tool)}, each once")
        if not found:
            found = self._read_loosely(words)
        if len(found) != 1:
            why = "; ".join(reasons) or "the words ask for none of the tools"
            raise NotUnderstood(f"{why} (such as: {_EXAMPLES})")
        [(name, arguments)] = found.items()
        return json.dumps({"tool": name, **arguments})

    def _read_loosely(self, words: str) -> dict[str, Mapping[str, Any]]:
        """Return the calls that only read which one clause asks for, whatever is said besides but another request."""
        clauses = _CLAUSES.split(words)
        asking = [clause for clause in clauses if clause.endswith("?") or _ASKING.search(clause)]
        found: dict[str, Mapping[str, Any]] = {}
        for name, clause in product(_READS, asking):
            try:
                named, skipped = mentions_but(clause, name, self._book, self._me)
            except (GuardRefused, NotUnderstood):
                continue
            others = " ".join(other for other in clauses if other is not clause).split()
            understood = self._subject(name, clause, named)
            if understood is not None and not any(self._asks_more(word) for word in (*skipped, *others)):
                found[name] = understood
        return found

    def _subject(self, tool: str, clause: str, named: Mentions) -> dict[str, Any] | None:
        """Return a reading call's arguments: whose balance it is may be said by "my", or of another beside "I"."""
        mine = (Kind.ACCOUNT, self._me)
        others = replace(named, parts=Counter(part for part in named.parts if part != mine))
        is_mine = tool == "balance" and (mine in named.parts or _ME.search(clause) is not None)
        if not others.parts and not is_mine:
            return None
        return self._arguments(TOOLS[tool], others)

    def _asks_more(self, word: str) -> bool:
        return is_named(word, self._book) or bare_of(word) in commands(*_ACTIONS)

    def _arguments(self, tool: type[Call], found: Mentions) -> dict[str, Any] | None:
        """Return a call's arguments, None where the words do not name each part, and each once."""
        if not issubclass(tool, Action) and not found.parts:
            return {"account": self._me} if tool is TOOLS["balance"] else None
        parts = tool.parts()
        named = found.parts.elements() if issubclass(tool, Action) else iter(found.parts)
        kinds = [kind for kind, _ in named]
        if sorted(kinds) != sorted(part.metadata["kind"] for part in parts):
            return None
        values = dict(found.parts.elements())
        return {part.metadata["name"]: _written(part.metadata["kind"], values) for part in parts}


def _written(kind: Kind, values: Mapping[Kind, Any]) -> Any:
    value = values[kind]
    if kind is Kind.AMOUNT:
        return plainly(value)
    return value.name.lower() if kind is Kind.CHOICE else str(value)


def _needs(tool: type[Call]) -> str:
    return " and ".join(_one(str(part.metadata["kind"])) for part in tool.parts())


def _one(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _is_asked_for(tool: str, words: str) -> bool:
    spoken = f" {' '.join(words.lower().split())} "
    return any(all(any(f" {phrase} " in spoken for phrase in known) for known in order) for order in orders_of(tool))
