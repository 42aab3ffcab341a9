"""What the blocks of a chain did to a market: typed events of all its contracts, in the chain's order.

With the rules, whoever reads these events can recompute everything that the market paid. Contracts may take part
(a keeper, a multisig), which is why events are read and not calldata.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fl_alliance.chain.arena_types import Role, Verdict
from fl_alliance.chain.arena_view import read_params
from fl_alliance.chain.codec import Event, interface
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    BRAKE,
    DAO,
    EMISSION,
    GAUGES,
    POOLS,
    TIMELOCK,
    TOKEN,
    TREASURY,
    VOTES,
    Deployment,
)
from fl_alliance.chain.errors import DataUnreadable
from fl_alliance.chain.messages import checksum, checksummed
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Log, Receipt, read_log

if TYPE_CHECKING:
    from fl_alliance.chain.node.block import Block

_SPAN = 2_000
"""Blocks asked for at a time: public nodes refuse longer ranges."""
_TELLS = {
    ARENA: ("PoolOpened", "pool", POOLS),
    ALLIANCE_MARKET: ("PoolOpened", "pool", POOLS),
    EMISSION: ("BrakeSet", "brake", BRAKE),
}
"""Which event of a contract tells, in which field, where another one is."""
_MAY_BE_MISSING = (ALLIANCE_MARKET, BRAKE, VOTES, GAUGES, DAO, TIMELOCK, TREASURY)
_KEPT = {TOKEN: ("Transfer",)}
"""Of the token only transfers: approvals and votes move nothing."""
_ENUMS: dict[str, Callable[[int], int]] = {"role": Role, "verdict": Verdict}
"""Fields of the ABI's uint8 that are more than numbers."""


@dataclass(frozen=True, slots=True)
class MarketEvent:
    """One event of a market.

    Attributes
    ----------
    source : str
        The contract by artifact: Arena, Emission, Brake, AllianceMarket, DelegationPool, FML, VoteLock, Gauges, Dao,
        Timelock or Treasury.
    address : str
        Where it is; a pool's is the clone's.
    name : str
        The event's.
    values : Mapping
        Its fields by their ABI names; addresses with their checksums, roles and verdicts as `Role` and `Verdict`, a
        task's parameters as `TaskParams`; what the DAO tells as text, as its bytes.
    block, timestamp : int
        The block and its second.
    tx_hash : str
    """

    source: str
    address: str
    name: str
    values: Mapping[str, Any]
    block: int
    timestamp: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the chain logs are."""

    block: int
    timestamp: int
    tx_hash: str


def arena_events(rpc: Rpc, deployment: Deployment, first: int, last: int) -> Iterator[MarketEvent]:
    """Yield a market's events in blocks `first` to `last`, both included, from a node, in the chain's order.

    Pools are found by the events of their opening, from the deployment's block on.

    Raises
    ------
    ContractMissing
        The deployment has no market.
    RequestRefused, ChainUnreachable
        The node does not answer, or not so.
    DataUnreadable
        An event is not one of the contracts': `Deployment.check` tells whether they are ours.
    """
    reader = _Reader(deployment)
    for low, high in spans(deployment.block, first - 1):
        reader.note_pools(map(read_log, _logs(rpc, low, high, reader.openers, [reader.openings])))
    seconds: dict[int, int] = {}
    for low, high in spans(first, last):
        reader.note_pools(map(read_log, _logs(rpc, low, high, reader.openers, [reader.openings])))
        for entry in _logs(rpc, low, high, list(reader.sources), []):
            block = int(entry["blockNumber"], 16)
            if block not in seconds:
                seconds = {block: rpc.second(block)}
            place = _Place(block, seconds[block], entry["transactionHash"])
            yield from reader.read((read_log(entry),), place)


def events_in_file(blocks: Iterable["Block"], deployment: Deployment) -> Iterator[MarketEvent]:
    """Yield a market's events in the blocks of a chain file, from the first on, which needs no node."""
    reader = _Reader(deployment)
    for block in blocks:
        transaction, receipt = block.transaction, block.receipt
        if transaction is None or receipt is None:
            continue
        logs = [Log(checksummed(log.address), log.topics, log.data) for log in receipt.logs]
        reader.note_pools(logs)
        yield from reader.read(logs, _Place(block.number, block.timestamp, "0x" + transaction.hash.hex()))


