"""The blocks of a chain with the calls of one contract in them: from a node, or from a run's chain file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fl_alliance.chain.history import Call, calls_in_block, calls_in_file
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rpc import Rpc


@dataclass(frozen=True, slots=True)
class Tip:
    """A block: its number, hash and second."""

    number: int
    hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A block that was read, and the contract's calls in it."""

    tip: Tip
    parent: str
    calls: tuple[Call, ...]


class Blocks(Protocol):
    """Where blocks are read from; every method raises `ChainError` where the chain does not answer or is damaged."""

    def tip(self) -> Tip:
        """Return the newest block."""

    def hash_of(self, number: int) -> str | None:
        """Return the hash of a block, None where there is none."""

    def read(self, first: int, last: int) -> Iterator[Seen]:
        """Yield the blocks from `first` to `last`, both included, as far as there are any."""


class NodeBlocks:
    """Blocks of a node, with the calls of a contract."""

    def __init__(self, rpc: Rpc, contract: str) -> None:
        self._rpc, self._contract = rpc, contract

    def tip(self) -> Tip:
        """See `Blocks`."""
        return tip_of(self._rpc)

    def hash_of(self, number: int) -> str | None:
        """See `Blocks`."""
        found = self._rpc("eth_getBlockByNumber", hex(number), False)
        return None if found is None else str(found["hash"])

    def read(self, first: int, last: int) -> Iterator[Seen]:
        """See `Blocks`."""
        for number in range(first, last + 1):
            block = self._rpc("eth_getBlockByNumber", hex(number), True)
            if block is None:
                return
            calls = tuple(calls_in_block(self._rpc, self._contract, block)) if block["transactions"] else ()
            yield Seen(Tip(number, block["hash"], int(block["timestamp"], 16)), block["parentHash"], calls)


class FileBlocks:
    """Blocks of a chain file, which may be written meanwhile; no node is needed."""

    def __init__(self, path: Path, contract: str) -> None:
        self._path, self._contract = path, contract

    def tip(self) -> Tip:
        """See `Blocks`."""
        with ChainFile(self._path) as file:
            number, _ = file.head()
            block = next(iter(file.blocks(max(number, 1))), None) or next(iter(file.blocks()))
            return Tip(block.number, f"0x{block.hash.hex()}", block.timestamp)

    def hash_of(self, number: int) -> str | None:
        """See `Blocks`."""
        with ChainFile(self._path) as file:
            found = file.hash_of(number)
            return None if found is None else f"0x{found.hex()}"

    def read(self, first: int, last: int) -> Iterator[Seen]:
        """See `Blocks`."""
        with ChainFile(self._path) as file:
            for block in file.blocks(first):
                if block.number > last:
                    return
                tip = Tip(block.number, f"0x{block.hash.hex()}", block.timestamp)
                calls = tuple(calls_in_file((block,), self._contract))
                yield Seen(tip, f"0x{block.header.parent_hash.hex()}", calls)


def tip_of(rpc: Rpc, block: str = "latest") -> Tip:
    """Return a block of a node, the newest by default."""
    found = rpc("eth_getBlockByNumber", block, False)
    return Tip(int(found["number"], 16), found["hash"], int(found["timestamp"], 16))
