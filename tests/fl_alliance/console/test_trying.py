"""Trying a model from its page: what a wallet signs is what the chain says, and what a gateway says is not believed."""

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import assembly
import bazaar
import browser
import console_stage
import fairground
import pytest
from fairground import CALL_WEI, GLUCOSE, HISTORY, PAYER, TALKER, TOKENS_WEI, Fairground
from starlette.testclient import TestClient

from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.errors import AnvilMissing
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.cli.market.common import GATEWAY
from fl_alliance.console import relay, shelf
from fl_alliance.console.app import make_app
from fl_alliance.console.fair import Fair
from fl_alliance.console.market import MarketFeed
from fl_alliance.console.serving import served
from fl_alliance.console.sources import MarketSource, Sources
from fl_alliance.console.trying import DEFAULT_GATEWAY
from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.pricing import charge_wei

pytest.importorskip("x402", reason="needs the extra: pip install 'fl-alliance[market]'")
ROW = ",".join(f"{value:g}" for value in HISTORY)
ROWS = {"rows": ROW, "account": PAYER.address}


@dataclass
class Shop:
    """A marketplace with two listed models, and the console that shows it."""

    ground: Fairground
    sources: Sources
    url: str

    def read(self) -> None:
        console_stage.read_all(self.sources)

    def post(self, path: str, gateway: str, **fields: str) -> "console_stage.Answer":
        return console_stage.ask(f"{self.url}/marketplace/{path}", {"gateway": gateway, **fields})

    def held_wei(self) -> int:
        return self.ground.fair.fml.balance_wei(PAYER.address)


@contextmanager
def opened(folder: Path, url: str = "memory://") -> Iterator[Shop]:
    backend = fairground.BackendServer()
    with assembly.assembled(url) as market:
        ground = Fairground(bazaar.Bazaar(market.w3, market.deployment), folder, backend)
        ground.list_models()
        ground.pay_in(PAYER, 10 * WEI_PER_FML)
        feed = MarketFeed(market.deployment, Rpc(market.w3), folder / "market.db")
        fair = Fair(Rpc(market.w3), ground.store, feed)
        sources = Sources({}, MarketSource(url, feed, fair))
        console_stage.read_all(sources)
        with served(sources) as address:
            yield Shop(ground, sources, address.rstrip("/"))
        feed.index.close()
    backend.close()


@pytest.fixture(scope="module")
def opened_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("shop")) as found:
        yield found


@pytest.fixture
def shop(opened_shop: Shop) -> Iterator[Shop]:
    """Put back afterwards."""
    fair = opened_shop.ground.fair
    mark = fair.rpc("evm_snapshot")
    opened_shop.ground.backend.__dict__.update(words=("Drink", " some", " juice", "."), fails_after=None)
    yield opened_shop
    fair.rpc("evm_revert", mark)
    fair.senders.clear()
    fair.__dict__.pop("fml", None)
    shutil.rmtree(opened_shop.ground.root / "state", ignore_errors=True)  # the gateway's books
    opened_shop.read()


class Answers(BaseHTTPRequestHandler):
    """Says nothing about it."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(handler: type[Answers]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that gives one answer to everything."""

    class Same(Answers):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

    with serving(Same) as url:
        yield url


def hidden(text: str) -> dict[str, str]:
    """The fields that a page sends on without showing them."""
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text)}


def typed(text: str) -> dict[str, Any]:
    found = re.search(r'data-typed="([^"]*)"', text)
    assert found is not None, text
    data: dict[str, Any] = json.loads(unescape(found[1]))
    return data


def test_a_payment_is_shown_signed_relayed_and_in_the_till(shop: Shop) -> None:
    ground = shop.ground
    till = ground.stall().revenue.till(GLUCOSE)
    with ground.gateway() as (_, url):
        asked = shop.post(f"{GLUCOSE}/try", url, **ROWS)
        text = unescape(asked.text)
        assert f'Moves 0.1 FML of <code class="whole">{PAYER.address}</code>, once' in text
        assert till in text
        data = typed(asked.text)
        assert data["primaryType"] == "TransferWithAuthorization"
        assert data["domain"]["verifyingContract"] == ground.fair.deployment.fml
        assert (data["message"]["to"], data["message"]["value"]) == (till, str(CALL_WEI))
        fields = hidden(asked.text)
        fields["signature"] = browser.signed_typed_data(PAYER, data)
        answer = shop.post(f"{GLUCOSE}/pay", **fields)
        assert answer.code == 200
        assert f"{HISTORY[-1]:g} mg/dL in 30 minutes" in answer.text
        assert "Paid 0.1 FML into the model" in answer.text
        again = shop.post(f"{GLUCOSE}/pay", **fields)
        assert f"{HISTORY[-1]:g} mg/dL" in again.text
        assert ground.fair.fml.balance_wei(till) == CALL_WEI
    assert shop.held_wei() == 10 * WEI_PER_FML - CALL_WEI


