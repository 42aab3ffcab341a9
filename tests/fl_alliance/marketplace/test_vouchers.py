"""Paying by vouchers: for what was said, never twice, nothing lost, a thousand calls in one transaction."""

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from bazaar import CALLER, HOST, OTHER_CALLER, TERMS
from fairground import CALL_WEI, GLUCOSE, HISTORY, TALKER, TOKENS_WEI, Fairground

from fl_alliance.chain.call_vouchers import CallVoucher, SignedVoucher
from fl_alliance.chain.revenue import CallerAccount
from fl_alliance.chain.rules.revenue import split_payment
from fl_alliance.chain.sender import Receipt
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.books import Books
from fl_alliance.marketplace.caller import Means, prediction, question
from fl_alliance.marketplace.collecting import collect, due
from fl_alliance.marketplace.credentials import VOUCHER_HEADER, encode_voucher
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import BooksBusy, GatewayFailed, PaymentRefused, SpendRefused
from fl_alliance.marketplace.pricing import charge_wei
from fl_alliance.marketplace.tickets import Asked

ASKED = [Message("user", "What should I drink?")]
CHAT = {"model": f"model-{TALKER}", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 10}


def voucher(ground: Fairground, owed_wei: int, calls: int, model: int = TALKER) -> dict[str, str]:
    signed = CallVoucher(CALLER.address, model, owed_wei, calls).signed(CALLER, ground.stall().revenue.domain)
    return {VOUCHER_HEADER: encode_voucher(signed)}


