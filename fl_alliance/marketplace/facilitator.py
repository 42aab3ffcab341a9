"""x402 payments in FML, verified and settled in this process: the payer signs and holds FML, the host sends.

The checks are x402's own (`x402.mechanisms.evm.exact`); here is the account that it reads and sends with. What it would
send to the token goes through Revenue, which moves the same money and notes who has paid.
"""

import base64
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fl_alliance.chain import strict_json
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.call_vouchers import TillPayment
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.chain.errors import ChainError, RequestRefused, TransactionReverted
from fl_alliance.chain.marketplace_refusals import NotFree
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.reverts import explained
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Receipt, read_receipt
from fl_alliance.marketplace.books import Held
from fl_alliance.marketplace.errors import ExtraMissing, PaymentRefused
from fl_alliance.marketplace.stall import Stall

if TYPE_CHECKING:
    from x402.schemas import PaymentPayload, PaymentRequired, PaymentRequirements

PAYMENT_HEADER, REQUIRED_HEADER, RESPONSE_HEADER = "PAYMENT-SIGNATURE", "PAYMENT-REQUIRED", "PAYMENT-RESPONSE"
VALID_S = 300
"""Seconds that a payment is to be valid for, from when it is signed, where both clocks agree."""
_TICKET = "ticket"
_MOST_DIGITS = 77
"""Of an amount: fewer than 2**256 has."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A payment on the chain: its transaction, who paid, and what it tells the payer's client."""

    transaction: str
    payer: str
    header: str


class Facilitator:
    """Verifies and settles payments to models' tills.

    Parameters
    ----------
    stall : Stall
        The marketplace as the host acts in it; its account pays for the transactions.

    Raises
    ------
    ExtraMissing
        The extra `market` is not installed.
    """

    def __init__(self, stall: Stall) -> None:
        try:
            from x402.mechanisms.evm.exact.facilitator import ExactEvmScheme
        except ImportError:
            raise ExtraMissing("payment by call", "x402[evm]") from None
        self._stall = stall
        self._network = f"eip155:{stall.place.market.chain_id}"
        self._token = ContractReader(stall.place.rpc, TOKEN, stall.place.market.fml)
        self._tills: dict[int, str] = {}
        revenue = stall.revenue
        self._scheme = ExactEvmScheme(_ChainSigner(stall, self._tills, lambda *given: revenue.settle(*given)))
        self._holding = ExactEvmScheme(_ChainSigner(stall, self._tills, lambda *given: revenue.hold(*given)))

    def requirements(self, model: int, amount_wei: int) -> "PaymentRequirements":
        """Return what a call's payment must be."""
        from x402.schemas import PaymentRequirements

        return PaymentRequirements(
            scheme="exact",
            network=self._network,
            asset=self._token.address,
            amount=str(amount_wei),
            pay_to=self._till(model),
            max_timeout_seconds=valid_s(self._stall.place.rpc),
            extra={"name": "FML", "version": "1", "assetTransferMethod": "eip3009"},
        )

    def _till(self, model: int) -> str:
        """Return a model's till, which never changes."""
        if model not in self._tills:
            self._tills[model] = self._stall.revenue.till(model)
        return self._tills[model]

    def required(self, needed: "PaymentRequirements", url: str, reason: str) -> "PaymentRequired":
        """Return what a caller who has not paid is told; the ticket in it is the caller's alone."""
        from x402.schemas import PaymentRequired, ResourceInfo

        told = needed.model_copy(update={"extra": {**needed.extra, _TICKET: secrets.token_hex(16)}})
        return PaymentRequired(error=reason, resource=ResourceInfo(url=url), accepts=[told])

    def read(self, header: str, needed: "PaymentRequirements") -> "PaymentPayload":
        """Return the payment in a header; raises `PaymentRefused` where it is none, or is for something else."""
        from x402.http.utils import decode_payment_signature_header
        from x402.schemas import PaymentPayload

        try:
            payment = decode_payment_signature_header(readable(header))
        except ValueError:
            raise PaymentRefused(f"{PAYMENT_HEADER}: cannot be read, needed an x402 payment in base64") from None
        if not isinstance(payment, PaymentPayload) or not isinstance(payment.payload.get("authorization"), dict):
            raise PaymentRefused(f"{PAYMENT_HEADER}: needed version 2 of x402, scheme exact, by authorization")
        for name in ("scheme", "network", "asset", "amount", "pay_to"):
            given, wanted = (str(getattr(one, name)) for one in (payment.accepted, needed))
            if given.lower() != wanted.lower():
                raise PaymentRefused(f"the payment's {name}: is {given[:100]}, needed {wanted}")
        return payment

    def verify(self, payment: "PaymentPayload", needed: "PaymentRequirements") -> None:
        """Refuse a payment that could not be settled now; raises `PaymentRefused`."""
        if self.is_used(payment):
            raise PaymentRefused("the payment: was used before")
        found = self._scheme.verify(payment, needed)
        if not found.is_valid:
            raise PaymentRefused(f"the payment: {_plain(found.invalid_reason)}")

    def settle(self, payment: "PaymentPayload", needed: "PaymentRequirements") -> Settled:
        """Put a payment on the chain; raises `PaymentRefused` where that fails."""
        from x402.http.utils import encode_payment_response_header

        found = self._scheme.settle(payment, needed)
        if not found.success:
            raise PaymentRefused(f"the payment: {_plain(found.error_reason)}")
        return Settled(found.transaction, str(found.payer), encode_payment_response_header(found))

    def hold(self, payment: "PaymentPayload", needed: "PaymentRequirements") -> None:
        """Have a payment held on the chain, out of its payer's reach; raises `PaymentRefused` where that fails."""
        found = self._holding.settle(payment, needed)
        if not found.success:
            raise PaymentRefused(f"the payment: {_plain(found.error_reason)}")

    def is_held(self, held: Held) -> bool:
        """Return whether a payment is held on the chain."""
        return self._stall.revenue.hold_of(held.model, held.payer, held.nonce).value_wei > 0

    def give_back(self, held: Held) -> None:
        """Give a payment that is held back to its payer, where it is."""
        with suppress(NotFree):
            self._stall.revenue.give_back(held.model, held.payer, held.nonce)

    def is_used(self, payment: "PaymentPayload") -> bool:
        """Return whether the chain has seen this payment's nonce: paid, cancelled, or spent on something else."""
        return bool(self._token.read("authorizationState", *name_of(payment)))

    def is_paid(self, payment: "PaymentPayload", needed: "PaymentRequirements") -> bool:
        """Return whether the chain has moved this payment into the till, whoever sent it there."""
        payer, nonce = name_of(payment)
        used = interface(TOKEN).event("AuthorizationUsed").topic
        topics = ["0x" + used.hex(), "0x" + bytes(12).hex() + payer.removeprefix("0x"), "0x" + nonce.hex()]
        asked = {"address": self._token.address, "topics": topics}
        asked |= {"fromBlock": hex(self._stall.place.market.block), "toBlock": "latest"}
        found = self._stall.place.rpc("eth_getLogs", asked)
        return any(self._moved(log) == (payer, needed.pay_to, int(needed.amount)) for log in found)

    def _moved(self, used: Mapping[str, Any]) -> tuple[str, str, int]:
        """Return who paid whom how much by a nonce: the token tells of it right after it tells of the nonce."""
        raw = self._stall.place.rpc("eth_getTransactionReceipt", used["transactionHash"])
        at = next(place for place, log in enumerate(raw["logs"]) if log["logIndex"] == used["logIndex"])
        transfer = read_receipt(raw).logs[at + 1]
        found = interface(TOKEN).events[transfer.topics[0]].values(transfer.topics, transfer.data)
        return checksum(found["from"]), checksum(found["to"]), int(found["value"])