def test_a_free_model_answers_at_once_and_no_account_is_needed(shop: Shop) -> None:
    shop.ground.fair.models().set_price(GLUCOSE, 0)
    shop.read()
    assert "optional: to see beforehand" in console_stage.ask(f"{shop.url}/marketplace/{GLUCOSE}").text
    with shop.ground.gateway() as (_, url):
        answer = shop.post(f"{GLUCOSE}/try", f"{url}/v1/", rows=f"{ROW}\n{ROW}")
    assert answer.text.count(f"{HISTORY[-1]:g} mg/dL in 30 minutes") == 2
    assert "Nothing was paid for it." in answer.text


def test_a_payment_that_is_held_counts_as_a_call_until_it_is_given_back(shop: Shop) -> None:
    ground = shop.ground
    revenue, fair = ground.stall().revenue, shop.sources.market.fair  # type: ignore[union-attr]
    for nonce in (b"still held", b"given back"):
        given = ground.fair.payment(GLUCOSE, CALL_WEI, PAYER, nonce)
        revenue.hold(GLUCOSE, given, ground.fair.authorized(given, PAYER))
    revenue.give_back(GLUCOSE, PAYER.address, keccak(b"given back"))
    shop.read()
    [glucose, *_] = shelf.shelf(fair)
    assert glucose.direct_calls == 1
    said = unescape(console_stage.ask(f"{shop.url}/ledger/{PAYER.address}").text)
    assert f"had 0.1000 FML held for a call of model {GLUCOSE}" in said
    assert f"had 0.1000 FML back, which was held for a call of model {GLUCOSE}" in said


def test_a_question_is_answered_with_the_documents_that_it_is_from(shop: Shop) -> None:
    document = shop.ground.contribute("Below 70 mg/dL drink juice at once.")
    fairground.now_on(shop.ground.fair)
    shop.read()
    with shop.ground.gateway() as (_, url):
        asked = shop.post(f"{TALKER}/try", url, question="What below 70 mg/dL?", tokens="10", account=PAYER.address)
        assert "Moves 0.070000000000000001 FML" in asked.text
        fields = hidden(asked.text)
        fields["signature"] = browser.signed_typed_data(PAYER, typed(asked.text))
        text = unescape(shop.post(f"{TALKER}/pay", **fields).text)
    assert "Drink some juice." in text
    assert f"Document {document}: <q>Below 70 mg/dL drink juice at once.</q>" in text
    assert shop.held_wei() == 10 * WEI_PER_FML - charge_wei(TOKENS_WEI, 10)


def test_a_gateway_that_asks_for_more_or_elsewhere_is_refused_by_name(shop: Shop) -> None:
    with shop.ground.gateway() as (gateway, url):
        facilitator = gateway.counter.admission.facilitator
        honest = facilitator.requirements
        for asked, said in (
            (lambda model, wei: honest(model, 2 * wei), "asks for something else than the listing says"),
            (lambda model, wei: honest(TALKER, wei), "wants to be paid elsewhere"),
        ):
            facilitator.requirements = asked  # type: ignore[method-assign]
            answer = shop.post(f"{GLUCOSE}/try", url, **ROWS)
            assert answer.code == 400
            assert said in answer.text
            assert url in answer.text
            assert "data-typed" not in answer.text


