"""The HTTP of a gateway: OpenAI's paths for models that speak, `/v1/predict` for the others.

`create_app` needs the extra `market`. Everything that computes, reads the chain or writes to the disk runs in threads;
a stream's own thread charges for it, whether somebody listens to its end or not.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from fl_alliance.arena.events import fml
from fl_alliance.chain import strict_json
from fl_alliance.chain.errors import ChainError
from fl_alliance.marketplace.admission import Again, PaymentNeeded
from fl_alliance.marketplace.chatbot import SOURCES
from fl_alliance.marketplace.counter import Counter, Reply, Talk, completion
from fl_alliance.marketplace.credentials import decode_voucher, require_signed
from fl_alliance.marketplace.errors import (
    CredentialRefused,
    EngineFailed,
    InputRefused,
    MarketplaceError,
    NotServed,
    PaymentRefused,
)
from fl_alliance.marketplace.facilitator import REQUIRED_HEADER
from fl_alliance.marketplace.pricing import charge_wei
from fl_alliance.marketplace.requests import MOST_BYTES, Chat, Rows, model_name, read_chat, read_rows
from fl_alliance.marketplace.stall import Stall

_STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (InputRefused, 400, "invalid_request_error"),
    (CredentialRefused, 401, "authentication_error"),
    (PaymentRefused, 402, "payment_required"),
    (NotServed, 404, "not_found_error"),
    (EngineFailed, 503, "server_error"),
    (ChainError, 503, "server_error"),
    (MarketplaceError, 500, "server_error"),
)


def create_app(stall: Stall, counter: Counter) -> FastAPI:
    """Return the gateway as an ASGI application."""
    app = FastAPI(title="FL Alliance gateway", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/v1/models")
    def models() -> Any:
        return {"object": "list", "data": [_shown(counter, number) for number in sorted(counter.served)]}

    @app.post("/v1/predict")
    async def predict(request: Request) -> Response:
        body = await _body(request)

        def work() -> Response:
            rows = read_rows(body)
            return _answered(lambda: counter.predict(rows, body, request.headers), counter, rows, request)

        return _whole(await _told(work))

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        body = await _body(request)

        def work() -> Response | Talk:
            asked = read_chat(body)
            found: list[Talk] = []

            def admitted() -> Reply | None:
                found.append(counter.talk(asked, body, request.headers))
                return None if asked.is_streamed else counter.converse(found[0], lambda _: True)

            response = _answered(admitted, counter, asked, request)
            return found[0] if asked.is_streamed and found else response

        found = await _told(work)
        return _streamed(counter, found) if isinstance(found, Talk) else found

    @app.post("/v1/vouchers")
    async def vouchers(request: Request) -> Response:
        body = await _body(request)

        def work() -> Response:
            signed = decode_voucher(body.decode("ascii", "replace"))
            require_signed(signed, stall.revenue.domain)
            one = signed.voucher
            if one.model not in counter.served:
                raise NotServed(model_name(one.model))
            account = counter.admission.books.account(one.payer, one.model)
            if not account.calls or (one.owed_wei, one.calls) != (account.owed_wei, account.calls):
                raise PaymentRefused(
                    f"the voucher: is over {one.owed_wei} wei and {one.calls} calls, needed what is owed: "
                    f"{account.owed_wei} wei and {account.calls} calls"
                )
            counter.admission.books.keep(signed)
            return JSONResponse({"owed_wei": str(account.owed_wei), "calls": account.calls})

        return _whole(await _told(work))

    @app.get("/v1/accounts/{payer}/{model}")
    def account(payer: str, model: int) -> Any:
        if model not in counter.served:
            return _refused(NotServed(model_name(model)))
        found = counter.admission.books.account(payer, model)
        return {"owed_wei": str(found.owed_wei), "reserved_wei": str(found.reserved_wei), "calls": found.calls}

    return app


async def _body(request: Request) -> bytes:
    """Return a request's body, of which no more than `MOST_BYTES` is read; a longer one is no JSON any more."""
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > MOST_BYTES:
            return found[: MOST_BYTES + 1]
    return found


async def _told(work: Callable[[], Response | Talk]) -> Response | Talk:
    """Do the work in a thread; what a caller can put right becomes an answer of OpenAI's shape."""
    try:
        return await run_in_threadpool(work)
    except tuple(kind for kind, _, _ in _STATUS) as error:
        return _refused(error)


def _whole(found: Response | Talk) -> Response:
    assert isinstance(found, Response)  # noqa: S101  talks come of chats alone
    return found


def _answered(work: Callable[[], Reply | None], counter: Counter, asked: Chat | Rows, request: Request) -> Response:
    """Return the answer, the same one again, or what is to be paid."""
    try:
        reply = work()
    except Again as again:
        return _again(again, asked)
    except PaymentRefused as refused:
        return _payment(refused, counter, asked, str(request.url))
    return Response() if reply is None else Response(reply.body, 200, dict(reply.headers), "application/json")


