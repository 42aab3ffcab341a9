"""The proxy on one's own machine: any OpenAI client, a voucher a call, and what a lying host does not get."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bazaar import CALLER, HOST
from fairground import CALL_WEI, GLUCOSE, HISTORY, TALKER, TOKENS_WEI, Fairground

from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.books import Account
from fl_alliance.marketplace.caller import Means, question
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import EngineFailed, GatewayFailed, PurseBusy
from fl_alliance.marketplace.pricing import charge_wei
from fl_alliance.marketplace.purse import opened
from fl_alliance.marketplace.serving import Gateway

openai = pytest.importorskip("openai")

ASKED = {"model": "model-2", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 10}
FOUR, TEN = charge_wei(TOKENS_WEI, 4), charge_wei(TOKENS_WEI, 10)


def client(url: str) -> "openai.OpenAI":
    return openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, http_client=httpx.Client(trust_env=False))


def refusal(stranger: "openai.OpenAI", **more: Any) -> "openai.APIStatusError":
    with pytest.raises(openai.APIStatusError) as refused:
        stranger.chat.completions.create(**ASKED | more)
    return refused.value


def paid_wei(ground: Fairground) -> int:
    return ground.stall().revenue.paid_wei(TALKER, CALLER.address)


def test_openais_client_pays_exactly_what_it_is_answered_and_needs_no_key(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, WEI_PER_FML) as (spender, near):
        stranger = client(near)
        assert [model.id for model in stranger.models.list()] == ["model-1", "model-2"]
        whole = stranger.chat.completions.create(**ASKED)
        assert whole.choices[0].message.content == "Drink some juice."
        assert (whole.choices[0].finish_reason, whole.usage.total_tokens) == ("stop", 15)
        chunks = list(stranger.chat.completions.create(**ASKED, stream=True))
        pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
        assert pieces == ["Drink", " some", " juice", "."]
        assert (chunks[-1].choices[0].finish_reason, chunks[-1].usage.prompt_tokens) == ("stop", 11)
        assert (spender.spent_wei, spender.answered, spender.unanswered_wei) == (2 * FOUR, 2, 0)
        assert gateway.books.counts() == {(TALKER, "voucher"): 2}
        gateway.collect()
    assert paid_wei(ground) == 2 * FOUR
    assert ground.stall().revenue.earned(TALKER) == (2 * FOUR, 2)


def predicted(near: str, rows: Any, model: int = GLUCOSE) -> httpx.Response:
    return httpx.post(f"{near}/v1/predict", json={"model": f"model-{model}", "inputs": rows}, trust_env=False)


def test_rows_of_numbers_are_answered_for_one_voucher_a_call_within_the_caps(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, 2 * CALL_WEI + FOUR, CALL_WEI) as (spender, near):
        for rows in ([HISTORY], [HISTORY, HISTORY]):
            answered = predicted(near, rows)
            assert (answered.status_code, answered.json()["forecast"]) == (200, [HISTORY[-1]] * len(rows))
            assert answered.json()["fl_alliance"] == {"paid_by": "voucher", "charged_wei": str(CALL_WEI)}
        assert (spender.spent_wei, spender.answered, spender.unanswered_wei) == (2 * CALL_WEI, 2, 0)
        assert gateway.books.counts() == {(GLUCOSE, "voucher"): 2}
        refused = predicted(near, [HISTORY])
        assert (refused.status_code, refused.json()["error"]["code"]) == (402, "SpendRefused")
        assert "are gone" in refused.json()["error"]["message"]
        assert spender.caller.purse.pending(GLUCOSE) is None
        assert refusal(client(near), max_tokens=20).code == "SpendRefused"
        assert client(near).chat.completions.create(**ASKED | {"max_tokens": 4}).choices  # what is left of the cap
        gateway.collect()
    revenue = ground.stall().revenue
    assert (revenue.paid_wei(GLUCOSE, CALLER.address), paid_wei(ground)) == (2 * CALL_WEI, FOUR)


def test_rows_above_the_cap_of_a_call_and_rows_that_are_none_are_refused_and_not_paid(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        with ground.proxy(url, WEI_PER_FML, CALL_WEI - 1) as (spender, near):
            assert "cap of a call" in predicted(near, [HISTORY]).json()["error"]["message"]
            assert spender.caller.purse.pending(GLUCOSE) is None
            browser = httpx.post(f"{near}/v1/predict", json={}, headers={"Origin": near}, trust_env=False)
            assert browser.status_code == 403
        with ground.proxy(url, 10 * WEI_PER_FML) as (spender, near):
            for rows, needed in (([HISTORY[1:]], "needed 24"), ("x", "needed a list of 1 to 64 rows")):
                refused = predicted(near, rows)
                assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InputRefused")
                assert needed in refused.json()["error"]["message"]
            assert "/v1/chat/completions" in predicted(near, [HISTORY], TALKER).json()["error"]["message"]
            assert httpx.post(f"{near}/v1/predict", json={"model": "model-1"}, trust_env=False).status_code == 400
            assert spender.spent_wei == 0
        assert gateway.books.account(CALLER.address, GLUCOSE) == Account(0, 0, 0)


@pytest.mark.parametrize("said", [{}, {"forecast": []}, {"classes": [1, 2]}, {"forecast": 5.0}])
def test_an_answer_that_is_none_to_the_rows_is_not_owed(said: dict[str, Any], ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, WEI_PER_FML) as (spender, near):
        engine: Any = gateway.counter.served[GLUCOSE].seat.engine
        engine.predict = lambda _: said
        refused = predicted(near, [HISTORY])
        assert (refused.status_code, refused.json()["error"]["code"]) == (502, "GatewayFailed")
        assert (spender.spent_wei, spender.unanswered_wei) == (0, CALL_WEI)
        assert predicted(near, [[*HISTORY[:-1], 90.0]]).status_code == 502  # no other is paid before it is shown
        assert gateway.books.account(CALLER.address, GLUCOSE).owed_wei == CALL_WEI


def test_a_stream_is_passed_on_as_it_comes(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    ground.backend.words, ground.backend.pause_s = ["word "] * 8, 0.1
    with ground.gateway() as (gateway, url), ground.proxy(url, WEI_PER_FML) as (_, near):
        for chunk in client(near).chat.completions.create(**ASKED, stream=True):
            if chunk.choices[0].delta.content:
                assert gateway.books.account(CALLER.address, TALKER).calls == 0  # not over yet
                break


@pytest.mark.parametrize("is_streamed", [False, True])
def test_beyond_a_cap_nothing_is_signed(is_streamed: bool, ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, TEN + FOUR, TEN) as (spender, near):
        stranger = client(near)
        dear = refusal(stranger, max_tokens=11, stream=is_streamed)
        assert (dear.status_code, dear.code) == (402, "SpendRefused")
        assert "cap of a call" in dear.message
        for _ in range(2):
            assert list(stranger.chat.completions.create(**ASKED | {"stream": True}))
        spent = refusal(stranger, stream=is_streamed)
        assert (spent.status_code, spent.code) == (402, "SpendRefused")
        assert "are gone" in spent.message
        assert spender.caller.purse.pending(TALKER) is None
        assert stranger.chat.completions.create(**ASKED | {"max_tokens": 5}).choices
        assert spender.spent_wei == 3 * FOUR
        gateway.collect()
    assert paid_wei(ground) == 3 * FOUR


def test_what_the_gateway_refuses_comes_through_in_openais_form(ground: Fairground) -> None:
    with ground.gateway() as (_, url), ground.proxy(url, WEI_PER_FML) as (spender, near):
        stranger = client(near)
        short = refusal(stranger)
        assert (short.status_code, short.type, short.code) == (402, "payment_required", "PaymentRefused")
        assert "market deposit" in short.message
        assert refusal(stranger, model="model-9").status_code == 404
        assert refusal(stranger, model="gpt-4").code == "InputRefused"
        assert refusal(stranger, temperature=9).status_code == 400
        ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
        ground.backend.fails_after = 0
        for is_streamed in (False, True):
            failed = refusal(stranger, stream=is_streamed)
            assert (failed.status_code, failed.code) == (503, "EngineFailed")
        assert (spender.spent_wei, spender.unanswered_wei) == (0, TEN)
        ground.backend.fails_after = None
        assert stranger.chat.completions.create(**ASKED).choices
        assert (spender.spent_wei, spender.unanswered_wei) == (FOUR, 0)
    with ground.proxy(url, WEI_PER_FML) as (_, near):
        assert "is the gateway running" in refusal(client(near)).message


class Thief:
    """A host whose gateway answers nobody, turns in whatever it was sent, and says that it is owed that."""

    def __init__(self, ground: Fairground, gateway: Gateway) -> None:
        engine: Any = gateway.counter.served[TALKER].seat.engine
        stall, books = gateway.stall, gateway.books

        def answer(*_: Any) -> Iterator[str]:
            stall.revenue.claim(books.vouchers(CALLER.address, TALKER))
            if self.claims:
                books._write(CALLER.address, TALKER, Account(self.claims, TEN, 1))
            raise EngineFailed("nothing to say")

        self.claims = 0
        engine.answer = answer


@pytest.mark.parametrize("before_wei", [0, FOUR], ids=["from the first call on", "after an answer"])
def test_a_host_that_turns_vouchers_in_and_does_not_answer_has_one_call_of_a_cap(
    before_wei: int, ground: Fairground
) -> None:
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, 5 * WEI_PER_FML) as (spender, near):
        stranger = client(near)
        if before_wei:
            stranger.chat.completions.create(**ASKED)
        thief = Thief(ground, gateway)
        for number in range(4):
            refusal(stranger, messages=[{"role": "user", "content": f"Question {number}?"}])
        assert paid_wei(ground) == before_wei + TEN
        assert (spender.spent_wei, spender.unanswered_wei) == (before_wei, TEN)
        thief.claims = before_wei + TEN
        refusal(stranger, messages=[{"role": "user", "content": "Once more?"}])
        lied = refusal(stranger, messages=[{"role": "user", "content": "And again?"}])
        assert lied.status_code == 402  # the call that it counts was not shown, so nothing new was signed
        assert paid_wei(ground) == before_wei + TEN


def test_a_gateway_that_says_that_more_is_owed_is_refused(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, 5 * WEI_PER_FML) as (spender, near):
        stranger = client(near)
        stranger.chat.completions.create(**ASKED)
        gateway.books._db.execute("UPDATE accounts SET owed_wei = ?", (str(FOUR + 1),))
        lied = refusal(stranger)
        assert (lied.status_code, lied.code) == (402, "SpendRefused")
        assert "nothing was signed" in lied.message
        assert spender.caller.purse.pending(TALKER) is None


def test_a_gateway_that_charges_for_more_than_it_said_is_not_believed(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    ground.backend.words = ["Yes"]
    with ground.gateway() as (gateway, url), ground.proxy(url, 5 * WEI_PER_FML) as (spender, near):
        honest = gateway.counter._charged

        def charged(*given: Any) -> Any:
            found = honest(*given)
            told = json.loads(found.body)
            told["fl_alliance"]["charged_wei"] = str(charge_wei(TOKENS_WEI, claimed))
            return found.__class__(json.dumps(told).encode(), found.headers)

        gateway.counter._charged = charged  # type: ignore[method-assign]
        for claimed, is_told in ((4, True), (3, False)):
            asked = ASKED | {"messages": [{"role": "user", "content": f"{claimed}?"}]}
            if is_told:
                assert "needed" in refusal(client(near), **asked).message
                gateway.books._db.execute("UPDATE accounts SET owed_wei = 0")
            else:
                client(near).chat.completions.create(**asked)
        assert spender.spent_wei == charge_wei(TOKENS_WEI, 3)


def test_an_answer_that_was_lost_is_shown_before_the_next_one_is_paid(ground: Fairground) -> None:
    """The gateway has charged it, and keeps it: an honest one has nothing to lose by showing it."""
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, 5 * WEI_PER_FML) as (spender, near):
        exchange, lost = spender.caller.exchange, []

        class Broken(exchange.__class__):  # type: ignore[misc, name-defined]
            def post(self, url: str, *given: Any) -> Any:
                found = super().post(url, *given)
                if url.endswith("completions") and not lost:
                    lost.append(found)
                    raise GatewayFailed("the line broke")
                return found

        spender.caller.exchange = Broken()
        stranger = client(near)
        assert refusal(stranger).status_code == 502
        assert gateway.books.account(CALLER.address, TALKER).owed_wei == FOUR
        other = stranger.chat.completions.create(**ASKED | {"messages": [{"role": "user", "content": "Other?"}]})
        assert other.choices[0].message.content == "Drink some juice."
        assert (spender.spent_wei, spender.answered) == (2 * FOUR, 2)
        assert len(ground.backend.asked) == 2


def test_pages_of_a_browser_and_names_that_were_pointed_here_are_not_answered(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url), ground.proxy(url, WEI_PER_FML) as (_, near):
        path = f"{near}/v1/chat/completions"
        for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example:80"}, {"Origin": near}):
            refused = httpx.post(path, json=ASKED, headers=headers, trust_env=False)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden")
        assert httpx.post(path.replace("127.0.0.1", "localhost"), json=ASKED, trust_env=False).status_code == 200
        assert gateway.books.account(CALLER.address, TALKER).calls == 1


def test_an_account_pays_in_one_place_at_a_time(ground: Fairground) -> None:
    path = ground.root / "purse" / "signed.json"
    with opened(path), pytest.raises(PurseBusy, match="end it first"), opened(path):
        pass
    with opened(path) as purse:
        assert purse.owed(TALKER).calls == 0


@pytest.mark.parametrize(
    "content",
    [b"[]", b"{", b'{"owed_wei": "-5", "reserved_wei": "0", "calls": 0}', b'{"owed_wei": "x"}', b"x" * 5_000_000],
)
def test_a_gateway_that_says_nonsense_is_told_of_in_one_line(content: bytes, ground: Fairground) -> None:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    caller = ground.caller(f"http://127.0.0.1:{server.server_address[1]}", CALLER)
    with pytest.raises(GatewayFailed, match="the gateway"):
        caller.call(question(TALKER, [Message("user", "Hello?")], 10), Means.VOUCHER, WEI_PER_FML)
    assert caller.purse.pending(TALKER) is None
    server.shutdown()
    server.server_close()
    assert HOST.address == ground.stall().me
