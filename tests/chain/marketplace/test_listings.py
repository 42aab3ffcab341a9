"""Listing a model: a stake, versions, prices, ratings by who paid, and a host who is expelled."""

import random

import pytest
from assembly import TERMS as DAO_TERMS
from assembly import Assembly
from bazaar import CALLER, CARD, HOST, LINEAGE, MODEL, OTHER_CALLER, PRICE_WEI, TERMS, Bazaar

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_refusals import BadParameter, NotAllowed
from fl_alliance.chain.call_vouchers import CallVoucher
from fl_alliance.chain.deploy import MODELS
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.listings import Rating
from fl_alliance.chain.marketplace_refusals import AlreadyListed, ListingClosed, NotCaller, StakeHeld, UnknownModel
from fl_alliance.chain.rules.words import keccak


def test_a_listing_says_what_it_is_of_and_holds_a_stake(fair: Bazaar) -> None:
    before = fair.balance(HOST)
    model = fair.listed()
    found = fair.models().listing(model)
    assert (found.host, found.digest, found.card, found.lineage) == (HOST.address, MODEL, CARD, LINEAGE)
    assert (found.price_wei, found.stake_wei, found.is_closed) == (PRICE_WEI, TERMS.host_stake_wei, False)
    assert fair.balance(HOST) == before - TERMS.host_stake_wei
    with pytest.raises(AlreadyListed):
        fair.listed()
    with pytest.raises(BadParameter, match="stakeWei"):
        fair.models().list(keccak(b"other"), CARD, LINEAGE, PRICE_WEI, TERMS.host_stake_wei - 1)
    with pytest.raises(BadParameter, match="digest"):
        fair.models().list(bytes(32), CARD, LINEAGE, PRICE_WEI, TERMS.host_stake_wei)
    with pytest.raises(UnknownModel):
        fair.models().listing(2)


def test_a_version_follows_one_of_the_same_host(fair: Bazaar) -> None:
    first = fair.listed()
    second = fair.models().list(keccak(b"2"), CARD, LINEAGE, 1, TERMS.host_stake_wei, follows=first)
    assert fair.models().listing(second).follows == first
    with pytest.raises(NotAllowed):
        fair.models(CALLER).list(keccak(b"3"), CARD, LINEAGE, 1, TERMS.host_stake_wei, follows=first)
    with pytest.raises(UnknownModel):
        fair.models().list(keccak(b"4"), CARD, LINEAGE, 1, TERMS.host_stake_wei, follows=99)


def test_a_closed_listings_stake_comes_back_after_a_while_and_its_content_may_be_listed_again(fair: Bazaar) -> None:
    before, model = fair.balance(HOST), fair.listed()
    with pytest.raises(ListingClosed):
        fair.models().withdraw_stake(model)
    with pytest.raises(NotAllowed):
        fair.models(CALLER).close(model)
    fair.models().close(model)
    for again in (fair.models().close, lambda number: fair.models().set_price(number, 1)):
        with pytest.raises(ListingClosed):
            again(model)
    with pytest.raises(StakeHeld):
        fair.models().withdraw_stake(model)
    fair.wait(TERMS.release_s)
    fair.models().withdraw_stake(model)
    assert fair.balance(HOST) == before
    with pytest.raises(StakeHeld):
        fair.models().withdraw_stake(model)
    assert fair.listed() == model + 1


def test_who_paid_rates_once_or_anew(fair: Bazaar) -> None:
    model = fair.listed()
    with pytest.raises(NotCaller):
        fair.models(CALLER).rate(model, 5)
    for key in (CALLER, OTHER_CALLER):
        spend(fair, model, key, PRICE_WEI)
    fair.models(CALLER).rate(model, 5)
    fair.models(OTHER_CALLER).rate(model, 2)
    assert fair.models().rating(model) == Rating(2, 2 * PRICE_WEI, 7 * PRICE_WEI)
    fair.models(CALLER).rate(model, 1)
    assert fair.models().rating(model) == Rating(2, 2 * PRICE_WEI, 3 * PRICE_WEI)
    for stars in (0, 6):
        with pytest.raises(BadParameter):
            fair.models(CALLER).rate(model, stars)


def test_stars_weigh_by_what_was_spent_when_they_were_given(fair: Bazaar) -> None:
    model, chance = fair.listed(), random.Random(3)
    spent, given = dict.fromkeys((CALLER, OTHER_CALLER), 0), {}
    assert fair.models().rating(model).stars is None
    for _ in range(12):
        key, stars = chance.choice((CALLER, OTHER_CALLER)), chance.randrange(1, 6)
        spent[key] += chance.randrange(1, 10**18)
        spend(fair, model, key, spent[key])
        fair.models(key).rate(model, stars)
        given[key] = stars, spent[key]
        expected = Rating(len(given), sum(wei for _, wei in given.values()), sum(s * wei for s, wei in given.values()))
        assert fair.models().rating(model) == expected
    spend(fair, model, CALLER, spent[CALLER] + 10**18)  # counts from the next rating on
    assert fair.models().rating(model) == expected


def test_many_accounts_that_spent_a_wei_each_outvote_nobody(fair: Bazaar) -> None:
    model = fair.listed()
    spend(fair, model, CALLER, PRICE_WEI)
    fair.models(CALLER).rate(model, 5)
    for number in range(20):
        puppet = NodeKey.derive(9, number)
        fair.sender(OTHER_CALLER).send(puppet.address, b"", 21_000, "coin", value=10**16)
        Fml(fair.sender(OTHER_CALLER), fair.deployment.fml).transfer(puppet.address, 1)
        payment = fair.payment(model, 1, puppet, b"puppet %d" % number)
        fair.revenue(OTHER_CALLER).settle(model, payment, fair.authorized(payment, puppet))
        fair.models(puppet).rate(model, 1)
    found = fair.models().rating(model)
    assert found.raters == 21
    assert found.stars == pytest.approx(5)


def spend(fair: Bazaar, model: int, key: NodeKey, all_wei: int) -> None:
    """Let an account have paid so much for a model's calls in all."""
    revenue = fair.revenue(key)
    revenue.deposit(all_wei - revenue.paid_wei(model, key.address))
    fair.revenue().claim([CallVoucher(key.address, model, all_wei, 1).signed(key, revenue.domain)])


def test_a_proposal_expels_a_host_whose_stake_is_burned(fair: Bazaar) -> None:
    model, dao = fair.listed(), Assembly(fair.w3, fair.deployment)
    with pytest.raises(NotAllowed):
        dao.bound(MODELS, HOST).send(300_000, "expel", model)
    supply = fair.fml.total_supply_wei
    dao.pass_(dao.call(MODELS, "expel", model), dao.call(MODELS, "setTerms", 5, 60), text="It answers with lies")
    assert fair.fml.total_supply_wei == supply - TERMS.host_stake_wei
    found = fair.models().listing(model)
    assert (found.is_closed, found.stake_wei) == (True, 0)
    fresh = Bazaar(fair.w3, fair.deployment)
    with pytest.raises(StakeHeld):
        fresh.models().withdraw_stake(model)
    assert fresh.models().min_stake_wei == 5
    assert DAO_TERMS.stake_wei
