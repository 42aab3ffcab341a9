"""HTTP to a gateway: what fails on the way is `GatewayFailed`. Which answers are good is for who asks."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fl_alliance.marketplace.errors import ExtraMissing, GatewayFailed

if TYPE_CHECKING:
    import httpx

_PIECE_BYTES = 65_536


def open_client(timeout_s: float) -> "httpx.Client":
    """Return a client that follows no redirect and uses no proxy of the environment; to be closed.

    Parameters
    ----------
    timeout_s : float
        For connecting, and between two pieces of an answer.

    Raises
    ------
    ExtraMissing
    """
    try:
        import httpx
    except ImportError:
        raise ExtraMissing("calling a gateway", "httpx") from None
    return httpx.Client(timeout=timeout_s, trust_env=False)


@contextmanager
def sent(
    client: "httpx.Client", method: str, url: str, body: bytes | None, headers: Mapping[str, str]
) -> Iterator["httpx.Response"]:
    """Yield the response, whatever its status, with its body still to be read; raises `GatewayFailed`."""
    import httpx

    try:
        with client.stream(method, url, content=body, headers=dict(headers)) as response:
            yield response
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise GatewayFailed(f"{url}: {type(error).__name__}; is the gateway running?") from None


def read(response: "httpx.Response", most_bytes: int, until: float = math.inf) -> bytes:
    """Return a response's body.

    Parameters
    ----------
    until : float
        By `time.monotonic`, when it has to be complete.

    Raises
    ------
    GatewayFailed
        It has more bytes, or is not complete in time.
    """
    found = b""
    for piece in response.iter_bytes(_PIECE_BYTES):
        found += piece
        if len(found) > most_bytes:
            raise GatewayFailed(f"{response.url}: the gateway answered with more than {most_bytes} bytes")
        if time.monotonic() > until:
            raise GatewayFailed(f"{response.url}: the gateway did not end its answer in time")
    return found
