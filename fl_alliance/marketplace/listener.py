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

        config = uvicorn.Config(app, log_level="warning", ws="none", lifespan="off", server_header=False)
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
    """Return a listening socket, 0 for any free port; raises `CannotListen`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as refused:
        found = str(getattr(refused, "strerror", None) or refused)
        raise CannotListen(
            host, port, found, "an address of this machine and a free port (--port 0 takes any)"
        ) from None


def url_of(listener: socket.socket, host: str = "", scheme: str = "http") -> str:
    """Return the URL of what listens, without a path; `host` is its name there, empty: its address."""
    address, port = listener.getsockname()[:2]
    name = host or address
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"
