"""The user's own words, read to the last one: what they name, of which kind, how often.

Nothing is guessed. Numbers inside names, addresses and quotations are parts of these and amounts of nothing.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.agent.amounts import amount_of
from fl_alliance.agent.book import Book, strict_address
from fl_alliance.agent.errors import NotUnderstood, WordsUnclear
from fl_alliance.agent.guards.lexicon import LEXICONS, REQUESTS, Lexicon
from fl_alliance.agent.tools import Kind

LONGEST = 2_000
"""Characters."""
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”')
_PLAIN = re.compile(r"[A-Za-z0-9 .,!?:;'#_-]*", re.ASCII)
_NUMBERED = {"task": Kind.TASK, "proposal": Kind.PROPOSAL, "model": Kind.MODEL}
_COUNT = re.compile(r"#?([1-9][0-9]{0,8})", re.ASCII)
_OWNED = ("account", "wallet", "address", "balance")
_CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
"""What some keyboards make of an apostrophe."""
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_SEED_WORDS = 12
"""The shortest seed phrase (BIP-39)."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What words name: parts with their kinds, each as often as it occurs; what is quoted; whether they only ask."""

    parts: Counter[tuple[Kind, Any]]
    question: str
    asks: bool


@dataclass
class _Reading:
    """Words on the way: what is left of them, and what was found."""

    tokens: Sequence[str]
    known: Lexicon
    book: Book
    me: str
    at: int = 0
    has_cue: bool = False
    is_request: bool = False
    parts: Counter[tuple[Kind, Any]] = field(default_factory=Counter)

    def run(self) -> None:
        if wrong := next((phrase for phrase in self.known.never if phrase in " ".join(self.tokens).lower()), ""):
            raise WordsUnclear(f"{wrong!r} can be read in two ways; say it in other words")
        while self.at < len(self.tokens):
            if not (self._phrase() or self._numbered() or self._named()):
                found = _shown(self.tokens[self.at])
                raise WordsUnclear(f"{found} is neither a word of this request nor a name of the address book")

    def _phrase(self) -> bool:
        """Take the longest phrase that is here; a noun before a number is part of that."""
        for phrase in self.known.phrases:
            if tuple(each.lower() for each in self._next(len(phrase))) != phrase or self._count(len(phrase), phrase):
                continue
            text = " ".join(phrase)
            self.at += len(phrase)
            self.has_cue |= text in self.known.cues
            self.is_request |= text in REQUESTS
            if text in self.known.choices:
                self._found(Kind.CHOICE, self.known.choices[text])
            return True
        return False

    def _numbered(self) -> bool:
        """Take "task 3", "proposal #3" or "model number 3"."""
        noun = self.tokens[self.at].lower()
        if noun not in _NUMBERED:
            return False
        self.at += 1
        if self._next(1) and self._next(1)[0].lower() == "number":
            self.at += 1
        found = _COUNT.fullmatch(self._next(1)[0]) if self._next(1) else None
        if found is None:
            raise WordsUnclear(f"{noun} needs its number after it, such as {noun} 3")
        self.at += 1
        self._found(_NUMBERED[noun], int(found[1]))
        return True

    def _named(self) -> bool:
        """Take a name, an address or an amount."""
        token = self.tokens[self.at]
        name, owned, _ = token.partition("'s")
        if owned:
            following = self.tokens[self.at + 1].lower() if self.at + 1 < len(self.tokens) else ""
            if token != f"{name}'s" or following not in _OWNED:
                return False
        if (entry := self.book.find(name)) is not None:
            self._found(entry.kind, entry.value)
        elif token.lower() in ("me", "my", "i") and self.known is LEXICONS["balance"]:
            self._found(Kind.ACCOUNT, self.me)
        elif name.startswith("0x"):
            self._found(Kind.ACCOUNT, self._address(name))
        elif token[0].isdigit() and not owned:
            self._found(Kind.AMOUNT, self._amount(token))
        else:
            return False
        self.at += 1
        return True

    def _count(self, words: int, phrase: tuple[str, ...]) -> bool:
        """Return whether a phrase ends in a noun that a number follows."""
        following = self.tokens[self.at + words : self.at + words + 1]
        is_number = bool(following) and (following[0].lower() == "number" or bool(_COUNT.fullmatch(following[0])))
        return phrase[-1] in _NUMBERED and is_number

    def _next(self, count: int) -> Sequence[str]:
        return self.tokens[self.at : self.at + count]

    def _found(self, kind: Kind, value: Any) -> None:
        if kind not in self.known.takes:
            raise WordsUnclear(f"{_shown(str(value))}: a {kind} has no place in this; ask for one thing at a time")
        if kind is Kind.ACCOUNT and self.known.before and not self._is_placed():
            needed = ", ".join(self.known.before)
            raise WordsUnclear(f"{_shown(self.tokens[self.at])}: who is meant stands right behind one of {needed}")
        self.parts[kind, value] += 1

    def _is_placed(self) -> bool:
        """Return whether the account that is here stands where the lexicon has one."""
        said = f" {' '.join(self.tokens[: self.at]).lower()}"
        follows = f"{' '.join(self.tokens[self.at + 1 :]).lower()} "
        return any(said.endswith(f" {phrase}") for phrase in self.known.before) or any(
            follows.startswith(f"{phrase} ") for phrase in self.known.after
        )

    def _address(self, text: str) -> str:
        try:
            found = strict_address(text)
        except ValueError as error:
            raise WordsUnclear(str(error)) from None
        if whose := self.book.impersonated(found):
            raise WordsUnclear(f"{found} begins and ends like the address of {whose}, and is another one")
        return found

    def _amount(self, text: str) -> int:
        try:
            return amount_of(text)
        except ValueError as error:
            raise WordsUnclear(str(error)) from None


