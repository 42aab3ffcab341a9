"""Calling models and paying for it: the caller's side, which trusts the chain for prices and nobody for amounts.

Nothing is signed for more than the caller allows for the call. What a call may cost follows from the listing on chain,
not from what a gateway says.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from fl_alliance.arena.events import fml
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.call_vouchers import CallVoucher, SignedVoucher
from fl_alliance.marketplace.credentials import (
    VOUCHER_HEADER,
    Session,
    SessionKey,
    encode_voucher,
    make_key,
    make_ladder,
    session_domain,
)
from fl_alliance.marketplace.demands import Terms, payment_of
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import GatewayFailed, PackageDamaged, SpendRefused
from fl_alliance.marketplace.exchange import Exchange
from fl_alliance.marketplace.facilitator import PAYMENT_HEADER, REQUIRED_HEADER
from fl_alliance.marketplace.lineage import Lineage, lineage_of
from fl_alliance.marketplace.pricing import LEAST_BYTES, charge_wei, said_wei
from fl_alliance.marketplace.purse import Owed, Pending, Purse
from fl_alliance.marketplace.requests import Chat, Rows, model_name
from fl_alliance.marketplace.stall import Stall
from fl_alliance.marketplace.typed_data import sign_typed_data

_COUNTS = {"owed_wei": 2**127, "reserved_wei": 2**127, "calls": 2**62}
"""What a gateway says of an account, each below what a voucher can hold."""
Said = Callable[[str], object]
"""Hears a stream's pieces."""