def asked(url: str, headers: dict[str, str], **more: object) -> httpx.Response:
    return httpx.post(f"{url}/v1/chat/completions", json=CHAT | more, headers=headers, trust_env=False)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_voucher_pays_for_what_was_said_and_the_host_turns_in_no_more(is_streamed: bool, ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    four = charge_wei(TOKENS_WEI, 4)
    with ground.gateway() as (gateway, url):
        caller = ground.caller(url, CALLER)
        for number in (1, 2):
            answer = caller.call(question(TALKER, ASKED, 100, is_streamed), Means.VOUCHER, WEI_PER_FML)
            assert answer["fl_alliance"] == {"paid_by": "voucher", "charged_wei": str(four)}
            assert caller.purse.owed(TALKER).owed_wei == number * four
        before = ground.fair.balance(HOST)
        gateway.collect()
        assert ground.stall().revenue.paid_wei(TALKER, CALLER.address) == 2 * four
        assert ground.fair.balance(HOST) - before == split_payment(2 * four, TERMS.split, False).host_wei
        assert ground.stall().revenue.earned(TALKER) == (2 * four, 2)
        gateway.collect()  # worth nothing new
        assert ground.stall().revenue.paid_wei(TALKER, CALLER.address) == 2 * four


def test_a_voucher_buys_one_answer_which_its_payer_can_have_again(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    ten = charge_wei(TOKENS_WEI, 10)
    with ground.gateway() as (gateway, url):
        first = asked(url, voucher(ground, ten, 1))
        payer, other_payer = (
            {"Authorization": f"Bearer {ground.caller(url, key).session(TALKER, 0, 60).encode()}"}
            for key in (CALLER, OTHER_CALLER)
        )
        again = asked(url, voucher(ground, ten, 1) | payer)
        assert (first.status_code, again.content) == (200, first.content)
        for headers in ({}, other_payer):  # once it is turned in anybody can read it; the request may be guessed
            stolen = [asked(url, voucher(ground, ten, 1) | headers, max_tokens=most) for most in (10, 9)]
            assert [one.status_code for one in stolen] == [402, 402]
            assert stolen[0].content == stolen[1].content
            assert "was used before" in stolen[0].json()["error"]["message"]
        other = asked(url, voucher(ground, ten, 1) | payer, max_tokens=9)
        assert other.status_code == 402
        assert "another request" in other.json()["error"]["message"]
        assert gateway.books.account(CALLER.address, TALKER).calls == 1
        assert len(ground.backend.asked) == 1


def test_a_voucher_that_does_not_cover_the_call_is_refused(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    ten = charge_wei(TOKENS_WEI, 10)
    forged = CallVoucher(CALLER.address, TALKER, ten, 1).signed(OTHER_CALLER, ground.stall().revenue.domain)
    with ground.gateway() as (gateway, url):
        for headers, why in (
            (voucher(ground, ten - 1, 1), "needed"),
            (voucher(ground, ten, 2), "needed"),
            (voucher(ground, ten, 1, GLUCOSE), "is for model 1"),
            ({VOUCHER_HEADER: "nonsense"}, "cannot be read"),
            ({VOUCHER_HEADER: encode_voucher(forged)}, "not signed"),
        ):
            refused = asked(url, headers)
            assert refused.status_code == 402
            assert why in refused.json()["error"]["message"]
        assert gateway.books.accounts() == {}
        assert ground.backend.asked == []


def test_who_has_too_little_in_its_account_or_leaves_is_not_answered(ground: Fairground) -> None:
    ten = charge_wei(TOKENS_WEI, 10)
    ground.fair.revenue(CALLER).deposit(ten - 1)
    with ground.gateway() as (_, url):
        assert "market deposit" in asked(url, voucher(ground, ten, 1)).json()["error"]["message"]
        ground.fair.revenue(CALLER).deposit(1)
        ground.fair.revenue(CALLER).ask_to_leave()
        assert "has asked for its balance" in asked(url, voucher(ground, ten, 1)).json()["error"]["message"]
        ground.fair.revenue(CALLER).ask_to_leave(leaves=False)
        assert asked(url, voucher(ground, ten, 1)).status_code == 200


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_host_that_does_not_answer_has_nothing_to_turn_in(is_streamed: bool, ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        ground.backend.fails_after = 2
        with pytest.raises(GatewayFailed):
            ground.caller(url, CALLER).call(question(TALKER, ASKED, 10, is_streamed), Means.VOUCHER, WEI_PER_FML)
        account = gateway.books.account(CALLER.address, TALKER)
        assert (account.owed_wei, account.reserved_wei, account.calls) == (0, 0, 0)
        assert due(gateway.stall, gateway.books) == []
        ground.backend.fails_after = None
        ground.caller(url, CALLER).call(question(TALKER, ASKED, 10, is_streamed), Means.VOUCHER, WEI_PER_FML)
        assert gateway.books.account(CALLER.address, TALKER).calls == 1


def test_who_leaves_in_the_middle_pays_for_what_was_said_till_then(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    ground.backend.words, ground.backend.pause_s = ["word "] * 200, 0.02
    body = json.dumps(CHAT | {"stream": True, "max_tokens": 200}).encode()
    with ground.gateway() as (gateway, url):
        parts = urlsplit(url)
        header = voucher(ground, charge_wei(TOKENS_WEI, 200), 1)[VOUCHER_HEADER]
        with socket.create_connection((parts.hostname, parts.port)) as line:
            line.sendall(
                f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                f"{VOUCHER_HEADER}: {header}\r\n\r\n".encode()
                + body
            )
            seen = b""
            while seen.count(b"word") < 5:
                seen += line.recv(4_096)
        until = time.monotonic() + 20
        while not gateway.books.account(CALLER.address, TALKER).calls:
            assert time.monotonic() < until
            time.sleep(0.02)
        account = gateway.books.account(CALLER.address, TALKER)
        assert charge_wei(TOKENS_WEI, 5) <= account.owed_wei < charge_wei(TOKENS_WEI, 100)
        assert account.reserved_wei == 0
        ground.backend.pause_s = 0.0
        gateway.collect()  # the only voucher there is is over more: the difference pays for the next calls
        paid_wei = ground.stall().revenue.paid_wei(TALKER, CALLER.address)
        assert paid_wei == charge_wei(TOKENS_WEI, 200)
        next_owed = account.owed_wei + charge_wei(TOKENS_WEI, 10)
        assert next_owed < paid_wei
        assert asked(url, voucher(ground, next_owed, 2)).status_code == 200
        gateway.collect()
        assert ground.stall().revenue.paid_wei(TALKER, CALLER.address) == paid_wei


def test_a_gateway_that_claims_more_than_was_signed_is_not_believed(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        caller = ground.caller(url, CALLER)
        caller.call(question(TALKER, ASKED, 10), Means.VOUCHER, WEI_PER_FML)
        gateway.books._db.execute("UPDATE accounts SET owed_wei = ?", (str(5 * WEI_PER_FML),))
        with pytest.raises(SpendRefused, match="nothing was signed"):
            caller.call(question(TALKER, ASKED, 10), Means.VOUCHER, WEI_PER_FML)


def test_books_survive_a_kill_and_are_one_gateways(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    ten = charge_wei(TOKENS_WEI, 10)
    with ground.gateway() as (gateway, url):
        assert asked(url, voucher(ground, ten, 1)).status_code == 200
        path = gateway.stall.folder("gateway") / "books.db"
        with pytest.raises(BooksBusy, match="already"):
            Books(path)
        gateway.books.begin("voucher:killed", b"x", 0)
        gateway.books.keep(CallVoucher(CALLER.address, TALKER, 2 * ten, 2).signed(CALLER, gateway.stall.revenue.domain))
        gateway.books.reserve(CALLER.address, TALKER, ten, 2 * ten)
    books = Books(path)  # as after a kill between reservation and answer
    account = books.account(CALLER.address, TALKER)
    assert (account.owed_wei, account.reserved_wei, account.calls) == (charge_wei(TOKENS_WEI, 4), 0, 1)
    assert books.begin("voucher:killed", b"y", 0) is None
    assert [one.voucher.calls for one in books.vouchers(CALLER.address, TALKER)] == [2]  # the first was turned in
    books.close()


def test_a_thousand_voucher_calls_are_one_transaction(ground: Fairground) -> None:
    """Through the gateway's books and its collecting; the calls' HTTP is tested above."""
    ground.fair.revenue(CALLER).deposit(1_000 * CALL_WEI)
    stall, domain = ground.stall(), ground.stall().revenue.domain
    books = Books(ground.root / "books.db")
    for number in range(1, 1_001):
        with books.written():
            books.keep(CallVoucher(CALLER.address, GLUCOSE, number * CALL_WEI, number).signed(CALLER, domain))
            books.reserve(CALLER.address, GLUCOSE, CALL_WEI, number * CALL_WEI)
            books.charge(CALLER.address, GLUCOSE, CALL_WEI, CALL_WEI)
    block = ground.fair.rpc.number("eth_blockNumber")
    found = collect(stall, books, [GLUCOSE], ground.told.append)
    assert (found.vouchers, found.vouchers_wei) == (1, 1_000 * CALL_WEI)
    assert ground.fair.rpc.number("eth_blockNumber") == block + 1
    assert stall.revenue.earned(GLUCOSE) == (1_000 * CALL_WEI, 1_000)
    used = int(ground.fair.rpc("eth_getBlockByNumber", "latest", False)["gasUsed"], 16)
    assert used < 200_000, used
    books.close()


def test_a_thousand_random_calls_through_the_gateway_pay_to_the_wei(ground: Fairground) -> None:
    """Calls that are answered, that fail and that are refused, by two payers for two models, turned in at random."""
    chance = random.Random(11)
    payers = (CALLER, OTHER_CALLER)
    for key in payers:
        ground.fair.revenue(key).deposit(10_000 * WEI_PER_FML)
    fml, host = ground.fair.fml, ground.fair.balance(HOST)
    supply, domain = fml.total_supply_wei, ground.stall().revenue.domain
    stall, books = ground.stall(), Books(ground.root / "books.db")
    answered = refused = 0
    charged = {(key.address, model): 0 for key in payers for model in (GLUCOSE, TALKER)}
    for _ in range(1_000):
        key, model = chance.choice(payers), chance.choice((GLUCOSE, TALKER))
        account = books.account(key.address, model)
        most = chance.randrange(1, 10**18)
        signed_wei = account.owed_wei + (most if chance.random() < 0.9 else most // 2)
        try:
            with books.written():
                books.keep(CallVoucher(key.address, model, signed_wei, account.calls + 1).signed(key, domain))
                books.reserve(key.address, model, most, signed_wei)
        except PaymentRefused:
            refused += 1
            continue
        if chance.random() < 0.1:
            books.release(key.address, model, most)
            continue
        cost = chance.randrange(0, most + 1)
        books.charge(key.address, model, most, cost)
        charged[key.address, model] += cost
        answered += 1
        if chance.random() < 0.8:
            exact = books.account(key.address, model)
            books.keep(CallVoucher(key.address, model, exact.owed_wei, exact.calls).signed(key, domain))
        if chance.random() < 0.02:
            collect(stall, books, (GLUCOSE, TALKER), ground.told.append)
    collect(stall, books, (GLUCOSE, TALKER), ground.told.append)
    assert answered > 700
    assert refused > 10
    paid = {debt: stall.revenue.paid_wei(debt[1], debt[0]) for debt in charged}
    assert all(paid[debt] >= charged[debt] for debt in charged)
    total = sum(paid.values())
    held = sum(stall.revenue.account(key.address).balance_wei for key in payers)
    assert held + total == 20_000 * WEI_PER_FML
    burned, earned = supply - fml.total_supply_wei, ground.fair.balance(HOST) - host
    assert burned + earned == total
    assert sum(stall.revenue.earned(model)[0] for model in (GLUCOSE, TALKER)) == total
    payments = stall.revenue.payments(ground.fair.deployment.block)
    assert all(one.parts == split_payment(one.amount_wei, TERMS.split, has_documents=False) for one in payments)
    assert (sum(one.amount_wei for one in payments), sum(one.parts.burned_wei for one in payments)) == (total, burned)
    books.close()


def test_a_tabular_call_by_voucher_costs_its_price(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        answer = ground.caller(url, CALLER).call(prediction(GLUCOSE, [HISTORY]), Means.VOUCHER, CALL_WEI)
        assert answer["forecast"] == [HISTORY[-1]]
        assert gateway.books.account(CALLER.address, GLUCOSE).owed_wei == CALL_WEI


def test_two_calls_at_once_are_not_both_paid_out_of_what_covers_one(ground: Fairground) -> None:
    """Both look at the account before either has anything set aside."""
    ten = charge_wei(TOKENS_WEI, 10)
    ground.fair.revenue(CALLER).deposit(ten + CALL_WEI - 1)
    asked = [
        Asked(TALKER, ten, b"talker", {key.lower(): value for key, value in voucher(ground, ten, 1).items()}),
        Asked(GLUCOSE, CALL_WEI, b"glucose", {k.lower(): v for k, v in voucher(ground, CALL_WEI, 1, GLUCOSE).items()}),
    ]
    with ground.gateway() as (gateway, _):
        admission, revenue, both = gateway.counter.admission, gateway.stall.revenue, threading.Barrier(2, timeout=20)
        honest = revenue.account

        def account(payer: str) -> CallerAccount:
            found = honest(payer)
            both.wait()
            return found

        revenue.account = account  # type: ignore[method-assign]
        refused: list[str] = []

        def admit(one: Asked) -> None:
            try:
                admission.admit(one)
            except PaymentRefused as error:
                refused.append(str(error))

        threads = [threading.Thread(target=admit, args=(one,)) for one in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1
        assert "market deposit" in refused[0]
        assert sum(one.reserved_wei for one in gateway.books.accounts().values()) < ten + CALL_WEI


def test_a_voucher_that_bought_nothing_is_not_kept(ground: Fairground) -> None:
    """Nor one that nobody asked for: else strangers could fill the host's disk."""
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    ten = charge_wei(TOKENS_WEI, 10)
    with ground.gateway() as (gateway, url):
        assert asked(url, voucher(ground, ten - 1, 1)).status_code == 402
        for owed_wei, calls in ((0, 0), (5, 0), (ten, 1)):
            header = voucher(ground, owed_wei, calls)[VOUCHER_HEADER]
            refused = httpx.post(f"{url}/v1/vouchers", content=header, trust_env=False)
            assert (refused.status_code, refused.json()["error"]["code"]) == (402, "PaymentRefused")
        assert gateway.books.vouchers(CALLER.address, TALKER) == []
        assert asked(url, voucher(ground, ten, 1)).status_code == 200
        four = gateway.books.account(CALLER.address, TALKER).owed_wei
        for owed_wei, status in ((four + 1, 402), (four, 200)):
            header = voucher(ground, owed_wei, 1)[VOUCHER_HEADER]
            assert httpx.post(f"{url}/v1/vouchers", content=header, trust_env=False).status_code == status


def test_a_voucher_over_more_than_the_account_holds_buys_nothing(ground: Fairground) -> None:
    """It covers the call, and could never be turned in; nor could one rung of a ladder that is too high."""
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        refused = asked(url, voucher(ground, WEI_PER_FML + 1, 1))
        assert "market deposit" in refused.json()["error"]["message"]
        for cap_wei, status in ((16 * WEI_PER_FML + 16, 402), (16 * WEI_PER_FML, 200)):
            key = ground.caller(url, CALLER).session(TALKER, cap_wei, 3_600).encode()
            assert asked(url, {"Authorization": f"Bearer {key}"}).status_code == status
        gateway.collect()
        assert ground.stall().revenue.paid_wei(TALKER, CALLER.address) >= charge_wei(TOKENS_WEI, 4)


def test_an_account_emptied_just_before_keeps_the_host_from_its_own_voucher_alone(ground: Fairground) -> None:
    four = charge_wei(TOKENS_WEI, 4)
    for key in (CALLER, OTHER_CALLER):
        ground.fair.revenue(key).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        for key in (CALLER, OTHER_CALLER):
            ground.caller(url, key).call(question(TALKER, ASKED, 10), Means.VOUCHER, WEI_PER_FML)
        stall = gateway.stall
        all_of_it = CallVoucher(CALLER.address, GLUCOSE, WEI_PER_FML, 1).signed(CALLER, stall.revenue.domain)
        claim = stall.revenue.claim

        def emptied_first(vouchers: list[SignedVoucher]) -> Receipt:
            claim([all_of_it])
            return claim(vouchers)

        stall.revenue.claim = emptied_first  # type: ignore[assignment, method-assign]
        gateway.collect()
        stall.revenue.claim = claim  # type: ignore[method-assign]
        assert stall.revenue.paid_wei(TALKER, OTHER_CALLER.address) == four
        assert stall.revenue.paid_wei(TALKER, CALLER.address) == 0
        assert any("left for later" in line and CALLER.address.lower() in line.lower() for line in ground.told)
        ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
        gateway.collect()  # nothing was lost
        assert stall.revenue.paid_wei(TALKER, CALLER.address) == four


def test_a_price_that_rises_during_an_answer_is_for_the_next_one(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        engine: Any = gateway.counter.served[TALKER].seat.engine
        honest = engine.answer

        def answer(*given: Any) -> Iterator[str]:
            served = gateway.counter.served[TALKER]
            served.listing = replace(served.listing, price_wei=50 * TOKENS_WEI)
            yield from honest(*given)

        engine.answer = answer
        found = ground.caller(url, CALLER).call(question(TALKER, ASKED, 10), Means.VOUCHER, WEI_PER_FML)
        assert found["fl_alliance"]["charged_wei"] == str(charge_wei(TOKENS_WEI, 4))
