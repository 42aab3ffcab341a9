"""What a chain's blocks did to the tasks of one contract: typed steps, in order, each with its sender and time.

With the rules, whoever reads these steps can recompute everything that the contract stores. Steps that another
contract took inside its own transaction are not in any calldata that is read here; the state then shows it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fl_alliance.chain.calls import decode
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import address_bytes
from fl_alliance.chain.sender import Log, read_receipt
from fl_alliance.chain.steps import Step

if TYPE_CHECKING:
    from fl_alliance.chain.node.block import Block


@dataclass(frozen=True, slots=True)
class Call:
    """One successful transaction to the contract."""

    block: int
    timestamp: int
    tx_hash: str
    sender: str
    calldata: bytes
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a chain took: in which block, at which second, by whose transaction."""

    block: int
    timestamp: int
    tx_hash: str
    sender: str
    step: Step


def steps(calls: Iterable[Call]) -> Iterator[Taken]:
    """Yield every step of the calls, multicalls unwrapped, in order.

    Raises
    ------
    StepUnknown, BadBatch
        A call that no contract of ours could have carried out.
    """
    for call in calls:
        for step in decode(call.calldata):
            yield Taken(call.block, call.timestamp, call.tx_hash, call.sender, step)


def calls_on_chain(rpc: Rpc, contract: str, first: int, last: int) -> Iterator[Call]:
    """Yield the successful calls of the contract in blocks `first` to `last`, both included, from a node."""
    for number in range(first, last + 1):
        yield from calls_in_block(rpc, contract, rpc("eth_getBlockByNumber", hex(number), True))


def calls_in_block(rpc: Rpc, contract: str, block: dict[str, Any]) -> Iterator[Call]:
    """Yield the successful calls of the contract in one block, given with its transactions as a node returns it."""
    target = contract.lower()
    for entry in block["transactions"]:
        if (entry["to"] or "").lower() != target:
            continue
        receipt = read_receipt(rpc("eth_getTransactionReceipt", entry["hash"]))
        if not receipt.succeeded:
            continue
        yield Call(
            block=int(block["number"], 16),
            timestamp=int(block["timestamp"], 16),
            tx_hash=entry["hash"],
            sender=checksummed(address_bytes(entry["from"])),
            calldata=bytes.fromhex(entry.get("input", entry.get("data"))[2:]),
            logs=tuple(log for log in receipt.logs if address_bytes(log.address) == address_bytes(contract)),
        )


def calls_in_file(blocks: Iterable["Block"], contract: str) -> Iterator[Call]:
    """Yield the successful calls of the contract in the blocks of a chain file, which needs no node."""
    target = address_bytes(contract)
    for block in blocks:
        transaction, receipt = block.transaction, block.receipt
        if transaction is None or receipt is None or transaction.to != target or receipt.status != 1:
            continue
        yield Call(
            block=block.number,
            timestamp=block.timestamp,
            tx_hash="0x" + transaction.hash.hex(),
            sender=checksummed(transaction.sender),
            calldata=transaction.data,
            logs=tuple(
                Log(checksummed(log.address), log.topics, log.data) for log in receipt.logs if log.address == target
            ),
        )