def mentions(words: str, tool: str, book: Book, me: str) -> Mentions:
    """Return what words name, read as somebody asks for this tool.

    Raises
    ------
    WordsUnclear
        A word that the tool's lexicon does not have, a part of a kind that it does not take, an amount or address that
        is none or can be read in two ways, quotation marks where nothing is to be quoted.
    NotUnderstood
        No word asks for this tool.
    """
    known = LEXICONS[tool]
    plain, quoted = split(words)
    if len(quoted) > known.has_question:
        raise WordsUnclear(f"{len(quoted)} quotations in the words, needed at most {int(known.has_question)}")
    reading = _Reading(tuple(_tokens(plain)), known, book, me)
    reading.run()
    if not reading.has_cue:
        raise NotUnderstood(f"nothing in the words asks to {tool.replace('_', ' ')}")
    return Mentions(reading.parts, quoted[0] if quoted else "", "?" in plain and not reading.is_request)


def split(words: str) -> tuple[str, list[str]]:
    """Return words without what is quoted, which stands as a space in them, and the quotations.

    Raises
    ------
    WordsUnclear
        Too long; a character that does not show, or outside of quotations one that could be taken for another one; a
        quotation that does not end.
    """
    if len(words) > LONGEST:
        raise WordsUnclear(f"{len(words)} characters, needed at most {LONGEST}")
    for character in words:
        if unicodedata.category(character)[0] == "C":
            raise WordsUnclear(f"{_shown(character)} in the words does not show; needed text that does")
    quoted = [first or second for first, second in _QUOTED.findall(words)]
    plain = _QUOTED.sub(" ", words).replace(_CURLY, "'")
    if not _PLAIN.fullmatch(plain):
        odd = next(each for each in plain if not _PLAIN.fullmatch(each))
        why = "a quotation that does not end" if odd in '"“”' else "needed plain letters, digits and punctuation"
        raise WordsUnclear(f"{_shown(odd)}: {why}")
    return plain, quoted


def has_secret(words: str) -> bool:
    """Return whether there are 64 hex digits in a row, as in a private key, or twelve words as in a seed phrase."""
    tokens = re.findall("[a-z]+", words.lower())
    if len(tokens) < _SEED_WORDS:
        return _KEY.search(words) is not None
    from eth_account.hdaccount.mnemonic import Mnemonic

    known = set(Mnemonic().wordlist)
    are_known = [token in known for token in tokens]
    seeds = (all(are_known[at : at + _SEED_WORDS]) for at in range(len(tokens) - _SEED_WORDS + 1))
    return _KEY.search(words) is not None or any(seeds)


def _tokens(plain: str) -> Iterator[str]:
    for token in plain.split(" "):
        if bare := token.rstrip(".,!?:;"):
            yield bare


def _shown(text: str) -> str:
    """Return text of the user's for a message, a character outside ASCII by its name: it may look like another one."""
    if len(text) == 1 and not (text.isascii() and text.isprintable()):
        return f"U+{ord(text):04X} {unicodedata.name(text, 'without a name')}"
    return repr(text[:50])
