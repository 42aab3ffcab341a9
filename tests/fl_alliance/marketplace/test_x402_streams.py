"""Streams paid by x402: heard while they are computed, out of a payment that nobody can take back before their end."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from bazaar import OTHER_CALLER, TERMS
from fairground import PAYER, TALKER, TOKENS_WEI, Fairground, moved, now_on, signed, spent

from fl_alliance.chain.errors import RequestRefused
from fl_alliance.chain.refusals import ERC20InsufficientBalance, ERC3009UsedAuthorization
from fl_alliance.chain.rules.revenue import split_payment
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.caller import Means, question
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import EngineFailed, GatewayFailed
from fl_alliance.marketplace.facilitator import PAYMENT_HEADER
from fl_alliance.marketplace.pricing import charge_wei
from fl_alliance.marketplace.serving import Gateway

ASKED = [Message("user", "What should I drink?")]
BODY = question(TALKER, ASKED, 10, True).content
PRICE_WEI = charge_wei(TOKENS_WEI, 10)


def demanded(ground: Fairground, url: str) -> dict[str, Any]:
    """A payment for the question."""
    response = httpx.post(f"{url}/v1/chat/completions", json=BODY, trust_env=False)
    return signed(ground.caller(url), response, WEI_PER_FML, TALKER)


def asked(url: str, payment: dict[str, Any]) -> httpx.Response:
    header = base64.b64encode(json.dumps(payment).encode()).decode()
    return httpx.post(
        f"{url}/v1/chat/completions", json=BODY, headers={PAYMENT_HEADER: header}, trust_env=False, timeout=60
    )


def answering(gateway: Gateway, work: Callable[[int], object]) -> None:
    """Have something done before each token."""
    engine: Any = gateway.counter.served[TALKER].seat.engine
    honest = engine.answer

    def answer(*given: Any) -> Iterator[Any]:
        for number, piece in enumerate(honest(*given)):
            work(number)
            yield piece

    engine.answer = answer


def held_wei(ground: Fairground) -> int:
    return ground.fair.fml.balance_wei(ground.stall().revenue.address)


def test_a_stream_is_heard_while_it_is_computed_and_paid_after_it(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    ground.backend.words, ground.backend.pause_s = ["word "] * 8, 0.1
    heard: list[bool] = []
    with ground.gateway() as (gateway, url):

        def said(_: str) -> None:
            heard.append(bool(gateway.books.earned()))

        answer = ground.caller(url).call(question(TALKER, ASKED, 10, True), Means.X402, WEI_PER_FML, said)
        assert heard[:4] == [False] * 4  # the answer is not there yet, its beginning is
        assert answer["fl_alliance"] == {"paid_by": "x402", "charged_wei": str(PRICE_WEI)}
        assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML - PRICE_WEI
        supply, host = ground.fair.fml.total_supply_wei, ground.fair.fml.balance_wei(gateway.stall.me)
        gateway.collect()
        parts = split_payment(PRICE_WEI, TERMS.split, has_documents=False)
        assert ground.fair.fml.balance_wei(gateway.stall.me) - host == parts.host_wei
        assert supply - ground.fair.fml.total_supply_wei == parts.burned_wei
        assert (held_wei(ground), gateway.books.earned(), gateway.books.counts()) == (0, {}, {(TALKER, "x402"): 1})
        gateway.collect()  # taken once
    assert ground.stall().revenue.spent_wei(TALKER, PAYER.address) == PRICE_WEI
    assert ground.fair.rpc.number("eth_getTransactionCount", PAYER.address, "latest") == 0


@pytest.mark.parametrize("way", ["its nonce", "its balance", "the chain's clock"])
def test_a_payer_that_hears_an_answer_has_no_way_to_take_the_payment_back(way: str, ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        payment = demanded(ground, url)
        tried: list[str] = []

        def rob(number: int) -> None:
            if number != 2:  # the first tokens are heard
                return
            if way == "its nonce":
                with pytest.raises(ERC3009UsedAuthorization):
                    spent(payment, ground, PAYER.address, 1)
            elif way == "its balance":
                with pytest.raises(ERC20InsufficientBalance):
                    moved(ground, OTHER_CALLER.address, WEI_PER_FML, keccak(b"all"))
                moved(ground, OTHER_CALLER.address, WEI_PER_FML - PRICE_WEI, keccak(b"all"))
            else:
                ground.fair.wait(600)  # it is valid no more
            tried.append(way)

        answering(gateway, rob)
        streamed = asked(url, payment)
        assert tried == [way]
        assert "juice" in streamed.text
        gateway.collect()
    assert ground.stall().revenue.earned(TALKER)[0] == PRICE_WEI


def test_a_payment_that_is_spent_before_the_first_token_buys_nothing(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        payment = demanded(ground, url)
        answering(gateway, lambda number: number or spent(payment, ground, PAYER.address, 1))
        streamed = asked(url, payment)
        assert streamed.status_code == 402
        assert "Drink" not in streamed.text
        gateway.collect()
        assert (gateway.books.counts(), gateway.books.failed()) == ({}, {})
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML


@pytest.mark.parametrize("fails_at", [0, 1, 3])
def test_a_host_that_does_not_finish_its_answer_is_not_paid(fails_at: int, ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)

    def fail(number: int) -> None:
        if number == fails_at:
            raise EngineFailed("the model broke off")

    with ground.gateway() as (gateway, url):
        payment, host = demanded(ground, url), ground.fair.fml.balance_wei(gateway.stall.me)
        answering(gateway, fail)
        streamed = asked(url, payment)
        assert "the model broke off" in streamed.text
        assert streamed.status_code == (200 if fails_at else 503)
        assert ("Drink" in streamed.text) == (fails_at > 0)
        assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML  # at once
        gateway.collect()
        assert (held_wei(ground), gateway.books.failed(), gateway.books.counts()) == (0, {}, {})
        assert ground.fair.fml.balance_wei(gateway.stall.me) == host
    assert ground.stall().revenue.spent_wei(TALKER, PAYER.address) == 0


def test_what_could_not_be_given_back_at_once_is_given_back_later(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    ground.backend.fails_after = 2
    with ground.gateway() as (gateway, url):
        revenue = gateway.stall.revenue
        honest = revenue.give_back

        def unreachable(*_: Any) -> Any:
            raise RequestRefused("eth_sendRawTransaction", -32_000, "the chain is away")

        revenue.give_back = unreachable  # type: ignore[method-assign]
        with pytest.raises(GatewayFailed):
            ground.caller(url).call(question(TALKER, ASKED, 10, True), Means.X402, WEI_PER_FML)
        assert held_wei(ground) == PRICE_WEI
        revenue.give_back = honest  # type: ignore[method-assign]
        gateway.collect()
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML


def test_a_hold_whose_receipt_was_lost_is_found_on_the_chain(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        facilitator = gateway.counter.admission.facilitator
        honest = facilitator._holding._signer.wait_for_transaction_receipt

        def lost(tx_hash: str) -> Any:
            honest(tx_hash)
            raise TimeoutError

        facilitator._holding._signer.wait_for_transaction_receipt = lost
        assert "juice" in asked(url, demanded(ground, url)).text
        gateway.collect()
    assert ground.stall().revenue.earned(TALKER)[0] == PRICE_WEI


def test_a_caller_that_leaves_has_paid_for_the_answer_and_can_have_it(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    ground.backend.pause_s = 0.1
    with ground.gateway() as (gateway, url):
        payment = demanded(ground, url)
        header = base64.b64encode(json.dumps(payment).encode()).decode()
        path = f"{url}/v1/chat/completions"
        asking = {"json": BODY, "headers": {PAYMENT_HEADER: header}}
        with httpx.Client(trust_env=False) as client, client.stream("POST", path, **asking) as stream:
            next(stream.iter_lines())
        until = time.monotonic() + 30
        while not gateway.books.earned() and time.monotonic() < until:
            time.sleep(0.05)
        again = asked(url, payment)
        assert "Drink some juice." in again.text
        assert len(ground.backend.asked) == 1
        gateway.collect()
        assert "Drink some juice." in asked(url, payment).text
    assert ground.stall().revenue.earned(TALKER)[0] == PRICE_WEI


def test_who_sends_the_payment_to_the_token_first_pays_the_till(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        payment, till = demanded(ground, url), gateway.stall.revenue.till(TALKER)
        answering(gateway, lambda number: number or spent(payment, ground, till, PRICE_WEI))
        assert "juice" in asked(url, payment).text
        assert (held_wei(ground), ground.fair.fml.balance_wei(till)) == (0, PRICE_WEI)
        assert gateway.books.counts() == {(TALKER, "x402"): 1}
        gateway.collect()
    assert ground.stall().revenue.earned(TALKER)[0] == PRICE_WEI


def test_an_answer_that_is_not_known_holds_nothing(ground: Fairground) -> None:
    ground.contribute("Below 70 mg/dL drink juice at once.")
    now_on(ground.fair)
    ground.pay_in(PAYER, WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        other = question(TALKER, [Message("user", "Who won the chess championship?")], 10, True)
        answer = ground.caller(url).call(other, Means.X402, WEI_PER_FML)
        assert answer["fl_alliance"]["charged_wei"] == "0"
        assert (gateway.books.earned(), gateway.books.failed()) == ({}, {})
    assert ground.fair.fml.balance_wei(PAYER.address) == WEI_PER_FML
