"""A served chain over HTTP, for the processes of this machine only.

Nothing here says who asks, so it listens on the loopback interface and nowhere else. A web page that a browser on this
machine shows could ask as well; it is kept out by the Host header (against names that are rebound to 127.0.0.1), by
the content type (a page may not send JSON elsewhere unasked) and by never answering such an asking.
"""

import errno
import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from fl_alliance.chain.errors import CannotListen
from fl_alliance.chain.node.faults import INVALID_REQUEST, RpcFault
from fl_alliance.chain.node.jsonrpc import answer_body, failed
from fl_alliance.chain.node.served import ServedChain

MAX_BODY = 5 * 2**20
"""Bytes of a request; a block's gas pays for 1.5 MB of calldata that is not zeros, 3 MB as text."""
MAX_CONNECTIONS = 256
_IDLE_S = 120.0
_STOP_S = 5.0
_MAX_DISCARDED = 16 * MAX_BODY
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_log = logging.getLogger(__name__)


class _Server(ThreadingHTTPServer):
    """One thread a connection, at most `MAX_CONNECTIONS`; further ones are closed."""

    daemon_threads = True
    block_on_close = False  # a connection that is kept alive would hold up the end
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.chain: ServedChain | None = None
        self.host = host
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._work, self._working, self._ends = threading.Condition(), 0, False
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            _log.exception("connection from %s failed", client_address)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request from its arrival until its answer is written.

        Who asks after the end is hung up on, as by a chain that is gone: a refusal would tell a patient client that
        asking again is of no use.
        """
        with self._work:
            if self._ends:
                raise ConnectionAbortedError("asked after the end")
            self._working += 1
        try:
            yield
        finally:
            with self._work:
                self._working -= 1
                self._work.notify_all()

    def finish(self) -> None:
        """Wait until what has arrived is answered; nothing that arrives later is."""
        with self._work:
            self._ends = True
            self._work.wait_for(lambda: not self._working, _STOP_S)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fl-alliance", ""
    timeout = _IDLE_S
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        with self.server.working():
            refusal = self._refusal()
            if refusal is not None:
                self._discard()
                self.send_error(*refusal)
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chain = self.server.chain
            if chain is None:
                raise RuntimeError("a request was handled before there was a chain")
            self._reply(HTTPStatus.OK, answer_body(body, chain.answer))

    def _refusal(self) -> tuple[int, str] | None:
        """Return the status and reason with which a request is refused for its head, or None."""
        if not _is_local(self.headers.get_all("Host", []), self.server.host):
            return HTTPStatus.FORBIDDEN, f"Host {self.headers.get('Host', '')[:100]!r}, needed this machine's loopback"
        if self.path != "/":
            return HTTPStatus.NOT_FOUND, f"path {self.path[:100]!r}, needed /"
        if self.headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "needed Content-Type: application/json"
        length = self.headers.get_all("Content-Length", [])
        if len(length) != 1 or not _is_count(length[0]) or "Transfer-Encoding" in self.headers:
            return HTTPStatus.LENGTH_REQUIRED, "needed one Content-Length"
        if int(length[0]) > MAX_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{length[0]} bytes, needed at most {MAX_BODY}"
        return None

    def _discard(self) -> None:
        """Read what will not be used, within limits: who still writes does not hear why it was refused."""
        length = self.headers.get("Content-Length", "0")
        left = min(int(length), _MAX_DISCARDED) if _is_count(length) else 0
        while left > 0 and (part := self.rfile.read(min(left, 1 << 16))):
            left -= len(part)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with a JSON-RPC error, and close: where the next request would begin is not known."""
        fault = RpcFault(INVALID_REQUEST, f"HTTP {int(code)}: {message or HTTPStatus(code).phrase}")
        self.close_connection = True
        self._reply(code, json.dumps(failed(fault)).encode())

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status if body else HTTPStatus.NO_CONTENT)
        if body:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep quiet: the chain file is the record."""


class Listener:
    """A port that is taken; `serving` answers on it.

    Raises
    ------
    CannotListen
        The address is not a loopback address, or cannot be taken.
    """

    def __init__(self, host: str, port: int) -> None:
        if not _is_loopback(host):
            raise CannotListen(host, port, "no loopback address", "127.0.0.1 or ::1: the chain does not ask who calls")
        if not 0 <= port <= 65_535:
            raise CannotListen(host, port, "no port", "0 to 65535, 0 for any that is free")
        try:
            self._server = _Server("127.0.0.1" if host == "localhost" else host, port)
        except OSError as refused:
            found = "a port in use" if refused.errno == errno.EADDRINUSE else str(refused.strerror or refused)
            raise CannotListen(host, port, found, "a free one (--port 0 takes any)") from refused

    @property
    def url(self) -> str:
        """Where others reach the chain."""
        host, port = self._server.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    @contextmanager
    def serving(self, chain: ServedChain) -> Iterator[None]:
        """Answer requests for the length of a `with` block; at its end, finish what has arrived and close."""
        self._server.chain = chain
        thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="chain", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.finish()
            chain.close()
            self.close()

    def close(self) -> None:
        """Give the port back. May be repeated."""
        self._server.server_close()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


def _is_local(hosts: list[str], own: str) -> bool:
    """Return whether a request's Host header names this machine's loopback, with any port (a tunnel has its own)."""
    try:
        name = urlsplit(f"//{hosts[0]}").hostname if len(hosts) == 1 else None
    except ValueError:
        return False
    return name in _LOOPBACK_NAMES or name == own
