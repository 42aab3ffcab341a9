"""Asking a model of the marketplace over HTTP and paying by x402: one signed authorization, read before it is signed.

The payer sends no transaction. What is signed is ERC-3009's TransferWithAuthorization of FML to the model's till, whose
address the chain tells; the host's server only says how much.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.answers import models_of
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import ModelUnavailable, NotAsAsked, PackageMissing, WouldFail
from fl_alliance.agent.tools import CallModel
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.revenue import RevenueView
from fl_alliance.governance.standing import quoted
from fl_alliance.market.place import Place

if TYPE_CHECKING:
    import httpx

_TYPE = "TransferWithAuthorization"
_REQUIRED, _SIGNATURE = "PAYMENT-REQUIRED", "PAYMENT-SIGNATURE"
_WAIT_S = 120.0
_LONGEST_TOKENS = 512
_LONGEST_VALID_S = 3_600
Permit = Callable[[Sequence[str], int], None]
"""Shows lines and what they spend, in wei; raises where that is not allowed."""


class Authorizer:
    """Signs x402 payments, where they are what the call allows; what x402 calls a client signer.

    Parameters
    ----------
    place : Place
        The market and the account.
    book : Book
        For names beside addresses.
    permit : Permit
        Limits and the person's yes.
    now : callable
        Returns this machine's second, by which x402 says how long a payment is good.
    """

    def __init__(self, place: Place, book: Book, permit: Permit, now: Callable[[], int]) -> None:
        self._place, self._book, self._permit, self._now = place, book, permit, now
        self._call: CallModel | None = None
        self.paid_wei = 0

    @property
    def address(self) -> str:
        """The account."""
        return self._place.me

    def allow(self, call: CallModel) -> None:
        """Let the next payment be one for this call."""
        self._call = call

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        """Return the 65-byte signature of a payment; raises `NotAsAsked`, and what `permit` does."""
        from x402.mechanisms.evm.eip712 import hash_typed_data

        call, self._call = self._call, None
        if call is None:
            raise NotAsAsked("a second payment for one question")
        amount_wei = self._read(call, domain, primary_type, message)
        self._permit(self._lines(call, amount_wei), amount_wei)
        self.paid_wei = amount_wei
        fields = {name: [{"name": each.name, "type": each.type} for each in found] for name, found in types.items()}
        signature = self._place.sender.key.sign_digest(hash_typed_data(domain, fields, primary_type, message))
        tail = int.from_bytes(signature[32:], "big")
        s, parity = tail & ~(1 << 255), tail >> 255
        return signature[:32] + s.to_bytes(32, "big") + bytes([27 + parity])

    def _read(self, call: CallModel, domain: Any, primary_type: str, message: dict[str, Any]) -> int:
        """Return what a payment moves, where it is FML from this account to the model's till, within the budget."""
        till = RevenueView(self._place.rpc, self._place.market).till(call.model)
        wanted = (self._place.market.chain_id, self._place.market.fml, till, self.address)
        if primary_type != _TYPE or wanted != _parties(domain, message):
            raise NotAsAsked(f"the host asks for another payment than FML to the till {till} of model {call.model}")
        amount_wei = int(message["value"])
        if int(message["validBefore"]) - self._now() > _LONGEST_VALID_S:
            raise NotAsAsked(f"the host asks for a payment that stays good for over {_LONGEST_VALID_S} s")
        if not 0 < amount_wei <= call.budget_wei:
            raise NotAsAsked(f"the host asks for {exactly(amount_wei)}, the budget is {exactly(call.budget_wei)}")
        return amount_wei

    def _lines(self, call: CallModel, amount_wei: int) -> list[str]:
        host = self._book.url_of(call.model)
        return [
            f"pays {exactly(amount_wei)} into the till of model {call.model}, once it is used",
            f"sends {quoted(call.question)} to {host}",
        ]


def _parties(domain: Any, message: dict[str, Any]) -> tuple[int, str, str, str]:
    """Return of which chain and token a payment is, to whom and from whom."""
    return domain.chain_id, *(checksum(each) for each in (domain.verifying_contract, message["to"], message["from"]))


def ask_model(call: CallModel, place: Place, book: Book, authorizer: Authorizer) -> str:
    """Ask a model and return its answer, which is a stranger's text.

    Raises
    ------
    WouldFail
        No marketplace, a closed model, or no URL of it in the address book.
    ModelUnavailable
        The host does not answer, or not in its protocol.
    NotAsAsked, GuardRefused
        As `Authorizer`.
    PackageMissing
    """
    url = host_of(call, place, book)
    authorizer.allow(call)
    text = _exchange(f"{url.rstrip('/')}/chat/completions", call, place.market.chain_id, authorizer)
    return f"model {call.model} says, for {exactly(authorizer.paid_wei)}: {text}"


def host_of(call: CallModel, place: Place, book: Book) -> str:
    """Return where a model that takes calls answers, as the user's address book says; raises `WouldFail`."""
    if models_of(place).listing(call.model).is_closed:
        raise WouldFail(f"model {call.model} is closed")
    if not (url := book.url_of(call.model)):
        known = f"fl-alliance agent book add NAME model:{call.model} --url URL"
        raise WouldFail(f"where model {call.model} answers is not known; say so: {known}")
    return url


def _exchange(url: str, call: CallModel, chain_id: int, authorizer: Authorizer) -> str:
    try:
        import httpx
    except ImportError:
        raise PackageMissing("calling a model", "httpx") from None
    asked = {
        "model": f"model-{call.model}",
        "messages": [{"role": "user", "content": call.question}],
        "max_tokens": _LONGEST_TOKENS,
    }
    try:
        with httpx.Client(timeout=_WAIT_S, follow_redirects=False, trust_env=False) as client:
            response = client.post(url, json=asked)
            if response.status_code == httpx.codes.PAYMENT_REQUIRED:
                paid = {_SIGNATURE: _payment(response, chain_id, authorizer)}
                response = client.post(url, json=asked, headers=paid)
    except httpx.HTTPError as error:
        raise ModelUnavailable(f"{url}: {type(error).__name__}: {error}") from None
    return _text(url, response)


def _payment(response: "httpx.Response", chain_id: int, authorizer: Authorizer) -> str:
    """Return the header that pays what a host asks for."""
    try:
        from x402 import x402ClientSync
        from x402.http.utils import decode_payment_required_header, encode_payment_signature_header
        from x402.mechanisms.evm.exact import ExactEvmClientScheme
        from x402.schemas.errors import PaymentError
    except ImportError:
        raise PackageMissing("paying a model", "x402[evm]") from None
    client = x402ClientSync().register(f"eip155:{chain_id}", ExactEvmClientScheme(authorizer))
    client.set_spend_controls(False)
    try:
        required = decode_payment_required_header(response.headers.get(_REQUIRED, ""))
        return encode_payment_signature_header(client.create_payment_payload(required))
    except (ValueError, PaymentError) as error:
        raise ModelUnavailable(f"{response.url}: asks for a payment that cannot be read: {error}") from None


def _text(url: str, response: "httpx.Response") -> str:
    """Return the answer's text, in one line where a terminal could be moved by it."""
    from fl_alliance.chain import strict_json

    if not response.is_success:
        raise ModelUnavailable(f"{url}: answers with status {response.status_code}: {quoted(response.text[:300])}")
    try:
        text = strict_json.parse(response.text)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        raise ModelUnavailable(f"{url}: answers with something else than a chat completion") from None
    return "".join(each if each.isprintable() or each == "\n" else " " for each in str(text))
