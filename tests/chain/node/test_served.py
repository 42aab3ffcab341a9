"""A shared chain in real time: when blocks are sealed, how it goes on, and that no request can break it."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.errors import ChainFileError, ChainLocked, WrongChain
from fl_alliance.chain.node.clock import RunningClock
from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.rpc import Rpc
from fl_alliance.chain.node.served import ServedChain, open_chain
from fl_alliance.chain.node.settings import Settings

GENESIS = Settings().genesis_time


class Watch:
    """Real seconds, moved by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


def served(watch: Watch, speed: float = 1.0, block_time_s: float = 2.0) -> ServedChain:
    clock = RunningClock(GENESIS, speed, watch)
    return ServedChain(Node(Settings(), clock=clock), clock, block_time_s)


def latest(chain: ServedChain) -> tuple[int, int]:
    """Return the head's number and its seconds since genesis, as who asks sees them."""
    head = chain.answer("eth_getBlockByNumber", ["latest", False])["result"]
    return int(head["number"], 16), int(head["timestamp"], 16) - GENESIS


def test_the_head_follows_the_clock_by_empty_blocks_when_somebody_looks(watch: Watch) -> None:
    chain = served(watch)
    seen = []
    for watch.seconds in (0.0, 1.9, 2.0, 3.9, 4.1, 100.0, 100.5):
        seen.append(latest(chain))
    assert seen == [(0, 0), (0, 0), (1, 2), (1, 2), (2, 4), (3, 100), (3, 100)]


def test_nobody_looking_and_who_asks_for_no_time_leave_the_chain_as_it_is(watch: Watch) -> None:
    chain = served(watch)
    watch.seconds = 10_000.0
    for method, params in (
        ("eth_chainId", []),
        ("web3_clientVersion", []),
        ("eth_getTransactionCount", ["0x" + "11" * 20, "pending"]),
        ("eth_getTransactionReceipt", ["0x" + "11" * 32]),
    ):
        assert "error" not in chain.answer(method, params)
    assert chain.node.head.number == 0


def test_a_fast_chain_s_blocks_are_as_far_apart_as_its_speed_says(watch: Watch) -> None:
    chain = served(watch, speed=3_600, block_time_s=0.1)
    watch.seconds = 0.09
    assert latest(chain) == (0, 0)
    watch.seconds = 0.5
    assert latest(chain) == (1, 1_800)


def test_a_slow_chain_seals_no_two_empty_blocks_in_a_second(watch: Watch) -> None:
    chain = served(watch, speed=0.25, block_time_s=1.0)
    seen = []
    for watch.seconds in (1.0, 3.9, 4.0, 7.9, 8.0):
        seen.append(latest(chain))
    assert seen == [(0, 0), (0, 0), (1, 1), (1, 1), (2, 2)]


def test_a_pending_block_has_the_time_now(watch: Watch) -> None:
    chain = served(watch, block_time_s=50.0)
    watch.seconds = 40.0
    assert latest(chain) == (0, 0)
    pending = chain.answer("eth_getBlockByNumber", ["pending", False])["result"]
    assert int(pending["timestamp"], 16) == GENESIS + 40


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("evm_snapshot", []),
        ("evm_revert", ["0x0"]),
        ("evm_mine", []),
        ("evm_increaseTime", [60]),
        ("evm_setNextBlockTimestamp", [GENESIS + 60]),
        ("evm_anything", []),
    ],
)
def test_nobody_moves_a_shared_chain_s_clock_or_takes_blocks_back(watch: Watch, method: str, params: list[Any]) -> None:
    chain = served(watch)
    error = chain.answer(method, params)["error"]
    assert error["code"] == -32601
    assert error["message"].startswith(f"{method}: this chain is shared")
    assert latest(chain) == (0, 0)


def test_a_new_chain_begins_now_and_one_that_goes_on_at_its_head(tmp_path: Path) -> None:
    before = int(time.time())
    chain = open_chain(tmp_path / "chain.db", None, 1e6, 1e-6)
    assert before <= chain.clock.start == chain.node.head.timestamp <= time.time()
    while chain.node.head.number < 3:
        chain.answer("eth_blockNumber", [])
    head = chain.node.head
    chain.close()
    again = open_chain(tmp_path / "chain.db", None, 1.0, 2.0)
    assert again.clock.start == head.timestamp > time.time()
    assert again.node.head.hash == head.hash
    again.close()