def _payment(refused: PaymentRefused, counter: Counter, asked: Chat | Rows, url: str) -> Response:
    """Return status 402 with what x402 needs, and the reason."""
    from x402.http.utils import encode_payment_required_header

    served = counter.served[asked.model]
    tokens = None
    if isinstance(asked, Chat):
        tokens = min(asked.most_tokens, served.seat.engine.most_tokens)  # type: ignore[union-attr]
    facilitator = counter.admission.facilitator
    needed = facilitator.requirements(asked.model, charge_wei(served.listing.price_wei, tokens))
    required = facilitator.required(needed, url, str(refused))
    response = _refused(refused)
    response.headers[REQUIRED_HEADER] = encode_payment_required_header(required)
    return response


def _refused(error: Exception) -> JSONResponse:
    status, kind = next((status, kind) for cls, status, kind in _STATUS if isinstance(error, cls))
    code = "payment_needed" if isinstance(error, PaymentNeeded) else type(error).__name__
    text = "the chain did not answer" if isinstance(error, ChainError) else str(error)
    return JSONResponse({"error": {"message": text, "type": kind, "code": code}}, status)


def _again(again: Again, asked: Chat | Rows) -> Response:
    """Return an answer that a payment bought before, as a stream of one piece where a stream is asked for."""
    if isinstance(asked, Chat) and asked.is_streamed:
        whole = strict_json.parse(again.answer)
        return StreamingResponse(iter(_chunks_of(whole)), 200, again.headers, "text/event-stream")
    return Response(again.answer, 200, again.headers, "application/json")


def _streamed(counter: Counter, talk: Talk) -> Response:
    """Return a stream whose answer a thread of its own asks for and charges."""
    loop, pieces, left = asyncio.get_running_loop(), asyncio.Queue[str | Reply | Exception](), threading.Event()

    def put(item: str | Reply | Exception) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(pieces.put_nowait, item)

    def said(piece: str) -> bool:
        put(piece)
        return not left.is_set()

    def work() -> None:
        try:
            put(counter.converse(talk, said))
        except Exception as error:  # the stream has begun: it can only tell
            put(error)

    async def sent() -> AsyncIterator[str]:
        try:
            yield _event(_chunk(talk, {"role": "assistant", "content": ""}))
            while isinstance(item := await pieces.get(), str):
                yield _event(_chunk(talk, {"content": item}))
            for event in _last(talk, item):
                yield event
        finally:
            left.set()

    threading.Thread(target=work, name=talk.name, daemon=True).start()
    return StreamingResponse(sent(), media_type="text/event-stream")


def _last(talk: Talk, item: Reply | Exception) -> list[str]:
    """Return what ends a stream."""
    if isinstance(item, Exception):
        is_told = isinstance(item, MarketplaceError)
        text = str(item) if is_told else "the gateway failed"
        return [_event({"error": {"message": text, "type": "server_error", "code": type(item).__name__}})]
    whole = strict_json.parse(item.body)
    return _chunks_of(whole, is_said=True)


def _chunks_of(whole: Mapping[str, Any], is_said: bool = False) -> list[str]:
    """Return the events that say a whole answer; with `is_said` only what comes after its text."""
    choice = whole["choices"][0]
    text = choice["message"]["content"]
    head = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    if is_said and whole["usage"]["completion_tokens"]:
        sources = text[text.rindex(SOURCES) :] if "citations" in whole and SOURCES in text else ""
    else:
        sources = text
    events = []
    if sources:
        events.append(_event(head | {"choices": [{"index": 0, "delta": {"content": sources}, "finish_reason": None}]}))
    extra = {key: whole[key] for key in ("citations", "fl_alliance", "usage") if key in whole}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    return [*events, _event(head | last | extra), "data: [DONE]\n\n"]


def _chunk(talk: Talk, delta: Mapping[str, str]) -> dict[str, Any]:
    whole = completion(talk, "", 0, {})
    head = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    return head | {"choices": [{"index": 0, "delta": dict(delta), "finish_reason": None}]}


def _event(content: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


def _shown(counter: Counter, number: int) -> dict[str, Any]:
    served = counter.served[number]
    unit = "a thousand tokens of the answer" if served.seat.speaks else "a call"
    return {
        "id": model_name(number),
        "object": "model",
        "created": served.listing.listed_at,
        "owned_by": served.listing.host,
        "title": served.title,
        "digest": served.listing.digest.hex(),
        "price_wei": str(served.listing.price_wei),
        "price": f"{fml(served.listing.price_wei)} {unit}",
        "path": "/v1/chat/completions" if served.seat.speaks else "/v1/predict",
    }
