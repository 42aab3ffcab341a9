"""Blocks of at most one transaction: header, receipt, and the hashes that chain them.

The header is an Ethereum header, field for field, and its hash is the block hash. One field differs:
`stateRoot` holds `keccak(parent's stateRoot, keccak(net writes))` in place of a Merkle root, because a Merkle
root costs more than the transaction and nobody here asks for proofs. It commits to the same states.
"""

from dataclasses import dataclass, field, replace

import rlp
from eth_hash.auto import keccak

from fl_alliance.chain.node.engine import Log
from fl_alliance.chain.node.root import EMPTY_ROOT
from fl_alliance.chain.node.transaction import Transaction

_EMPTY_UNCLES = keccak(rlp.encode([]))
_EMPTY_REQUESTS = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")  # sha256(b"")
_ONLY_KEY = b"\x20\x80"  # the trie path of rlp(0) as a leaf: a block has one transaction
NO_BLOOM = bytes(256)


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a header that vary here; times are Unix seconds, fees wei per gas, roots 32 bytes."""

    parent_hash: bytes
    state_digest: bytes
    transactions_root: bytes
    receipts_root: bytes
    bloom: bytes
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    base_fee: int

    @property
    def prev_randao(self) -> bytes:
        """What PREVRANDAO answers: public and predictable, never to be used as randomness."""
        return self.parent_hash

    def encode(self) -> bytes:
        return bytes(
            rlp.encode(
                [
                    self.parent_hash,
                    _EMPTY_UNCLES,
                    bytes(20),
                    self.state_digest,
                    self.transactions_root,
                    self.receipts_root,
                    self.bloom,
                    b"",
                    _integer(self.number),
                    _integer(self.gas_limit),
                    _integer(self.gas_used),
                    _integer(self.timestamp),
                    self.extra_data,
                    self.prev_randao,
                    bytes(8),
                    _integer(self.base_fee),
                    EMPTY_ROOT,
                    b"",
                    b"",
                    bytes(32),
                    _EMPTY_REQUESTS,
                ]
            )
        )

    @staticmethod
    def decode(encoded: bytes) -> "Header":
        """Parse; whoever calls compares the hash of `encoded` first, so shape errors are ValueError."""
        items = rlp.decode(encoded)
        if len(items) != 21:
            raise ValueError(f"header of {len(items)} fields, needed 21")
        number, gas_limit, gas_used, timestamp = (int.from_bytes(item, "big") for item in items[8:12])
        return Header(
            parent_hash=items[0],
            state_digest=items[3],
            transactions_root=items[4],
            receipts_root=items[5],
            bloom=items[6],
            number=number,
            gas_limit=gas_limit,
            gas_used=gas_used,
            timestamp=timestamp,
            extra_data=items[12],
            base_fee=int.from_bytes(items[15], "big"),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction did: the consensus receipt's content (gas used is also the cumulative gas)."""

    status: int
    gas_used: int
    logs: tuple[Log, ...]
    bloom: bytes = NO_BLOOM

    @staticmethod
    def of(status: int, gas_used: int, logs: tuple[Log, ...]) -> "Receipt":
        return Receipt(status, gas_used, logs, bloom_of(logs))

    def encode(self, type_id: int) -> bytes:
        logs = [[log.address, list(log.topics), log.data] for log in self.logs]
        body: bytes = rlp.encode([_integer(self.status), _integer(self.gas_used), self.bloom, logs])
        return body if type_id == 0 else bytes([type_id]) + body

    @staticmethod
    def decode(encoded: bytes) -> "Receipt":
        status, gas_used, bloom, logs = rlp.decode(encoded if encoded[0] >= 0xC0 else encoded[1:])
        events = tuple(Log(address, tuple(topics), data) for address, topics, data in logs)
        return Receipt(int.from_bytes(status, "big"), int.from_bytes(gas_used, "big"), events, bloom)


@dataclass(frozen=True, slots=True)
class Block:
    """A sealed block. `writes` are the net state changes (see `World.seal`); `encoded` is the header's RLP."""

    header: Header
    hash: bytes
    transaction: Transaction | None
    receipt: Receipt | None
    writes: bytes = field(repr=False)
    encoded: bytes = field(repr=False)

    @property
    def number(self) -> int:
        return self.header.number

    @property
    def timestamp(self) -> int:
        return self.header.timestamp

    @property
    def receipt_bytes(self) -> bytes:
        if self.transaction is None or self.receipt is None:
            return b""
        return self.receipt.encode(self.transaction.type_id)


def seal_block(header: Header, writes: bytes, transaction: Transaction | None, receipt: Receipt | None) -> Block:
    """Complete a header whose `state_digest` is still its parent's and whose roots are still empty."""
    digest = state_digest(header.state_digest, writes)
    if transaction is not None and receipt is not None:
        header = replace(
            header,
            state_digest=digest,
            transactions_root=root_of_one(transaction.raw),
            receipts_root=root_of_one(receipt.encode(transaction.type_id)),
            bloom=receipt.bloom,
            gas_used=receipt.gas_used,
        )
    else:
        header = replace(header, state_digest=digest)
    encoded = header.encode()
    return Block(header, keccak(encoded), transaction, receipt, writes, encoded)


def state_digest(parent_digest: bytes, writes: bytes) -> bytes:
    return keccak(parent_digest + keccak(writes))


def root_of_one(item: bytes) -> bytes:
    """Return the root of the trie that maps index 0 to `item`; EMPTY_ROOT for no item."""
    return keccak(rlp.encode([_ONLY_KEY, item])) if item else EMPTY_ROOT


def bloom_of(logs: tuple[Log, ...]) -> bytes:
    """Return the 2048-bit bloom of addresses and topics."""
    bits = 0
    for log in logs:
        for item in (log.address, *log.topics):
            digest = keccak(item)
            for at in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits.to_bytes(256, "big")


def _integer(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
