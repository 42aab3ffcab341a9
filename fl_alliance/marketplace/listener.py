"""A listening socket, and the server that answers on it; needs uvicorn."""

import socket
from typing import Any

from fl_alliance.chain.errors import CannotListen

_BACKLOG = 128


class Server:
    """A `uvicorn.Server` that has its socket.

    Parameters
    ----------
    app : ASGI application
    listener : socket
    certificate, certificate_key : str
        TLS; empty: plain HTTP.
    """

    def __init__(self, app: Any, listener: socket.socket, certificate: str = "", certificate_key: str = "") -> None:
        import uvicorn

        config = uvicorn.Config(app, log_level="warning", ws="none", lifespan="off", access_log=False)
        if certificate:
            config.ssl_certfile, config.ssl_keyfile = certificate, certificate_key or None
        self._server, self._listener = uvicorn.Server(config), listener

    def run(self) -> None:
        """Serve until `stop`, or until a signal where this is the main thread."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Have `run` return once what has begun is answered."""
        self._server.should_exit = True

    @property
    def is_started(self) -> bool:
        """Whether it answers."""
        return bool(self._server.started)


def bound(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises `CannotListen`."""
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except (OSError, OverflowError) as refused:
        found = str(getattr(refused, "strerror", None) or refused)
        raise CannotListen(
            host, port, found, "an address of this machine and a free port (--port 0 takes any)"
        ) from None
