"""Amounts as people write them: 5, 2.5k, 3 thousand, twenty-five, a hundred, half an FML; one reading, or refused."""

from collections.abc import Callable, Sequence
from itertools import takewhile

from fl_alliance.agent.amounts import amount_of
from fl_alliance.chain.types import WEI_PER_FML

_ONES = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
]
_ONES += ["sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = {word: value for value, word in enumerate(_ONES, 1)} | {
    word: value * 10 for value, word in enumerate(_TENS, 2)
}
_SMALL |= {f"{tens}-{ones}": _SMALL[tens] + _SMALL[ones] for tens in _TENS for ones in _ONES[:9]}
_SCALES = {"hundred": 100, "thousand": 1_000}
_DIGITS = {"zero": 0} | {word: value for value, word in enumerate(_ONES[:9], 1)}
_AND_HALF = ("and", "a", "half")
_HALVES = (("half", "an", "fml"), ("half", "a", "fml"))
_UNIT = "fml"
WORDS = frozenset((*_SMALL, *_SCALES))
"""Words of numbers, which nothing else is taken for."""


def amount_in(words: Sequence[str]) -> tuple[int, int] | None:
    """Return the amount that words begin with, in wei, and how many of them it takes; None where they begin with none.

    Parameters
    ----------
    words : sequence of str
        In small letters, up to where punctuation ends what belongs together.

    Raises
    ------
    ValueError
        A number that can be read in two ways, or is no plain amount.
    """
    if tuple(words[:3]) in _HALVES:
        return WEI_PER_FML // 2, 3
    if words and words[0][0].isdigit():
        text = words[0].removesuffix(_UNIT)
        if text.endswith("k") and len(text) > 1:
            return amount_of(text[:-1], 1_000), 1
        scale = _SCALES.get(words[1], 1) if len(words) > 1 else 1
        return _with_half(amount_of(text, scale), words, 2 if scale > 1 else 1)
    value, used = _spelled(words)
    if used and (decimals := _pointed(words[used:])):
        return amount_of(f"{value}.{decimals.ljust(4, '0')}"), used + 1 + len(decimals)
    return _with_half(value * WEI_PER_FML, words, used) if used else None


def count_in(word: str) -> int | None:
    """Return a whole number below a hundred that is one word, None where it is none."""
    return _SMALL.get(word)


def _with_half(amount_wei: int, words: Sequence[str], used: int) -> tuple[int, int]:
    """Return an amount with the half that is said behind it: "one and a half"; a half of a scale is left to refuse."""
    has_half = tuple(words[used : used + 3]) == _AND_HALF and (words[used + 3 : used + 4] or [""])[0] not in _SCALES
    return (amount_wei + WEI_PER_FML // 2, used + 3) if has_half else (amount_wei, used)


def _pointed(words: Sequence[str]) -> str:
    """Return the decimals that are said digit by digit: "point seven five"; empty where there are none."""
    if list(words[:1]) != ["point"]:
        return ""
    digits = takewhile(_DIGITS.__contains__, words[1:])
    return "".join(str(_DIGITS[digit]) for digit in digits)


def _spelled(words: Sequence[str]) -> tuple[int, int]:
    """Return a number in words, below a million, and how many words it takes: 0, 0 where there is none."""
    value, used = _below_thousand(words)
    if not used or list(words[used : used + 1]) != ["thousand"]:
        return value, used
    rest, more = _with_and(words[used + 1 :], _below_thousand)
    return value * 1_000 + rest, used + 1 + more


def _below_thousand(words: Sequence[str]) -> tuple[int, int]:
    value, used = (1, 1) if _is_a(words) else _below_hundred(words)
    if not used or list(words[used : used + 1]) != ["hundred"]:
        return value, used
    rest, more = _with_and(words[used + 1 :], _below_hundred)
    return value * 100 + rest, used + 1 + more


def _below_hundred(words: Sequence[str]) -> tuple[int, int]:
    value = _SMALL.get(words[0], 0) if words else 0
    if words and words[0] in _TENS and words[1:2] and words[1] in _ONES[:9]:
        return value + _SMALL[words[1]], 2
    return value, int(value > 0)


def _with_and(words: Sequence[str], read: Callable[[Sequence[str]], tuple[int, int]]) -> tuple[int, int]:
    """Return what follows a scale, behind "and" or not: 0, 0 where that is no number."""
    skipped = int(list(words[:1]) == ["and"])
    value, used = read(words[skipped:])
    return (value, used + skipped) if used and not (skipped and _is_a(words[1:])) else (0, 0)


def _is_a(words: Sequence[str]) -> bool:
    return list(words[:1]) == ["a"] and bool(words[1:2]) and words[1] in _SCALES
