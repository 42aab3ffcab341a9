"""Who said what of a submission, and in which transaction, for its lineage."""

from collections.abc import Iterator
from typing import Any

from fl_alliance.arena.card import Score
from fl_alliance.chain.arena_view import ARTIFACT, ArenaView
from fl_alliance.chain.codec import Event, interface
from fl_alliance.chain.commitments import DayTimes, unpack_scores
from fl_alliance.chain.market_events import spans
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.assignment import places
from fl_alliance.chain.sender import read_log

_LOW = (1 << 128) - 1


def scores_of(arena: ArenaView, task: int, day: int, place: int, times: DayTimes) -> tuple[Score, ...]:
    """Return the scores of a place that validators revealed, in the order in which they did.

    Parameters
    ----------
    times : DayTimes
        The day's: reveals are looked for in the blocks of their window alone.
    """
    found = list(_reveals(arena, task, day, times))
    commits = arena.day_state(task, day).commits
    return tuple(
        Score(checksum(values["validator"]), unpack_scores(values["scores"], commits)[place], tx_hash)
        for values, tx_hash in found
        if place in _assigned(arena, task, day, values, commits)
    )


def first_block(rpc: Rpc, second: int) -> int:
    """Return the number of the first block of this second or later; one more than the newest where there is none."""
    low, high = 0, rpc.number("eth_blockNumber") + 1
    while low < high:
        middle = (low + high) // 2
        if rpc.second(middle) < second:
            low = middle + 1
        else:
            high = middle
    return low


def _reveals(arena: ArenaView, task: int, day: int, times: DayTimes) -> Iterator[tuple[dict[str, Any], str]]:
    event = _event()
    topics = ["0x" + topic.hex() for topic in (event.topic, task.to_bytes(32), day.to_bytes(32))]
    first, last = (first_block(arena.rpc, second) for second in (times.reveal_scores_at, times.settle_at))
    for low, high in spans(first, last - 1):
        query = {"fromBlock": hex(low), "toBlock": hex(high), "address": arena.address, "topics": topics}
        for entry in arena.rpc("eth_getLogs", query):
            log = read_log(entry)
            yield event.values(log.topics, log.data), entry["transactionHash"]


def _assigned(arena: ArenaView, task: int, day: int, values: dict[str, Any], commits: int) -> tuple[int, ...]:
    """Return the places of a validator, by the start and stride of its reveal and its quota."""
    index = arena.entry_of(task, day, values["validator"])
    if index is None:
        return ()
    beta = (values["start"] << 128 | values["stride"] & _LOW).to_bytes(32)
    return places(beta, commits, arena.validation(task, day, index).quota)


def _event() -> Event:
    return interface(ARTIFACT).event("ScoresRevealed")
