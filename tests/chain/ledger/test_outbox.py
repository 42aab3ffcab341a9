"""What was sent and is lost is sent again, byte for byte; what is stuck pays more; nothing counts twice."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from web3.types import RPCEndpoint

from fl_alliance.chain import sender as sending
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import be_patient, connect
from fl_alliance.chain.errors import AnvilMissing, ChainUnreachable, OutboxDamaged
from fl_alliance.chain.node.anvil import find_anvil
from fl_alliance.chain.node.remote import RemoteProvider
from fl_alliance.chain.outbox import KEPT, Outbox
from fl_alliance.chain.sender import Sender

RELAYER = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"), is_public=True)
HOSPITAL = "0x000000000000000000000000000000000000dEaD"
WEI = 7


@pytest.fixture
def anvil() -> Iterator[Any]:
    """An anvil that keeps its history: one that prunes it cannot replace blocks."""
    try:
        binary = find_anvil()
    except AnvilMissing as missing:
        pytest.skip(str(missing))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    command = [binary, "--silent", "--hardfork", "prague", "--port", port]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            w3 = None
            for _ in range(100):
                with suppress(ChainUnreachable):
                    w3 = connect(f"http://127.0.0.1:{port}")
                    break
                time.sleep(0.1)
            assert w3 is not None
            yield w3
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # npm's anvil is a script that starts the binary


def pay(sender: Sender) -> Any:
    return sender.send(HOSPITAL, b"", 21_000, "transfer", value=WEI)


def test_what_was_sent_is_known_to_the_next_process(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "sent")
    first.add(3, b"\x02a")
    first.add(4, b"\x02b")
    first.add(4, b"\x02c")
    assert list(Outbox(tmp_path / "sent").since(4)) == [(4, b"\x02c")]
    assert list(Outbox(tmp_path / "sent").since(0)) == [(3, b"\x02a"), (4, b"\x02c")]


def test_what_no_node_took_is_not_sent_again(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "sent")
    outbox.add(3, b"\x02a")
    outbox.drop(3)
    assert list(outbox.since(0)) == list(Outbox(tmp_path / "sent").since(0)) == []


def test_a_line_that_broke_off_was_never_sent_and_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    Outbox(path).add(3, b"\x02a")
    path.write_bytes(path.read_bytes() + b'{"number": 4, "ra')
    outbox = Outbox(path)
    assert list(outbox.since(0)) == [(3, b"\x02a")]
    outbox.add(4, b"\x02b")
    assert list(Outbox(path).since(4)) == [(4, b"\x02b")]


@pytest.mark.parametrize("line", ["[]", "{}", '{"number": 1, "raw": "xy"}', "\x00", '{"number": null, "raw": ""}'])
def test_a_journal_that_is_damaged_is_not_gone_on_with(tmp_path: Path, line: str) -> None:
    path = tmp_path / "sent"
    Outbox(path).add(3, b"\x02a")
    path.write_bytes(path.read_bytes() + line.encode() + b"\n")
    with pytest.raises(OutboxDamaged, match="line 2"):
        Outbox(path)


def test_old_numbers_are_forgotten() -> None:
    outbox = Outbox()
    for number in range(200):
        outbox.add(number, b"\x02")
    assert [number for number, _ in outbox.since(0)] == list(range(200 - KEPT, 200))


@pytest.mark.anvil
def test_a_payment_that_a_fork_lost_is_made_good_once(anvil: Any) -> None:
    relayer = Sender(anvil, RELAYER)
    relayer.rpc("evm_mine")
    before = relayer.rpc.number("eth_getBalance", HOSPITAL, "latest")
    for _ in range(3):
        pay(relayer)
    relayer.rpc("anvil_reorg", 2, [])
    assert relayer.rpc.number("eth_getBalance", HOSPITAL, "latest") == before + WEI
    assert relayer.restore() == 2
    assert relayer.restore() == 0
    assert relayer.rpc.number("eth_getBalance", HOSPITAL, "latest") == before + 3 * WEI
    pay(relayer)
    assert relayer.rpc.number("eth_getBalance", HOSPITAL, "latest") == before + 4 * WEI


@pytest.mark.anvil
def test_a_process_that_is_killed_after_sending_pays_once(anvil: Any, tmp_path: Path) -> None:
    killed = Sender(anvil, RELAYER, deadline_s=0.2, outbox=Outbox(tmp_path / "sent"))
    before = killed.rpc.number("eth_getBalance", HOSPITAL, "latest")
    killed.rpc("evm_setAutomine", False)
    with pytest.raises(sending.ReceiptMissing):
        pay(killed)
    killed.rpc("anvil_dropAllTransactions")  # and the node was restarted meanwhile
    killed.rpc("evm_setAutomine", True)
    again = Sender(anvil, RELAYER, outbox=Outbox(tmp_path / "sent"))
    assert again.restore() == 1
    assert again.rpc.number("eth_getBalance", HOSPITAL, "latest") == before + WEI


@pytest.mark.anvil
def test_a_payment_that_is_stuck_since_fees_rose_pays_more_and_counts_once(
    anvil: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_RENEW_S", 0.2)
    relayer = Sender(anvil, RELAYER, deadline_s=30)
    before = relayer.rpc.number("eth_getBalance", HOSPITAL, "latest")
    pay(relayer)
    relayer.rpc("evm_setAutomine", False)
    base = int(relayer.rpc("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)

    def fees_rise() -> None:
        relayer.rpc("anvil_setNextBlockBaseFeePerGas", hex(base * 40))
        relayer.rpc("evm_setIntervalMining", 1)

    threading.Timer(0.5, fees_rise).start()
    receipt = pay(relayer)
    assert receipt.succeeded
    assert relayer.rpc.number("eth_getBalance", HOSPITAL, "latest") == before + 2 * WEI
    assert [number for number, _ in relayer._outbox.since(0)] == [0, 1]


def test_a_chain_that_is_away_is_waited_for_as_long_as_patience_lasts() -> None:
    provider = RemoteProvider("http://127.0.0.1:9", {"timeout": 1})
    provider.patience_s = 1.0
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        provider.make_request(RPCEndpoint("eth_blockNumber"), [])
    assert 1.0 <= time.monotonic() - began < 30


def test_patience_concerns_chains_elsewhere_only() -> None:
    w3 = connect("memory://")
    be_patient(w3, 5)
    assert not hasattr(w3.provider, "patience_s")
    with pytest.raises(ChainUnreachable):
        connect("http://127.0.0.1:9")
