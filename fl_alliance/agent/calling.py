"""Asking a model of the marketplace over HTTP, and paying by x402: one signed authorization, no transaction."""

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.answers import models_of
from fl_alliance.agent.book import Book
from fl_alliance.agent.completions import PAYMENT_REQUIRED, Response, complete
from fl_alliance.agent.errors import ModelUnavailable, PackageMissing, WouldFail
from fl_alliance.agent.guards.payments import Authorizer
from fl_alliance.agent.tools import CallModel
from fl_alliance.market.place import Place

_REQUIRED, _SIGNATURE = "payment-required", "PAYMENT-SIGNATURE"
_LONGEST_TOKENS = 512


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
    text = _exchange(url, call, place.market.chain_id, authorizer)
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
    """Ask, pay what the host asks for, ask again; return the text without what would move a terminal's cursor."""
    asked = {
        "model": f"model-{call.model}",
        "messages": [{"role": "user", "content": call.question}],
        "max_tokens": _LONGEST_TOKENS,
    }
    response = complete(url, asked)
    if response.status == PAYMENT_REQUIRED:
        response = complete(url, asked, {_SIGNATURE: _payment(response, chain_id, authorizer)})
    return "".join(each if each.isprintable() or each == "\n" else " " for each in response.text())


def _payment(response: Response, chain_id: int, authorizer: Authorizer) -> str:
    """Return the header that pays what a host asks for."""
    try:
        from x402 import x402ClientSync
        from x402.http.utils import decode_payment_required_header, encode_payment_signature_header
        from x402.mechanisms.evm.exact import ExactEvmClientScheme
        from x402.schemas.errors import PaymentError
    except ImportError:
        raise PackageMissing("paying a model", "x402[evm]") from None
    client = x402ClientSync().register(f"eip155:{chain_id}", ExactEvmClientScheme(authorizer))
    client.set_spend_controls(False)  # the authorizer's are narrower: one payment, to the till, within the budget
    try:
        required = decode_payment_required_header(response.headers.get(_REQUIRED, ""))
        return encode_payment_signature_header(client.create_payment_payload(required))
    except (ValueError, PaymentError):
        raise ModelUnavailable(f"{response.url}: asks for a payment in a way that cannot be read") from None
