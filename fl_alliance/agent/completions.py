"""Chat completions over HTTP, as OpenAI's API has them: one question, one answer of limited size."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fl_alliance.agent.errors import ModelUnavailable, PackageMissing
from fl_alliance.chain import strict_json

LONGEST_BYTES = 2**20
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WAIT_S, _LONGEST_S = 120.0, 300.0
"""For the next piece of an answer, and for all of it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered."""

    url: str
    status: int
    body: str

    def text(self) -> str:
        """Return what the model says; raises `ModelUnavailable` where this is no chat completion."""
        if not 200 <= self.status < 300:
            raise ModelUnavailable(f"{self.url}: answers with status {self.status}, needed a chat completion")
        try:
            return str(strict_json.parse(self.body)["choices"][0]["message"]["content"])
        except (ValueError, KeyError, IndexError, TypeError):
            raise ModelUnavailable(f"{self.url}: answers with something else than a chat completion") from None


def require_plain(url: str, has_key: bool) -> None:
    """Refuse a URL that holds a secret, or over which a key would travel in the open; raises `ModelUnavailable`.

    URLs are shown and kept in the diary.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ModelUnavailable("the model's URL cannot be read, needed http(s)://HOST/v1") from None
    if parts.username or parts.password or parts.query:
        raise ModelUnavailable(f"{parts.scheme}://{parts.hostname}: needs a URL without a user, a password or a query")
    if has_key and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ModelUnavailable(f"{url}: needs https, or this machine: an API key would travel in the open")


def complete(base_url: str, asked: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Post a chat completion and return the answer; redirects are not followed.

    Raises
    ------
    ModelUnavailable
        No answer in time, or more than `LONGEST_BYTES`.
    PackageMissing
    """
    try:
        import httpx
    except ImportError:
        raise PackageMissing("a model behind a URL", "httpx") from None
    url = f"{base_url.rstrip('/')}/chat/completions"
    content, given = json.dumps(asked).encode(), {"Content-Type": "application/json"} | dict(headers or {})
    try:
        with httpx.stream("POST", url, content=content, headers=given, timeout=_WAIT_S) as response:
            body, until = b"", time.monotonic() + _LONGEST_S
            for piece in response.iter_bytes():
                body += piece
                if len(body) > LONGEST_BYTES or time.monotonic() > until:
                    raise ModelUnavailable(f"{url}: needed {LONGEST_BYTES} bytes at most, in {_LONGEST_S:g} s")
            return Response(url, response.status_code, body.decode("utf-8", "replace"))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelUnavailable(f"{url}: {type(error).__name__}, needed a server that answers") from None
