"""Grounding: a proposed action and the user's own words of this turn say the same, part by part, nothing more or less.

Documents, answers of models and earlier turns are not asked: whatever they say, it is not in these words.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import GuardRefused, NotInWords, NotUnderstood, WordsUnclear
from fl_alliance.agent.guards.phrasebook import commands, phrases_of
from fl_alliance.agent.guards.reading import mentions, mentions_but
from fl_alliance.agent.guards.words import bare_of, shown, split
from fl_alliance.agent.tools import TOOLS, Action, Balance, Call, CallModel, Kind, name_of

_ACTIONS = [name for name, tool in TOOLS.items() if issubclass(tool, Action)]


def ground(call: Action, words: str, book: Book, me: str) -> Action:
    """Return the action, with what the words quote as its question, where words and action say the same.

    Raises
    ------
    WordsUnclear, NotUnderstood
        As `mentions`; or the words ask instead of telling, or a model is asked nothing.
    NotInWords
        They differ: the message names in what.
    """
    found = mentions(words, name_of(type(call)), book, me)
    if found.asks:
        raise WordsUnclear("the words are a question; say it as a command, without a question mark")
    claims = call.claims()
    if missing := claims - found.parts:
        said = f"your words say {_listed(found.parts, book) or 'nothing of the kind'}"
        raise NotInWords(f"proposed is {_listed(missing, book)}, {said}")
    if left := found.parts - claims:
        raise NotInWords(f"your words also say {_listed(left, book)}, the proposal does not; say one thing at a time")
    return _asked(call, found.question) if isinstance(call, CallModel) else call


def require_subject(call: Call, words: str, book: Book, me: str) -> None:
    """Refuse an answer of something else than the words ask about, as far as they can be read; raises `NotInWords`.

    Words that ask for an action, and quotations, ask about nothing.
    """
    if asked := _action_in(words, name_of(type(call)), book, me):
        raise NotInWords(f"the answer would only tell something, your words ask for more: {asked}")
    try:
        found, _ = mentions_but(words, name_of(type(call)), book, me, needs_cue=False)
    except (GuardRefused, NotUnderstood):
        return
    named = set(found.parts) or ({(Kind.ACCOUNT, me)} if isinstance(call, Balance) else set())
    if named and not named.issuperset(call.claims()):
        said = _listed(Counter(named), book)
        raise NotInWords(f"the answer would be of {_listed(call.claims(), book)}, your words ask about {said}")


def _action_in(words: str, reads: str, book: Book, me: str) -> str:
    """Return the action that words ask for, or else their quotation or the verb of an action that a tool has not."""
    if asked := next((name for name in _ACTIONS if _is_read(words, name, book, me)), ""):
        return asked.replace("_", " ")
    plain, quoted = split(words)
    known = {word for phrase in phrases_of(reads) for word in phrase}
    verbs = [bare for bare in map(bare_of, plain.split()) if bare in commands(*_ACTIONS) and bare not in known]
    return shown([*quoted, *verbs][0]) if quoted or verbs else ""


def _is_read(words: str, tool: str, book: Book, me: str) -> bool:
    """Return whether words are read to the last one as asking for a tool."""
    try:
        mentions(words, tool, book, me)
    except (GuardRefused, NotUnderstood):
        return False
    return True


def _asked(call: CallModel, question: str) -> CallModel:
    """Return the call with its question: a client of MCP gives it as an argument, a person in quotation marks."""
    if call.question and question and call.question != question:
        raise NotInWords("the question is another one than the words quote")
    if not (call.question or question).strip():
        raise WordsUnclear("no question: put what to ask between quotation marks")
    return replace(call, question=call.question or question)


def _listed(parts: Counter[tuple[Kind, Any]], book: Book) -> str:
    return " and ".join(_told(kind, value, book) for kind, value in sorted(parts.elements(), key=lambda part: part[0]))


def _told(kind: Kind, value: Any, book: Book) -> str:
    if kind is Kind.AMOUNT:
        return exactly(value)
    if kind is Kind.CHOICE:
        return f"the choice {value.name.lower()}"
    name = book.name_of(kind, value)
    return f"{kind} {name or value}"
