"""Figures and moments as pages write them: filters of the templates."""

import json
from datetime import UTC, datetime
from html import escape

from markupsafe import Markup

from fl_alliance import amounts
from fl_alliance.chain.types import WEI_PER_GWEI
from fl_alliance.governance.decoding import ALARM
from fl_alliance.market.units import duration

_MARKS = {
    "adopted": ("good", "✓"),
    "accepted": ("good", "✓"),
    "kept": ("plain", "="),
    "rejected": ("bad", "✗"),
    "void": ("warn", "∅"),
    "executed": ("good", "✓"),
    "succeeded": ("good", "✓"),
    "active": ("live", "●"),
    "pending": ("live", "○"),
    "queued": ("live", "◷"),
    "defeated": ("bad", "✗"),
    "expired": ("warn", "∅"),
    "canceled": ("warn", "∅"),
    "finished": ("plain", "■"),
    "completed": ("plain", "■"),
    "cancelled": ("warn", "∅"),
    "open": ("good", "●"),
    "closed": ("plain", "■"),
}


def gwei(amount: int, places: int = 2, sign: bool = False) -> str:
    """Return gwei as FML with so many decimals."""
    return amounts.fml(amount, places, sign)


def wei(amount: int | str, places: int = 2, sign: bool = False) -> str:
    """Return wei as FML with so many decimals; below a gwei is cut off."""
    value = int(amount)
    whole = abs(value) // WEI_PER_GWEI
    return amounts.fml(-whole if value < 0 else whole, places, sign)


def moment(second: int) -> Markup:
    """Return a second of a chain's clock as an element that says it in UTC."""
    at = datetime.fromtimestamp(second, UTC)
    return Markup(f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d %H:%M:%S}</time>')


def account(address: str, link: bool = True) -> Markup:
    """Return an address, shortened for the eye, whole for who asks: it links to its ledger."""
    whole = escape(address)
    short = f'<code title="{whole}">{whole[:6]}…{whole[-4:]}</code>'
    return Markup(f'<a href="/ledger/{whole}" aria-label="account {whole}">{short}</a>' if link else short)


def digest(text: str) -> Markup:
    """Return a digest or a transaction's hash, shortened for the eye."""
    whole = escape(text.removeprefix("0x"))
    return Markup(f'<code title="{whole}">{whole[:10]}…</code>')


def pill(name: str) -> Markup:
    """Return an outcome or stage with a mark of its own: colour is never all that tells it."""
    style, mark = _MARKS.get(name, ("plain", "·"))
    return Markup(f'<span class="pill {style}"><span aria-hidden="true">{mark}</span> {escape(name)}</span>')


def percent(part: float, places: int = 1) -> str:
    """Return a share of 1 as a percentage."""
    return f"{part * 100:.{places}f} %"


def is_alarm(words: str) -> bool:
    """Return whether a decoded call needs a second look."""
    return words.startswith(ALARM)


def calm(words: str) -> str:
    """Return the words of a decoded call without the mark of an alarm."""
    return words.removeprefix(ALARM)


FILTERS = {
    "from_json": json.loads,
    "account": account,
    "calm": calm,
    "digest": digest,
    "duration": duration,
    "gwei": gwei,
    "is_alarm": is_alarm,
    "moment": moment,
    "percent": percent,
    "pill": pill,
    "wei": wei,
}