def test_a_payment_that_was_not_answered_is_told_and_can_be_sent_again(shop: Shop) -> None:
    with shop.ground.gateway() as (gateway, url):
        asked = shop.post(f"{GLUCOSE}/try", url, **ROWS)
        fields = hidden(asked.text) | {"signature": browser.signed_typed_data(PAYER, typed(asked.text))}
        with answering(500, b'{"error": {"message": "on fire"}}') as broken:
            failed = shop.post(f"{GLUCOSE}/pay", **{**fields, "gateway": broken})
        assert failed.code == 502
        assert f"{broken}: answered 500: on fire; the chain has not taken the payment" in failed.text
        assert hidden(failed.text)["signature"] == fields["signature"]
        answer = shop.post(f"{GLUCOSE}/pay", **{**hidden(failed.text), "gateway": url})
        assert "Paid 0.1 FML" in answer.text
        assert gateway.books.counts() == {(GLUCOSE, "x402"): 1}


def test_a_gateway_that_is_down_is_told_by_name(shop: Shop) -> None:
    answer = shop.post(f"{GLUCOSE}/try", "http://127.0.0.1:9", **ROWS)
    assert answer.code == 502
    assert "http://127.0.0.1:9/v1/predict: ConnectError; is the gateway running?" in answer.text


HOSTILE = b"<script>document.title='owned'</script>"
QUOTED = json.dumps({"error": {"message": HOSTILE.decode()}}).encode()
FORECAST = json.dumps({"forecast": [5], "unit": HOSTILE.decode()}).encode()


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (200, HOSTILE, {"Content_Type": "text/html"}, "something else than an answer"),
        (200, b'{"forecast": "<b>"}', {}, "something else than an answer"),
        (200, b'{"forecast": [1, 2]}', {}, "something else than an answer"),
        (200, FORECAST, {}, "5 &lt;script&gt;"),
        (400, QUOTED, {}, "answered 400: &lt;script&gt;"),
        (402, HOSTILE, {"PAYMENT_REQUIRED": "e30="}, "did not say what to pay"),
        (302, b"", {"Location": "http://127.0.0.1:1/"}, "a redirect, which is not followed"),
        (200, b"[" * 2**21, {}, "more than 1048576 bytes"),
    ],
)
def test_what_a_hostile_gateway_answers_stays_text(
    shop: Shop, status: int, body: bytes, headers: dict[str, str], said: str
) -> None:
    with answering(status, body, **headers) as url:
        answer = shop.post(f"{GLUCOSE}/try", url, **ROWS)
    assert said in answer.text
    assert "<script>document" not in answer.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"gateway": "file:///etc/passwd"}, "needs a URL such as"),
        ({"gateway": "http://user:word@127.0.0.1"}, "needs a URL such as"),
        ({"gateway": "http://127.0.0.1/?x=1"}, "needs a URL such as"),
        ({"gateway": ""}, "needs a URL such as"),
        ({"rows": "1,2\nthree"}, "line 2 is 'three'; needs numbers"),
        ({"rows": "nan"}, "needs numbers"),
        ({"rows": " "}, "needs 1 to 256"),
        ({"account": ""}, "needs the address that pays"),
        ({"account": "0x12"}, "needs an account's address"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_a_gateway_is(shop: Shop, fields: dict[str, str], said: str) -> None:
    with answering(200, b"{}") as url:
        answer = shop.post(f"{GLUCOSE}/try", **({"gateway": url} | ROWS | fields))
    assert answer.code == 400
    assert said in unescape(answer.text)


@pytest.mark.parametrize("change", ["to", "value", "from", "signature"])
def test_another_payment_than_of_the_call_is_not_sent_on(shop: Shop, change: str) -> None:
    with shop.ground.gateway() as (gateway, url):
        fields = hidden(shop.post(f"{GLUCOSE}/try", url, **ROWS).text)
        fields["signature"] = "0x" + "11" * 65
        if change == "signature":
            fields["signature"] = "0x12"
        else:
            payment = json.loads(fields["payment"])
            payment["payload"]["authorization"][change] = str(2 * CALL_WEI) if change == "value" else "0x" + "22" * 20
            fields["payment"] = json.dumps(payment)
        answer = shop.post(f"{GLUCOSE}/pay", **fields)
        assert answer.code == 400
        assert gateway.books.counts() == {}


def test_forms_of_other_pages_make_no_call(shop: Shop) -> None:
    with answering(200, b"{}") as url:
        for path in ("try", "pay"):
            at, fields = f"{shop.url}/marketplace/{GLUCOSE}/{path}", {"gateway": url, **ROWS}
            for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
                assert console_stage.ask(at, fields, **headers).code == 403
            assert console_stage.ask(at).code == 405


def test_nobody_on_another_machine_has_the_console_ask_for_it(shop: Shop) -> None:
    """Who can reach the port must not reach what this machine can: `ssh -L` comes from this machine."""
    with answering(200, b"{}") as url:
        fields = {"gateway": url, **ROWS}
        for address, code in (("192.0.2.7", 403), ("::ffff:192.0.2.7", 403), ("127.0.0.1", 502), ("::1", 502)):
            client = TestClient(make_app(shop.sources), base_url="http://127.0.0.1", client=(address, 50_000))
            assert client.post(f"/marketplace/{GLUCOSE}/try", data=fields).status_code == code, address
            assert client.get(f"/marketplace/{GLUCOSE}").status_code == 200


def test_a_closed_model_is_not_tried(shop: Shop) -> None:
    shop.ground.fair.models().close(GLUCOSE)
    shop.read()
    answer = shop.post(f"{GLUCOSE}/try", "http://127.0.0.1:9", **ROWS)
    assert (answer.code, "model 1 is closed" in answer.text.lower()) == (400, True)


def test_an_answer_that_trickles_in_is_cut_off() -> None:
    class Trickle(Answers):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b" " * 65_536)
                    time.sleep(0.05)

    with serving(Trickle) as url, pytest.raises(GatewayFailed, match="did not end its answer"):
        relay.post(url, "/v1/predict", b"{}", {}, longest_s=0.2)


