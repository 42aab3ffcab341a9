"""A gateway over HTTP: what is too much, too late or elsewhere is refused by its URL; URLs of both families of IP."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fl_alliance.chain.errors import CannotListen
from fl_alliance.marketplace import exchange
from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.exchange import Exchange
from fl_alliance.marketplace.listener import bound, url_of

pytest.importorskip("httpx", reason="needs the extra: pip install 'fl-alliance[market]'")


@contextmanager
def answering(status: int, body: bytes, location: str = "") -> Iterator[str]:
    """A server that gives one answer to everything."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Same)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_an_answer_with_too_many_bytes_is_refused_streamed_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_BYTES", 100)
    with answering(200, b'{"text": "' + b"a" * 100 + b'"}') as url:
        with pytest.raises(GatewayFailed, match=f"{url}: the gateway answered with more than 100 bytes"):
            Exchange().get(url)
        with pytest.raises(GatewayFailed, match=f"{url}: the gateway answered with more than 100 bytes"):
            Exchange().stream(url, b"{}", {}, lambda _: None)


def test_a_redirect_is_not_followed_and_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with answering(200, b'{"a": 1}') as good, answering(302, b"", good) as bad:
        assert Exchange().get(good) == {"a": 1}
        with pytest.raises(GatewayFailed, match="answered 302"):
            Exchange().post(bad, b"{}")


def test_what_is_no_answer_is_the_gateways_failure() -> None:
    with answering(200, b"<html>") as url, pytest.raises(GatewayFailed, match="sent what is no answer"):
        Exchange().get(url)


def test_a_listener_has_the_url_of_its_address_or_name() -> None:
    with bound("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"
        assert url_of(listener, "models.example", "https") == f"https://models.example:{port}"
        with pytest.raises(CannotListen, match=f"serve at 127.0.0.1 port {port}: found Address already in use"):
            bound("127.0.0.1", port)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 on this machine")
def test_a_listener_of_ipv6_has_its_address_in_brackets() -> None:
    with bound("::1", 0) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"
