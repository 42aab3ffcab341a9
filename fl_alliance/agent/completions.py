"""Chat completions over HTTP, as OpenAI's API has them: one question, one answer of limited size."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fl_alliance.agent.errors import ModelUnavailable, PackageMissing
from fl_alliance.chain import strict_json

LONGEST_BYTES = 2**20
_WAIT_S = 120.0


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
            body = b""
            for piece in response.iter_bytes():
                body += piece
                if len(body) > LONGEST_BYTES:
                    raise ModelUnavailable(f"{url}: answers with more than {LONGEST_BYTES} bytes")
            return Response(url, response.status_code, body.decode("utf-8", "replace"))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelUnavailable(f"{url}: {type(error).__name__}, needed a server that answers") from None