class Means(StrEnum):
    """How a call is paid."""

    FREE = "free"
    X402 = "x402"
    VOUCHER = "voucher"


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make: where, what, and tokens of the answer at most where the model speaks."""

    model: int
    path: str
    content: Mapping[str, Any]
    tokens: int | None = None


def prediction(model: int, rows: Sequence[Sequence[float]]) -> Call:
    """Return a call of a model that takes rows of numbers."""
    return rows_call(Rows(model, [list(row) for row in rows]))


def rows_call(rows: Rows) -> Call:
    """Return the call of rows that were read from a request."""
    return Call(rows.model, "/v1/predict", {"model": model_name(rows.model), "inputs": rows.inputs})


def question(model: int, messages: Sequence[Message], tokens: int, is_streamed: bool = False) -> Call:
    """Return a call of a model that speaks."""
    said = [{"role": one.role, "content": one.content} for one in messages]
    content = {"model": model_name(model), "messages": said, "max_tokens": tokens, "stream": is_streamed}
    return Call(model, "/v1/chat/completions", content, tokens)


def chat_call(chat: Chat) -> Call:
    """Return the call of a question that was read from a request."""
    call = question(chat.model, chat.messages, chat.most_tokens, chat.is_streamed)
    return replace(call, content={**call.content, "temperature": chat.temperature})


Permit = Callable[[Call, int, Means], None]
"""Told what a call can cost at most, in wei, before anything of it is signed; raises where that is not allowed."""


@dataclass(slots=True)
class Caller:
    """An account that calls models at a gateway.

    Attributes
    ----------
    stall : Stall
        The marketplace as the caller knows it: prices, tills and hosts come from the chain.
    key : NodeKey
        Signs.
    url : str
        The gateway's, up to and without `/v1`.
    purse : Purse
        What was signed so far.
    permit : Permit
        Asked before each call; allows all that the cap does unless another is given.
    exchange : Exchange
    """

    stall: Stall
    key: NodeKey
    url: str
    purse: Purse
    permit: Permit = lambda *_: None
    exchange: Exchange = field(default_factory=Exchange)
    _thousand_bytes: dict[int, int] = field(default_factory=dict)

    def most_wei(self, call: Call) -> int:
        """Return what a call can cost, by its listing."""
        return charge_wei(self.stall.listing(call.model).price_wei, call.tokens)

    def known_wei(self, model: int) -> int:
        """Return what is owed for a model in all, by our own record; where there is none, what the chain has paid.

        With a record the chain's word does not count: a host that turned in a voucher without an answer is not owed it.
        """
        if self.purse.has(model):
            return self.purse.owed(model).owed_wei
        return self.stall.revenue.paid_wei(model, self.key.address)

    def thousand_bytes(self, call: Call) -> int:
        """Return what a thousand tokens of a model's answers have in bytes at least, as its host has listed it.

        Raises
        ------
        GatewayFailed
            The store has not the lineage that the listing names, and the gateway does not show it.
        """
        if call.tokens is None:
            return LEAST_BYTES
        if call.model not in self._thousand_bytes:
            self._thousand_bytes[call.model] = self._lineage(call.model).thousand_bytes
        return self._thousand_bytes[call.model]

    def _lineage(self, model: int) -> Lineage:
        listing = self.stall.listing(model)
        with suppress(PackageDamaged):
            return lineage_of(self.stall.place.store, listing)
        shown = str(self.exchange.get(f"{self.url}/v1/models/{model_name(model)}").get("lineage")).encode()
        if hashlib.sha256(shown).digest() != listing.lineage:
            raise GatewayFailed("the gateway does not show the lineage that the listing names; nothing was signed")
        try:
            return Lineage.decode(shown)
        except PackageDamaged as damaged:
            raise GatewayFailed(f"the listing cannot be read: {damaged}") from None

    def call(self, call: Call, means: Means, cap_wei: int, said: Said | None = None) -> dict[str, Any]:
        """Make a call and return its answer; `said` hears a stream's pieces.

        Parameters
        ----------
        cap_wei : int
            What the call may cost at most.

        Raises
        ------
        SpendRefused
            It costs more; nothing was signed. Besides, what `permit` raises.
        GatewayFailed
            The gateway did not answer, or refused.
        """
        price_wei = self.stall.listing(call.model).price_wei
        most_wei = charge_wei(price_wei, call.tokens)
        if means is not Means.FREE and most_wei > cap_wei:
            raise SpendRefused(f"the call costs up to {fml(most_wei)}, the cap is {fml(cap_wei)}; nothing was signed")
        self.permit(call, most_wei if means is not Means.FREE else 0, means)
        if means is Means.VOUCHER and most_wei:
            return self._by_voucher(call, price_wei, cap_wei, said)
        if means is Means.X402 and most_wei:
            answer = self._by_x402(call, most_wei, said)
        else:
            answer, most_wei = self._sent(call, self._bearer(call.model), said), 0
        _charged(answer, call, most_wei)
        return answer

    def session(self, model: int, cap_wei: int, seconds: int) -> SessionKey:
        """Return an API key for a model's host, which lets its bearer spend `cap_wei` on the model and no more.

        It is worth that much to the host, too, if that lies: keep caps small.
        """
        listing = self.stall.listing(model)
        domain = session_domain(self.stall.place.market.chain_id, self.stall.models.address)
        session = Session(self.key.address, listing.host, int(time.time()) + seconds)
        ladder: tuple[SignedVoucher, ...] = ()
        if cap_wei:
            owed = self._agreed(model, 0, cap_wei)
            voucher_domain = self.stall.revenue.domain
            ladder = make_ladder(self.key, voucher_domain, self.key.address, model, owed.owed_wei, owed.calls, cap_wei)
            self.purse.note(model, Owed(owed.owed_wei + cap_wei, owed.calls + len(ladder)))
        return make_key(self.key, session, domain, ladder)

    def _bearer(self, model: int) -> dict[str, str]:
        """Return the header that says whose a call is, and pays for nothing."""
        return {"Authorization": f"Bearer {self.session(model, 0, 3_600).encode()}"}

    def _by_voucher(self, call: Call, price_wei: int, cap_wei: int, said: Said | None) -> dict[str, Any]:
        """Sign for the most that the call may cost, and after the answer for what it did cost.

        A call that was not answered is made again with the voucher that it had: the gateway gives the answer that it
        has charged for, or answers now.
        """
        most_wei, thousand_bytes = charge_wei(price_wei, call.tokens), self.thousand_bytes(call)
        before = self.purse.pending(call.model)
        sent = self._voucher(call, most_wei, cap_wei)
        headers = {VOUCHER_HEADER: self._signed(call.model, sent.owed_wei, sent.calls)}
        if sent == before:  # vouchers become public: that the answer is ours says the session
            headers |= self._bearer(call.model)
        answer = self._sent(call, headers, said)
        charged_wei = _charged(answer, call, most_wei, (price_wei, thousand_bytes))
        settled = Owed(sent.owed_wei - most_wei + charged_wei, sent.calls)
        self.purse.note(call.model, settled)
        exact = self._signed(call.model, settled.owed_wei, settled.calls)
        with suppress(GatewayFailed):  # without it the host holds a dearer one, which pays later calls
            self.exchange.post(f"{self.url}/v1/vouchers", exact.encode())
        return answer

    def _voucher(self, call: Call, most_wei: int, cap_wei: int) -> Pending:
        """Return what to sign for a call, kept before it is sent; the same as before for one that was not answered."""
        request = hashlib.sha256(_body(call)).hexdigest()
        pending, known = self.purse.pending(call.model), self.purse.owed(call.model)
        if pending is not None and pending.request == request and pending.owed_wei <= known.owed_wei + cap_wei:
            return pending
        owed = self._agreed(call.model, most_wei, cap_wei)
        if not self.purse.has(call.model):  # from the first voucher on what the host turns in is no debt
            self.purse.note(call.model, Owed(self.known_wei(call.model), owed.calls))
        sent = Pending(owed.owed_wei + most_wei, owed.calls + 1, request)
        self.purse.send(call.model, sent)
        return sent

    def _signed(self, model: int, owed_wei: int, calls: int) -> str:
        voucher = CallVoucher(self.key.address, model, owed_wei, calls)
        return encode_voucher(voucher.signed(self.key, self.stall.revenue.domain))

    def _agreed(self, model: int, most_wei: int, cap_wei: int) -> Owed:
        """Return what is owed so far, as the gateway says; what goes beyond what we know must be within the cap."""
        told = self.exchange.get(f"{self.url}/v1/accounts/{self.key.address}/{model}")
        try:
            counts = {name: int(told[name]) for name in _COUNTS}
        except (ValueError, KeyError, TypeError):
            counts = {}
        if not counts or not all(0 <= counts[name] < most for name, most in _COUNTS.items()):
            raise GatewayFailed("the gateway does not say what is owed")
        owed, known_wei = Owed(counts["owed_wei"] + counts["reserved_wei"], counts["calls"]), self.known_wei(model)
        if owed.owed_wei + most_wei > known_wei + cap_wei:
            raise SpendRefused(
                f"the gateway says that {fml(owed.owed_wei)} are owed for model {model}, known are {fml(known_wei)}; "
                f"with this call it is more than the cap of {fml(cap_wei)} beyond that; nothing was signed"
            )
        return owed

    def _by_x402(self, call: Call, most_wei: int, said: Said | None) -> dict[str, Any]:
        """Ask, be told what to pay, hold that against the chain, and ask again with the payment."""
        told = self.exchange.headers_of_402(self.url + call.path, _body(call))
        payment = payment_of(told.get(REQUIRED_HEADER), self._terms(call.model, most_wei), _Signer(self.key))
        from x402.http.utils import encode_payment_signature_header

        return self._sent(call, {PAYMENT_HEADER: encode_payment_signature_header(payment)}, said)

    def _terms(self, model: int, most_wei: int) -> Terms:
        """Return what a payment may be: this market's FML into the model's till, and so much at most."""
        place = self.stall.place
        return Terms.of(place.rpc, place.market, self.stall.revenue.till(model), most_wei)

    def _sent(self, call: Call, headers: Mapping[str, str], said: Said | None) -> dict[str, Any]:
        """Send a call and return its answer, a stream's put together."""
        url, body = self.url + call.path, _body(call)
        if call.content.get("stream"):
            return self.exchange.stream(url, body, headers, said or (lambda _: None))
        return self.exchange.post(url, body, headers)


