"""The HTTP of a gateway: OpenAI's paths for models that speak, `/v1/predict` for the others.

`create_app` needs the extra `market`. Everything that computes, reads the chain or writes to the disk runs in threads;
a stream's own thread charges for it, whether somebody listens to its end or not.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from fl_alliance.arena.events import fml
from fl_alliance.chain import strict_json
from fl_alliance.marketplace.counter import Counter, Reply, Talk
from fl_alliance.marketplace.credentials import decode_voucher, require_signed
from fl_alliance.marketplace.errors import NotServed, PaymentRefused
from fl_alliance.marketplace.facilitator import REQUIRED_HEADER
from fl_alliance.marketplace.lineage import lineage_bytes
from fl_alliance.marketplace.pricing import charge_wei
from fl_alliance.marketplace.replies import Said, Whole, read_body, refused, replayed, streamed, told
from fl_alliance.marketplace.requests import Chat, Rows, model_name, model_number, read_chat, read_rows
from fl_alliance.marketplace.stall import Stall
from fl_alliance.marketplace.tickets import Again


def create_app(stall: Stall, counter: Counter) -> FastAPI:
    """Return the gateway as an ASGI application."""
    app = FastAPI(title="FL Alliance gateway", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/v1/models")
    def models() -> Any:
        return {"object": "list", "data": [_shown(counter, number) for number in sorted(counter.served)]}

    @app.get("/v1/models/{name}")
    async def model(name: str) -> Response:
        """One model, with its lineage, which the listing names by its digest."""

        def work() -> Response:
            number = model_number(name)
            if number not in counter.served:
                raise NotServed(name)
            lineage = lineage_bytes(stall.place.store, counter.served[number].listing)
            return JSONResponse(_shown(counter, number) | {"lineage": lineage.decode()})

        return await told(work)

    @app.post("/v1/predict")
    async def predict(request: Request) -> Response:
        body = await read_body(request)

        def work() -> Response:
            rows = read_rows(body)
            return _answered(lambda: counter.predict(rows, body, request.headers), counter, rows, request)

        return await told(work)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        body = await read_body(request)

        def work() -> Response | Talk:
            asked = read_chat(body)
            found: list[Talk] = []

            def admitted() -> Reply | None:
                found.append(counter.talk(asked, body, request.headers))
                return None if asked.is_streamed else counter.converse(found[0], lambda _: True)

            response = _answered(admitted, counter, asked, request)
            return found[0] if asked.is_streamed and found else response

        found = await told(work)
        return await _streamed(counter, found) if isinstance(found, Talk) else found

    @app.post("/v1/vouchers")
    async def vouchers(request: Request) -> Response:
        body = await read_body(request)

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

        return await told(work)

    @app.get("/v1/accounts/{payer}/{model}")
    def account(payer: str, model: int) -> Any:
        if model not in counter.served:
            return refused(NotServed(model_name(model)))
        found = counter.admission.books.account(payer, model)
        return {"owed_wei": str(found.owed_wei), "reserved_wei": str(found.reserved_wei), "calls": found.calls}

    return app


def _answered(work: Callable[[], Reply | None], counter: Counter, asked: Chat | Rows, request: Request) -> Response:
    """Return the answer, the same one again, or what is to be paid."""
    try:
        reply = work()
    except Again as again:
        return _again(again, asked)
    except PaymentRefused as reason:
        return _payment(reason, counter, asked, str(request.url))
    return Response() if reply is None else Response(reply.body, 200, dict(reply.headers), "application/json")


def _payment(reason: PaymentRefused, counter: Counter, asked: Chat | Rows, url: str) -> Response:
    """Return status 402 with what x402 needs, and the reason."""
    from x402.http.utils import encode_payment_required_header

    served = counter.served[asked.model]
    tokens = None
    if isinstance(asked, Chat):
        tokens = min(asked.most_tokens, served.seat.engine.most_tokens)  # type: ignore[union-attr]
    facilitator = counter.admission.facilitator
    needed = facilitator.requirements(asked.model, charge_wei(served.listing.price_wei, tokens))
    required = facilitator.required(needed, url, str(reason))
    response = refused(reason)
    response.headers[REQUIRED_HEADER] = encode_payment_required_header(required)
    return response


def _again(again: Again, asked: Chat | Rows) -> Response:
    """Return an answer that a payment bought before, as a stream of one piece where a stream is asked for."""
    if isinstance(asked, Chat) and asked.is_streamed:
        return replayed(strict_json.parse(again.answer), again.headers)
    return Response(again.answer, 200, again.headers, "application/json")


async def _streamed(counter: Counter, talk: Talk) -> Response:
    """Return a stream whose answer a thread of its own asks for and charges."""

    def work(said: Said) -> Whole:
        found: Whole = strict_json.parse(counter.converse(talk, said).body)
        return found

    head = {"id": talk.name, "created": talk.created, "model": model_name(talk.chat.model)}
    return await streamed(work, head)


def _shown(counter: Counter, number: int) -> dict[str, Any]:
    served = counter.served[number]
    unit = "a thousand tokens of the answer" if served.seat.speaks else "a call"
    return {
        "id": model_name(number),
        "object": "model",
        "created": served.listing.listed_at,
        "owned_by": served.listing.host,
        "title": served.lineage.title,
        "digest": served.listing.digest.hex(),
        "price_wei": str(served.listing.price_wei),
        "price": f"{fml(served.listing.price_wei)} {unit}",
        "path": "/v1/chat/completions" if served.seat.speaks else "/v1/predict",
    }
