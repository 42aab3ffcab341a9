"""What a number is of: FML, stars, or of something else, which refuses."""

from collections.abc import Sequence

from fl_alliance.agent.errors import WordsUnclear
from fl_alliance.agent.guards.lexicon import words
from fl_alliance.agent.guards.words import shown
from fl_alliance.chain.types import WEI_PER_FML

_MOST_STARS = 5
_OF_FIVE = (("out", "of", "5"), ("of", "5"), ("out", "of", "five"), ("of", "five"))
_BEHIND_AMOUNT = frozenset(
    words("""
        fml, to, in, into, on, over, behind, for, from, of, with, at, as, by, out, up, please, pls, plz, now, right,
        today, more, and, max, maximum, tops, task, back, so
        """)
)
"""What may follow an amount without its unit: of anything else it would be an amount of that."""


def may_follow(word: str) -> bool:
    """Return whether a word in small letters leaves the number before it one of FML."""
    return word in _BEHIND_AMOUNT


def of_five(following: Sequence[str]) -> int:
    """Return how many of the words behind stars say of how many: 0 where they do not."""
    return next((len(tail) for tail in _OF_FIVE if tuple(following[: len(tail)]) == tail), 0)


def stars_of(amount_wei: int, text: str) -> int:
    """Return how many stars a number is that was read like FML; raises `WordsUnclear`."""
    stars, rest = divmod(amount_wei, WEI_PER_FML)
    if rest or not 1 <= stars <= _MOST_STARS:
        raise WordsUnclear(f"{shown(text)} stars: needed 1 to {_MOST_STARS}")
    return stars
