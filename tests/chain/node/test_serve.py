"""`fl-alliance chain` as a process of its own, over loopback."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from eth_account.signers.local import LocalAccount

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import advance_to, connect, connected, is_moved
from fl_alliance.chain.errors import ChainLocked, ChainUnreachable, ConnectError, RequestRefused
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.node.serve import MAX_BODY, MAX_CONNECTIONS, Listener
from fl_alliance.chain.node.served import open_chain
from fl_alliance.chain.sender import Receipt, Sender
from fl_alliance.cli.main import main

NOBODY = "0x" + "11" * 20
JSON = {"Content-Type": "application/json"}
CHAIN_ID = b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}'


class ChainProcess:
    """`fl-alliance chain` with these options, ready when this is."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fl_alliance.cli.main", "chain", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.fullmatch(r"serving (http://(127\.0\.0\.1|\[::1\]):(\d+))\n", said)
        assert found, (said, self.process.communicate(timeout=10))
        self.url, self.host, self.port = found[1], found[2].strip("[]"), int(found[3])

    def end(self, number: int) -> tuple[int, str, str]:
        """Send a signal; return the exit code and what was said since the first line."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def start() -> Iterator[Callable[..., ChainProcess]]:
    started: list[ChainProcess] = []

    def begin(*options: str) -> ChainProcess:
        started.append(ChainProcess(*options))
        return started[-1]

    yield begin
    for chain in started:
        chain.process.kill()
        chain.process.communicate()


@pytest.fixture(scope="module")
def served() -> Iterator[ChainProcess]:
    """One chain for what leaves others undisturbed: in memory, real time."""
    chain = ChainProcess()
    yield chain
    chain.process.kill()
    chain.process.communicate()


@pytest.fixture
def keys(proposer: LocalAccount, voter: LocalAccount) -> list[NodeKey]:
    return [NodeKey(bytes(account.key), is_public=True) for account in (proposer, voter)]


def transfer(sender: Sender) -> Receipt:
    return sender.send(NOBODY, b"", 21_000, "transfer", value=1)


def said(
    served: ChainProcess, body: bytes, headers: dict[str, str] = JSON, method: str = "POST", path: str = "/"
) -> Any:
    """Send one HTTP request; return its status, its headers and what the answer holds."""
    connection = http.client.HTTPConnection(served.host, served.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        return response.status, response.headers, json.loads(content) if content else None
    finally:
        connection.close()


# what it is for


def test_two_senders_share_a_chain(served: ChainProcess, keys: Sequence[NodeKey]) -> None:
    def work(key: NodeKey) -> list[Receipt]:
        with connected(served.url, chain_id=31337) as w3:
            sender = Sender(w3, key)
            return [transfer(sender) for _ in range(40)]

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, keys))
    with connected(served.url) as w3:
        blocks = [receipt.block for receipts in done for receipt in receipts]
        assert len(set(blocks)) == 80
        assert all(receipts == sorted(receipts, key=lambda receipt: receipt.block) for receipts in done)
        # Both were at work at a time: neither's blocks all come before the other's.
        assert max(done[0][0].block, done[1][0].block) < min(done[0][-1].block, done[1][-1].block)
        assert w3.eth.get_balance(w3.to_checksum_address(NOBODY)) >= 80
        times = [w3.eth.get_block(number)["timestamp"] for number in range(max(blocks) + 1)]
        assert times == sorted(times)
        assert times[-1] <= time.time() + 1


def test_its_clock_is_real_and_only_waiting_moves_it(served: ChainProcess) -> None:
    with connected(served.url) as w3:
        assert w3.client_version == "fl-alliance/served"
        began, start = time.monotonic(), w3.eth.get_block("latest")["timestamp"]
        assert abs(start - time.time()) < 4
        for method in ("evm_mine", "evm_increaseTime", "evm_setNextBlockTimestamp", "evm_snapshot", "evm_revert"):
            answer: Any = w3.provider.make_request(method, [1])  # type: ignore[arg-type]
            assert answer["error"]["message"].startswith(f"{method}: this chain is shared")
        advance_to(w3, start + 3)
        assert 1 <= time.monotonic() - began < 8
        assert start + 3 <= w3.eth.get_block("latest")["timestamp"] <= time.time() + 1


def test_a_fast_chain_s_time_passes_as_told_and_is_waited_for(start: Callable[..., ChainProcess]) -> None:
    chain = start("--speed", "1000", "--block-time", "0.05")
    with connected(chain.url) as w3:

        def look() -> tuple[float, int, float]:
            before = time.monotonic()
            return before, w3.eth.get_block("pending")["timestamp"], time.monotonic()

        (first, at_first, first_end), _, (last, at_last, last_end) = look(), time.sleep(1), look()
        assert 1000 * (last - first_end) - 1 <= at_last - at_first <= 1000 * (last_end - first) + 1
        began, goal = time.monotonic(), w3.eth.get_block("latest")["timestamp"] + 2_000
        advance_to(w3, goal)
        waited = time.monotonic() - began
        assert 1.9 <= waited < 6
        assert goal <= w3.eth.get_block("latest")["timestamp"] <= goal + 1000 * (time.monotonic() - began - 1.9)


# what happens when it ends


def test_killed_in_the_middle_it_goes_on_with_every_confirmed_block(
    start: Callable[..., ChainProcess], tmp_path: Path, keys: Sequence[NodeKey]
) -> None:
    file = tmp_path / "chain.db"
    chain = start("--file", str(file), "--speed", "3600")
    confirmed: list[Receipt] = []

    def work() -> None:
        with connected(chain.url) as w3:
            sender = Sender(w3, keys[0])
            while True:
                confirmed.append(transfer(sender))

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        deadline = time.monotonic() + 30
        while len(confirmed) < 25 and time.monotonic() < deadline:
            time.sleep(0.01)
        chain.process.send_signal(signal.SIGKILL)
        assert isinstance(working.exception(timeout=30), ConnectError | OSError | RequestRefused)
    chain.process.wait()
    assert len(confirmed) >= 25
    with ChainFile(file) as stored:
        head = stored.verify()
    # The last one may have been sealed and its receipt not arrived.
    sealed = [block.transaction.hash.hex() for block in _blocks(file) if block.transaction is not None]
    sent = [receipt.tx_hash[2:] for receipt in confirmed]
    assert sealed[: len(sent)] == sent
    assert len(sealed) - len(sent) <= 1

    chain = start("--file", str(file), "--speed", "3600")
    with connected(chain.url) as w3:
        assert bytes(w3.eth.get_block(head.number)["hash"]) == head.hash
        sender = Sender(w3, keys[0])
        block = w3.eth.get_block(transfer(sender).block)
        assert block["number"] > head.number
        assert block["timestamp"] >= head.timestamp
    code, _, err = chain.end(signal.SIGTERM)
    assert (code, err) == (0, "")
    with ChainFile(file) as stored:
        assert stored.replay().number >= block["number"]


def _blocks(file: Path) -> Any:
    with ChainFile(file) as stored:
        return list(stored.blocks())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_answers_what_has_arrived_and_leaves_a_whole_file(
    start: Callable[..., ChainProcess], tmp_path: Path, keys: Sequence[NodeKey], number: int
) -> None:
    chain = start("--file", str(file := tmp_path / "chain.db"), "--chain-id", "31337")
    with pytest.raises(ChainLocked, match=f"process {chain.process.pid}"):
        connect(file.as_uri())
    with connected(chain.url) as w3:
        receipt = transfer(Sender(w3, keys[1]))
        code, out, err = chain.end(number)
        assert (code, err) == (0, "")
        assert out.endswith(f"stopped at block {receipt.block}\n")
        with pytest.raises(ChainUnreachable):
            connect(chain.url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chain.db"]
    assert [block.number for block in _blocks(file)] == list(range(receipt.block + 1))


def test_who_asks_over_a_kept_connection_after_the_end_is_hung_up_on_and_can_wait_for_the_next() -> None:
    listener = Listener("127.0.0.1", 0)
    port = urlsplit(listener.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with listener.serving(open_chain(None, None, 1.0, 2.0)), connected(listener.url) as w3:
        connection.request("POST", "/", CHAIN_ID, JSON)
        assert json.loads(connection.getresponse().read())["result"] == "0x7a69"
    connection.request("POST", "/", CHAIN_ID, JSON)
    with pytest.raises(ConnectionError):
        connection.getresponse()
    with pytest.raises(ChainUnreachable):
        is_moved(w3)
    with pytest.raises(ChainUnreachable):
        advance_to(w3, 2**40)


# what it refuses


def test_a_batch_is_answered_in_order(served: ChainProcess) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": n, "method": m} for n, m in ((3, "eth_chainId"), (1, "evm_mine"), (2, "net_version"))
    ]
    status, _, replies = said(served, json.dumps(batch).encode())
    assert status == 200
    assert [reply["id"] for reply in replies] == [3, 1, 2]
    assert (replies[0]["result"], replies[1]["error"]["code"], replies[2]["result"]) == ("0x7a69", -32601, "31337")
    assert said(served, b'{"jsonrpc": "2.0", "method": "eth_chainId"}')[::2] == (204, None)


def test_what_is_too_deep_or_no_json_is_answered_with_an_error_and_harms_nobody(served: ChainProcess) -> None:
    for body in (b"[" * 1_000_000, b'{"a":' * 500_000, b"{", b"\xff", b""):
        status, _, reply = said(served, body)
        assert (status, reply["error"]["code"]) == (200, -32700)
    assert said(served, CHAIN_ID)[2]["result"] == "0x7a69"


def test_a_body_of_the_largest_size_is_read_and_a_larger_one_is_not(served: ChainProcess) -> None:
    status, _, reply = said(served, CHAIN_ID.ljust(MAX_BODY))
    assert (status, reply["result"]) == (200, "0x7a69")
    status, headers, reply = said(served, CHAIN_ID.ljust(MAX_BODY + 1))
    assert (status, headers["Connection"]) == (413, "close")
    assert reply["error"]["message"] == f"HTTP 413: {MAX_BODY + 1} bytes, needed at most {MAX_BODY}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]:8545", "LOCALHOST:9545", "127.0.0.1:1"])
def test_this_machine_s_names_are_answered(served: ChainProcess, host: str) -> None:
    assert said(served, CHAIN_ID, JSON | {"Host": host})[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8545", "127.0.0.1.evil.example", "", "192.0.2.7", "[", "a@b"]
)
def test_a_name_rebound_to_this_machine_is_refused(served: ChainProcess, host: str) -> None:
    status, _, reply = said(served, CHAIN_ID, JSON | {"Host": host})
    assert status == 403
    assert "needed this machine's loopback" in reply["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/", {"Content-Type": "text/plain"}, 415),
        ("POST", "/", {}, 415),
        ("POST", "/other", JSON, 404),
        ("POST", "/", JSON | {"Content-Length": "-1"}, 411),
        ("POST", "/", JSON | {"Content-Length": "9" * 30}, 411),
        ("POST", "/", JSON | {"Transfer-Encoding": "chunked"}, 411),
        ("GET", "/", JSON, 501),
        ("OPTIONS", "/", {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, 501),
    ],
)
def test_what_a_web_page_could_send_unasked_is_refused(
    served: ChainProcess, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    found, answered, reply = said(served, CHAIN_ID, headers, method, path)
    assert found == status
    assert reply["error"]["message"].startswith(f"HTTP {status}: ")
    assert not [name for name in answered if name.lower().startswith("access-control")]


def test_a_connection_is_kept_and_its_answers_come_at_once(served: ChainProcess) -> None:
    connection = http.client.HTTPConnection(served.host, served.port, timeout=20)
    connection.connect()
    opened, began = connection.sock, time.monotonic()
    for _ in range(200):
        connection.request("POST", "/", CHAIN_ID, JSON)
        assert connection.getresponse().read()
        assert connection.sock is opened
    # Nagle's algorithm against delayed acknowledgements would take 40 ms for each.
    assert time.monotonic() - began < 4
    connection.close()


def test_too_many_connections_are_closed_and_leave_room_when_they_go(served: ChainProcess) -> None:
    held = [socket.create_connection((served.host, served.port), timeout=10) for _ in range(MAX_CONNECTIONS + 20)]
    for one in held[MAX_CONNECTIONS:]:
        one.settimeout(10)
        assert one.recv(1) == b""
    held[0].settimeout(0.2)
    with pytest.raises(TimeoutError):
        held[0].recv(1)
    for one in held:
        one.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert said(served, CHAIN_ID)[0] == 200
            break
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    else:
        pytest.fail("no room again")


def complaint(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Run a command that must be refused; return its one line."""
    assert main(["chain", *options]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    return said.err


def test_a_port_in_use_is_told_and_no_file_begun(
    served: ChainProcess, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = complaint(capsys, "--port", str(served.port), "--file", str(tmp_path / "chain.db"))
    assert f"127.0.0.1 port {served.port}: found a port in use" in said
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "chain.example", ""])  # noqa: S104 - refused
def test_no_other_machine_can_be_let_in(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "found no loopback address; needed 127.0.0.1 or ::1" in complaint(capsys, "--host", host, "--port", "0")


def test_a_port_is_given_back_where_the_file_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chain.db").write_bytes(b"no chain")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    for _ in range(2):
        assert "corrupt" in complaint(capsys, "--port", port, "--file", str(tmp_path / "chain.db"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--speed", "0"),
        ("--speed", "-1"),
        ("--speed", "nan"),
        ("--speed", "fast"),
        ("--block-time", "0"),
        ("--chain-id", "0"),
        ("--chain-id", "main"),
        ("--port", "web"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["chain", option, value])
    assert leaving.value.code == 2
    assert option in capsys.readouterr().err


def test_ports_beyond_the_last_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "needed 0 to 65535" in complaint(capsys, "--port", "65536")


def test_the_other_loopback_address_is_served_too(start: Callable[..., ChainProcess]) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
    chain = start("--host", "::1")
    with connected(chain.url, chain_id=31337) as w3:
        assert w3.eth.chain_id == 31337
