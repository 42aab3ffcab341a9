"""Transactions from one key: numbered, priced, signed, sent and waited for."""

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rlp

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.errors import ReceiptMissing, RequestRefused, TransactionReverted
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import address_bytes, keccak

if TYPE_CHECKING:
    from web3 import Web3

_TYPE = b"\x02"
_POLL_FIRST_S, _POLL_LONGEST_S = 0.05, 1.0
_FEES_LAST_S = 24.0
_PARITY_BIT = 1 << 255
_USED_UP = "nonce too low"


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
    """

    def __init__(self, w3: "Web3", key: NodeKey, deadline_s: float = 120.0) -> None:
        self.rpc = Rpc(w3)
        self.key = key
        self.chain_id = self.rpc.number("eth_chainId")
        key.check_chain(self.chain_id)
        self._deadline_s = deadline_s
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
            The node did not take the transaction.
        TransactionReverted
            It is in a block and did nothing; `data` tells why.
        ReceiptMissing
            It is in no block before the deadline.
        """
        tx_hash = self._submit(to, data, gas, value)
        receipt = self._wait(tx_hash, label)
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

    def _submit(self, to: str | None, data: bytes, gas: int, value: int) -> str:
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

    def _hand_over(self, number: int, to: str | None, data: bytes, gas: int, value: int) -> str:
        raw = self._signed(number, to, data, gas, value)
        tx_hash = "0x" + keccak(raw).hex()
        try:
            self.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        except RequestRefused as refusal:
            if refusal.data:
                raise TransactionReverted("eth_sendRawTransaction", refusal.reason, refusal.data) from refusal
            if not self._is_taken(tx_hash, refusal.reason):
                raise
        self._nonce = number + 1
        return tx_hash

    def _is_taken(self, tx_hash: str, reason: str) -> bool:
        """Whether the node has a transaction that it refuses: a first try was answered too late, web3 tried again."""
        if "already known" in reason:
            return True
        return _USED_UP in reason and self.rpc("eth_getTransactionByHash", tx_hash) is not None

    def _signed(self, nonce: int, to: str | None, data: bytes, gas: int, value: int) -> bytes:
        """Return the bytes of a signed EIP-1559 transaction."""
        target = address_bytes(to) if to else b""
        tip, most = self._current_fees()
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

    def _wait(self, tx_hash: str, label: str) -> Receipt:
        """Poll for the receipt; the first look comes at once, for chains that mine on arrival."""
        started, pause = time.monotonic(), _POLL_FIRST_S
        while (found := self.rpc("eth_getTransactionReceipt", tx_hash)) is None:
            waited = time.monotonic() - started
            if waited > self._deadline_s:
                raise ReceiptMissing(label, tx_hash, waited)
            time.sleep(pause)
            pause = min(2 * pause, _POLL_LONGEST_S)
        return read_receipt(found)

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
        contract=checksummed(address_bytes(created)) if created else None,
        logs=tuple(map(read_log, found["logs"])),
    )


def read_log(entry: dict[str, Any]) -> Log:
    """Return an event from a node's JSON."""
    topics = tuple(bytes.fromhex(topic[2:]) for topic in entry["topics"])
    return Log(checksummed(address_bytes(entry["address"])), topics, bytes.fromhex(entry["data"][2:]))
