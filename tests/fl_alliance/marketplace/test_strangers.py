"""What a stranger's client meets: OpenAI's own package unchanged, free calls by stake, and requests that are none."""

import time

import httpx
import pytest
from bazaar import CALLER, CONTRIBUTOR, HOLDER, HOST, OTHER_CALLER
from fairground import CALL_WEI, GLUCOSE, HISTORY, PAYER, TALKER, TOKENS_WEI, Fairground

from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.admission import FreeRate
from fl_alliance.marketplace.caller import Means, prediction
from fl_alliance.marketplace.credentials import Session, SessionKey, make_key, session_domain
from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.pricing import charge_wei, free_calls

openai = pytest.importorskip("openai")

FREE = FreeRate(300_000 * WEI_PER_FML, 3, 2)
"""The holder, with 600,000 FML locked, has two calls a day."""


def client(url: str, key: str) -> "openai.OpenAI":
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, http_client=httpx.Client(trust_env=False))


def said(found: object) -> str:
    return str(found.choices[0].message.content)  # type: ignore[attr-defined]


def test_openais_client_works_with_a_session_key_up_to_its_cap(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    four = charge_wei(TOKENS_WEI, 4)
    hello = [{"role": "user", "content": "Hello?"}]
    with ground.gateway() as (gateway, url):
        cap = charge_wei(TOKENS_WEI, 10) + four
        key = ground.caller(url, CALLER).session(TALKER, cap, 3_600).encode()
        stranger = client(url, key)
        assert [model.id for model in stranger.models.list()] == ["model-1", "model-2"]
        asked = {"model": "model-2", "messages": hello, "max_tokens": 10}
        whole = stranger.chat.completions.create(**asked)
        usage = whole.usage
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (11, 4, 15)
        assert said(whole) == "Drink some juice."
        pieces = list(stranger.chat.completions.create(**asked, stream=True))
        assert (pieces[-1].usage.prompt_tokens, pieces[-1].usage.total_tokens) == (11, 15)
        assert "".join(each.choices[0].delta.content or "" for each in pieces) == "Drink some juice."
        with pytest.raises(openai.APIStatusError, match="cover") as refused:
            stranger.chat.completions.create(**asked)
        assert refused.value.status_code == 402
        assert stranger.chat.completions.create(**asked | {"max_tokens": 5}).choices
        gateway.collect()
        paid_wei = ground.stall().revenue.paid_wei(TALKER, CALLER.address)
        assert 3 * four <= paid_wei <= 3 * four + cap // 16 + 1


def test_free_calls_go_by_locked_fml_and_are_proven_by_a_signature(ground: Fairground) -> None:
    with ground.gateway(free=FREE) as (gateway, url):
        holder = ground.caller(url, HOLDER)
        key = holder.session(TALKER, 0, 3_600).encode()
        stranger = client(url, key)
        asked = {"model": "model-2", "messages": [{"role": "user", "content": "Hello?"}]}
        assert said(stranger.chat.completions.create(**asked)) == "Drink some"  # two tokens
        ground.backend.fails_after = 0
        with pytest.raises(openai.APIStatusError):
            stranger.chat.completions.create(**asked)
        ground.backend.fails_after = None
        assert stranger.chat.completions.create(**asked)  # what was not answered was not taken
        with pytest.raises(openai.APIStatusError, match="no free call left today"):
            stranger.chat.completions.create(**asked)
        with pytest.raises(GatewayFailed, match="no free call left"):
            ground.caller(url, PAYER).call(prediction(GLUCOSE, [HISTORY]), Means.FREE, 0)
        assert gateway.books.counts() == {(TALKER, "free"): 2}
        assert gateway.books.accounts() == {}


def test_free_calls_are_bounded_and_splitting_a_stake_gains_none() -> None:
    assert free_calls(10**24, 10**21, 20) == 20
    assert free_calls(10**21 - 1, 10**21, 20) == 0
    assert free_calls(10**24, 0, 20) == 0
    parts = (3 * 10**21 + 5, 4 * 10**21 + 7)
    assert sum(free_calls(part, 10**21, 20) for part in parts) <= free_calls(sum(parts), 10**21, 20)


def test_a_session_of_somebody_else_an_old_one_and_one_for_another_host_open_nothing(ground: Fairground) -> None:
    stall = ground.stall()
    domain, later = session_domain(stall.place.market.chain_id, stall.models.address), int(time.time()) + 60
    good = Session(HOLDER.address, HOST.address, later)
    keys = {
        "is not signed": make_key(CALLER, good, domain),
        "ended at": make_key(HOLDER, Session(HOLDER.address, HOST.address, 1), domain),
        "is for host": make_key(HOLDER, Session(HOLDER.address, CONTRIBUTOR.address, later), domain),
    }
    with ground.gateway(free=FREE) as (_, url):
        for why, key in keys.items():
            with pytest.raises(openai.AuthenticationError, match=why):
                client(url, key.encode()).chat.completions.create(
                    model="model-2", messages=[{"role": "user", "content": "Hello?"}]
                )
        with pytest.raises(openai.AuthenticationError, match="no session's key"):
            client(url, "fml-AAAA").chat.completions.create(
                model="model-2", messages=[{"role": "user", "content": "Hello?"}]
            )
        with pytest.raises(openai.APIStatusError, match="not paid for"):
            client(url, "sk-anything").chat.completions.create(
                model="model-2", messages=[{"role": "user", "content": "Hello?"}]
            )
    assert "of " + HOLDER.address in repr(keys["is not signed"])
    assert make_key(HOLDER, good, domain).signature.hex() not in repr(make_key(HOLDER, good, domain))


def test_a_ladder_with_a_rung_that_is_not_signed_is_refused_whole(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        key = ground.caller(url, CALLER).session(TALKER, WEI_PER_FML, 3_600)
        theirs = ground.caller(url, OTHER_CALLER).session(TALKER, WEI_PER_FML, 3_600)
        mixed = SessionKey(key.session, key.signature, (*key.ladder[:-1], theirs.ladder[-1]))
        with pytest.raises(openai.APIStatusError, match="not signed"):
            client(url, mixed.encode()).chat.completions.create(
                model="model-2", messages=[{"role": "user", "content": "Hello?"}], max_tokens=5
            )
        assert gateway.books.vouchers(CALLER.address, TALKER) == []


def test_a_ladder_of_more_rungs_than_a_key_has_costs_the_host_no_signature_checks(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (_, url):
        key = ground.caller(url, CALLER).session(TALKER, WEI_PER_FML, 3_600)
        long = SessionKey(key.session, key.signature, (*key.ladder, key.ladder[-1]))
        with pytest.raises(openai.AuthenticationError, match="no session's key"):
            client(url, long.encode()).chat.completions.create(
                model="model-2", messages=[{"role": "user", "content": "Hello?"}]
            )


def test_a_rung_that_is_slipped_under_one_that_is_known_is_not_kept(ground: Fairground) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        key = ground.caller(url, CALLER).session(TALKER, WEI_PER_FML, 3_600)
        forged = ground.caller(url, OTHER_CALLER).session(TALKER, WEI_PER_FML // 2, 3_600).ladder[3]
        slipped = SessionKey(key.session, key.signature, (forged, *key.ladder[1:]))
        for each in (key, slipped):
            client(url, each.encode()).chat.completions.create(
                model="model-2", messages=[{"role": "user", "content": "Hello?"}], max_tokens=5
            )
        signatures = {one.signature for one in gateway.books.vouchers(CALLER.address, TALKER)}
        assert signatures <= {one.signature for one in key.ladder}


ROW = {"model": "model-1", "inputs": [HISTORY]}
TALK = {"model": "model-2", "messages": [{"role": "user", "content": "Hello?"}]}


@pytest.mark.parametrize(
    ("path", "body", "status", "why"),
    [
        ("predict", b"{", 400, "no JSON"),
        ("predict", b"[" * 100_000, 400, "no JSON"),
        ("predict", b'"' + b"x" * 300_000 + b'"', 400, "no JSON"),
        ("predict", {"model": "model-1"}, 400, "inputs"),
        ("predict", ROW | {"model": "model-9"}, 404, "model-9: is not served here"),
        ("predict", ROW | {"model": "../1"}, 400, "needed a listed model"),
        ("predict", ROW | {"model": "model-2"}, 400, "answers at /v1/chat/completions"),
        ("chat/completions", TALK | {"model": "model-1"}, 400, "answers at /v1/predict"),
        ("chat/completions", TALK | {"messages": []}, 400, "1 to 64"),
        ("chat/completions", TALK | {"messages": [{"role": "tool", "content": "x"}]}, 400, "role"),
        ("chat/completions", TALK | {"messages": [{"role": ["user"], "content": "x"}]}, 400, "role"),
        ("chat/completions", TALK | {"max_tokens": 0}, 400, "max_tokens"),
        ("chat/completions", TALK | {"messages": [{"role": "assistant", "content": "x"}]}, 400, "the last"),
        ("chat/completions", TALK | {"messages": [{"role": "user", "content": " "}]}, 400, "content"),
        ("chat/completions", TALK | {"max_tokens": -1}, 400, "max_tokens"),
        ("chat/completions", TALK | {"temperature": 9}, 400, "temperature"),
        ("chat/completions", TALK | {"tools": [{}]}, 400, "tools"),
        ("chat/completions", TALK | {"n": 2}, 400, "one answer"),
    ],
)
def test_a_request_that_is_none_is_refused_before_it_is_paid(
    path: str, body: object, status: int, why: str, ground: Fairground
) -> None:
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    with ground.gateway() as (gateway, url):
        refused = httpx.post(f"{url}/v1/{path}", trust_env=False, **content)  # type: ignore[arg-type]
        assert refused.status_code == status
        assert why in refused.json()["error"]["message"]
        assert gateway.books.counts() == {}


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ([], "1 to 64 rows"),
        ([HISTORY] * 65, "1 to 64 rows"),
        ("glucose", "1 to 64 rows"),
        ([HISTORY[:-1]], "inputs[0]: given 23 numbers, needed 24"),
        ([[*HISTORY[:-1], 5.5]], "inputs[0][23]: given 5.5, needed 20 to 600 mg/dL"),
        ([HISTORY, [*HISTORY[:-1], True]], "inputs[1][23]"),
        ([[*HISTORY[:-1], 10**400]], "inputs[0][23]"),
        ([[*HISTORY[:-1], "110"]], "inputs[0][23]"),
    ],
)
def test_a_history_that_no_sensor_reports_is_refused_and_costs_nothing(
    inputs: object, why: str, ground: Fairground
) -> None:
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        call = prediction(GLUCOSE, [])
        call.content["inputs"] = inputs  # type: ignore[index]
        with pytest.raises(GatewayFailed, match="400") as refused:
            ground.caller(url, CALLER).call(call, Means.VOUCHER, CALL_WEI)
        assert why in str(refused.value)
        assert gateway.books.account(CALLER.address, GLUCOSE).owed_wei == 0


def test_a_closed_listing_is_served_no_more(ground: Fairground) -> None:
    with ground.gateway() as (gateway, url):
        ground.stall().models.close(GLUCOSE)
        gateway.counter.served[GLUCOSE].read_at = 0.0
        refused = httpx.post(f"{url}/v1/predict", json=ROW, trust_env=False)
        assert refused.status_code == 404