def events_in_receipt(
    rpc: Rpc, deployment: Deployment, receipt: Receipt, pools: Iterable[str] = ()
) -> list[MarketEvent]:
    """Return a market's events of one transaction; `pools` are those it could touch and did not open itself."""
    reader = _Reader(deployment)
    reader.sources.update(dict.fromkeys(map(checksum, pools), POOLS))
    reader.note_pools(receipt.logs)
    return list(reader.read(receipt.logs, _Place(receipt.block, rpc.second(receipt.block), receipt.tx_hash)))


class _Reader:
    """Knows which contract is at which address, and reads their events."""

    def __init__(self, deployment: Deployment) -> None:
        there = (name for name in _MAY_BE_MISSING if name in deployment.contracts)
        self.sources: dict[str, str] = {}
        for name in (ARENA, EMISSION, TOKEN, *there):
            self.sources.setdefault(checksum(deployment.address(name)), name)
        self._tells = {
            address: _topic(name, _TELLS[name][0]) for address, name in self.sources.items() if name in _TELLS
        }

    @property
    def openers(self) -> list[str]:
        """Who opens pools, and names the brake."""
        return list(self._tells)

    @property
    def openings(self) -> list[str]:
        """The topics by which they say so."""
        return ["0x" + topic.hex() for topic in self._tells.values()]

    def note_pools(self, logs: Iterable[Log]) -> None:
        """Learn of the pools that these logs open, and of the brake: a pool speaks before its market tells of it."""
        for log in logs:
            if log.topics and log.topics[0] == self._tells.get(log.address):
                name = self.sources[log.address]
                _, field, artifact = _TELLS[name]
                self.sources[checksum(_event(name, log).values(log.topics, log.data)[field])] = artifact

    def read(self, logs: Iterable[Log], place: _Place) -> Iterator[MarketEvent]:
        for log in logs:
            source = self.sources.get(log.address)
            if source is None:
                continue
            event = _event(source, log)
            if event.name in _KEPT.get(source, (event.name,)):
                values = _readable(event, event.values(log.topics, log.data))
                yield MarketEvent(source, log.address, event.name, values, place.block, place.timestamp, place.tx_hash)


def _event(source: str, log: Log) -> Event:
    known = interface(source).events
    if not log.topics or log.topics[0] not in known:
        found = log.topics[0].hex() if log.topics else "no topic"
        raise DataUnreadable(f"an event of {source}", f"{found} at {log.address}")
    event = known[log.topics[0]]
    return event.with_bytes() if source == DAO else event


def _readable(event: Event, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(name, kind, values[name]) for name, kind, _ in event.layout}


def _typed(name: str, kind: str, value: Any) -> Any:
    if kind == "address":
        return checksum(value)
    if name == "params" and kind.startswith("("):  # a vote has some too
        return read_params(value)
    return _ENUMS[name](value) if kind == "uint8" and name in _ENUMS else value


def _topic(source: str, name: str) -> bytes:
    return interface(source).event(name).topic


def spans(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last of so many blocks as a public node is asked for at a time, both included."""
    for low in range(first, last + 1, _SPAN):
        yield low, min(low + _SPAN - 1, last)


def _logs(rpc: Rpc, low: int, high: int, addresses: Sequence[str], topics: Sequence[Any]) -> list[dict[str, Any]]:
    query = {"fromBlock": hex(low), "toBlock": hex(high), "address": addresses, "topics": topics}
    found: list[dict[str, Any]] = rpc("eth_getLogs", query)
    return sorted(found, key=lambda entry: (int(entry["blockNumber"], 16), int(entry["logIndex"], 16)))
