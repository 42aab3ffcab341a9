"""Trying a model from its page: asked, told by the gateway what to pay, signed by a wallet, asked again.

The console holds no key. It builds the authorization as x402's client does, from terms that the chain tells; the page's
wallet signs it, and the console sends both on.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.console.fair import Fair
from fl_alliance.console.relay import Reply, gateway_url, post
from fl_alliance.market.errors import SettingRefused, TaskClosed
from fl_alliance.market.parties import address_of
from fl_alliance.marketplace.caller import Call, prediction, question
from fl_alliance.marketplace.demands import Terms, payment_of
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import GatewayFailed, SpendRefused
from fl_alliance.marketplace.facilitator import PAYMENT_HEADER, REQUIRED_HEADER
from fl_alliance.marketplace.pricing import charge_wei
from fl_alliance.marketplace.requests import DEFAULT_TOKENS
from fl_alliance.marketplace.shelf import ModelFacts

DEFAULT_GATEWAY = "http://127.0.0.1:8402"
"""Where `fl-alliance market serve` answers by default."""
MOST_ROWS, MOST_TOKENS = 256, 4_096
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """A call to be made: of which model, at which gateway, by whom (empty: nobody), as what the chain allows."""

    model: ModelFacts
    call: Call
    gateway: str
    account: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Demand:
    """A payment that a wallet is to sign.

    Attributes
    ----------
    amount_wei : int
        What it moves.
    good_until : int
        Second of the chain's clock after which it moves nothing.
    typed : str
        What `eth_signTypedData_v4` takes, as JSON.
    payment : str
        x402's payment without its signature, as JSON.
    holds_wei : int
        What the account holds.
    """

    amount_wei: int
    good_until: int
    typed: str
    payment: str
    holds_wei: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered, and whether the chain has its payment.

    Attributes
    ----------
    text : str
        Of a model that speaks.
    rows : list of str
        Of one that does not, one for each row that was sent.
    citations : list of tuple
        Number and text of each document that the answer is from.
    paid_wei : int
        What the chain took for it.
    """

    text: str
    rows: list[str]
    citations: list[tuple[int, str]]
    paid_wei: int


def trial_of(fair: Fair, model: ModelFacts, fields: Fields) -> Trial:
    """Return what a form asks for.

    Raises
    ------
    TaskClosed
        The model is closed.
    SettingRefused
        A field cannot be used.
    """
    if model.is_closed or fair.revenue is None:
        raise TaskClosed(f"model {model.model} is closed")
    call = _question(model.model, fields) if model.is_speaking else prediction(model.model, _rows(fields))
    gateway, given = gateway_url(fields.get("gateway", "")), fields.get("account", "").strip()
    if not given and model.price_wei:
        raise SettingRefused("account='': needs the address that pays, 0x and 40 hex digits")
    most_wei = charge_wei(model.price_wei, call.tokens)
    terms = Terms.of(fair.rpc, fair.deployment, fair.revenue.till(model.model), most_wei)
    return Trial(model, call, gateway, address_of(given) if given else "", terms)


def ask(fair: Fair, trial: Trial) -> Answer | Demand:
    """Ask without a payment, and return the answer or what is to be signed first.

    Raises
    ------
    GatewayFailed
        The gateway did not answer, or not as it should.
    SpendRefused
        It asks for more than the listing says, or elsewhere.
    """
    reply = _asked(trial, {})
    if reply.status == 402 and trial.account:
        return _demand(fair, trial, reply)
    return _answer(trial, reply, 0)


def pay(fair: Fair, trial: Trial, payment: str, signature: str) -> Answer:
    """Ask with a payment that a wallet has signed; raises `GatewayFailed`, `SettingRefused`."""
    if not re.fullmatch("0x([0-9a-fA-F]{2}){65,512}", signature):
        raise SettingRefused("signature: is none; needs the wallet's, 0x and 130 hex digits")
    signed, authorization = _signed(trial, payment, signature)
    from x402.http.utils import encode_payment_signature_header

    try:
        reply = _asked(trial, {PAYMENT_HEADER: encode_payment_signature_header(signed)})
        is_taken = _is_taken(fair, authorization)
        return _answer(trial, reply, int(authorization["value"]) if is_taken else 0)
    except GatewayFailed as failed:
        said = "has" if _is_taken(fair, authorization) else "has not"
        raise GatewayFailed(f"{failed}; the chain {said} taken the payment") from None


def _asked(trial: Trial, headers: Mapping[str, str]) -> Reply:
    return post(trial.gateway, trial.call.path, json.dumps(trial.call.content).encode(), headers)


def _demand(fair: Fair, trial: Trial, reply: Reply) -> Demand:
    wallet = _Wallet(trial.account)
    try:
        payment = payment_of(reply.headers.get(REQUIRED_HEADER.lower()), trial.terms, wallet)
    except (GatewayFailed, SpendRefused) as error:
        raise type(error)(f"{trial.gateway}: {error}") from None
    message = wallet.typed["message"]
    return Demand(
        amount_wei=int(message["value"]),
        good_until=int(message["validBefore"]),
        typed=json.dumps(wallet.typed),
        payment=payment.model_dump_json(by_alias=True, exclude_none=True),
        holds_wei=fair.balance_wei(trial.account),
    )


