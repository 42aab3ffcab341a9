"""Figures and moments as pages write them: filters of the templates."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from markupsafe import Markup

from fl_alliance import amounts
from fl_alliance.chain import strict_json
from fl_alliance.chain.types import WEI_PER_FML, WEI_PER_GWEI
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

_STAGES = {
    "pending": "in review",
    "active": "under way",
    "succeeded": "passed",
    "queued": "in the time lock",
    "defeated": "failed",
    "canceled": "taken back",
}
"""Of proposals, tasks and documents, where the contracts' word says less."""


def gwei(amount: int, places: int = 2, sign: bool = False) -> str:
    """Return gwei as FML with so many decimals."""
    return amounts.fml(amount, places, sign)


def wei(amount: int | str, places: int = 2, sign: bool = False) -> str:
    """Return wei as FML with so many decimals; below a gwei is cut off."""
    value = int(amount)
    whole = abs(value) // WEI_PER_GWEI
    return amounts.fml(-whole if value < 0 else whole, places, sign)


def cap(amount: int) -> str:
    """Return wei as the command line takes an amount of FML, rounded up to a gwei."""
    whole, part = divmod(-(-amount // WEI_PER_GWEI), WEI_PER_FML // WEI_PER_GWEI)
    return f"{whole}.{part:09d}".rstrip("0").removesuffix(".")


def exact(amount_wei: int) -> str:
    """Return wei as FML to the last digit, without zeros at its end."""
    whole, part = divmod(amount_wei, WEI_PER_FML)
    return f"{whole:,}.{part:018d}".rstrip("0").removesuffix(".")


def moment(second: int) -> Markup:
    """Return a second of a chain's clock as an element that says it in UTC."""
    at = datetime.fromtimestamp(second, UTC)
    return Markup('<time datetime="{0:%Y-%m-%dT%H:%M:%SZ}">{0:%Y-%m-%d %H:%M:%S}</time>').format(at)


def account(address: str) -> Markup:
    """Return an address, shortened for the eye, whole for who asks: it links to its ledger."""
    link = Markup('<a href="/ledger/{0}" aria-label="account {1}…{2}"><code title="{0}">{1}…{2}</code></a>')
    return link.format(address, address[:6], address[-4:])


def digest(text: str) -> Markup:
    """Return a digest or a transaction's hash, shortened for the eye, whole for who asks or copies it."""
    return Markup('<code class="digest" title="{}">{}…</code>').format(text, text.removeprefix("0x")[:10])


def pill(name: str) -> Markup:
    """Return an outcome or stage with a mark of its own: colour is never all that tells it."""
    style, mark = _MARKS.get(name, ("plain", "·"))
    whole = Markup('<span class="pill {}"><span aria-hidden="true">{}</span> {}</span>')
    return whole.format(style, mark, _STAGES.get(name, name))


def percent(part: float, places: int = 1) -> str:
    """Return a share of 1 as a percentage."""
    return f"{part * 100:.{places}f} %"


def visible(text: str) -> str:
    """Return a stranger's text with a mark for every sign that is not seen, such as one that turns the rest around."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)


def host(url: str) -> str:
    """Return a chain's URL as far as it may be shown: what follows the host can hold a key, but of a file."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def is_alarm(words: str) -> bool:
    """Return whether a decoded call needs a second look."""
    return words.startswith(ALARM)


def calm(words: str) -> str:
    """Return the words of a decoded call without the mark of an alarm."""
    return words.removeprefix(ALARM)


def sentence(words: str) -> Markup:
    """Return a message of the command line as a sentence; one that begins with a name keeps it as it is."""
    first = words[:1].upper() if words.partition(" ")[0].isalpha() else words[:1]
    return coded(f"{first}{words[1:].removesuffix('.')}.")


def coded(words: str) -> Markup:
    """Return words in which commands stand between backticks, as elements; a backtick without another stays one."""
    parts = re.split("`([^`]+)`", words)
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


FILTERS = {
    "from_json": strict_json.parse,
    "account": account,
    "calm": calm,
    "cap": cap,
    "coded": coded,
    "digest": digest,
    "duration": duration,
    "exact": exact,
    "gwei": gwei,
    "host": host,
    "is_alarm": is_alarm,
    "moment": moment,
    "percent": percent,
    "pill": pill,
    "sentence": sentence,
    "visible": visible,
    "wei": wei,
}
