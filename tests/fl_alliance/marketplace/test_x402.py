"""Paying a call by x402: told what to pay, paid by somebody who holds FML only, and every payment that is refused."""

import base64
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from bazaar import CALLER, TERMS
from fairground import CALL_WEI, GLUCOSE, HISTORY, PAYER, TALKER, TOKENS_WEI, Fairground, signed, spent

from fl_alliance.chain.marketplace_refusals import NotCaller
from fl_alliance.chain.rules.revenue import split_payment
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.caller import Means, _Signer, prediction, question
from fl_alliance.marketplace.demands import payment_of
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import GatewayFailed, MarketplaceError, SpendRefused
from fl_alliance.marketplace.facilitator import PAYMENT_HEADER, REQUIRED_HEADER, RESPONSE_HEADER
from fl_alliance.marketplace.pricing import charge_wei

BODY = {"model": f"model-{GLUCOSE}", "inputs": [HISTORY]}
ASKED = [Message("user", "What should I drink?")]


def told(url: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/predict", json=BODY, trust_env=False)


def paid(url: str, payment: dict[str, Any]) -> httpx.Response:
    header = base64.b64encode(json.dumps(payment).encode()).decode()
    return httpx.post(f"{url}/v1/predict", json=BODY, headers={PAYMENT_HEADER: header}, trust_env=False)


def reason(response: httpx.Response) -> str:
    return str(response.json()["error"]["message"])


def test_who_holds_fml_only_is_told_what_to_pay_pays_and_is_answered(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    assert ground.fair.rpc.number("eth_getBalance", PAYER.address, "latest") == 0
    with ground.gateway() as (gateway, url):
        caller = ground.caller(url)
        response = told(url)
        assert response.status_code == 402
        answered = paid(url, signed(caller, response))
        assert answered.status_code == 200
        assert answered.json()["forecast"] == [HISTORY[-1]]
        assert json.loads(base64.b64decode(answered.headers[RESPONSE_HEADER]))["success"]
        transaction = json.loads(base64.b64decode(answered.headers[RESPONSE_HEADER]))["transaction"]
        receipt = ground.fair.rpc("eth_getTransactionReceipt", transaction)
        assert int(receipt["gasUsed"], 16) < 125_000
        till = ground.stall().revenue.till(GLUCOSE)
        assert ground.fair.fml.balance_wei(till) == CALL_WEI
        assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML - CALL_WEI
        supply, host = ground.fair.fml.total_supply_wei, ground.fair.balance(ground.fair.models()._bound.sender.key)
        gateway.collect()
        parts = split_payment(CALL_WEI, TERMS.split, has_documents=False)
        assert supply - ground.fair.fml.total_supply_wei == parts.burned_wei
        assert ground.fair.fml.balance_wei(gateway.stall.me) - host == parts.host_wei
        assert gateway.books.counts() == {(GLUCOSE, "x402"): 1}
    assert ground.fair.rpc.number("eth_getTransactionCount", PAYER.address, "latest") == 0


def test_the_same_payment_buys_the_same_answer_again_and_no_other(ground: Fairground) -> None:
    """A connection that breaks after the payment costs nobody; a replay for something else is refused."""
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        payment = signed(ground.caller(url), told(url))
        first, again = paid(url, payment), paid(url, payment)
        assert (first.content, again.status_code, again.content) == (first.content, 200, first.content)
        header = base64.b64encode(json.dumps(payment).encode()).decode()
        other = BODY | {"inputs": [HISTORY, HISTORY]}
        replayed = httpx.post(f"{url}/v1/predict", json=other, headers={PAYMENT_HEADER: header}, trust_env=False)
        assert replayed.status_code == 402
        assert "another request" in reason(replayed)
        assert gateway.books.counts() == {(GLUCOSE, "x402"): 1}
    with ground.gateway() as (gateway, url):  # books that were lost: the chain remembers
        gateway.books._db.execute("DELETE FROM payments")
        replayed = paid(url, payment)
        assert replayed.status_code == 402
        assert "was used before" in reason(replayed)
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML - CALL_WEI


def test_who_reads_a_payment_on_the_chain_learns_neither_its_request_nor_its_answer(ground: Fairground) -> None:
    """All that the chain shows, the signature too, and the request guessed to the byte: the ticket is not there."""
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        demand, payment = told(url), signed(ground.caller(url), told(url))
        assert paid(url, payment).status_code == 200
        for ticket in (None, "", 7, signed(ground.caller(url), demand)["accepted"]["extra"]["ticket"]):
            stolen = json.loads(json.dumps(payment))
            stolen["accepted"]["extra"]["ticket"] = ticket
            if ticket is None:
                del stolen["accepted"]["extra"]["ticket"]
            right = paid(url, stolen)
            header = {PAYMENT_HEADER: base64.b64encode(json.dumps(stolen).encode()).decode()}
            other = BODY | {"inputs": [HISTORY, HISTORY]}
            wrong = httpx.post(f"{url}/v1/predict", json=other, headers=header, trust_env=False)
            assert (right.status_code, wrong.status_code) == (402, 402)
            assert reason(right) == reason(wrong)
            assert "forecast" not in right.text
        assert paid(url, payment).json()["forecast"] == [HISTORY[-1]]
        assert gateway.books.counts() == {(GLUCOSE, "x402"): 1}


def test_a_payment_without_a_ticket_buys_its_answer_once(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (_, url):
        payment = signed(ground.caller(url), told(url))
        del payment["accepted"]["extra"]["ticket"]
        assert [paid(url, payment).status_code for _ in range(2)] == [200, 402]
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML - CALL_WEI


def test_a_gateway_killed_after_it_settled_gives_the_answer_that_was_paid(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        payment, facilitator = signed(ground.caller(url), told(url)), gateway.counter.admission.facilitator
        honest = facilitator.settle

        def settled_and_killed(*given: Any) -> Any:
            honest(*given)
            raise MarketplaceError("killed")

        facilitator.settle = settled_and_killed  # type: ignore[method-assign]
        assert paid(url, payment).status_code == 500
        facilitator.settle = honest  # type: ignore[method-assign]
        again = paid(url, payment)
        assert (again.status_code, again.json()["forecast"]) == (200, [HISTORY[-1]])
        assert gateway.books.counts() == {(GLUCOSE, "x402"): 1}
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML - CALL_WEI


def test_who_paid_by_x402_is_known_to_the_chain_and_rates(ground: Fairground) -> None:
    ground.pay_in(CALLER, WEI_PER_FML)
    with ground.gateway() as (_, url):
        with pytest.raises(NotCaller):
            ground.fair.models(CALLER).rate(GLUCOSE, 4)
        ground.caller(url, CALLER).call(prediction(GLUCOSE, [HISTORY]), Means.X402, CALL_WEI)
    ground.fair.models(CALLER).rate(GLUCOSE, 4)
    assert ground.fair.models().rating(GLUCOSE).stars == 4


@pytest.mark.parametrize(
    ("to_till", "amount_wei", "status"), [(True, CALL_WEI, 200), (True, 1, 402), (False, CALL_WEI, 402)]
)
def test_a_payment_that_somebody_sends_first_is_paid_where_the_till_has_it_and_not_where_its_nonce_went_elsewhere(
    to_till: bool, amount_wei: int, status: int, ground: Fairground
) -> None:
    """While the model answers, a payer may use the nonce for another transfer: that buys no answer."""
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        payment = signed(ground.caller(url), told(url))
        to = gateway.stall.revenue.till(GLUCOSE) if to_till else PAYER.address
        engine: Any = gateway.counter.served[GLUCOSE].seat.engine
        honest = engine.predict

        def predicted(rows: Any) -> Any:
            spent(payment, ground, to, amount_wei)
            return honest(rows)

        engine.predict = predicted
        for _ in range(2):
            response = paid(url, payment)
            assert response.status_code == status, response.text
            assert ("forecast" in response.json()) == (status == 200)
            engine.predict = honest


def test_payments_do_not_wait_for_one_another_on_the_chain(ground: Fairground) -> None:
    """Else a chain with a block every 12 seconds took five a minute."""
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        revenue, both = gateway.stall.revenue, threading.Barrier(2, timeout=20)
        honest = revenue.settle

        def settle(*given: Any) -> Any:
            both.wait()
            return honest(*given)

        revenue.settle = settle  # type: ignore[method-assign]
        response = told(url)
        payments = [signed(ground.caller(url), response) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            statuses = [found.status_code for found in pool.map(lambda one: paid(url, one), payments)]
        assert statuses == [200, 200]
        assert gateway.books.counts() == {(GLUCOSE, "x402"): 2}


Change = Callable[[dict[str, Any], Fairground], None]


def _expired(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"]["authorization"]["validBefore"] = str(int(time.time()) - 1)


def _underpaid(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"]["authorization"]["value"] = str(CALL_WEI - 1)


def _said_less(payment: dict[str, Any], ground: Fairground) -> None:
    payment["accepted"]["amount"] = str(CALL_WEI - 1)


def _other_token(payment: dict[str, Any], ground: Fairground) -> None:
    payment["accepted"]["asset"] = ground.fair.deployment.address("Models")


def _elsewhere(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"]["authorization"]["to"] = PAYER.address


def _somebody_else(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"]["authorization"]["from"] = ground.fair.deployment.address("Models")


def _not_yet(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"]["authorization"]["validAfter"] = str(int(time.time()) + 1_000)


def _forged(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"]["signature"] = "0x" + "11" * 65


def _permit(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"] = {"permit2Authorization": {}}


def _short_nonce(payment: dict[str, Any], ground: Fairground) -> None:
    payment["payload"]["authorization"]["nonce"] = "0x12"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_expired, "has expired"),
        (_underpaid, "another amount"),
        (_said_less, "amount"),
        (_other_token, "asset"),
        (_elsewhere, "elsewhere"),
        (_somebody_else, "not signed"),
        (_not_yet, "not valid yet"),
        (_forged, "not signed"),
        (_permit, "by authorization"),
        (_short_nonce, "32"),
    ],
)
def test_a_payment_that_does_not_pay_is_refused_with_the_reason(change: Change, why: str, ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        payment = signed(ground.caller(url), told(url))
        change(payment, ground)
        refused = paid(url, payment)
        assert refused.status_code == 402
        assert why in reason(refused)
        assert REQUIRED_HEADER in refused.headers
        assert gateway.books.counts() == {}
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML


NONSENSE = ("abc", "", None, [], {}, -1, 1.5, "0x10", 10**80, True, "1" * 5_000)


@pytest.mark.parametrize("field", ["from", "to", "value", "validAfter", "validBefore", "nonce", "signature"])
def test_a_payment_that_is_nonsense_is_refused_like_any_other(field: str, ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        response = told(url)
        for value in (*NONSENSE, "0x" + "00" * 64, "0x" + "00" * 1_000):
            payment = signed(ground.caller(url), response)
            where = payment["payload"] if field == "signature" else payment["payload"]["authorization"]
            where[field] = value
            refused = paid(url, payment)
            assert refused.status_code == 402, (field, value, refused.text)
            del where[field]
            refused = paid(url, payment)
            assert refused.status_code == 402, (field, refused.text)
        assert gateway.books.counts() == {}
        assert gateway.books._all("SELECT * FROM payments") == []
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML


@pytest.mark.parametrize(
    "content", [b"[" * 40_000, b'{"a":' * 8_000, b'{"x402Version": 2}', b"null", b"\xff", b"1" * 9_000]
)
def test_a_header_that_holds_no_payment_is_refused(content: bytes, ground: Fairground) -> None:
    with ground.gateway() as (_, url):
        header = base64.b64encode(content).decode()
        refused = httpx.post(f"{url}/v1/predict", json=BODY, headers={PAYMENT_HEADER: header}, trust_env=False)
        assert refused.status_code == 402
        assert PAYMENT_HEADER in reason(refused)


def test_a_payment_signed_over_another_token_is_refused(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (_, url):
        caller, response = ground.caller(url), told(url)
        from x402.http.utils import decode_payment_required_header, encode_payment_required_header

        required = decode_payment_required_header(response.headers[REQUIRED_HEADER])
        honest = required.accepts[0].asset
        required.accepts[0].asset = ground.fair.deployment.address("Models")
        terms = replace(caller._terms(GLUCOSE, CALL_WEI), token=required.accepts[0].asset)
        header = encode_payment_required_header(required)
        payment = payment_of(header, terms, _Signer(caller.key)).model_dump(by_alias=True)
        payment["accepted"]["asset"] = honest
        refused = paid(url, payment)
        assert refused.status_code == 402
        assert "not signed" in reason(refused)


def test_who_lacks_fml_is_refused_before_anything_is_computed(ground: Fairground) -> None:
    with ground.gateway() as (gateway, url):
        refused = paid(url, signed(ground.caller(url), told(url)))
        assert refused.status_code == 402
        assert "holds less FML" in reason(refused)
        assert gateway.books.counts() == {}


def test_a_host_whose_model_does_not_answer_is_not_paid(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    ground.backend.fails_after = 0
    with ground.gateway() as (gateway, url):
        for is_streamed in (False, True):
            asked = question(TALKER, ASKED, 10, is_streamed)
            with pytest.raises(GatewayFailed, match="backend answered 500"):
                ground.caller(url).call(asked, Means.X402, WEI_PER_FML)
        ground.backend.fails_after = 2
        with pytest.raises(GatewayFailed, match="error"):
            ground.caller(url).call(question(TALKER, ASKED, 10, True), Means.X402, WEI_PER_FML)
        assert gateway.books.counts() == {}
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_chat_call_costs_the_tokens_that_were_asked_for(is_streamed: bool, ground: Fairground) -> None:
    """x402 fixes the amount before the answer is there; vouchers pay for what was said."""
    ground.pay_in(PAYER, WEI_PER_FML)
    heard: list[str] = []
    with ground.gateway() as (_, url):
        answer = ground.caller(url).call(
            question(TALKER, ASKED, 10, is_streamed), Means.X402, WEI_PER_FML, heard.append
        )
    assert answer["choices"][0]["message"]["content"] == "Drink some juice."
    assert heard == (["Drink", " some", " juice", "."] if is_streamed else [])
    most = charge_wei(TOKENS_WEI, 10)
    assert most == 70_000_000_000_000_001
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML - most
    assert answer["fl_alliance"] == {"paid_by": "x402", "charged_wei": str(most)}


def test_a_cap_below_the_price_signs_nothing(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (_, url):
        for means in (Means.X402, Means.VOUCHER):
            with pytest.raises(SpendRefused, match="the cap is 0"):
                ground.caller(url).call(prediction(GLUCOSE, [HISTORY]), means, CALL_WEI - 1)
        assert ground.caller(url).purse.owed(GLUCOSE).owed_wei == 0


def test_a_gateway_that_asks_for_more_than_the_listing_or_elsewhere_is_not_paid(ground: Fairground) -> None:
    ground.pay_in(PAYER, 10 * WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        honest = gateway.counter.admission.facilitator.requirements
        facilitator = gateway.counter.admission.facilitator
        facilitator.requirements = lambda model, wei: honest(model, 2 * wei)  # type: ignore[method-assign]
        with pytest.raises(SpendRefused, match="nothing was signed"):
            ground.caller(url).call(prediction(GLUCOSE, [HISTORY]), Means.X402, 5 * WEI_PER_FML)
        facilitator.requirements = lambda model, wei: honest(TALKER, wei)  # type: ignore[method-assign]
        with pytest.raises(SpendRefused, match="elsewhere"):
            ground.caller(url).call(prediction(GLUCOSE, [HISTORY]), Means.X402, 5 * WEI_PER_FML)
        facilitator.requirements = lambda model, wei: honest(model, wei).model_copy(  # type: ignore[method-assign]
            update={"max_timeout_seconds": 86_400}
        )
        with pytest.raises(SpendRefused, match="long after the call"):
            ground.caller(url).call(prediction(GLUCOSE, [HISTORY]), Means.X402, 5 * WEI_PER_FML)
        required = facilitator.required
        facilitator.requirements = honest  # type: ignore[method-assign]
        facilitator.required = lambda *given: required(*given).model_copy(  # type: ignore[method-assign]
            update={"accepts": []}
        )
        with pytest.raises(SpendRefused, match="nothing was signed"):
            ground.caller(url).call(prediction(GLUCOSE, [HISTORY]), Means.X402, 5 * WEI_PER_FML)
    assert ground.fair.fml.balance_wei(PAYER.address) == 10 * WEI_PER_FML


@pytest.mark.parametrize("header", ["", "x", "e30=", base64.b64encode(b"[1]").decode()])
def test_a_gateway_that_does_not_say_what_to_pay_is_told_so(header: str, ground: Fairground) -> None:
    caller = ground.caller("http://127.0.0.1:9")
    with pytest.raises(GatewayFailed, match="did not say what to pay"):
        payment_of(header, caller._terms(GLUCOSE, CALL_WEI), _Signer(caller.key))


def test_another_signature_than_a_transfer_to_the_till_is_not_given(ground: Fairground) -> None:
    """x402 knows transfers by Permit2 too, which bind to a contract of others."""
    from x402.http.utils import decode_payment_required_header, encode_payment_required_header

    with ground.gateway() as (_, url):
        required = decode_payment_required_header(told(url).headers[REQUIRED_HEADER])
    required.accepts[0].extra["assetTransferMethod"] = "permit2"
    caller = ground.caller(url)
    with pytest.raises(SpendRefused, match="a signature of PermitWitnessTransferFrom"):
        payment_of(encode_payment_required_header(required), caller._terms(GLUCOSE, CALL_WEI), _Signer(caller.key))
