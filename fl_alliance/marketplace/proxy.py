"""A server on one's own machine, with a gateway's paths, that pays for each call by an exact voucher: for any client.

The client holds no key, and the gateway is shown no ladder: a host that lies can take one call at its dearest beyond
what it has answered, and all calls of a run together never more than its cap. Needs the extra `market`.
"""

import secrets
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.middleware.base import RequestResponseEndpoint

from fl_alliance.arena.events import fml
from fl_alliance.marketplace.caller import Call, Caller, Means, Said, chat_call, rows_call
from fl_alliance.marketplace.errors import GatewayFailed, SpendRefused
from fl_alliance.marketplace.replies import Said as Heard
from fl_alliance.marketplace.replies import Whole, read_body, refused, streamed, told
from fl_alliance.marketplace.requests import model_name, read_chat, read_rows

HOSTS = ("127.0.0.1", "localhost")
"""The names under which the proxy is asked for; others were pointed here by somebody else (DNS rebinding)."""


@dataclass(slots=True)
class Spender:
    """Makes calls for one run, one after another, within its caps.

    Attributes
    ----------
    caller : Caller
        Its purse is this run's alone.
    cap_wei, call_wei : int
        What the run, and what a call may cost at most. Of a voucher that was sent and not answered all is counted.
    answered, spent_wei : int
        How many calls were, and what was charged for them.
    """

    caller: Caller
    cap_wei: int
    call_wei: int
    answered: int = 0
    spent_wei: int = 0
    _called: set[int] = field(default_factory=set)
    _open: dict[int, Call] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def unanswered_wei(self) -> int:
        """What hosts could turn in beyond what was spent: vouchers that were sent and not answered."""
        return sum(map(self._at_stake_wei, self._called))

    def call(self, call: Call, said: Said) -> dict[str, Any]:
        """Make a call.

        Raises
        ------
        SpendRefused
            It could cost more than a cap, or the gateway says that more is owed than is known; nothing was signed.
        GatewayFailed
            The gateway did not answer, or refused.
        """
        with self._lock:
            most_wei = self.caller.most_wei(call)
            self._require(call.model, most_wei)
            try:
                return self._made(call, most_wei, said)
            except SpendRefused:
                if (former := self._open.get(call.model)) is None:
                    raise
            # The gateway counts the call whose answer was lost: it has to show it before the next one is paid.
            self._made(former, self.caller.most_wei(former), lambda _: None)
            self._require(call.model, most_wei)
            return self._made(call, most_wei, said)

    def _made(self, call: Call, most_wei: int, said: Said) -> dict[str, Any]:
        """Make a call with no trust in what the gateway says is owed: the cap is the call's own price."""
        try:
            answer = self.caller.call(call, Means.VOUCHER, most_wei, said)
        except GatewayFailed:
            self._open[call.model] = call
            raise
        self._open.pop(call.model, None)
        self.answered += 1
        self.spent_wei += int(answer["fl_alliance"]["charged_wei"])
        return answer

    def _require(self, model: int, most_wei: int) -> None:
        """Refuse a call that could go beyond a cap; raises `SpendRefused`."""
        if most_wei > self.call_wei:
            raise SpendRefused(f"the call costs up to {fml(most_wei)}, the cap of a call is {fml(self.call_wei)}")
        gone_wei = self.spent_wei + sum(self._at_stake_wei(other) for other in self._called - {model})
        if gone_wei + self._at_stake_wei(model, most_wei) > self.cap_wei:
            raise SpendRefused(
                f"the call costs up to {fml(most_wei)}, of the cap of {fml(self.cap_wei)} {fml(gone_wei)} are gone; "
                "start the proxy again with another cap"
            )
        self._called.add(model)

    def _at_stake_wei(self, model: int, most_wei: int = 0) -> int:
        """Return what a host can take beyond what is owed, where it is sent a voucher over so much more."""
        known_wei = self.caller.known_wei(model)
        pending = self.caller.purse.pending(model) if model in self._called else None
        return max(known_wei + most_wei, pending.owed_wei if pending else 0) - known_wei


def create_proxy(spender: Spender, hosts: Collection[str] = HOSTS) -> FastAPI:
    """Return the proxy as an ASGI application."""
    app = FastAPI(title="FL Alliance proxy", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guarded(request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer programs of this machine alone: no page that a browser shows may spend what is here."""
        if request.url.hostname not in hosts:
            return _forbidden(f"the Host header: given {request.url.hostname}, needed one of {', '.join(hosts)}")
        if "origin" in request.headers:
            return _forbidden("the Origin header: pages in a browser are not answered, needed a program")
        return await call_next(request)

    @app.get("/v1/models")
    async def models() -> Response:
        url = f"{spender.caller.url}/v1/models"
        return await told(lambda: JSONResponse(spender.caller.exchange.get(url)))

    @app.post("/v1/predict")
    async def predict(request: Request) -> Response:
        body = await read_body(request)
        return await told(lambda: JSONResponse(spender.call(rows_call(read_rows(body)), lambda _: None)))

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        body = await read_body(request)
        asked = await told(lambda: read_chat(body))
        if isinstance(asked, Response):
            return asked
        call = chat_call(asked)
        if not asked.is_streamed:
            return await told(lambda: JSONResponse(spender.call(call, lambda _: None)))
        head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model_name(call.model)}

        def work(said: Heard) -> Whole:
            return spender.call(call, said) | head

        return await streamed(work, head)

    return app


def _forbidden(reason: str) -> JSONResponse:
    return refused(GatewayFailed(reason, 403, "permission_error", "Forbidden"))
