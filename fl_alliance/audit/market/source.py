"""Where a market's transactions and contracts are read: a chain file, whose execution is repeated, or a node."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.market.taken import Taken
from fl_alliance.audit.reading import UNREADABLE
from fl_alliance.audit.state import Machine
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    DAO,
    EMISSION,
    GAUGES,
    TIMELOCK,
    TOKEN,
    TREASURY,
    VOTES,
    Deployment,
)
from fl_alliance.chain.errors import ChainCorrupt
from fl_alliance.chain.history import Call, calls_in_file, calls_on_chain
from fl_alliance.chain.market_events import MarketEvent, arena_events, events_in_file
from fl_alliance.chain.messages import checksum, checksummed
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rpc import Rpc

_NAMED = (TOKEN, EMISSION, ARENA, ALLIANCE_MARKET, VOTES, GAUGES, DAO, TIMELOCK, TREASURY)
"""Contracts whose transactions concern a market, where it has them."""


class Source(Protocol):
    """A chain, as the audit of a market reads it."""

    @property
    def chain_id(self) -> int:
        """The chain's id."""

    @property
    def executed(self) -> bool:
        """Whether every transaction was executed again."""

    @property
    def blocks(self) -> Sequence[Block] | None:
        """Every block, where they are at hand: what created the contracts is among them."""

    @property
    def head(self) -> tuple[int, bytes, int]:
        """Number, hash and second of the last block."""

    def transactions(self, deployment: Deployment) -> Iterator[Taken]:
        """Yield the successful transactions that concern a market, in order."""

    def code(self, address: str) -> bytes:
        """Return the code at an address."""

    def read(self, contract: str, address: str, name: str, *args: Any) -> tuple[Any, ...]:
        """Return what a view gives after the last block."""


@dataclass(slots=True)
class FileSource:
    """A chain file: every stored byte is verified, and every transaction executed again.

    Parameters
    ----------
    blocks : sequence of Block
    machine : Machine
        Which has taken them all.
    executed : bool
        Whether every transaction was executed again.
    """

    blocks: Sequence[Block]
    machine: Machine
    chain_id: int
    executed: bool = True

    @classmethod
    def open(cls, path: Path, *, executes: bool = True) -> "FileSource":
        """Read a chain file, and execute it unless nobody wants that or another audit did.

        Raises
        ------
        DoesNotHold
            A stored byte is not the one that was written, or execution gives something else.
        ChainFileError
            There is no file.
        """
        blocks: list[Block] = []
        try:
            with ChainFile(path) as file:
                machine = Machine(file.settings, executes)
                for block in file.blocks():
                    machine.take(block, Where(block.number))
                    blocks.append(block)
                return cls(blocks, machine, file.settings.chain_id, executes)
        except ChainCorrupt as broken:
            where = Where(broken.block) if broken.block is not None else "the chain file"
            told = f"found {broken.found}, needed {broken.needed}"
            raise DoesNotHold(where, f"a stored byte is not the one that was written: {told}") from broken

    @property
    def head(self) -> tuple[int, bytes, int]:
        """Number, hash and second of the last block."""
        last = self.blocks[-1]
        return last.number, last.hash, last.timestamp

    def transactions(self, deployment: Deployment) -> Iterator[Taken]:
        """Yield the successful transactions that left events of a market or call one of its contracts."""
        events = _by_block(events_in_file(self.blocks, deployment))
        ours = _known(deployment, events)
        steps = _steps(deployment, lambda alliance: calls_in_file(self.blocks, alliance))
        for block in self.blocks:
            transaction, receipt = block.transaction, block.receipt
            if transaction is None or receipt is None or receipt.status != 1:
                continue
            to = checksummed(transaction.to) if transaction.to else None
            found, tx_hash = events.get(block.number, ()), "0x" + transaction.hash.hex()
            if found or to in ours or tx_hash in steps:
                yield Taken(
                    block.number,
                    block.timestamp,
                    tx_hash,
                    checksummed(transaction.sender),
                    to,
                    transaction.data,
                    tuple(found),
                    tuple(steps.get(tx_hash, ())),
                )

    def code(self, address: str) -> bytes:
        """Return the code at an address after the last block."""
        return self.machine.code(address)

    def read(self, contract: str, address: str, name: str, *args: Any) -> tuple[Any, ...]:
        """Return what a view gives after the last block."""
        return self.machine.call(contract, address, name, *args)


