"""Words one by one, each with the punctuation behind it, short forms written out, slips corrected."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fl_alliance.agent.book import Book
from fl_alliance.agent.guards.typos import corrected

_PAUSES = ".,!?:;"
ENDS = ".!?;:"
"""Punctuation that ends a sentence, or what belongs together."""

SHORT: Mapping[str, str] = {
    "u": "you",
    "ya": "you",
    "prop": "proposal",
    "bal": "balance",
    "acct": "account",
    "outta": "out of",
    "im": "i'm",
    "ive": "i've",
    "hows": "how's",
    "thats": "that's",
    "rn": "right now",
    "atm": "at the moment",
    "wanna": "want to",
    "lemme": "let me",
    "gov": "governance",
    "we": "i",
    "us": "me",
    "our": "my",
    "ours": "mine",
    "we'd": "i'd",
    "we're": "i'm",
    "we've": "i've",
    "we'll": "i'll",
}
"""What is written for other words: short forms, and whoever speaks for several."""
_OF_ONE = {"are": "am", "were": "was"}
"""Verbs beside we."""
_FLAG = re.compile(r"(?<!\S)--(?=[A-Za-z])")
"""Before a word, as on a command line."""


class Token(NamedTuple):
    """A word as it is written, in small letters with its slip corrected, and the punctuation behind it."""

    text: str
    small: str
    pause: str


def tokens_of(plain: str, book: Book) -> Iterator[Token]:
    """Yield the words; one that is a name is no slip of another word."""
    for written in _expanded(plain, book):
        if bare := written.rstrip(_PAUSES):
            small = bare.lower()
            yield Token(bare, small if book.find(bare) else corrected(small), written[len(bare) :])


def _expanded(plain: str, book: Book) -> Iterator[str]:
    """Yield the words as they are written, what is short for other words as these; a name is short for nothing."""
    all_written = _FLAG.sub("", plain).split()
    smalls = [written.lower().rstrip(_PAUSES) for written in all_written]
    for at, written in enumerate(all_written):
        bare = written.rstrip(_PAUSES)
        is_mine = "we" in (*smalls[max(0, at - 1) : at], *smalls[at + 1 : at + 2])
        long = None if book.find(bare) else SHORT.get(bare.lower(), _OF_ONE.get(bare.lower()) if is_mine else None)
        yield from [written] if long is None else f"{long}{written[len(bare) :]}".split(" ")


def joined(tokens: Sequence[Token]) -> str:
    return " ".join(token.small for token in tokens)
