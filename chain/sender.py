"""Transactions from one key: numbered, priced, signed, sent and waited for."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rlp

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.errors import GasMissing, ReceiptMissing, RequestRefused, TransactionReverted
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.outbox import Outbox
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import address_bytes, keccak

if TYPE_CHECKING:
    from web3 import Web3

_TYPE = b"\x02"
_POLL_FIRST_S, _POLL_LONGEST_S = 0.05, 1.0
_FEES_LAST_S = 24.0
_PARITY_BIT = 1 << 255
_USED_UP = "nonce too low"
_RENEW_S = 30.0
"""After so long without a receipt a transaction is sent again, for more where fees have risen."""


@dataclass(frozen=True, slots=True)
class Log:
    """One event as the chain keeps it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction; `contract` is the address it created, if it created one."""

    tx_hash: str
    block: int
    gas_used: int
    succeeded: bool
    contract: str | None
    logs: tuple[Log, ...]


@dataclass(slots=True)
class _Sent:
    """A transaction under way: its number, content and fees, and its hash in every version."""

    number: int
    to: str | None
    data: bytes
    gas: int
    value: int
    most: int
    raw: bytes
    hashes: list[str]


class Sender:
    """Sends transactions of one key; several threads may share it.

    Parameters
    ----------
    w3 : Web3
        The chain; only its provider is used.
    key : NodeKey
        Pays and signs. A key that everybody knows is refused off the development chain.
    deadline_s : float
        How long a transaction may take into a block, in seconds.
    outbox : Outbox, optional
        Where transactions are kept before they are sent; by default in memory.
    """

    def __init__(self, w3: "Web3", key: NodeKey, deadline_s: float = 120.0, outbox: Outbox | None = None) -> None:
        self.rpc = Rpc(w3)
        self.key = key
        self.chain_id = self.rpc.number("eth_chainId")
        key.check_chain(self.chain_id)
        self._deadline_s = deadline_s
        self._outbox = outbox or Outbox()
        self._lock = threading.Lock()
        self._nonce: int | None = None
        self._fees, self._fees_at = (0, 0), -_FEES_LAST_S

    @property
    def address(self) -> str:
        """The account that sends."""
        return self.key.address

    def send(self, to: str | None, data: bytes, gas: int, label: str, value: int = 0) -> Receipt:
        """Send one transaction and return its receipt; `to` None deploys `data`; `label` names it in errors.

        Raises
        ------
        RequestRefused
            The node did not take the transaction; `GasMissing` where the account cannot pay for it.
        TransactionReverted
            It is in a block and did nothing; `data` tells why.
        ReceiptMissing
            It is in no block before the deadline.
        """
        receipt = self._wait(self._submit(to, data, gas, value), label)
        if not receipt.succeeded:
            raise self._why(to, data, gas, value, receipt, label)
        return receipt

    def call(self, to: str, data: bytes, block: str = "latest") -> bytes:
        """Return what a call would return, without a transaction."""
        return self.rpc.bytes("eth_call", {"to": to, "data": "0x" + data.hex()}, block)

    def most_wei(self, gas: int) -> int:
        """Return what so much gas can cost now at most: an account that holds less cannot send."""
        with self._lock:
            return gas * self._current_fees()[1]

    def receipts(self) -> Iterator[Receipt]:
        """Yield the receipts of what the outbox has, in order, as far as it is in blocks."""
        for _, raw in self._outbox.since(0):
            found = self.rpc("eth_getTransactionReceipt", "0x" + keccak(raw).hex())
            if found is not None:
                yield read_receipt(found)

    def restore(self) -> int:
        """Send again, byte for byte, what was sent and is not in the chain any more, or not yet; return how many.

        Whoever starts again calls this before it decides what to send next, and so does whoever sees that blocks were
        replaced. Returns once they are in blocks; raises `ReceiptMissing`.
        """
        with self._lock:
            self._nonce = None
            lost = list(self._outbox.since(self.rpc.number("eth_getTransactionCount", self.address, "latest")))
            taken = [(number, raw) for number, raw in lost if self._push(number, raw)]
            for number, raw in taken:
                self._await_number(number, "0x" + keccak(raw).hex())
        return len(taken)

    def _await_number(self, number: int, tx_hash: str) -> None:
        started, pause = time.monotonic(), _POLL_FIRST_S
        while self.rpc.number("eth_getTransactionCount", self.address, "latest") <= number:
            if (waited := time.monotonic() - started) > self._deadline_s:
                raise ReceiptMissing(f"transaction number {number}, sent earlier", tx_hash, waited)
            time.sleep(pause)
            pause = min(2 * pause, _POLL_LONGEST_S)

    def _push(self, number: int, raw: bytes) -> bool:
        """Hand over bytes that were handed over before; return whether the node has them now, or had them already."""
        try:
            self.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        except RequestRefused as refusal:
            if not self._is_taken("0x" + keccak(raw).hex(), refusal.reason):
                self._outbox.drop(number)
                return False
        return True

    def _submit(self, to: str | None, data: bytes, gas: int, value: int) -> _Sent:
        """Number, sign and hand over one transaction; a number is used up only if the node takes it.

        After any failure the next number is the node's to tell; so it is, once, where another process of this key has
        used up the one that was next here.
        """
        with self._lock:
            is_told = self._nonce is None
            try:
                return self._hand_over(self._number(), to, data, gas, value)
            except RequestRefused as refusal:
                if is_told or _USED_UP not in refusal.reason:
                    raise
            return self._hand_over(self._number(), to, data, gas, value)

    def _number(self) -> int:
        """Return the next number and forget it."""
        number, self._nonce = self._nonce, None
        return self.rpc.number("eth_getTransactionCount", self.address, "pending") if number is None else number

    def _hand_over(self, number: int, to: str | None, data: bytes, gas: int, value: int) -> _Sent:
        fees = self._current_fees()
        raw = self._signed(number, to, data, gas, value, fees)
        tx_hash = "0x" + keccak(raw).hex()
        self._outbox.add(number, raw)
        try:
            self.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        except RequestRefused as refusal:
            if refusal.data:
                self._outbox.drop(number)
                raise TransactionReverted("eth_sendRawTransaction", refusal.reason, refusal.data) from refusal
            if not self._is_taken(tx_hash, refusal.reason):
                self._outbox.drop(number)
                self._require_coin(refusal, gas * fees[1] + value)
                raise
        self._nonce = number + 1
        return _Sent(number, to, data, gas, value, fees[1], raw, [tx_hash])

    def _require_coin(self, refusal: RequestRefused, needed_wei: int) -> None:
        """Say that a transaction was refused for want of coin, if it was; raises `GasMissing`."""
        held_wei = self.rpc.number("eth_getBalance", self.address, "latest")
        if held_wei < needed_wei:
            raise GasMissing(refusal, self.address, self.chain_id, held_wei, needed_wei) from refusal

    def _is_taken(self, tx_hash: str, reason: str) -> bool:
        """Whether the node has a transaction that it refuses: a first try was answered too late, web3 tried again."""
        if "already known" in reason:
            return True
        return _USED_UP in reason and self.rpc("eth_getTransactionByHash", tx_hash) is not None

    def _signed(self, nonce: int, to: str | None, data: bytes, gas: int, value: int, fees: tuple[int, int]) -> bytes:
        """Return the bytes of a signed EIP-1559 transaction."""
        target = address_bytes(to) if to else b""
        tip, most = fees
        fields: list[Any] = [self.chain_id, nonce, tip, most, gas, target, value, data, []]
        signature = self.key.sign_digest(keccak(_TYPE + rlp.encode(fields)))
        tail = int.from_bytes(signature[32:], "big")
        r, s = int.from_bytes(signature[:32], "big"), tail & ~_PARITY_BIT
        return _TYPE + bytes(rlp.encode([*fields, tail >> 255, r, s]))

    def _current_fees(self) -> tuple[int, int]:
        """Return (tip, most) in wei per gas: room for the base fee to double twice before they are looked up again."""
        if time.monotonic() - self._fees_at < _FEES_LAST_S:
            return self._fees
        base = int(self.rpc("eth_getBlockByNumber", "latest", False).get("baseFeePerGas", "0x0"), 16)
        tip = min(base, 10**9)
        self._fees, self._fees_at = (tip, 4 * base + tip), time.monotonic()
        return self._fees

    def _wait(self, sent: _Sent, label: str) -> Receipt:
        """Poll for the receipt; the first look comes at once, for chains that mine on arrival."""
        started, pause = time.monotonic(), _POLL_FIRST_S
        renewed = started
        while (found := self._receipt(sent)) is None:
            now = time.monotonic()
            if now - started > self._deadline_s:
                raise ReceiptMissing(label, sent.hashes[-1], now - started)
            if now - renewed > _RENEW_S:
                renewed = now
                self._renew(sent)
            time.sleep(pause)
            pause = min(2 * pause, _POLL_LONGEST_S)
        return read_receipt(found)

    def _receipt(self, sent: _Sent) -> dict[str, Any] | None:
        found = (self.rpc("eth_getTransactionReceipt", tx_hash) for tx_hash in sent.hashes)
        return next((receipt for receipt in found if receipt is not None), None)

    def _renew(self, sent: _Sent) -> None:
        """Send a stuck transaction again: the same, or where fees have risen one of the same number that pays more."""
        self._fees_at = -_FEES_LAST_S
        tip, most = self._current_fees()
        if most >= 2 * sent.most:  # a node replaces only what pays clearly more
            sent.raw, sent.most = self._signed(sent.number, sent.to, sent.data, sent.gas, sent.value, (tip, most)), most
            sent.hashes.append("0x" + keccak(sent.raw).hex())
            self._outbox.add(sent.number, sent.raw)
        with suppress(RequestRefused):
            self.rpc("eth_sendRawTransaction", "0x" + sent.raw.hex())

    def _why(
        self, to: str | None, data: bytes, gas: int, value: int, receipt: Receipt, label: str
    ) -> TransactionReverted:
        """Run a failed transaction again as a call, which returns the reason that a receipt leaves out."""
        request = {"from": self.address, "data": "0x" + data.hex(), "gas": hex(gas), "value": hex(value)}
        if to:
            request["to"] = to
        try:
            self.rpc("eth_call", request, hex(receipt.block))
        except RequestRefused as refusal:
            return TransactionReverted(label, refusal.reason, refusal.data)
        if receipt.gas_used >= gas:
            return TransactionReverted(label, f"out of gas, limit {gas}")
        return TransactionReverted(label, "no longer does when run again: the chain has moved on")


def read_receipt(found: dict[str, Any]) -> Receipt:
    """Return a receipt from a node's JSON."""
    created = found["contractAddress"]
    return Receipt(
        tx_hash=found["transactionHash"],
        block=int(found["blockNumber"], 16),
        gas_used=int(found["gasUsed"], 16),
        succeeded=found["status"] == "0x1",
        contract=checksum(created) if created else None,
        logs=tuple(map(read_log, found["logs"])),
    )


def read_log(entry: dict[str, Any]) -> Log:
    """Return an event from a node's JSON."""
    topics = tuple(bytes.fromhex(topic[2:]) for topic in entry["topics"])
    return Log(checksum(entry["address"]), topics, bytes.fromhex(entry["data"][2:]))