@dataclass(slots=True)
class NodeSource:
    """A node, which is believed as far as what happened: its blocks are not executed again."""

    rpc: Rpc
    number: int
    hash: bytes
    second: int
    chain_id: int

    @classmethod
    def connect(cls, rpc: Rpc) -> "NodeSource":
        """Take the chain as it stands now: what comes later is not looked at."""
        head = rpc("eth_getBlockByNumber", "latest", False)
        digest = bytes.fromhex(head["hash"].removeprefix("0x"))
        return cls(rpc, int(head["number"], 16), digest, int(head["timestamp"], 16), rpc.number("eth_chainId"))

    @property
    def executed(self) -> bool:
        """Nothing is: a node's receipts are its word."""
        return False

    @property
    def blocks(self) -> None:
        """None: a node is asked for events."""
        return None

    @property
    def head(self) -> tuple[int, bytes, int]:
        """Number, hash and second of the last block."""
        return self.number, self.hash, self.second

    def transactions(self, deployment: Deployment) -> Iterator[Taken]:
        """Yield the transactions that left events of a market, from the first block on."""
        found = arena_events(self.rpc, deployment, 0, self.number)
        events = {tx_hash: tuple(told) for tx_hash, told in groupby(found, key=lambda event: event.tx_hash)}
        first = deployment.block
        steps = _steps(deployment, lambda alliance: calls_on_chain(self.rpc, alliance, first, self.number))
        entries = [self.rpc("eth_getTransactionByHash", tx_hash) for tx_hash in events | steps]
        for entry in sorted(entries, key=_place):
            tx_hash = entry["hash"]
            told, taken = events.get(tx_hash, ()), tuple(steps.get(tx_hash, ()))
            data = bytes.fromhex(entry.get("input", entry.get("data")).removeprefix("0x"))
            to = checksum(entry["to"]) if entry["to"] else None
            at = (told or taken)[0]
            yield Taken(at.block, at.timestamp, tx_hash, checksum(entry["from"]), to, data, told, taken)

    def code(self, address: str) -> bytes:
        """Return the code at an address after the last block."""
        return self.rpc.bytes("eth_getCode", address, hex(self.number))

    def read(self, contract: str, address: str, name: str, *args: Any) -> tuple[Any, ...]:
        """Return what a view gives after the last block."""
        function = interface(contract).functions[name]
        data = function.encode(args) if args else function.selector
        request = {"to": address, "data": "0x" + data.hex()}
        return function.result(self.rpc.bytes("eth_call", request, hex(self.number)))


def view(source: Source, where: Where | str, contract: str, address: str, name: str, *args: Any) -> Any:
    """Return what a view gives, one value as it is; raises `DoesNotHold` where it gives nothing."""
    try:
        values = source.read(contract, address, name, *args)
    except UNREADABLE as failed:
        raise DoesNotHold(where, f"{contract}.{name} gives no answer: {failed}") from failed
    return values[0] if len(values) == 1 else values


def _by_block(events: Iterator[MarketEvent]) -> dict[int, list[MarketEvent]]:
    """Return events by their block, which holds one transaction on a chain in a file."""
    found: dict[int, list[MarketEvent]] = {}
    try:
        for event in events:
            found.setdefault(event.block, []).append(event)
    except UNREADABLE as broken:
        last = max(found, default=0)
        raise DoesNotHold(f"after block {last}", f"an event that cannot be read: {broken}") from broken
    return found


def _steps(deployment: Deployment, read: Callable[[str], Iterable[Call]]) -> dict[str, list[Call]]:
    """Return the calls of the Alliance by their transaction; none where the market pays no Alliance's tasks."""
    found: dict[str, list[Call]] = {}
    if ALLIANCE_MARKET in deployment.contracts and deployment.has_alliance:
        for call in read(deployment.alliance):
            found.setdefault(call.tx_hash, []).append(call)
    return found


def _place(entry: Mapping[str, Any]) -> tuple[int, int]:
    """Return where in the chain a transaction is."""
    return int(entry["blockNumber"], 16), int(entry["transactionIndex"], 16)


def _known(deployment: Deployment, events: Mapping[int, Sequence[MarketEvent]]) -> frozenset[str]:
    """Return the addresses of the market's contracts, pools included."""
    told = (event for found in events.values() for event in found)
    pools = {event.values["pool"] for event in told if event.name == "PoolOpened"}
    return frozenset({checksum(deployment.address(name)) for name in _NAMED if name in deployment.contracts} | pools)
