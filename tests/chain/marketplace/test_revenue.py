"""Paying for calls: vouchers and tills, the split to the wei, and what a lying caller or host does not get."""

import random

import pytest
from bazaar import CALLER, CONTRIBUTOR, HOST, OTHER_CALLER, PRICE_WEI, TERMS, Bazaar

from fl_alliance.chain.call_vouchers import CallVoucher, SignedVoucher, revenue_domain
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.marketplace_refusals import AccountShort, NotLeaving, UnknownModel, VoucherNotSigned
from fl_alliance.chain.rules.revenue import Split, split_payment
from fl_alliance.chain.types import WEI_PER_FML

DAY = 86_400


def voucher(fair: Bazaar, model: int, owed_wei: int, calls: int = 1, payer: object = CALLER) -> SignedVoucher:
    return CallVoucher(payer.address, model, owed_wei, calls).signed(payer, fair.revenue().domain)  # type: ignore[attr-defined]


def test_the_newest_voucher_is_worth_all_calls_before_it(fair: Bazaar) -> None:
    """A thousand calls, one transaction."""
    model = fair.listed()
    fair.revenue(CALLER).deposit(1_000 * PRICE_WEI)
    before, supply = fair.balance(HOST), fair.fml.total_supply_wei
    newest = voucher(fair, model, 1_000 * PRICE_WEI, 1_000)
    fair.revenue().claim([newest])
    parts = split_payment(1_000 * PRICE_WEI, TERMS.split, has_documents=False)
    assert fair.balance(HOST) == before + parts.host_wei
    assert fair.fml.total_supply_wei == supply - parts.burned_wei
    assert fair.revenue().earned(model) == (1_000 * PRICE_WEI, 1_000)
    assert fair.revenue().account(CALLER.address).balance_wei == 0
    fair.revenue().claim([newest, voucher(fair, model, 5 * PRICE_WEI, 5)])  # worth nothing new
    assert fair.balance(HOST) == before + parts.host_wei


def test_a_thousand_random_calls_of_both_means_pay_to_the_wei(fair: Bazaar) -> None:
    chance = random.Random(7)
    models = [fair.listed(bytes([each]) * 32) for each in (1, 2)]
    fair.accepted(models[0])
    callers = (CALLER, OTHER_CALLER)
    owed = {(key.address, model): 0 for key in callers for model in models}
    calls = dict.fromkeys(owed, 0)
    claimed, bought = dict.fromkeys(owed, 0), dict.fromkeys(owed, 0)
    held_before = sum(map(fair.balance, callers))
    for key in callers:
        fair.revenue(key).deposit(100_000 * WEI_PER_FML)
    host, contributor, supply = (
        fair.balance(HOST),
        fair.documents().due_wei(CONTRIBUTOR.address),
        fair.fml.total_supply_wei,
    )
    pool = fair.documents().share_wei(models[0])
    expected, tills = [0, 0, 0], dict.fromkeys(models, 0)

    def split(model: int, amount_wei: int) -> None:
        parts = split_payment(amount_wei, TERMS.split, has_documents=model == models[0])
        for index, part in enumerate((parts.host_wei, parts.contributors_wei, parts.burned_wei)):
            expected[index] += part

    def sweep(model: int) -> None:
        assert fair.revenue().sweep(model) == tills[model]
        split(model, tills[model])
        tills[model] = 0

    for number in range(1_000):
        key, model = chance.choice(callers), chance.choice(models)
        debt = key.address, model
        if chance.random() < 0.5:
            amount_wei = chance.randrange(1, 10**18)
            given = fair.payment(model, amount_wei, key, b"%d" % number)
            fair.revenue().settle(model, given, fair.authorized(given, key))
            bought[debt] += amount_wei
            tills[model] += amount_wei
            if chance.random() < 0.03:
                sweep(model)
            continue
        owed[debt] += chance.randrange(1, 10**18)
        calls[debt] += 1
        if chance.random() < 0.03:
            fair.revenue().claim([voucher(fair, model, owed[debt], calls[debt], key)])
            split(model, owed[debt] - claimed[debt])
            claimed[debt] = owed[debt]
    for model in models:
        sweep(model)
    paid = sum(claimed.values()) + sum(bought.values())
    assert sum(expected) == paid
    assert min(*claimed.values(), *bought.values()) > 0
    for (payer, model), amount_wei in claimed.items():
        assert fair.revenue().paid_wei(model, payer) == amount_wei
        assert fair.revenue().spent_wei(model, payer) == amount_wei + bought[payer, model]
    assert fair.balance(HOST) - host == expected[0]
    assert fair.documents().share_wei(models[0]) - pool == expected[1]
    assert supply - fair.fml.total_supply_wei == expected[2]
    assert fair.documents().due_wei(CONTRIBUTOR.address) == contributor
    held = sum(fair.revenue().account(key.address).balance_wei + fair.balance(key) for key in callers)
    assert held_before - held == paid == sum(expected)