def readable(header: str) -> str:
    """Return one of x402's headers in which our own reader finds an object; raises `ValueError`.

    x402's reader recurses as deeply as a stranger likes.
    """
    if not isinstance(strict_json.parse(base64.b64decode(header)), dict):
        raise ValueError("no object")
    return header


def valid_s(rpc: Rpc) -> int:
    """Return for how many seconds a payment is to be valid, from now on by our clock.

    Where the chain's clock is ahead of ours, as a development chain's may be, that is longer than `VALID_S`.
    """
    return VALID_S + max(0, rpc.second() - int(time.time()))


def name_of(payment: "PaymentPayload") -> tuple[str, bytes]:
    """Return payer and nonce, which together name a payment; raises `PaymentRefused` where it is not in x402's form."""
    given: Mapping[str, Any] = payment.payload["authorization"]
    try:
        payer, _ = checksum(given["from"]), checksum(given["to"])
        nonce, _ = _bytes(given["nonce"], 32), _bytes(payment.payload["signature"], 65)
        is_whole = all(_is_amount(given[name]) for name in ("value", "validAfter", "validBefore"))
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        raise PaymentRefused(
            "the payment: needs from and to, addresses; value, validAfter and validBefore, whole numbers as text; "
            "nonce, 32 bytes; and signature, 65"
        )
    return payer, nonce


def ticket_of(payment: "PaymentPayload") -> str:
    """Return the ticket of the demand that a payment answers, empty where it tells none.

    A client sends back what it was asked for, and the chain is shown none of it: so it tells the payer from whoever has
    read the payment there.
    """
    found = payment.accepted.extra.get(_TICKET)
    return found if isinstance(found, str) else ""


