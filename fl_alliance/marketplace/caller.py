"""Calling models and paying for it: the caller's side, which trusts the chain for prices and nobody for amounts.

Nothing is signed for more than the caller allows for the call. What a call may cost follows from the listing on chain,
not from what a gateway says.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fl_alliance.arena.events import fml
from fl_alliance.chain import strict_json
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
from fl_alliance.marketplace.errors import ExtraMissing, GatewayFailed, SpendRefused
from fl_alliance.marketplace.facilitator import PAYMENT_HEADER, REQUIRED_HEADER
from fl_alliance.marketplace.pricing import charge_wei
from fl_alliance.marketplace.purse import Owed, Pending, Purse
from fl_alliance.marketplace.requests import model_name
from fl_alliance.marketplace.stall import Stall
from fl_alliance.marketplace.typed_data import sign_typed_data

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 300.0


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
    return Call(model, "/v1/predict", {"model": model_name(model), "inputs": [list(row) for row in rows]})


def question(model: int, messages: Sequence[Message], tokens: int, is_streamed: bool = False) -> Call:
    """Return a call of a model that speaks."""
    said = [{"role": one.role, "content": one.content} for one in messages]
    content = {"model": model_name(model), "messages": said, "max_tokens": tokens, "stream": is_streamed}
    return Call(model, "/v1/chat/completions", content, tokens)


Permit = Callable[["Call", int, Means], None]
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
    """

    stall: Stall
    key: NodeKey
    url: str
    purse: Purse
    permit: Permit = lambda *_: None
    _client: "httpx.Client | None" = field(default=None)

    def call(self, call: Call, means: Means, cap_wei: int, said: Callable[[str], None] | None = None) -> dict[str, Any]:
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
        most_wei = charge_wei(self.stall.listing(call.model).price_wei, call.tokens)
        if means is not Means.FREE and most_wei > cap_wei:
            raise SpendRefused(f"the call costs up to {fml(most_wei)}, the cap is {fml(cap_wei)}; nothing was signed")
        self.permit(call, most_wei if means is not Means.FREE else 0, means)
        if means is Means.VOUCHER and most_wei:
            return self._by_voucher(call, most_wei, cap_wei, said)
        if means is Means.X402 and most_wei:
            return self._by_x402(call, most_wei, said)
        return self._sent(call, {"Authorization": f"Bearer {self.session(call.model, 0, 3_600).encode()}"}, said)

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

    def _by_voucher(
        self, call: Call, most_wei: int, cap_wei: int, said: Callable[[str], None] | None
    ) -> dict[str, Any]:
        """Sign for the most that the call may cost, and after the answer for what it did cost.

        A call that was not answered is made again with the voucher that it had: the gateway gives the answer that it
        has charged for, or answers now.
        """
        sent = self._voucher(call, most_wei, cap_wei)
        answer = self._sent(call, {VOUCHER_HEADER: self._signed(call.model, sent.owed_wei, sent.calls)}, said)
        charged_wei = int(answer["fl_alliance"]["charged_wei"])
        if not 0 <= charged_wei <= most_wei:
            raise GatewayFailed(f"the gateway charges {fml(charged_wei)}, signed was {fml(most_wei)} at most")
        settled = Owed(sent.owed_wei - most_wei + charged_wei, sent.calls)
        self.purse.note(call.model, settled)
        exact = self._signed(call.model, settled.owed_wei, settled.calls)
        self._request("POST", "/v1/vouchers", exact.encode())
        return answer

    def _voucher(self, call: Call, most_wei: int, cap_wei: int) -> Pending:
        """Return what to sign for a call, kept before it is sent; the same as before for one that was not answered."""
        request = hashlib.sha256(_body(call)).hexdigest()
        pending, known = self.purse.pending(call.model), self.purse.owed(call.model)
        if pending is not None and pending.request == request and pending.owed_wei <= known.owed_wei + cap_wei:
            return pending
        owed = self._agreed(call.model, most_wei, cap_wei)
        sent = Pending(owed.owed_wei + most_wei, owed.calls + 1, request)
        self.purse.send(call.model, sent)
        return sent

    def _signed(self, model: int, owed_wei: int, calls: int) -> str:
        voucher = CallVoucher(self.key.address, model, owed_wei, calls)
        return encode_voucher(voucher.signed(self.key, self.stall.revenue.domain))

    def _agreed(self, model: int, most_wei: int, cap_wei: int) -> Owed:
        """Return what is owed so far, as the gateway says; what goes beyond what we know must be within the cap."""
        told = strict_json.parse(self._request("GET", f"/v1/accounts/{self.key.address}/{model}").content)
        owed = Owed(int(told["owed_wei"]) + int(told["reserved_wei"]), int(told["calls"]))
        known_wei = max(self.purse.owed(model).owed_wei, self.stall.revenue.paid_wei(model, self.key.address))
        if owed.owed_wei + most_wei > known_wei + cap_wei:
            raise SpendRefused(
                f"the gateway says that {fml(owed.owed_wei)} are owed for model {model}, known are {fml(known_wei)}; "
                f"with this call it is more than the cap of {fml(cap_wei)} beyond that; nothing was signed"
            )
        return owed

    def _by_x402(self, call: Call, most_wei: int, said: Callable[[str], None] | None) -> dict[str, Any]:
        """Ask, be told what to pay, hold that against the chain, and ask again with the payment."""
        told = self._request("POST", call.path, _body(call), accepts=(402,))
        if told.status_code != 402:
            raise GatewayFailed("the gateway did not say what to pay, needed status 402 and what x402 needs")
        payment = payment_of(told.headers.get(REQUIRED_HEADER), self._terms(call.model, most_wei), _Signer(self.key))
        from x402.http.utils import encode_payment_signature_header

        return self._sent(call, {PAYMENT_HEADER: encode_payment_signature_header(payment)}, said)

    def _terms(self, model: int, most_wei: int) -> Terms:
        """Return what a payment may be: this market's FML into the model's till, and so much at most."""
        stall = self.stall
        now = max(int(time.time()), stall.place.rpc.second())
        return Terms(stall.place.market.chain_id, stall.token.address, stall.revenue.till(model), most_wei, now)

    def _sent(self, call: Call, headers: Mapping[str, str], said: Callable[[str], None] | None) -> dict[str, Any]:
        """Send a call and return its answer, a stream's put together."""
        if not call.content.get("stream"):
            return dict(strict_json.parse(self._request("POST", call.path, _body(call), headers).content))
        return self._stream(call, headers, said or (lambda _: None))

    def _stream(self, call: Call, headers: Mapping[str, str], said: Callable[[str], None]) -> dict[str, Any]:
        import httpx

        found: dict[str, Any] = {}
        text = ""
        try:
            with self._http().stream("POST", self.url + call.path, content=_body(call), headers=headers) as response:
                if response.status_code != 200:
                    response.read()
                    raise GatewayFailed(_reason(response))
                for line in response.iter_lines():
                    if not line.startswith("data: {"):
                        continue
                    chunk = strict_json.parse(line.removeprefix("data: "))
                    if "error" in chunk:
                        raise GatewayFailed(str(chunk["error"]["message"]))
                    if piece := chunk["choices"][0]["delta"].get("content"):
                        said(piece)
                        text += piece
                    found |= chunk
        except httpx.HTTPError as error:
            raise GatewayFailed(f"{self.url}: {type(error).__name__}; is the gateway running?") from None
        if "fl_alliance" not in found:
            raise GatewayFailed("the stream broke off before its end")
        return found | {"choices": [{"message": {"role": "assistant", "content": text}}]}

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accepts: tuple[int, ...] = (),
    ) -> "httpx.Response":
        import httpx

        try:
            response = self._http().request(method, self.url + path, content=body, headers=dict(headers or {}))
        except httpx.HTTPError as error:
            raise GatewayFailed(f"{self.url}: {type(error).__name__}; is the gateway running?") from None
        if response.status_code != 200 and response.status_code not in accepts:
            raise GatewayFailed(_reason(response))
        return response

    def _http(self) -> "httpx.Client":
        try:
            import httpx
        except ImportError:
            raise ExtraMissing("calling a gateway", "httpx") from None
        if self._client is None:
            self._client = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)
        return self._client


class _Signer:
    """A key as x402's client wants one."""

    def __init__(self, key: NodeKey) -> None:
        self._key, self.address = key, key.address

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        return sign_typed_data(self._key, domain, types, primary_type, message)


def _body(call: Call) -> bytes:
    return json.dumps(call.content).encode()


def _reason(response: "httpx.Response") -> str:
    """Return why a gateway refused, in its words, cut short."""
    try:
        text = str(strict_json.parse(response.content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        text = "no reason given"
    return f"the gateway answered {response.status_code}: {' '.join(text.split())[:400]}"
