"""A SuperLink has one port for everybody. From elsewhere only SuperNodes may use it.

Flower 1.41 serves the Fleet API, which authenticates SuperNodes, on the port of its Control and Runtime APIs, which
authenticate nobody: whoever reaches it could start an app of their own on every hospital's machine, admit SuperNodes
and stop runs. Those are for this machine alone.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_FLEET, _HEALTH = "/v1/fleet/", "/health"
_REFUSAL = b'{"detail": "this API answers on the SuperLink\'s own machine only"}'


class Fence:
    """ASGI middleware, outermost: refuses what is neither local nor for SuperNodes, with 403."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before anything of it is read."""
        if scope["type"] == "lifespan" or is_admitted(scope):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http":
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_REFUSAL)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})
            return
        await send({"type": "websocket.close", "code": 1008})


def is_admitted(scope: Scope) -> bool:
    """Return whether a request is for SuperNodes, or comes from this machine."""
    path = str(scope.get("path", ""))
    if scope["type"] == "http" and ((path.startswith(_FLEET) and ".." not in path) or path == _HEALTH):
        return True
    client, server = scope.get("client"), scope.get("server")
    if not client:
        return False
    try:
        is_here = ip_address(client[0]).is_loopback
    except ValueError:
        return False
    # A connection from an address of this machine to that same address never left it.
    return is_here or (server is not None and client[0] == server[0])