def test_a_till_is_an_address_like_any_other_and_is_split_alike(fair: Bazaar) -> None:
    model = fair.listed()
    till = fair.revenue().till(model)
    before, supply = fair.balance(HOST), fair.fml.total_supply_wei
    Fml(fair.sender(CALLER), fair.deployment.fml).transfer(till, 999)
    assert fair.revenue(OTHER_CALLER).sweep(model) == 999
    parts = split_payment(999, TERMS.split, has_documents=False)
    assert (fair.balance(HOST) - before, supply - fair.fml.total_supply_wei) == (parts.host_wei, parts.burned_wei)
    assert fair.revenue(OTHER_CALLER).sweep(model) == 0
    with pytest.raises(UnknownModel):
        fair.revenue().till(9)
    with pytest.raises(UnknownModel):
        fair.revenue().sweep(9)


def test_a_voucher_that_is_forged_altered_or_for_another_contract_pays_nothing(fair: Bazaar) -> None:
    model = fair.listed()
    fair.revenue(CALLER).deposit(PRICE_WEI)
    genuine = voucher(fair, model, PRICE_WEI)
    more = SignedVoucher(CallVoucher(CALLER.address, model, 2 * PRICE_WEI, 1), genuine.signature)
    elsewhere = CallVoucher(CALLER.address, model, PRICE_WEI, 1).signed(CALLER, revenue_domain(31_337, HOST.address))
    forged = CallVoucher(CALLER.address, model, PRICE_WEI, 1).signed(HOST, fair.revenue().domain)
    for given in (more, elsewhere, forged):
        with pytest.raises(VoucherNotSigned):
            fair.revenue().claim([given])
    with pytest.raises(UnknownModel):
        fair.revenue().claim([voucher(fair, 9, 1)])
    assert fair.revenue().account(CALLER.address).balance_wei == PRICE_WEI


def test_who_owes_more_than_it_has_is_named_and_nobody_else_pays(fair: Bazaar) -> None:
    model = fair.listed()
    fair.revenue(OTHER_CALLER).deposit(10 * PRICE_WEI)
    fair.revenue(CALLER).deposit(PRICE_WEI - 1)
    both = [voucher(fair, model, PRICE_WEI, 1, OTHER_CALLER), voucher(fair, model, PRICE_WEI)]
    with pytest.raises(AccountShort):
        fair.revenue().claim(both)
    assert fair.revenue().account(OTHER_CALLER.address).balance_wei == 10 * PRICE_WEI


def test_a_caller_leaves_after_the_hosts_had_time_to_turn_vouchers_in(fair: Bazaar) -> None:
    model, revenue = fair.listed(), fair.revenue(CALLER)
    revenue.deposit(3 * PRICE_WEI)
    with pytest.raises(NotLeaving):
        revenue.withdraw()
    revenue.ask_to_leave()
    with pytest.raises(NotLeaving):
        revenue.withdraw()
    fair.revenue().claim([voucher(fair, model, PRICE_WEI)])
    fair.wait(3 * DAY)
    assert revenue.withdraw() == 2 * PRICE_WEI
    revenue.ask_to_leave()
    revenue.ask_to_leave(leaves=False)
    fair.wait(3 * DAY)
    with pytest.raises(NotLeaving):
        revenue.withdraw()


def test_rounding_goes_to_the_fire_and_never_to_the_host() -> None:
    split = Split(7_000, 2_000)
    for amount in range(1, 200):
        parts = split_payment(amount, split, has_documents=True)
        assert parts.host_wei + parts.contributors_wei + parts.burned_wei == amount
        assert parts.host_wei * 10_000 <= amount * 7_000
        assert parts.contributors_wei * 10_000 <= amount * 2_000
        assert 0 <= parts.burned_wei - amount * 1_000 // 10_000 <= 2