def test_a_file_is_one_server_s_with_one_id(tmp_path: Path) -> None:
    chain = open_chain(path := tmp_path / "chain.db", 77, 1.0, 2.0)
    with pytest.raises(ChainLocked):
        open_chain(path, None, 1.0, 2.0)
    chain.close()
    with pytest.raises(WrongChain, match="found chain id 77, needed 5"):
        open_chain(path, 5, 1.0, 2.0)
    again = open_chain(path, None, 1.0, 2.0)
    assert again.node.settings.chain_id == 77
    again.close()
    with pytest.raises(ChainFileError, match="nowhere"):
        open_chain(tmp_path / "nowhere" / "chain.db", None, 1.0, 2.0)


def test_a_closed_chain_refuses_and_closes_again(watch: Watch) -> None:
    chain = served(watch)
    chain.close()
    chain.close()
    assert "has stopped" in chain.answer("eth_chainId", [])["error"]["message"]


def test_a_disk_that_fails_fails_one_request_and_not_the_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chain = open_chain(tmp_path / "chain.db", None, 1e6, 1e-6)
    store: Any = chain.node._store
    with monkeypatch.context() as broken:

        def full(block: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        broken.setattr(store, "append", full)
        time.sleep(0.001)
        assert "failed inside the chain" in chain.answer("eth_blockNumber", [])["error"]["message"]
        assert "disk is full" in caplog.text
    assert chain.answer("eth_blockNumber", []) == {"result": "0x1"}
    chain.close()


# whatever the parameters are, the answer is a result or the caller's error

METHODS = sorted(name for name in Rpc(Node(Settings()))._methods if not name.startswith("evm_"))
NAMES = ("from", "to", "data", "input", "value", "gas", "address", "topics", "fromBlock", "toBlock", "blockHash")
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(allow_nan=False),
    st.sampled_from(
        ["latest", "pending", "earliest", "0x", "0x0", "0x1", "0x" + "11" * 20, "0x" + "22" * 32, "", "xyz"]
    ),
)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def chain() -> Iterator[ServedChain]:
    chain = served(Watch())
    yield chain
    chain.close()


def test_no_parameters_make_a_method_fail(chain: ServedChain) -> None:
    results = 0

    @given(method=st.sampled_from(METHODS), params=st.lists(ANYTHING, max_size=4))
    def ask(method: str, params: list[Any]) -> None:
        nonlocal results
        answer = chain.answer(method, params)
        assert set(answer) in ({"result"}, {"error"})
        results += "result" in answer
        if "error" in answer:
            assert "failed inside" not in answer["error"]["message"], answer

    ask()
    assert results > 0


def nested(depth: int) -> str:
    """Return the RLP of that many lists inside each other, as hex digits."""
    heads, size = ["c0"], 1
    for _ in range(depth - 1):
        width = size.to_bytes(4, "big").lstrip(b"\0")
        head = bytes([0xC0 + size]) if size < 56 else bytes([0xF7 + len(width)]) + width
        heads.append(head.hex())
        size += len(head)
    return "".join(reversed(heads))


@pytest.mark.parametrize("prefix", ["", "02"])
def test_lists_deep_inside_each_other_are_refused_at_once(chain: ServedChain, prefix: str) -> None:
    started = time.process_time()
    error = chain.answer("eth_sendRawTransaction", ["0x" + prefix + nested(200_000)])["error"]
    assert (error["code"], "deep" in error["message"]) == (-32602, True)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("raw", ["0x" + "c1" * 20_000, "0x02" + "f9ffff" * 20_000, "0x" + "ff" * 1_000])
def test_no_bytes_sent_as_a_transaction_make_it_fail(chain: ServedChain, raw: str) -> None:
    assert chain.answer("eth_sendRawTransaction", [raw])["error"]["code"] == -32602


def test_filters_that_nobody_drops_are_forgotten_in_the_end(chain: ServedChain) -> None:
    first = chain.answer("eth_newBlockFilter", [])["result"]
    assert chain.answer("eth_getFilterChanges", [first]) == {"result": []}
    for _ in range(1_024):
        last = chain.answer("eth_newBlockFilter", [])["result"]
    assert "filter not found" in chain.answer("eth_getFilterChanges", [first])["error"]["message"]
    assert chain.answer("eth_getFilterChanges", [last]) == {"result": []}
