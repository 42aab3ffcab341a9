"""What clients of OpenAI's API are answered over HTTP: errors in its form, and streams; needs the extra `market`."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fl_alliance.chain.errors import ChainError
from fl_alliance.marketplace.admission import PaymentNeeded
from fl_alliance.marketplace.errors import (
    CredentialRefused,
    EngineFailed,
    GatewayFailed,
    InputRefused,
    ListingUnknown,
    MarketplaceError,
    NotServed,
    PaymentRefused,
    SpendRefused,
)
from fl_alliance.marketplace.requests import MOST_BYTES

_STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (InputRefused, 400, "invalid_request_error"),
    (CredentialRefused, 401, "authentication_error"),
    (PaymentRefused, 402, "payment_required"),
    (SpendRefused, 402, "payment_required"),
    (NotServed, 404, "not_found_error"),
    (ListingUnknown, 404, "not_found_error"),
    (EngineFailed, 503, "server_error"),
    (ChainError, 503, "server_error"),
    (MarketplaceError, 500, "server_error"),
)
EXPECTED = tuple(kind for kind, _, _ in _STATUS)
"""What becomes an answer; other errors are the server's own, and say nothing to strangers."""

Said = Callable[[str], bool]
Whole = Mapping[str, Any]
Found = TypeVar("Found")


async def read_body(request: Request) -> bytes:
    """Return a request's body, of which no more than `MOST_BYTES` is read; a longer one is no JSON any more."""
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > MOST_BYTES:
            return found[: MOST_BYTES + 1]
    return found


async def told(work: Callable[[], Found]) -> Found | Response:
    """Do the work in a thread; what a caller can put right becomes an answer of OpenAI's form."""
    try:
        return await run_in_threadpool(work)
    except EXPECTED as error:
        return refused(error)


def refused(error: Exception) -> JSONResponse:
    """Return an error as OpenAI's clients read it, with its status."""
    status, content = _content(error)
    return JSONResponse({"error": content}, status)


def _content(error: Exception) -> tuple[int, dict[str, str]]:
    if isinstance(error, GatewayFailed):
        return error.status, {"message": str(error), "type": error.kind, "code": error.code}
    status, kind = next(
        ((status, kind) for cls, status, kind in _STATUS if isinstance(error, cls)), (500, "server_error")
    )
    text = "the chain did not answer" if isinstance(error, ChainError) else str(error)
    text = text if isinstance(error, EXPECTED) else "the gateway failed"
    code = "payment_needed" if isinstance(error, PaymentNeeded) else type(error).__name__
    return status, {"message": text, "type": kind, "code": code}


async def streamed(work: Callable[[Said], Whole], head: Mapping[str, Any]) -> Response:
    """Return a stream of what work says, in a thread of its own, and its whole answer at the end.

    What fails before anything was said is an error with its status, later an event that tells of it.

    Parameters
    ----------
    work : callable
        Takes what hears each piece of text; that returns false once nobody listens any more.
    head : mapping
        `id`, `created` and `model` of the completion.
    """
    loop, items, left = asyncio.get_running_loop(), asyncio.Queue[str | Whole | Exception](), threading.Event()

    def put(item: str | Whole | Exception) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(items.put_nowait, item)

    def said(piece: str) -> bool:
        put(piece)
        return not left.is_set()

    def run() -> None:
        try:
            put(work(said))
        except Exception as error:  # of a thread: it can only be told
            put(error)

    threading.Thread(target=run, name=str(head["id"]), daemon=True).start()
    first = await items.get()
    if isinstance(first, Exception):
        return refused(first)

    async def sent() -> AsyncIterator[str]:
        yield _event(_chunk(head, {"role": "assistant", "content": ""}))
        item: str | Whole | Exception = first
        while isinstance(item, str):
            yield _event(_chunk(head, {"content": item}))
            item = await items.get()
        if isinstance(item, Exception):
            yield _event({"error": _content(item)[1]})
            return
        for event in _closing(item):
            yield event

    return _Stream(sent(), left)


def replayed(whole: Whole, headers: Mapping[str, str]) -> Response:
    """Return an answer that was given before as a stream of one piece."""
    piece = _event(_chunk(whole, {"content": whole["choices"][0]["message"]["content"]}))
    return StreamingResponse(iter([piece, *_closing(whole)]), 200, headers, "text/event-stream")


class _Stream(StreamingResponse):
    """A stream that notes that it is over, also where nobody was there to hear its beginning."""

    def __init__(self, events: AsyncIterator[str], left: threading.Event) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left.set()


def _chunk(head: Mapping[str, Any], delta: Mapping[str, str], reason: str | None = None) -> dict[str, Any]:
    found = {key: head[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    return found | {"choices": [{"index": 0, "delta": dict(delta), "finish_reason": reason}]}


def _closing(whole: Whole) -> list[str]:
    """Return the events after a text: why it ended and what it cost, and the end."""
    extra = {key: whole[key] for key in ("citations", "fl_alliance", "usage") if key in whole}
    last = _chunk(whole, {}, whole["choices"][0]["finish_reason"])
    return [_event(last | extra), "data: [DONE]\n\n"]


def _event(content: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"
