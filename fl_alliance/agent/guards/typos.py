"""Slips of one letter in the words that requests are made of; never in names, numbers or choices.

A slip keeps the first letter, and is two neighbours swapped, a letter missing, doubled, or hit beside the right key.
Other single letters make other words (gave, staked, withdrew, received), and are no slips.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from fl_alliance.agent.guards.numbers import WORDS
from fl_alliance.agent.guards.phrasebook import LEXICONS, vocabulary

_SHORTEST, _LONG, _LONGER = 4, 5, 6
"""Letters of a right word: for a swap or a double, for a missing letter, for a wrong key."""
_INFLECTIONS = "ds"
"""Without which, at its end, a word is another form of itself."""
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def corrected(word: str) -> str:
    """Return the word of a request that a word in small letters is a slip of, itself where it is none, or of two."""
    if word in vocabulary() or word in WORDS or not (word.isascii() and word.isalpha()):
        return word
    meant = _slips().get(word, ())
    return meant[0] if len(meant) == 1 else word


@cache
def _slips() -> dict[str, Sequence[str]]:
    choices = {part for known in LEXICONS.values() for phrase in known.choices for part in phrase.split()}
    found: dict[str, list[str]] = {}
    for right in sorted(vocabulary() - choices - WORDS):
        if right.isalpha() and len(right) >= _SHORTEST:
            for slip in set(_slips_of(right)) - vocabulary():
                found.setdefault(slip, []).append(right)
    return dict(found)


def _slips_of(right: str) -> Iterator[str]:
    for at in range(1, len(right)):
        if at + 1 < len(right):
            yield right[:at] + right[at + 1] + right[at] + right[at + 2 :]
        yield right[:at] + right[at] + right[at:]
        is_last = at == len(right) - 1
        if len(right) >= _LONG and not (is_last and right[at] in _INFLECTIONS):
            yield right[:at] + right[at + 1 :]
        if len(right) >= _LONGER and not is_last:
            yield from (right[:at] + key + right[at + 1 :] for key in _beside(right[at]))


def _beside(letter: str) -> str:
    row = next(row for row in _KEYS if letter in row)
    at = row.index(letter)
    return row[max(0, at - 1) : at] + row[at + 1 : at + 2]
