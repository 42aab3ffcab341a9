"""What the words come to without those that are not understood, offered to the user in words that are: a question.

Nothing is signed by an offer. Who says yes to it has said it; amount and account are still from the first words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.agent.amounts import plainly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import AgentError
from fl_alliance.agent.guards.lexicon import words as phrases
from fl_alliance.agent.guards.phrasebook import LEXICONS, commands
from fl_alliance.agent.guards.reading import Mentions, mentions, mentions_but
from fl_alliance.agent.guards.shapes import is_bare
from fl_alliance.agent.guards.words import bare_of, shown, split
from fl_alliance.agent.tools import OF_ARENA, TOOLS, Action, AllianceTask, Kind
from fl_alliance.chain.dao import Appearance, Support

_MOST_SKIPPED, _PAUSES = 8, ".,!?:;"
_TURNS = frozenset(
    phrases("""
        no, not, never, none, nobody, nothing, if, unless, when, whenever, once, after, before, until, while, soon,
        would, could, should, might, may, suppose, imagine, pretend, wrong, cancel, undo, stop, forget, or, but,
        except, without, said, says, say, told, tells, asked, asks, wants, wrote, writes, thinks, tomorrow, later,
        next, yesterday, every, each, instead, ignore, rather, sent, paid, was, were, had, remind, whoever, anyone,
        half, all, between, least, than, minus, plus, about, other, another, same, both, twice, more, less, then,
        first, whether, joke, joking, kidding, test, testing, example, fake, prank, lie, lies, lying, going, gonna,
        wonder, maybe, perhaps, probably, hope, hopes, assume, assuming, provided, till, tonight, afternoon,
        hypothetically, possibly, system, user, assistant, admin, administrator, instructions, mistake, error, unwise,
        risky, thinking, considering, planning, tempted, undecided, unsure, debating, decide, deciding,
        choose, advise, who, whom, whose, regret, rescind, retract, reduce, decrease, lower, shrink, cut, trim, remove,
        unwind, exit, leave, quit, recover, retrieve, return, detach, subtract, deduct, pull, unbond, extract, draw,
        claw, refund, reverse, annul, void, oust, end, revoke, release, free,
        refuse, refrain, approximately, roughly, around, almost, nearly, dont, cant, wont, isnt, shouldnt, heard,
        claims, wish, wished, why, day, days, daily, week, weekly, month, monthly, year, yearly, forever, always,
        promised, promise, will, take, takes, taking, took, recommend, recommends, recommended, suggests, suggested,
        advises, advised, urges, urged, gave, took, threw, withdrew, got, won, had, made, lost, lied, owes, owed, gets,
        spent, received, earned, needed, wanted, lent, borrowed, evening, morning, noon, midnight, hour, hours, minute,
        minutes
        """)
)
"""Words beside which a request is another one, or none: nothing is offered."""
_PLAIN_CONTRACTIONS = ("it's", "she's", "he's", "that's", "i'm", "they're", "we're", "you're", "i've", "we've")
"""Of is, am, are and have, which turn nothing; n't, 'd and 'll may."""
_LINKS = frozenset(
    phrases("""
        from, to, for, by, behind, of, on, in, with, back, into, out, let, make, my, your, his, their, our, is, are,
        be, am, me, you, did, how, what
        """)
)
"""Words that may turn one in whose middle they stand."""
_BETWEEN = re.compile(r"[.,!?;:]+ +| - | and ")
_FOR = re.compile(r"\bfor (\S+)", re.IGNORECASE)
_ASKS = re.compile(r"\b(?:do|does|did|am|is|are|was|were|has|have|must|can) (?:i|we|you|he|she|they)\b", re.IGNORECASE)
"""Asks, with a question mark or without one."""
_TELLS = re.compile(r"\b(?:i|we|you|he|she|they) (?:have|had) (\w+)", re.IGNORECASE)
"""Has what was done behind it."""
_SENTENCES = {
    "transfer": "send {amount} FML to {account}",
    "stake": "stake {amount} FML in {task}",
    "unstake": "unstake from {task}",
    "claim": "claim my rewards in {task}",
    "delegate": "delegate {amount} FML to {account} in {task}",
    "undelegate": "undelegate from {account} in {task}",
    "lock": "lock {amount} FML to vote",
    "unlock": "unlock {amount} FML of my votes",
    "appear": "{choice} proposal {proposal}",
    "vote": "vote {choice} on proposal {proposal}",
    "rate": "rate model {model} {number of stars} stars",
    "call_model": 'ask model {model} "{question}" for at most {amount} FML',
}
_NAMED = ("transfer", "stake", "delegate", "vote")
"""Tools that what is named tells apart from all others, whatever the verb."""
_CHOICES: Mapping[str, Mapping[int, str]] = {
    "vote": {Support.FOR: "yes", Support.AGAINST: "no", Support.ABSTAIN: "abstain"},
    "appear": {
        Appearance.PRESENT: "sign in to",
        Appearance.SCAM: "flag as a scam",
        Appearance.FRIVOLOUS: "flag as frivolous",
    },
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A request in words that are understood, and the question whether it is meant."""

    question: str
    words: str


def offered(words: str, book: Book, me: str) -> Offer | None:
    """Return the one request that words make, or one clause of them, but for a few that are not understood.

    None where there is no such, or a word that is left out may turn it into another one.
    """
    if _ASKS.search(words) or any(told.lower() in commands() for told in _TELLS.findall(words)):
        return None
    return _of_clauses(words, book, me) or _of_parts(words, book, me) or _of_receiver(words, book, me)


def _of_clauses(words: str, book: Book, me: str) -> Offer | None:
    """Return the one request that words make, or the first of their clauses that makes one."""
    for clause, left_out in _clauses(words, book):
        found = [offer for tool in _SENTENCES if (offer := _offer(clause, left_out, tool, book, me)) is not None]
        if len(found) == 1:
            return found[0]
    return None


def _of_parts(words: str, book: Book, me: str) -> Offer | None:
    """Return the one request that what is named makes with one verb that is not known, or without one."""
    named = (_offer(words, (), tool, book, me, needs_cue=False) for tool in _NAMED)
    found = [offer for offer in named if offer is not None]
    return found[0] if len(found) == 1 else None


def _of_receiver(words: str, book: Book, me: str) -> Offer | None:
    """Return the request that words make if who something is for is who gets it."""
    given = _FOR.sub(lambda found: f"to {found[1]}" if is_named(found[1], book) else found[0], words)
    if given == words:
        return None
    found = _offer(given, ("for",), "transfer", book, me)
    return found or _offer(given, ("for",), "transfer", book, me, needs_cue=False)


def _clauses(words: str, book: Book) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the words, and each of their clauses with the words of the others, where these name nothing."""
    yield words, ()
    try:
        plain, quoted = split(words)
    except AgentError:
        return
    clauses = [] if quoted else _BETWEEN.split(plain)
    for at, clause in enumerate(clauses):
        left_out = " ".join(clauses[:at] + clauses[at + 1 :]).split()
        if left_out and not any(is_named(word, book) or turns(word) for word in left_out):
            yield clause, left_out


def is_named(word: str, book: Book) -> bool:
    """Return whether a word names something of the book."""
    return book.find(word.strip(_PAUSES).partition("'s")[0]) is not None


def turns(word: str) -> bool:
    """Return whether a word may turn a request into another one, names something, or asks for another one itself."""
    bare = bare_of(word)
    is_contracted = "'" in bare and bare not in _PLAIN_CONTRACTIONS
    return bare in _TURNS or bare in commands() or is_contracted or any(each.isdigit() for each in bare)


def _offer(words: str, left_out: Sequence[str], tool: str, book: Book, me: str, needs_cue: bool = True) -> Offer | None:
    try:
        named, skipped = mentions_but(words, tool, book, me, needs_cue)
    except AgentError:
        return None
    if not needs_cue and (len(skipped) > 1 or not is_bare(named.said)):
        return None
    kinds = sorted(kind for kind, _ in named.parts.elements())
    needed = sorted(part.metadata["kind"] for part in TOOLS[tool].parts())
    is_turned = any(turns(word) or word.lower() in _LINKS for word in skipped)
    if kinds != needed or named.asks or len(skipped) + len(left_out) > _MOST_SKIPPED or is_turned:
        return None
    is_of_alliance = any(isinstance(value, AllianceTask) for _, value in named.parts)
    if (TOOLS[tool] in OF_ARENA and is_of_alliance) or (LEXICONS[tool].has_question and not named.question):
        return None
    sentence = _sentence(tool, named, book)
    assert issubclass(TOOLS[tool], Action)  # noqa: S101  what sentences are of
    if mentions(sentence, tool, book, me).parts != named.parts:
        return None
    odd = [*left_out, *skipped]
    why = f"{', '.join(map(shown, odd))}: not understood. " if odd else ""
    return Offer(f"{why}Do you mean: {sentence}? Say yes, or say it in other words", sentence)


def _sentence(tool: str, named: Mentions, book: Book) -> str:
    values = {kind.value: _written(tool, kind, value, book) for kind, value in named.parts.elements()}
    return _SENTENCES[tool].format(question=named.question, **values)


def _written(tool: str, kind: Kind, value: Any, book: Book) -> str:
    if kind is Kind.AMOUNT:
        return plainly(value)
    if kind is Kind.ACCOUNT:
        return book.name_of(kind, value) or str(value)
    if kind is Kind.TASK and not isinstance(value, AllianceTask):
        return f"task {value}"
    return _CHOICES[tool][value] if kind is Kind.CHOICE else str(value)
