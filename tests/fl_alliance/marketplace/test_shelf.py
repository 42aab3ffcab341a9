"""What is listed, as people and pages see it, and the figure that models trend by."""

from dataclasses import replace

import pytest
from bazaar import CALLER, OTHER_CALLER
from fairground import CALL_WEI, GLUCOSE, HISTORY, PAYER, TALKER, TOKENS_WEI, Fairground

from fl_alliance.chain.deploy import GAUGES, Contract
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.caller import Means, prediction, question
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.lineage import titles_of
from fl_alliance.marketplace.shelf import Earning, direct_calls, facts_of, facts_words, plain_facts, trend, trending

DAY = 86_400
NOW = 100 * DAY


def test_a_shelf_tells_prices_earnings_calls_and_ratings_from_the_chain(ground: Fairground) -> None:
    ground.pay_in(PAYER, WEI_PER_FML)
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (gateway, url):
        for _ in range(2):
            ground.caller(url).call(prediction(GLUCOSE, [HISTORY]), Means.X402, CALL_WEI)
        asked = question(TALKER, [Message("user", "Hello?")], 10)
        ground.caller(url, CALLER).call(asked, Means.VOUCHER, WEI_PER_FML)
        gateway.collect()
    ground.fair.models(CALLER).rate(TALKER, 5)
    stall = ground.stall()
    glucose, talker = facts_of(
        stall.place.rpc, stall.place.market, titles_of(stall.models, stall.place.store), stall.place.now()
    )
    assert (glucose.title, glucose.kind, glucose.price_wei, glucose.direct_calls, glucose.calls) == (
        "glucose",
        "tabular",
        CALL_WEI,
        2,
        0,
    )
    assert (glucose.earned_wei, glucose.stars) == (2 * CALL_WEI, None)
    assert (talker.calls, talker.direct_calls, talker.raters, talker.stars) == (1, 0, 1, 5.0)
    assert [one.model for one in trending([glucose, talker])] == [GLUCOSE, TALKER]
    assert plain_facts(talker)["price_wei"] == str(TOKENS_WEI)
    assert "2 calls (2 by x402), not rated" in facts_words(glucose)[1]
    stall.models.close(GLUCOSE)
    closed = facts_of(
        stall.place.rpc, stall.place.market, titles_of(stall.models, stall.place.store), stall.place.now()
    )
    assert [one.model for one in trending(closed)] == [TALKER]
    assert ground.fair.balance(OTHER_CALLER) > 0


def test_neither_transfers_of_nothing_nor_what_gauges_pay_are_calls(ground: Fairground) -> None:
    deployment, till = ground.fair.deployment, ground.stall().revenue.till(GLUCOSE)
    for key, amount_wei in ((CALLER, 0), (CALLER, 5), (OTHER_CALLER, 7)):
        Fml(ground.fair.sender(key), deployment.fml).transfer(till, amount_wei)
    assert direct_calls(ground.fair.rpc, deployment) == {GLUCOSE: 2}
    gauges = {GAUGES: Contract(OTHER_CALLER.address, "")}
    assert direct_calls(ground.fair.rpc, replace(deployment, contracts=deployment.contracts | gauges)) == {GLUCOSE: 1}


def test_what_was_held_and_given_back_is_no_call(ground: Fairground) -> None:
    deployment, revenue = ground.fair.deployment, ground.stall().revenue
    for nonce in (b"taken", b"given back", b"still held"):
        given = ground.fair.payment(GLUCOSE, nonce=nonce)
        revenue.hold(GLUCOSE, given, ground.fair.authorized(given))
    revenue.take(GLUCOSE, [(CALLER.address, keccak(b"taken"))])
    revenue.give_back(GLUCOSE, CALLER.address, keccak(b"given back"))
    assert direct_calls(ground.fair.rpc, deployment) == {GLUCOSE: 2}


def test_old_payments_weigh_less_and_a_rating_counts_with_others() -> None:
    def of(days: float, raters: int = 0, stars: float | None = None) -> float:
        return trend([Earning(1, 10 * WEI_PER_FML, NOW - int(days * DAY))], raters, stars, NOW)

    assert of(0) == 10
    assert of(7) == pytest.approx(5)
    assert of(14) == pytest.approx(2.5)
    assert of(30) == 0
    assert of(0, 1, 5) == pytest.approx(10 * (5 + 15) / 6 / 3)
    assert of(0, 1_000, 5) < 10 * 5 / 3
    assert of(0, 1_000, 1) > 10 / 3
    assert trend([], 9, 5, NOW) == 0