def _signed(trial: Trial, payment: str, signature: str) -> tuple[Any, Mapping[str, Any]]:
    """Return a payment with its signature, and what it authorizes; raises `SettingRefused` where it is another one."""
    from x402.schemas import PaymentPayload

    try:
        found = PaymentPayload.model_validate_json(payment)
        authorization = found.payload["authorization"]
        parties = (authorization["from"].lower(), authorization["to"].lower())
        is_ours = parties == (trial.account.lower(), trial.terms.till.lower())
        if not is_ours or not 0 < int(authorization["value"]) <= trial.terms.most_wei:
            raise ValueError
        bytes.fromhex(authorization["nonce"].removeprefix("0x"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SettingRefused("payment: is not of this call; ask the model again") from None
    found.payload["signature"] = signature
    return found, authorization


def _is_taken(fair: Fair, authorization: Mapping[str, Any]) -> bool:
    nonce = bytes.fromhex(authorization["nonce"].removeprefix("0x"))
    return bool(fair.reader(TOKEN).read("authorizationState", authorization["from"], nonce))


def _answer(trial: Trial, reply: Reply, paid_wei: int) -> Answer:
    """Return an answer, held to its shape: what is something else is not shown; raises `GatewayFailed`."""
    try:
        found = strict_json.parse(reply.body)
        if reply.status != 200:
            said = " ".join(str(found["error"]["message"]).split())[:400]
            raise GatewayFailed(f"{trial.gateway}: answered {reply.status}: {said}")
        if trial.model.is_speaking:
            text = found["choices"][0]["message"]["content"]
            cited = [(int(one["document"]), str(one["text"])) for one in found.get("citations", [])]
            return Answer(_text(text), [], cited, paid_wei)
        return Answer("", _outputs(found, len(trial.call.content["inputs"])), [], paid_wei)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise GatewayFailed(
            f"{trial.gateway}: answered {reply.status} with something else than an answer; is it the model's gateway?"
        ) from None


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise TypeError
    return found


def _outputs(found: Mapping[str, Any], count: int) -> list[str]:
    """Return a model's answer in words, one for each row that was sent."""
    if "forecast" in found:
        unit, ahead = found.get("unit", ""), found.get("minutes_ahead")
        after = f" in {int(ahead)} minutes" if ahead is not None else ""
        words = [f"{float(value):g} {_text(unit)}".strip() + after for value in found["forecast"]]
    else:
        shares = [[float(share) for share in row] for row in found["probabilities"]]
        chosen = [int(one) for one in found["classes"]]
        words = [f"class {one} ({row[one]:.1%})" for one, row in zip(chosen, shares, strict=True)]
    if len(words) != count:
        raise ValueError
    return words


def _rows(fields: Fields) -> list[list[float]]:
    """Return rows of numbers, a row a line; raises `SettingRefused`."""
    lines = fields.get("rows", "").strip().splitlines()
    if not 1 <= len(lines) <= MOST_ROWS:
        raise SettingRefused(f"rows: has {len(lines)} lines; needs 1 to {MOST_ROWS}, each a row of numbers")
    return [_numbers(number, line) for number, line in enumerate(csv.reader(lines), 1)]


def _numbers(number: int, row: Sequence[str]) -> list[float]:
    try:
        found = [float(value) for value in row]
        if not all(map(isfinite, found)):
            raise ValueError
        return found
    except ValueError:
        given = ",".join(row)[:40]
        raise SettingRefused(f"rows: line {number} is {given!r}; needs numbers with commas between them") from None


def _question(model: int, fields: Fields) -> Call:
    text, tokens = fields.get("question", "").strip(), fields.get("tokens", str(DEFAULT_TOKENS))
    if not text:
        raise SettingRefused("question='': needs words")
    if not (tokens.isascii() and tokens.isdigit() and len(tokens) <= 4 and 1 <= int(tokens) <= MOST_TOKENS):
        raise SettingRefused(f"tokens={tokens[:20]!r}: needs 1 to {MOST_TOKENS}")
    return question(model, [Message("user", text)], int(tokens))


class _Wallet:
    """Stands for the wallet of the browser where x402's client wants a signer: notes what is to be signed."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.typed: dict[str, Any] = {}

    def sign_typed_data(self, domain: Any, types: Any, primary_type: str, message: dict[str, Any]) -> bytes:
        from x402.mechanisms.evm.types import DOMAIN_TYPES

        fields = {name: [{"name": each.name, "type": each.type} for each in found] for name, found in types.items()}
        self.typed = {
            "types": {**DOMAIN_TYPES, **fields},
            "primaryType": primary_type,
            "domain": {
                "name": domain.name,
                "version": domain.version,
                "chainId": domain.chain_id,
                "verifyingContract": domain.verifying_contract,
            },
            "message": {name: _plain(value) for name, value in message.items()},
        }
        return b""


def _plain(value: Any) -> str:
    """Return a field as wallets take it: whole numbers as decimal text, which JavaScript does not round."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