class _Signer:
    """A key as x402's client wants one."""

    def __init__(self, key: NodeKey) -> None:
        self._key, self.address = key, key.address

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        return sign_typed_data(self._key, domain, types, primary_type, message)


def _body(call: Call) -> bytes:
    return json.dumps(call.content).encode()


def _charged(answer: Mapping[str, Any], call: Call, most_wei: int, by_said: tuple[int, int] | None = None) -> int:
    """Return what an answer costs; raises `GatewayFailed` where it is none, or costs more than was signed.

    Rows are answered by as many forecasts, or classes. With the price of a thousand tokens, and what they have in bytes
    at least, it costs no more tokens than its bytes can be.
    """
    try:
        charged_wei = int(answer["fl_alliance"]["charged_wei"])
        if call.tokens is not None:
            said = str(answer["choices"][0]["message"]["content"])
            if by_said is not None:
                price_wei, thousand_bytes = by_said
                most_wei = min(most_wei, said_wei(price_wei, call.tokens, len(said.encode()), thousand_bytes))
        elif len(answer.get("forecast", answer.get("classes"))) != len(call.content["inputs"]):
            raise ValueError("an answer to other rows")
    except (ValueError, KeyError, IndexError, TypeError):
        raise GatewayFailed("the gateway's answer does not say what it says, or costs") from None
    if not 0 <= charged_wei <= most_wei:
        raise GatewayFailed(f"the gateway charges {fml(charged_wei)}, needed {fml(most_wei)} at most")
    return charged_wei
