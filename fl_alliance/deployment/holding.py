"""Whoever asks a SuperLink for messages is answered when there is one, or after a while, and need not ask all the time.

Flower's SuperNodes and its grid ask, are told at once that there is nothing, and ask again seconds later. Asking more
often would be quick, and take a quarter of a small machine. Here a request waits at the SuperLink; whatever comes in
lets all that wait look again.
"""

import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from flwr.proto.fleet_pb2 import PullMessagesResponse
from flwr.proto.runtime_pb2 import PullAppMessagesResponse

from fl_alliance.deployment.fence import App, Receive, Scope, Send

HOLD_S = 5.0
"""Less than a killed SuperNode takes to be let in again: no message is told to a connection of its last life."""
LONGEST = 1 << 20
"""Bytes of such a request; of a longer one nothing is read."""
_PULLS: dict[str, Any] = {
    "/v1/fleet/pull-messages": PullMessagesResponse,
    "/v1/runtime/pull-messages": PullAppMessagesResponse,
}
_PUSHES = ("/v1/fleet/push-messages", "/v1/runtime/push-messages")

Event = MutableMapping[str, Any]


class Hold:
    """ASGI middleware in front of Flower's own."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._news = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold a request for messages; pass everything else on."""
        path = scope.get("path") if scope["type"] == "http" else None
        if path in _PULLS:
            await self._hold(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if path in _PUSHES:
            self._news.set()
            self._news = asyncio.Event()

    async def _hold(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _whole(receive)
        if request is None:
            return
        loop = asyncio.get_running_loop()
        end, gone = loop.time() + HOLD_S, asyncio.ensure_future(_gone(receive))
        try:
            while not gone.done():
                news = self._news  # what comes in from here on is not missed
                answer = await self._answer(scope, request)
                if loop.time() >= end or _is_news(str(scope["path"]), answer):
                    for event in answer:
                        await send(event)
                    return
                waiting = asyncio.ensure_future(news.wait())
                await asyncio.wait({waiting, gone}, timeout=end - loop.time(), return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _answer(self, scope: Scope, request: bytes) -> list[Event]:
        """Return what Flower answers now."""
        events: list[Event] = []
        body: list[Event] = [{"type": "http.request", "body": request, "more_body": False}]

        async def receive() -> Event:
            if body:
                return body.pop()
            await asyncio.Event().wait()  # for ever: who listens for the end is ended with the answer
            raise AssertionError

        async def send(event: Event) -> None:
            events.append(event)

        await self._app({**scope, "state": dict(scope.get("state") or {})}, receive, send)
        return events


async def _whole(receive: Receive) -> bytes | None:
    """Return a request's body, None where it is longer than such a request can be, or its sender has gone."""
    content: bytes = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect" or len(content) > LONGEST:
            return None
        content += bytes(event.get("body", b""))
        if not event.get("more_body", False):
            return content


async def _gone(receive: Receive) -> None:
    """Return when whoever asks has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_news(path: str, answer: list[Event]) -> bool:
    """Return whether there is a message in an answer, or something else than an answer."""
    content = b"".join(event.get("body", b"") for event in answer if event["type"] == "http.response.body")
    if answer[0].get("status") != 200:
        return True
    return bool(_PULLS[path].FromString(content).messages_list)
