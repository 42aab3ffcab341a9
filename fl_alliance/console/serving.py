"""Serving the console on this machine until it is stopped."""

import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from fl_alliance.console.app import make_app
from fl_alliance.console.errors import PortTaken
from fl_alliance.console.sources import Sources


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, 0 for any free port; raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)
    except (OSError, OverflowError) as error:
        found.close()
        raise PortTaken(host, port, getattr(error, "strerror", None) or str(error)) from None
    return found


def url_of(listener: socket.socket) -> str:
    """Return the address to open in a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(sources: Sources, listener: socket.socket, hosts: Collection[str], ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    server = _Server(_config(make_app(sources, hosts)), ready)
    server.run(sockets=[listener])


@contextmanager
def served(sources: Sources) -> Iterator[str]:
    """Serve on a free port of this machine, from a thread, for the length of a `with` block; give the address."""
    listener, is_up = listen("127.0.0.1", 0), threading.Event()
    server = _Server(_config(make_app(sources)), is_up.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    is_up.wait(10)
    try:
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", server_header=False)


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, *args: Any, **named: Any) -> None:
        await super().startup(*args, **named)
        self._ready()
