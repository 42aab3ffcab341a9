"""Where timestamps come from: a second a block, real time, or what was recorded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from fl_alliance.chain.connect import connected
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.node.clock import DevelopmentClock, RecordedClock, RunningClock
from fl_alliance.chain.node.faults import RpcFault
from fl_alliance.chain.node.served import open_chain


class Watch:
    """Real seconds, moved by hand."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_development_clock_goes_on_by_a_second_unless_it_is_told() -> None:
    clock = DevelopmentClock()
    assert clock.next(1_000) == 1_001
    clock.increase(30)
    clock.increase(12)
    assert clock.next(1_000) == 1_042
    clock.set(1_500, 1_000)
    assert clock.next(1_000) == 1_500
    clock.sealed()
    assert clock.next(1_500) == 1_501
    with pytest.raises(RpcFault, match="is not above"):
        clock.set(1_500, 1_500)


@given(
    start=st.integers(0, 2**40),
    speed=st.floats(1e-3, 1e6),
    steps=st.lists(st.floats(0, 1e6), max_size=20),
)
def test_a_running_clock_is_real_time_from_its_start_and_never_before_the_head(
    start: int, speed: float, steps: list[float]
) -> None:
    watch = Watch()
    clock, head, passed = RunningClock(start, speed, watch), start, 0.0
    for step in steps:
        watch.seconds += step
        passed = watch.seconds - Watch.seconds
        timestamp = clock.next(head)
        assert head <= timestamp
        assert timestamp == start + int(speed * passed)
        head = timestamp
        clock.sealed()
    assert clock.next(head + 10**15) == head + 10**15


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_clock_that_stands_or_runs_back_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="a number above 0"):
        RunningClock(0, speed)


def test_a_recorded_clock_repeats_and_refuses_what_no_chain_had() -> None:
    clock = RecordedClock()
    clock.told = 7
    assert clock.next(7) == 7
    with pytest.raises(RpcFault, match="below"):
        clock.next(8)


def test_blocks_of_one_second_are_verified_executed_again_and_gone_on_from(
    tmp_path: Path, sender_on: Callable[[Web3], Any]
) -> None:
    chain = open_chain(path := tmp_path / "chain.db", None, 1e-3, 2.0)
    first = chain.node.mine()
    second = chain.node.mine()
    assert (first.timestamp, second.number) == (second.timestamp, 2)
    chain.close()
    with ChainFile(path) as stored:
        assert stored.verify().hash == stored.replay(reference=True).hash == second.hash
    with connected(path.as_uri()) as w3:
        receipt = sender_on(w3).send(to="0x" + "11" * 20)
        assert w3.eth.get_block(receipt["blockNumber"])["timestamp"] == second.timestamp + 1