def test_only_so_many_calls_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_seats", threading.BoundedSemaphore(1))
    with answering(200, b"{}") as url:
        assert relay.post(url, "/v1/predict", b"{}", {}).body == b"{}"
        relay._seats.acquire()
        with pytest.raises(GatewayFailed, match="being answered already"):
            relay.post(url, "/v1/predict", b"{}", {})


def test_the_gateway_of_the_form_is_where_the_command_serves() -> None:
    assert DEFAULT_GATEWAY == GATEWAY


@pytest.mark.slow
@pytest.mark.anvil
def test_a_wallet_pays_for_an_answer_that_the_page_shows(tmp_path: Path) -> None:
    browser.chromium()
    try:
        w3 = connect("anvil://")
    except AnvilMissing as missing:
        pytest.skip(str(missing))
    with opened(tmp_path, str(w3.provider.endpoint_uri)) as shop:  # type: ignore[attr-defined]
        ground = shop.ground
        till = ground.stall().revenue.till(GLUCOSE)
        wallet = browser.Wallet(ground.fair.rpc, PAYER, chain_id=1)
        with ground.gateway() as (_, url), browser.browsing(viewport={"width": 1280, "height": 900}) as context:
            look = browser.Look(context.new_page())
            wallet.install(look.page)
            look.page.goto(f"{shop.url}/marketplace/{GLUCOSE}")
            look.page.get_by_role("button", name="Connect wallet").click()
            look.page.get_by_label("Rows of numbers").fill(ROW)
            look.page.get_by_label("Its host's gateway").fill(url)
            browser.shoot(look, "try-form")
            look.page.get_by_role("button", name="Ask …").click()
            sign = look.page.get_by_role("button", name="Sign payment")
            browser.shoot(look, "try-pay")
            wallet.refuses = True
            sign.click()
            look.page.get_by_text("User rejected the request.").wait_for()
            assert ground.fair.fml.balance_wei(till) == 0
            wallet.refuses = False
            sign.click()
            look.page.get_by_role("heading", name="Answer", exact=True).wait_for()
            assert f"{HISTORY[-1]:g} mg/dL in 30 minutes" in look.page.inner_text("main")
            assert "Paid 0.1 FML" in look.page.inner_text("#paid")
            browser.shoot(look, "try-answer")
            assert look.errors == []
            assert look.hosts == {shop.url.partition("//")[2]}
            assert ground.fair.fml.balance_wei(till) == CALL_WEI
        assert shop.held_wei() == 10 * WEI_PER_FML - CALL_WEI
        assert wallet.asked.count("eth_signTypedData_v4") == 2
        assert "eth_sendTransaction" not in wallet.asked
    close(w3)
