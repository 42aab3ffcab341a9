"""A request for messages waits at the SuperLink until there is one."""

import asyncio
from typing import Any

import pytest
from flwr.proto.fleet_pb2 import PullMessagesResponse
from flwr.proto.message_pb2 import Message

from fl_alliance.deployment import holding
from fl_alliance.deployment.holding import Hold

PULL, PUSH, OTHER = "/v1/fleet/pull-messages", "/v1/runtime/push-messages", "/v1/fleet/get-run"


class SuperLink:
    """Answers requests for messages with what was pushed."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.asked, self.status = 0, 200

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"request"
        if scope["path"] == PUSH:
            self.messages.append(Message())
        content = b"other"
        if scope["path"] == PULL:
            self.asked += 1
            content = PullMessagesResponse(messages_list=self.messages).SerializeToString()
            self.messages = []
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": content})


class Caller:
    """Somebody who asks for a path, and stays on the line until told to go."""

    def __init__(self, app: Hold, path: str) -> None:
        self._app, self._path = app, path
        self._asked, self.has_gone = False, asyncio.Event()
        self.told: list[dict[str, Any]] = []

    async def ask(self) -> bytes:
        async def receive() -> dict[str, Any]:
            if not self._asked:
                self._asked = True
                return {"type": "http.request", "body": b"request", "more_body": False}
            await self.has_gone.wait()
            return {"type": "http.disconnect"}

        async def send(event: Any) -> None:
            self.told.append(event)

        await self._app({"type": "http", "path": self._path}, receive, send)
        return b"".join(event.get("body", b"") for event in self.told)


def messages_in(content: bytes) -> int:
    return len(PullMessagesResponse.FromString(content).messages_list)


def test_a_message_is_told_as_soon_as_it_is_there() -> None:
    async def play() -> None:
        link = SuperLink()
        app = Hold(link)
        node = asyncio.ensure_future(Caller(app, PULL).ask())
        await asyncio.sleep(0.05)
        assert not node.done()
        await Caller(app, PUSH).ask()
        assert messages_in(await asyncio.wait_for(node, 1)) == 1
        assert link.asked == 2

    asyncio.run(play())


def test_a_message_that_is_there_is_told_at_once() -> None:
    async def play() -> None:
        link = SuperLink()
        link.messages.append(Message())
        assert messages_in(await asyncio.wait_for(Caller(Hold(link), PULL).ask(), 1)) == 1

    asyncio.run(play())


def test_nobody_is_held_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "HOLD_S", 0.2)

    async def play() -> None:
        assert messages_in(await asyncio.wait_for(Caller(Hold(SuperLink()), PULL).ask(), 2)) == 0

    asyncio.run(play())


def test_a_message_is_not_told_to_who_has_gone() -> None:
    async def play() -> None:
        link = SuperLink()
        app = Hold(link)
        killed = Caller(app, PULL)
        held = asyncio.ensure_future(killed.ask())
        await asyncio.sleep(0.05)
        killed.has_gone.set()
        await asyncio.wait_for(held, 1)
        await Caller(app, PUSH).ask()
        assert killed.told == []
        assert messages_in(await asyncio.wait_for(Caller(app, PULL).ask(), 1)) == 1

    asyncio.run(play())


@pytest.mark.parametrize("path", [OTHER, PULL])
def test_a_refusal_and_every_other_request_pass_at_once(path: str) -> None:
    async def play() -> None:
        link = SuperLink()
        link.status = 401
        caller = Caller(Hold(link), path)
        await asyncio.wait_for(caller.ask(), 1)
        assert caller.told[0]["status"] == 401

    asyncio.run(play())
