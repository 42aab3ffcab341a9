"""A gateway as its callers talk to it: whatever it sends that is no answer becomes `GatewayFailed`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.requests import parsed
from fl_alliance.marketplace.transport import open_client, read, sent

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 2**22
"""Of an answer."""
_TIMEOUT_S = 300.0


@dataclass(slots=True)
class Exchange:
    """HTTP with gateways, over one client."""

    _client: "httpx.Client | None" = field(default=None)

    def get(self, url: str) -> dict[str, Any]:
        """Return a JSON object; raises `GatewayFailed`."""
        with self._sent("GET", url, None, {}) as response:
            return parsed(read(response, MOST_BYTES))

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object that answers a body; raises `GatewayFailed`."""
        with self._sent("POST", url, body, headers or {}) as response:
            return parsed(read(response, MOST_BYTES))

    def headers_of_402(self, url: str, body: bytes) -> Mapping[str, str]:
        """Return what says how a request is to be paid; raises `GatewayFailed` where it is not refused with 402."""
        with self._sent("POST", url, body, {}, needed=402) as response:
            return response.headers

    def stream(
        self, url: str, body: bytes, headers: Mapping[str, str], said: Callable[[str], object]
    ) -> dict[str, Any]:
        """Return a streamed answer put together; `said` hears its pieces; raises `GatewayFailed`."""
        last: dict[str, Any] = {}
        text = ""
        with self._sent("POST", url, body, headers) as response:
            for chunk in _chunks(response):
                for choice in chunk["choices"]:
                    if piece := choice["delta"].get("content"):
                        said(str(piece))
                        text += str(piece)
                last |= chunk
            if "fl_alliance" not in last:
                raise GatewayFailed("the stream broke off before its end")
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": last["choices"][0]["finish_reason"]}
            return last | {"object": "chat.completion", "choices": [choice]}

    @contextmanager
    def _sent(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], needed: int = 200
    ) -> "Iterator[httpx.Response]":
        """Yield the response of a status; what a block finds wrong with its content is the gateway's failure."""
        if self._client is None:
            self._client = open_client(_TIMEOUT_S)
        try:
            with sent(self._client, method, url, body, headers) as response:
                if response.status_code != needed:
                    raise _failure(response)
                yield response
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise GatewayFailed(f"the gateway sent what is no answer ({type(error).__name__})") from None


def _chunks(response: "httpx.Response") -> Iterator[dict[str, Any]]:
    """Yield the objects of a stream of events."""
    size = 0
    for line in response.iter_lines():
        size += len(line)
        if size > MOST_BYTES:
            raise GatewayFailed(f"{response.url}: the gateway answered with more than {MOST_BYTES} bytes")
        if line.startswith("data: {"):
            chunk = parsed(line.removeprefix("data: "))
            if "error" in chunk:
                raise _told(502, chunk["error"], "")
            yield chunk


def _failure(response: "httpx.Response") -> GatewayFailed:
    """Return what a refusal says, in the gateway's words."""
    try:
        error = parsed(read(response, MOST_BYTES))["error"]
    except (ValueError, KeyError, TypeError):
        error = {}
    return _told(response.status_code, error, f"the gateway answered {response.status_code}: ")


def _told(status: int, error: Any, before: str) -> GatewayFailed:
    """Return a gateway's error, its texts cut short; a status that is none of an error's is 502."""
    error = error if isinstance(error, dict) else {}
    text = " ".join(str(error.get("message") or "no reason given").split())[:400]
    kind, code = (str(error.get(name) or "server_error")[:60] for name in ("type", "code"))
    return GatewayFailed(before + text, status if 400 <= status < 600 else 502, kind, code)