def _bytes(text: Any, length: int) -> bytes:
    found = bytes.fromhex(text.removeprefix("0x"))
    if len(found) != length:
        raise ValueError("of another length")
    return found


def _is_amount(text: Any) -> bool:
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _plain(reason: str | None) -> str:
    """Return x402's code of a refusal in words."""
    code = (reason or "refused").removeprefix("invalid_exact_evm_").removeprefix("payload_")
    return _REASONS.get(code, code.replace("_", " "))


_REASONS = {
    "authorization_valid_before": "has expired",
    "authorization_valid_after": "is not valid yet",
    "authorization_value_mismatch": "is over another amount",
    "recipient_mismatch": "goes elsewhere than to the model's till",
    "signature": "is not signed by its payer",
    "failed_to_verify_signature": "is not signed by its payer",
    "insufficient_balance": "its payer holds less FML",
}
"""x402's codes, for people."""


class _ChainSigner:
    """An account as x402's facilitator wants one; it sends payments to known tills as it was told, and nothing else."""

    def __init__(
        self, stall: Stall, tills: Mapping[int, str], send: Callable[[int, TillPayment, bytes], Receipt]
    ) -> None:
        self._tills, self._send = tills, send
        self._sender, self._rpc = stall.place.sender, stall.place.rpc
        self._receipts: dict[str, Receipt] = {}

    def get_addresses(self) -> list[str]:
        return [self._sender.address]

    def get_chain_id(self) -> int:
        return self._sender.chain_id

    def get_code(self, address: str) -> bytes:
        return self._rpc.bytes("eth_getCode", address, "latest")

    def get_balance(self, address: str, token_address: str) -> int:
        return int(ContractReader(self._rpc, TOKEN, token_address).read("balanceOf", address))

    def read_contract(self, address: str, abi: list[dict[str, Any]], function_name: str, *args: Any) -> Any:
        request = {"to": address, "from": self._sender.address, "data": "0x" + _calldata(abi, args).hex()}
        try:
            found = self._rpc.bytes("eth_call", request, "latest")
        except RequestRefused as refusal:
            raise _named(refusal, function_name) from None
        return _result(abi, found)

    def write_contract(
        self, address: str, abi: list[dict[str, Any]], function_name: str, *args: Any, data_suffix: str | None = None
    ) -> str:
        payer, to, amount_wei, valid_after, valid_before, nonce, v, r, s = args
        model = next(model for model, till in self._tills.items() if till == checksum(to))
        payment = TillPayment(checksum(payer), to, amount_wei, valid_after, valid_before, nonce)
        receipt = self._send(model, payment, r + s + bytes([v]))
        self._receipts[receipt.tx_hash] = receipt
        return receipt.tx_hash

    def wait_for_transaction_receipt(self, tx_hash: str) -> Any:
        from x402.mechanisms.evm.types import TransactionReceipt

        receipt = self._receipts.pop(tx_hash)
        logs = [
            {"address": log.address, "topics": [topic.hex() for topic in log.topics], "data": log.data.hex()}
            for log in receipt.logs
        ]
        return TransactionReceipt(int(receipt.succeeded), receipt.block, tx_hash, logs=logs)

    def send_transaction(self, to: str, data: bytes) -> str:
        raise PaymentRefused("the payment: needs a transaction beside the transfer, which this host does not send")

    def verify_typed_data(self, *_args: Any, **_named: Any) -> bool:
        return False  # of other schemes than this one


def _calldata(abi: list[dict[str, Any]], args: tuple[Any, ...]) -> bytes:
    from eth_abi.abi import encode

    from fl_alliance.chain.rules.words import keccak

    types = [each["type"] for each in abi[0]["inputs"]]
    return keccak(f"{abi[0]['name']}({','.join(types)})".encode())[:4] + encode(types, args)


def _result(abi: list[dict[str, Any]], found: bytes) -> Any:
    from eth_abi.abi import decode

    values = decode([each["type"] for each in abi[0]["outputs"]], found)
    return values[0] if len(values) == 1 else values or None


_WORDS = {
    "ERC3009UsedAuthorization": "authorization is used",
    "ERC3009InvalidAuthorizationTime": "authorization is expired",
    "ERC3009InvalidSignature": "invalid signature",
    "ERC20InsufficientBalance": "transfer amount exceeds balance",
}
"""FML's errors as x402 knows them from other tokens."""


def _named(refusal: RequestRefused, label: str) -> ChainError:
    if not refusal.data:
        return refusal
    found = explained(TransactionReverted(label, refusal.reason, refusal.data), label)
    return TransactionReverted(label, f"execution reverted: {_WORDS.get(type(found).__name__, str(found))}")
