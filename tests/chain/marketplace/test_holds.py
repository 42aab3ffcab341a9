"""Payments that are held for a call: out of their payer's reach, not yet the host's, and one of both in the end."""

import random
from collections.abc import Callable

import pytest
from bazaar import CALLER, HOST, OTHER_CALLER, PRICE_WEI, TERMS, Bazaar

from fl_alliance.chain.alliance_refusals import BadParameter, NotAllowed
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.call_vouchers import CallVoucher, TillPayment
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.marketplace_refusals import NotCaller, NotFree, UnknownModel
from fl_alliance.chain.messages import long_signature
from fl_alliance.chain.refusals import ERC3009InvalidSignature, ERC3009UsedAuthorization
from fl_alliance.chain.revenue import MOST_HOLDS, Hold
from fl_alliance.chain.rules.revenue import split_payment
from fl_alliance.chain.rules.words import keccak

DAY = 86_400
NOTHING = Hold(0, 0)


def held(fair: Bazaar, model: int, nonce: bytes = b"1", amount_wei: int = PRICE_WEI) -> TillPayment:
    given = fair.payment(model, amount_wei, nonce=nonce)
    fair.revenue().hold(model, given, fair.authorized(given))
    return given


def test_what_is_held_is_neithers_until_the_host_takes_it(fair: Bazaar) -> None:
    model, before, host = fair.listed(), fair.balance(CALLER), fair.balance(HOST)
    given, revenue = held(fair, model), fair.revenue()
    assert revenue.hold_of(model, CALLER.address, given.nonce) == Hold(PRICE_WEI, fair.rpc.second() + DAY)
    assert (fair.balance(CALLER), fair.balance(HOST)) == (before - PRICE_WEI, host)
    assert (fair.fml.balance_wei(given.till), fair.fml.balance_wei(revenue.address)) == (0, PRICE_WEI)
    assert revenue.sweep(model) == 0
    with pytest.raises(NotCaller):
        fair.models(CALLER).rate(model, 5)
    supply = fair.fml.total_supply_wei
    assert revenue.take(model, [(CALLER.address, given.nonce)]) == PRICE_WEI
    parts = split_payment(PRICE_WEI, TERMS.split, has_documents=False)
    assert (fair.balance(HOST) - host, supply - fair.fml.total_supply_wei) == (parts.host_wei, parts.burned_wei)
    assert revenue.spent_wei(model, CALLER.address) == PRICE_WEI
    fair.models(CALLER).rate(model, 5)
    assert revenue.take(model, [(CALLER.address, given.nonce)]) == 0
    with pytest.raises(NotFree):
        revenue.give_back(model, CALLER.address, given.nonce)
    assert fair.fml.balance_wei(revenue.address) == 0


def test_a_payer_has_nothing_of_it_back_for_a_day_but_from_the_host(fair: Bazaar) -> None:
    model, before = fair.listed(), fair.balance(CALLER)
    first, second = held(fair, model), held(fair, model, b"2")
    for key in (CALLER, OTHER_CALLER):
        with pytest.raises(NotFree):
            fair.revenue(key).give_back(model, CALLER.address, first.nonce)
    token = BoundContract(fair.sender(OTHER_CALLER), TOKEN, fair.deployment.fml)
    signed = long_signature(fair.authorized(first))
    row = (CALLER.address, first.till, PRICE_WEI, 0, first.valid_before, first.nonce)
    with pytest.raises(ERC3009UsedAuthorization):
        token.send(200_000, "transferWithAuthorization", *row, signed[64], signed[:32], signed[32:64])
    fair.revenue().give_back(model, CALLER.address, first.nonce)
    assert fair.balance(CALLER) == before - PRICE_WEI
    fair.wait(DAY)
    fair.revenue(OTHER_CALLER).give_back(model, CALLER.address, second.nonce)  # a host that is gone keeps nothing
    assert fair.balance(CALLER) == before
    assert fair.revenue().take(model, [(CALLER.address, each.nonce) for each in (first, second)]) == 0
    assert fair.revenue().spent_wei(model, CALLER.address) == 0


def test_only_the_models_host_holds_and_takes(fair: Bazaar) -> None:
    """Else a payer held its own payment, which a gateway would see in the till, and had it back after a day."""
    model = fair.listed()
    given = fair.payment(model)
    for key in (CALLER, OTHER_CALLER):
        with pytest.raises(NotAllowed):
            fair.revenue(key).hold(model, given, fair.authorized(given))
    fair.revenue().hold(model, given, fair.authorized(given))
    other = fair.models(OTHER_CALLER).list(keccak(b"other"), bytes(32), bytes(32), 1, TERMS.host_stake_wei)
    with pytest.raises(NotAllowed):
        fair.revenue(OTHER_CALLER).take(model, [(CALLER.address, given.nonce)])
    assert fair.revenue(OTHER_CALLER).take(other, [(CALLER.address, given.nonce)]) == 0
    with pytest.raises(NotFree):
        fair.revenue(OTHER_CALLER).give_back(other, CALLER.address, given.nonce)
    with pytest.raises(UnknownModel):
        fair.revenue().hold(9, given, fair.authorized(given))


