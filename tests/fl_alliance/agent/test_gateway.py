"""The agent asks a model behind the marketplace's own gateway, which verifies and settles its payment."""

import time
from collections.abc import Iterator
from pathlib import Path

import bazaar
import fairground
import pytest
from fairground import PAYER, TALKER, TOKENS_WEI

from fl_alliance.agent.agent import Agent
from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.book import Book
from fl_alliance.agent.diary import Diary
from fl_alliance.agent.guards.limits import Limits
from fl_alliance.agent.proposers.parser import Parser
from fl_alliance.chain.revenue import Revenue
from fl_alliance.chain.types import WEI_PER_FML as FML


@pytest.fixture
def ground(tmp_path: Path) -> Iterator["fairground.Fairground"]:
    with bazaar.opened() as fair:
        backend = fairground.BackendServer()
        found = fairground.Fairground(fair, tmp_path, backend)
        found.list_models()
        yield found
        backend.close()


def test_an_account_with_fml_only_asks_pays_and_is_answered(ground: "fairground.Fairground", tmp_path: Path) -> None:
    ground.pay_in(PAYER, 20 * FML)
    with ground.gateway() as (_, url):
        place = ground.stall(PAYER).place
        book = Book(tmp_path / "book.json")
        book.add("talker", f"model:{TALKER}", f"{url}/v1")
        agent = Agent(place, book, Limits(tmp_path), Diary(tmp_path, now), lambda _: True, now)
        parser = Parser(book, place.me)
        said = agent.handle('ask talker "What should I drink?" for at most 8 FML', parser)
        most_wei = -(-TOKENS_WEI * 512 // 1_000)  # a reservation: x402 pays before the answer is counted
        assert said.endswith("FML: Drink some juice.")
        assert ground.fair.fml.balance_wei(ground.stall().revenue.till(TALKER)) == most_wei
        assert ground.fair.fml.balance_wei(PAYER.address) == 20 * FML - most_wei
        before = ground.fair.fml.balance_wei(PAYER.address)
        agent.handle('ask talker "And to eat?" for at most 1 FML', parser)  # fewer tokens
        assert FML * 99 // 100 < before - ground.fair.fml.balance_wei(PAYER.address) <= FML


def test_who_has_paid_in_for_calls_signs_vouchers_and_pays_for_what_was_said(
    ground: "fairground.Fairground", tmp_path: Path
) -> None:
    with ground.gateway() as (gateway, url):
        place = ground.stall(bazaar.CALLER).place
        Revenue(place.sender, place.market).deposit(4 * FML)
        book, shown = Book(tmp_path / "book.json"), list[str]()
        book.add("talker", f"model:{TALKER}", f"{url}/v1")
        limits = Limits(tmp_path)
        agent = Agent(place, book, limits, Diary(tmp_path, now), lambda lines: not shown.extend(lines), now)
        sent = place.rpc.number("eth_getTransactionCount", place.me, "latest")
        for question in ("What should I drink?", "And then?"):
            said = agent.handle(f'ask talker "{question}" for at most 8 FML', Parser(book, place.me))
            four = -(-TOKENS_WEI * 4 // 1_000)
            assert said == f"model {TALKER} says, for {exactly(four)}: Drink some juice."
        most_wei = -(-TOKENS_WEI * 512 // 1_000)
        assert shown[0].startswith(f"signs a voucher of {exactly(most_wei)} at most for model {TALKER}")
        assert limits.spent(now())[0] == 2 * most_wei  # what is counted stays counted
        assert place.rpc.number("eth_getTransactionCount", place.me, "latest") == sent
        gateway.collect()
        assert ground.stall().revenue.paid_wei(TALKER, place.me) == 2 * four


def now() -> int:
    return int(time.time())
