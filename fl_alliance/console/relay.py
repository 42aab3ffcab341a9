"""Asking a gateway for a page: the browser may reach this console only, so the console asks.

The URL is a person's, the answer a stranger's: http and https alone, no redirect, limits on size, time and how many
are asked at once.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fl_alliance.market.errors import SettingRefused
from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.transport import open_client, read, sent

LONGEST_S = 120.0
"""Seconds that a gateway has for its whole answer."""
MOST_BYTES = 2**20
MOST_AT_ONCE = 8
_LONGEST_URL = 200
_seats = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a gateway answered: `headers` by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def gateway_url(text: str) -> str:
    """Return a gateway's URL up to and without `/v1`; raises `SettingRefused`."""
    given = text.strip()
    try:
        parts = urlsplit(given)
        is_plain = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_plain = False
    if not is_plain or "@" in parts.netloc or parts.query or parts.fragment or not given.isprintable():
        raise SettingRefused(f"gateway={given[:_LONGEST_URL]!r}: needs a URL such as http://127.0.0.1:8402")
    if len(given) > _LONGEST_URL:
        raise SettingRefused(f"gateway={given[:40]!r}...: has {len(given)} characters, needs {_LONGEST_URL} at most")
    return given.rstrip("/").removesuffix("/v1")


def post(url: str, path: str, body: bytes, headers: Mapping[str, str], longest_s: float = LONGEST_S) -> Reply:
    """Post JSON to a gateway and return its answer, whatever its status.

    Raises
    ------
    GatewayFailed
        It did not answer in time, or too much, or redirects; or too many are asked already.
    ExtraMissing
    """
    if not _seats.acquire(blocking=False):
        raise GatewayFailed(f"{url}: {MOST_AT_ONCE} calls are being answered already; ask again when one has ended")
    given, until = {"Content-Type": "application/json", **headers}, time.monotonic() + longest_s
    try:
        with open_client(longest_s) as client, sent(client, "POST", url + path, body, given) as response:
            found = read(response, MOST_BYTES, until)
    finally:
        _seats.release()
    if response.is_redirect:
        raise GatewayFailed(f"{url}: answered {response.status_code}, a redirect, which is not followed")
    return Reply(response.status_code, dict(response.headers), found)
