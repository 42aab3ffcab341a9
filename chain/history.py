"""What a chain's blocks did to the tasks of one contract: typed steps, in order, each with its sender and time.

With the rules, whoever reads these steps can recompute everything that the contract stores. Of what contracts may do,
which is to fund tasks, the contract's events tell all: it is told as a call of theirs. Any other step that was taken
inside another transaction is in no calldata that is read here; the state then shows it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fl_alliance.chain.calls import MAJORITY, decode, encode
from fl_alliance.chain.codec import Event, interface
from fl_alliance.chain.messages import checksum, checksummed
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.sender import Log, read_receipt
from fl_alliance.chain.steps import Fund, Step

if TYPE_CHECKING:
    from fl_alliance.chain.node.block import Block


@dataclass(frozen=True, slots=True)
class Call:
    """One successful transaction to the contract, or a contract's call of it in another transaction."""

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
    target, funding = address_bytes(contract), _funding_event()
    funded = {log["transactionHash"] for log in _logs(rpc, target, funding.topic, block)}
    for entry in block["transactions"]:
        direct = address_bytes(entry["to"]) == target if entry["to"] else False
        if not direct and entry["hash"] not in funded:
            continue
        receipt = read_receipt(rpc("eth_getTransactionReceipt", entry["hash"]))
        if not receipt.succeeded:
            continue
        call = Call(
            block=int(block["number"], 16),
            timestamp=int(block["timestamp"], 16),
            tx_hash=entry["hash"],
            sender=checksum(entry["from"]),
            calldata=bytes.fromhex(entry.get("input", entry.get("data"))[2:]),
            logs=tuple(log for log in receipt.logs if address_bytes(log.address) == target),
        )
        yield from (call,) if direct else fundings(call)


def calls_in_file(blocks: Iterable["Block"], contract: str) -> Iterator[Call]:
    """Yield the successful calls of the contract in the blocks of a chain file, which needs no node."""
    target = address_bytes(contract)
    for block in blocks:
        transaction, receipt = block.transaction, block.receipt
        if transaction is None or receipt is None or receipt.status != 1:
            continue
        call = Call(
            block=block.number,
            timestamp=block.timestamp,
            tx_hash="0x" + transaction.hash.hex(),
            sender=checksummed(transaction.sender),
            calldata=transaction.data,
            logs=tuple(
                Log(checksummed(log.address), log.topics, log.data) for log in receipt.logs if log.address == target
            ),
        )
        yield from (call,) if transaction.to == target else fundings(call)


def fundings(call: Call) -> Iterator[Call]:
    """Yield what contracts did to the contract in a transaction to another: fund tasks, each as a call of its own."""
    event = _funding_event()
    for log in call.logs:
        if log.topics[0] == event.topic:
            told = event.values(log.topics, log.data)
            step = Fund(told["task"], told["amountWei"])
            funder = checksum(told["funder"])
            yield replace(call, sender=funder, calldata=encode(step), logs=(log,))


def _funding_event() -> Event:
    return interface(MAJORITY).event("TaskFunded")


def _logs(rpc: Rpc, contract: bytes, topic: bytes, block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a block's logs of one kind; the node is asked only where the block's bloom filter may hold one."""
    bloom = int(block["logsBloom"], 16)
    if not all(bloom >> bit & 1 for item in (contract, topic) for bit in _bloom_bits(item)):
        return []
    query = {"address": checksummed(contract), "topics": ["0x" + topic.hex()], "blockHash": block["hash"]}
    found: list[dict[str, Any]] = rpc("eth_getLogs", query)
    return found


def _bloom_bits(item: bytes) -> tuple[int, ...]:
    """Return the bits that an address or topic sets in a block's bloom filter."""
    digest = keccak(item)
    return tuple(int.from_bytes(digest[at : at + 2], "big") % 2048 for at in (0, 2, 4))
