"""Amounts as the agent writes and shows them: to the wei, since what is shown is what is signed."""

import re

from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.config import wei
from fl_alliance.market.errors import SettingRefused

_PLAIN = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]{1,9})?", re.ASCII)
_TWO_READINGS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3}|(?:,[0-9]{3})+)", re.ASCII)


class TwoReadings(ValueError):
    """An amount that is a thousand to some and one to others."""


def amount_of(text: str, scale: int = 1) -> int:
    """Return an amount of FML in wei, above 0, times `scale`.

    Plain digits with at most nine decimals. What people read in two ways is refused: 1,000 and 1.000 are a thousand to
    some and one to others, and so is any 1 to 3 digits, a point and exactly three digits, unless the first is 0.

    Raises
    ------
    ValueError
        It is no such amount; the message says how to write it. `TwoReadings` where it is two.
    """
    if _TWO_READINGS.fullmatch(text):
        whole, point = text.replace(",", "").replace(".", ""), text.replace(",", ".", 1)
        decimals = f", or {point}0 for the decimals" if point.count(".") == 1 and "," not in point else ""
        raise TwoReadings(f"{text} can be read in two ways: write {whole}{decimals}")
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"{text} is no plain amount: write digits, such as 1000 or 0.5")
    try:
        found = wei(text, "amount")
    except SettingRefused as refused:
        raise ValueError(str(refused)) from None
    if not found:
        raise ValueError(f"{text} is nothing: needs more than 0 FML")
    return found * scale


def exactly(amount_wei: int) -> str:
    """Return an amount with all its decimals: 5 FML, 0.000000001 FML."""
    whole, rest = divmod(amount_wei, WEI_PER_FML)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".") + " FML"


def plainly(amount_wei: int) -> str:
    """Return an amount as `amount_of` reads it, to the wei, without its unit: 5, 1.2340."""
    text = exactly(amount_wei).removesuffix(" FML")
    return f"{text}0" if _TWO_READINGS.fullmatch(text) else text