def test_a_payment_is_held_or_settled_once_and_only_as_signed(fair: Bazaar) -> None:
    model = fair.listed()
    given = held(fair, model)
    for again in (fair.revenue().hold, fair.revenue().settle):
        with pytest.raises(ERC3009UsedAuthorization):
            again(model, given, fair.authorized(given))
    dear, nothing = fair.payment(model, nonce=b"2"), fair.payment(model, 0, nonce=b"3")
    with pytest.raises(ERC3009InvalidSignature):
        fair.revenue().hold(model, dear, fair.authorized(given))
    with pytest.raises(BadParameter):
        fair.revenue().hold(model, nothing, fair.authorized(nothing))
    assert fair.revenue().hold_of(model, CALLER.address, dear.nonce) == NOTHING
    many = [(CALLER.address, keccak(b"many %d" % number)) for number in range(MOST_HOLDS + 1)]
    with pytest.raises(BadParameter):
        fair.revenue().take(model, many)
    assert fair.revenue().take(model, many[:MOST_HOLDS]) == 0


def test_what_was_in_the_till_before_is_split_and_not_held(fair: Bazaar) -> None:
    model, host = fair.listed(), fair.balance(HOST)
    Fml(fair.sender(OTHER_CALLER), fair.deployment.fml).transfer(fair.revenue().till(model), 999)
    held(fair, model)
    parts = split_payment(999, TERMS.split, has_documents=False)
    assert fair.balance(HOST) - host == parts.host_wei
    assert fair.fml.balance_wei(fair.revenue().address) == PRICE_WEI


def test_random_holds_accounts_and_tills_add_up_to_the_wei(fair: Bazaar) -> None:
    chance, revenue = random.Random(11), fair.revenue()
    model, now_held, taken = fair.listed(), dict[bytes, int](), 0
    fair.accepted(model)
    deposited = owed = given_back = 0
    supply, start = fair.fml.total_supply_wei, fair.balance(CALLER)
    host, pool = fair.balance(HOST), fair.documents().share_wei(model)
    done = dict.fromkeys(("hold", "take", "back", "deposit", "claim"), 0)
    for number in range(150):
        name = chance.choice([*done, "hold", "hold"])
        if name == "hold":
            given = held(fair, model, b"%d" % number, chance.randrange(1, 10**18))
            now_held[given.nonce] = given.amount_wei
        elif name == "take" and now_held:
            some = chance.sample(sorted(now_held), chance.randint(1, len(now_held)))
            worth = sum(now_held.pop(nonce) for nonce in some)
            assert revenue.take(model, [(CALLER.address, nonce) for nonce in some]) == worth
            taken += worth
        elif name == "back" and now_held:
            nonce = chance.choice(sorted(now_held))
            revenue.give_back(model, CALLER.address, nonce)
            given_back += now_held.pop(nonce)
        elif name == "deposit":
            amount = chance.randrange(1, 10**18)
            fair.revenue(CALLER).deposit(amount)
            deposited += amount
        elif name == "claim" and deposited > owed:
            owed += chance.randrange(1, deposited - owed + 1)
            revenue.claim([CallVoucher(CALLER.address, model, owed, number).signed(CALLER, revenue.domain)])
        else:
            continue
        done[name] += 1
        assert fair.fml.balance_wei(revenue.address) == sum(now_held.values()) + deposited - owed
        assert start - fair.balance(CALLER) == sum(now_held.values()) + taken + deposited
        assert revenue.earned(model)[0] == taken + owed
        paid = fair.balance(HOST) - host + fair.documents().share_wei(model) - pool + supply - fair.fml.total_supply_wei
        assert paid == taken + owed
    assert min(done.values()) > 5, done
    assert given_back > 0


def test_holding_and_taking_cost_what_they_did(fair: Bazaar, gas_figure: Callable[[str, int], None]) -> None:
    model, revenue = fair.listed(), fair.revenue()
    nonces = []
    for name in ("first", "again", *map(str, range(8))):
        given = fair.payment(model, nonce=name.encode())
        gas = revenue.hold(model, given, fair.authorized(given)).gas_used
        if name in ("first", "again"):
            gas_figure(f"marketplace_hold_{name}", gas)
        nonces.append(given.nonce)
    revenue.take(model, [(CALLER.address, nonce) for nonce in nonces])
    block = fair.rpc("eth_getBlockByNumber", "latest", False)
    gas_figure("marketplace_take_10", int(block["gasUsed"], 16))
