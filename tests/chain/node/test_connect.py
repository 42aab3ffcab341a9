"""Every URL leads to a chain or to an error that says what was given and what is needed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3

from fl_alliance.chain.connect import advance_to, close, connect, connected
from fl_alliance.chain.errors import AnvilMissing, BadChainUrl, ChainUnreachable, WrongChain
from fl_alliance.chain.node.anvil import find_anvil


def test_connecting_needs_no_web3_until_it_happens() -> None:
    script = "import sys, fl_alliance.chain.connect, fl_alliance.chain.errors; sys.exit('web3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("url", "needed"),
    [
        ("ftp://chain", "memory://"),
        ("chain.db", "memory://"),
        ("", "memory://"),
        ("memory://somewhere", "nothing but"),
        ("memory://?colour=red", "chain_id, hardfork, genesis_time"),
        ("memory://?chain_id=first", "a positive integer"),
        ("memory://?chain_id=-1", "a positive integer"),
        ("memory://?chain_id=", "a positive integer"),
        ("memory://?hardfork=frontier", "prague or osaka"),
        ("file://relative/chain.db", "an absolute one"),
        ("file:///no/such/folder/chain.db", "a folder that exists"),
        ("http://", "http://host:port"),
        ("ipc://relative", "an absolute one"),
        ("anvil://localhost", "http:// to join"),
    ],
)
def test_a_url_that_is_not_understood_says_what_is(url: str, needed: str) -> None:
    with pytest.raises(BadChainUrl) as refused:
        connect(url)
    assert needed in refused.value.needed
    assert url in str(refused.value)


def test_a_folder_is_no_chain_file(tmp_path: Path) -> None:
    with pytest.raises(BadChainUrl, match="a file in a folder"):
        connect(f"file://{tmp_path}")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1", r"ConnectionRefusedError: \[Errno 111\] Connection refused"),
        ("ipc:///no/such/socket", r"FileNotFoundError: \[Errno 2\] No such file or directory"),
    ],
)
def test_an_endpoint_nobody_listens_on_is_unreachable_in_the_systems_own_words(url: str, why: str) -> None:
    with pytest.raises(ChainUnreachable, match=rf"no chain answered \({why}\)"):
        connect(url)


class _NoChain(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>a web page</html>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web_page() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _NoChain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_web_page_is_no_chain(web_page: str) -> None:
    with pytest.raises(ChainUnreachable):
        connect(web_page)


@pytest.mark.parametrize("url", ["memory://?chain_id=5", "memory://?chain_id=31337"])
def test_another_chain_id_than_asked_for_is_named(url: str) -> None:
    with pytest.raises(WrongChain) as wrong:
        connect(url, chain_id=99)
    assert wrong.value.needed == 99
    assert str(wrong.value.found) in url


def test_a_new_chain_takes_the_id_asked_for() -> None:
    with connected("memory://", chain_id=99) as w3:
        assert w3.eth.chain_id == 99


def test_a_file_name_may_hold_spaces_and_signs(tmp_path: Path) -> None:
    path = tmp_path / "my chain #1.db"
    close(connect(path.as_uri()))
    assert path.is_file()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    w3 = connect(f"file://{tmp_path}/chain.db")
    close(w3)
    close(w3)
    close(connect(f"file://{tmp_path}/chain.db"))


def test_the_clock_is_moved_forward_and_never_back() -> None:
    with connected("memory://") as w3:
        start = w3.eth.get_block("latest")["timestamp"]
        advance_to(w3, start + 1_000)
        assert w3.eth.get_block("latest")["timestamp"] == start + 1_000
        advance_to(w3, start)
        assert w3.eth.block_number == 1


def test_on_a_real_chain_the_clock_is_waited_for() -> None:
    with connected("memory://") as w3:
        provider: Any = w3.provider
        node = provider.node
        provider._rpc._methods["web3_clientVersion"] = lambda: "geth/1.15"

        def later() -> None:
            provider.make_request("evm_mine", [node.head.timestamp + 10])

        timer = threading.Timer(0.2, later)
        timer.start()
        started = time.monotonic()
        advance_to(w3, node.head.timestamp + 5)
        assert time.monotonic() - started >= 0.15
        timer.join()


# anvil


def test_without_anvil_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FL_ALLIANCE_ANVIL", str(tmp_path / "nothing"))
    with pytest.raises(AnvilMissing, match="npm install @foundry-rs/anvil"):
        connect("anvil://")


@pytest.fixture
def anvil() -> Callable[..., Web3]:
    try:
        find_anvil()
    except AnvilMissing as missing:
        pytest.skip(str(missing))
    return connect


@pytest.mark.anvil
def test_anvil_is_found_below_the_working_directory(
    anvil: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    binary = find_anvil()
    (tmp_path / "node_modules" / ".bin").mkdir(parents=True)
    (tmp_path / "node_modules" / ".bin" / "anvil").symlink_to(binary)
    monkeypatch.delenv("FL_ALLIANCE_ANVIL", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    assert find_anvil() == str(tmp_path / "node_modules" / ".bin" / "anvil")


@pytest.mark.anvil
def test_anvil_takes_the_url_s_settings_and_goes_when_closed(anvil: Any) -> None:
    w3 = anvil("anvil://?hardfork=osaka&genesis_time=1800000000", chain_id=4242)
    assert w3.client_version.startswith("anvil/")
    assert w3.eth.chain_id == 4242
    assert w3.eth.get_block(0)["timestamp"] == 1_800_000_000
    url = w3.provider.endpoint_uri
    with pytest.raises(WrongChain, match="found chain id 4242, needed 1"):
        connect(url, chain_id=1)
    close(connect(url, chain_id=4242))
    close(w3)
    with pytest.raises(ChainUnreachable):
        connect(url)


@pytest.mark.anvil
def test_anvil_dies_with_the_process_that_started_it(anvil: Any) -> None:
    script = (
        "import os, sys; from fl_alliance.chain.connect import connect; w3 = connect('anvil://');"
        "print(w3.provider.endpoint_uri, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    url = killed.stdout.strip()
    assert url.startswith("http://127.0.0.1:")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _answers(url):
        time.sleep(0.05)
    assert not _answers(url)


def _answers(url: str) -> bool:
    try:
        close(connect(url))
    except ChainUnreachable:
        return False
    return True


@pytest.mark.anvil
def test_anvil_that_cannot_start_says_why(anvil: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "anvil"
    broken.write_text("#!/bin/sh\necho 'no room left' >&2\nexit 3\n")
    os.chmod(broken, 0o755)  # noqa: S103
    monkeypatch.setenv("FL_ALLIANCE_ANVIL", str(broken))
    with pytest.raises(ChainUnreachable, match="no room left"):
        connect("anvil://")
