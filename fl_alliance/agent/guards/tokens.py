"""Words as they are read: one by one, each with the punctuation behind it, short forms written out, slips corrected."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fl_alliance.agent.book import Book
from fl_alliance.agent.guards.lexicon import SHORT
from fl_alliance.agent.guards.typos import corrected

_PAUSES = ".,!?:;"
ENDS = ".!?;:"
"""Punctuation that ends a sentence, or what belongs together."""


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
    for written in plain.split(" "):
        bare = written.rstrip(_PAUSES)
        long = None if book.find(bare) else SHORT.get(bare.lower())
        yield from [written] if long is None else f"{long}{written[len(bare) :]}".split(" ")


def joined(tokens: Sequence[Token]) -> str:
    return " ".join(token.small for token in tokens)
