"""The chain itself: it takes signed transactions, seals one block for each, and answers about any block."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Protocol

from eth_hash.auto import keccak

from fl_alliance.chain.node.block import NO_BLOOM, Block, Header, Receipt, seal_block
from fl_alliance.chain.node.clock import Clock, DevelopmentClock
from fl_alliance.chain.node.engine import Engine, Environment, Outcome
from fl_alliance.chain.node.faults import INTERNAL, REFUSED, SERVER, RpcFault, reverted
from fl_alliance.chain.node.forks import new_engine
from fl_alliance.chain.node.root import EMPTY_ROOT
from fl_alliance.chain.node.settings import DEV_ACCOUNTS, DEV_BALANCE_WEI, Settings
from fl_alliance.chain.node.transaction import Transaction

_MAX_INITCODE = 49_152  # EIP-3860
_MAX_CODE_PREFIX = b"\xef\x01\x00"  # EIP-7702 delegation: such an account may still send (EIP-3607)
_MAX_QUEUED = 4_096


class BlockStore(Protocol):
    """Where sealed blocks are kept. A block is part of the chain only once `append` has returned."""

    def append(self, block: Block) -> None: ...

    def truncate(self, number: int) -> None: ...

    def close(self) -> None: ...


class Node:
    """One chain and its state; `clock` tells the timestamps of its blocks, one second apart unless it is another."""

    def __init__(
        self,
        settings: Settings,
        store: BlockStore | None = None,
        blocks: list[Block] | None = None,
        *,
        reference: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Start a chain, or go on from stored `blocks` (genesis first), which the caller has verified."""
        self.settings = settings
        self.clock: Clock = DevelopmentClock() if clock is None else clock
        self.engine: Engine = new_engine(settings, reference=reference)
        self.blocks: list[Block] = []
        self.queue: dict[tuple[bytes, int], Transaction] = {}
        self._store = store
        self._index: dict[bytes, int] = {}
        self._snapshots: list[tuple[int, Clock]] = []
        if blocks:
            for block in blocks:
                self.engine.load(block.writes)
                self._add(block)
        else:
            self._keep(genesis(settings, self.engine))

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    def find(self, digest: bytes) -> Block | None:
        """Return the block with this hash, or the one that holds the transaction with this hash."""
        number = self._index.get(digest)
        return None if number is None else self.blocks[number]

    # environments

    def environment(self, header: Header) -> Environment:
        """Return what opcodes see inside the block with this header."""
        return Environment(
            chain_id=self.settings.chain_id,
            number=header.number,
            timestamp=header.timestamp,
            gas_limit=header.gas_limit,
            base_fee=header.base_fee,
            coinbase=bytes(20),
            prev_randao=header.prev_randao,
            ancestor=lambda number: self.blocks[number].hash if 0 <= number < header.number else b"",
        )

    def _open_header(self) -> Header:
        parent = self.head.header
        return replace(
            parent,
            parent_hash=self.head.hash,
            number=parent.number + 1,
            timestamp=self.clock.next(parent.timestamp),
            transactions_root=EMPTY_ROOT,
            receipts_root=EMPTY_ROOT,
            bloom=NO_BLOOM,
            gas_used=0,
            extra_data=b"",
        )

    def pending(self) -> Block:
        """Return the next block, still empty, with the timestamp it would get."""
        return Block(self._open_header(), bytes(32), None, None, b"", b"")

    # blocks

    def mine(self) -> Block:
        """Seal an empty block."""
        with self._all_or_nothing():
            return self._seal(self._open_header(), None, None)

    def send(self, raw: bytes) -> bytes:
        """Take a signed transaction: seal it at once, or queue it where an earlier nonce is missing.

        Returns
        -------
        the transaction's hash, 32 bytes; a transaction that reverts is sealed too, with status 0
        """
        transaction = self.engine.decode(raw)
        if transaction.hash in self._index or self.queue.get(_slot(transaction)) == transaction:
            raise RpcFault(REFUSED, _nonce_text(transaction, self.engine.nonce(transaction.sender), "already imported"))
        self._admit(transaction)
        if transaction.nonce > self.engine.nonce(transaction.sender):
            self._wait(transaction)
            return transaction.hash
        self._include(transaction)
        self._include_queued(transaction.sender)
        return transaction.hash

    def _wait(self, transaction: Transaction) -> None:
        waiting = self.queue.get(_slot(transaction))
        if waiting is not None and transaction.max_fee_per_gas <= waiting.max_fee_per_gas:
            raise RpcFault(REFUSED, f"replacement transaction underpriced: needed above {waiting.max_fee_per_gas}")
        if waiting is None and len(self.queue) >= _MAX_QUEUED:
            raise RpcFault(REFUSED, f"queue is full: {_MAX_QUEUED} transactions wait for an earlier nonce")
        self.queue[_slot(transaction)] = transaction

    def _include_queued(self, sender: bytes) -> None:
        while (waiting := self.queue.pop((sender, self.engine.nonce(sender)), None)) is not None:
            try:
                self._admit(waiting)
            except RpcFault:
                return  # its sender has spent the money since; there is nobody left to tell
            self._include(waiting)

    def _include(self, transaction: Transaction) -> None:
        with self._all_or_nothing():
            header = self._open_header()
            outcome = self.engine.apply(transaction, self.environment(header))
            receipt = Receipt.of(int(not outcome.failure), outcome.gas_used, outcome.logs)
            self._seal(header, transaction, receipt)
        self.queue.pop(_slot(transaction), None)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Take everything of a block back, stored or not, when anything interrupts it: Ctrl-C, a full disk."""
        number = self.head.number
        try:
            yield
        except BaseException:
            self._drop_above(number)
            raise

    def _seal(self, header: Header, transaction: Transaction | None, receipt: Receipt | None) -> Block:
        block = seal_block(header, self.engine.seal(), transaction, receipt)
        self._keep(block)
        self.clock.sealed()
        return block

    def _keep(self, block: Block) -> None:
        if self._store is not None:
            self._store.append(block)
        self._add(block)

    def _add(self, block: Block) -> None:
        self.blocks.append(block)
        self._index[block.hash] = block.number
        if block.transaction is not None:
            self._index[block.transaction.hash] = block.number

    def _admit(self, transaction: Transaction) -> None:
        """Refuse what may not enter a block; the order and texts are anvil's."""
        settings, engine, sender = self.settings, self.engine, transaction.sender
        nonce = engine.nonce(sender)
        if transaction.nonce < nonce:
            raise RpcFault(REFUSED, _nonce_text(transaction, nonce, "nonce too low"))
        if transaction.gas > settings.transaction_gas_cap:
            cap = settings.transaction_gas_cap
            raise RpcFault(SERVER, f"transaction gas limit too high: given {transaction.gas}, needed at most {cap}")
        if transaction.gas < transaction.least_gas:
            text = f"intrinsic gas too low: given {transaction.gas}, needed {transaction.least_gas}"
            raise RpcFault(SERVER, text)
        if transaction.max_fee_per_gas < settings.base_fee:
            text = f"max fee per gas less than block base fee: given {transaction.max_fee_per_gas}"
            raise RpcFault(REFUSED, f"{text}, needed {settings.base_fee}")
        if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
            raise RpcFault(REFUSED, "max priority fee per gas higher than max fee per gas")
        needed = transaction.gas * transaction.max_fee_per_gas + transaction.value
        if engine.balance(sender) < needed:
            text = f"Insufficient funds for gas * price + value: have {engine.balance(sender)} wei"
            raise RpcFault(REFUSED, f"{text}, needed {needed} wei")
        if not transaction.to and len(transaction.data) > _MAX_INITCODE:
            raise RpcFault(SERVER, f"max initcode size exceeded: {len(transaction.data)} > {_MAX_INITCODE}")
        if (code := engine.code(sender)) and not code.startswith(_MAX_CODE_PREFIX):
            raise RpcFault(REFUSED, "sender is not an externally owned account")

    # reading

    @contextmanager
    def at(self, block: Block) -> Iterator[Engine]:
        """Show the state after `block`; a pending block shows the head's."""
        with self.engine.rewound(max(0, self.head.number - block.number)):
            yield self.engine

    def call(self, transaction: Transaction, block: Block) -> Outcome:
        """Run without leaving a trace, in the environment of `block`.

        Raises
        ------
        RpcFault
            where the call reverts, halts, or its sender does not hold the value
        """
        outcome = self._try(transaction, block)
        if outcome.failure:
            raise _fault(outcome)
        return outcome

    def _try(self, transaction: Transaction, block: Block) -> Outcome:
        with self.at(block) as engine:
            needed = transaction.value + transaction.gas * transaction.price(block.header.base_fee)
            if engine.balance(transaction.sender) < needed:
                have = engine.balance(transaction.sender)
                text = f"Insufficient funds for gas * price + value: have {have} wei, needed {needed} wei"
                raise RpcFault(REFUSED, text)
            if transaction.gas < transaction.least_gas:
                raise RpcFault(SERVER, f"intrinsic gas too low: given {transaction.gas}")
            return engine.call(transaction, self.environment(block.header))

    def estimate(self, transaction: Transaction, block: Block) -> int:
        """Return a gas limit with which the call succeeds: the least, or at most 1.5 % above it.

        What a call spends is not always enough: inner calls get 63/64 of what is left, and a store wants 2300 gas in
        hand. So the figure is tried, and searched for where it fails.
        """
        outcome = self.call(transaction, block)
        low, high = outcome.gas_peak, transaction.gas
        if not self._try(replace(transaction, gas=low), block).failure:
            return low
        while high - low > high * 3 // 200:
            middle = min((low + high) // 2, low * 2)
            if self._try(replace(transaction, gas=middle), block).failure:
                low = middle
            else:
                high = middle
        return high

    # snapshots

    def snapshot(self) -> int:
        self._snapshots.append((self.head.number, copy(self.clock)))
        return len(self._snapshots) - 1

    def revert(self, snapshot: int) -> bool:
        """Drop every block after the snapshot, the queue, and the snapshot itself with all later ones."""
        if not 0 <= snapshot < len(self._snapshots):
            return False
        number, self.clock = self._snapshots[snapshot]
        del self._snapshots[snapshot:]
        self._drop_above(number)
        self.queue.clear()
        return True

    def _drop_above(self, number: int) -> None:
        self.engine.revert(0)
        while self.engine.sealed > number + 1:
            self.engine.unseal()
        while self.head.number > number:
            dropped = self.blocks.pop()
            self._index.pop(dropped.hash, None)
            if dropped.transaction is not None:
                self._index.pop(dropped.transaction.hash, None)
        if self._store is not None:
            self._store.truncate(number)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


def genesis(settings: Settings, engine: Engine) -> Block:
    """Fund the development accounts and seal block 0, whose extra data commits to the settings."""
    for address in DEV_ACCOUNTS:
        engine.endow(address, DEV_BALANCE_WEI)
    header = Header(
        parent_hash=bytes(32),
        state_digest=bytes(32),
        transactions_root=EMPTY_ROOT,
        receipts_root=EMPTY_ROOT,
        bloom=NO_BLOOM,
        number=0,
        gas_limit=settings.gas_limit,
        gas_used=0,
        timestamp=settings.genesis_time,
        extra_data=keccak(settings.encode()),
        base_fee=settings.base_fee,
    )
    return seal_block(header, engine.seal(), None, None)


def _slot(transaction: Transaction) -> tuple[bytes, int]:
    return transaction.sender, transaction.nonce


def _nonce_text(transaction: Transaction, needed: int, text: str) -> str:
    return f"{text}: 0x{transaction.sender.hex()} sent nonce {transaction.nonce}, next is {needed}"


def _fault(outcome: Outcome) -> RpcFault:
    return (
        reverted(outcome.output) if outcome.failure == "revert" else RpcFault(INTERNAL, f"EVM error {outcome.failure}")
    )
