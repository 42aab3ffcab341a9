"""Authorizations to a till: settled by anybody, for their payer alone, once; who interferes takes the right to rate."""

from collections.abc import Callable

import pytest
from bazaar import CALLER, FAR, HOST, MODEL, OTHER_CALLER, PRICE_WEI, TERMS, Bazaar

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_refusals import BadParameter
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.call_vouchers import TillPayment
from fl_alliance.chain.deploy import REVENUE, TOKEN
from fl_alliance.chain.marketplace_refusals import NotCaller, UnknownModel
from fl_alliance.chain.messages import long_signature
from fl_alliance.chain.refusals import (
    ECDSAInvalidSignature,
    ERC20InsufficientBalance,
    ERC3009InvalidAuthorizationTime,
    ERC3009InvalidSignature,
    ERC3009UsedAuthorization,
)
from fl_alliance.chain.rules.revenue import split_payment
from fl_alliance.chain.rules.words import keccak


def sent_directly(fair: Bazaar, given: TillPayment, by: NodeKey = OTHER_CALLER) -> None:
    signed = long_signature(fair.authorized(given))
    row = (given.payer, given.till, given.amount_wei, given.valid_after, given.valid_before, given.nonce)
    token = BoundContract(fair.sender(by), TOKEN, fair.deployment.fml)
    token.send(200_000, "transferWithAuthorization", *row, signed[64], signed[:32], signed[32:64])


@pytest.mark.parametrize("lengthened", [bytes, long_signature], ids=["64 bytes", "65 bytes"])
def test_anybody_settles_a_payment_whose_payer_then_rates(lengthened: Callable[[bytes], bytes], fair: Bazaar) -> None:
    model = fair.listed()
    given, before = fair.payment(model), fair.balance(CALLER)
    with pytest.raises(NotCaller, match="has paid for no call"):
        fair.models(CALLER).rate(model, 5)
    receipt = fair.revenue(OTHER_CALLER).settle(model, given, lengthened(fair.authorized(given)))
    revenue = fair.revenue()
    told = BoundContract(fair.sender(HOST), REVENUE, revenue.address).events(receipt, "Bought")
    assert told == [{"model": model, "payer": CALLER.address.lower(), "valueWei": PRICE_WEI, "nonce": given.nonce}]
    assert fair.balance(CALLER) == before - PRICE_WEI
    assert fair.fml.balance_wei(given.till) == PRICE_WEI
    assert (revenue.paid_wei(model, CALLER.address), revenue.spent_wei(model, CALLER.address)) == (0, PRICE_WEI)
    assert revenue.spent_wei(model, OTHER_CALLER.address) == 0
    fair.models(CALLER).rate(model, 5)
    with pytest.raises(NotCaller):
        fair.models(OTHER_CALLER).rate(model, 1)
    supply, host = fair.fml.total_supply_wei, fair.balance(HOST)
    assert revenue.sweep(model) == PRICE_WEI
    parts = split_payment(PRICE_WEI, TERMS.split, has_documents=False)
    assert (fair.balance(HOST) - host, supply - fair.fml.total_supply_wei) == (parts.host_wei, parts.burned_wei)


def test_a_payment_settles_once_by_either_way(fair: Bazaar) -> None:
    model = fair.listed()
    first, second = fair.payment(model), fair.payment(model, nonce=b"2")
    fair.revenue().settle(model, first, fair.authorized(first))
    with pytest.raises(ERC3009UsedAuthorization):
        fair.revenue().settle(model, first, fair.authorized(first))
    with pytest.raises(ERC3009UsedAuthorization):
        sent_directly(fair, first)
    fair.revenue().settle(model, second, fair.authorized(second))
    assert fair.revenue().spent_wei(model, CALLER.address) == 2 * PRICE_WEI


def test_who_sends_it_to_the_token_first_takes_nothing_but_the_right_to_rate(fair: Bazaar) -> None:
    model = fair.listed()
    given = fair.payment(model)
    sent_directly(fair, given)
    with pytest.raises(ERC3009UsedAuthorization):
        fair.revenue().settle(model, given, fair.authorized(given))
    assert fair.revenue().spent_wei(model, CALLER.address) == 0
    with pytest.raises(NotCaller):
        fair.models(CALLER).rate(model, 5)
    before = fair.balance(HOST)
    assert fair.revenue().sweep(model) == PRICE_WEI
    assert fair.balance(HOST) - before == split_payment(PRICE_WEI, TERMS.split, has_documents=False).host_wei


def test_a_payment_counts_for_its_own_model_payer_and_amount_alone(fair: Bazaar) -> None:
    model, other = fair.listed(MODEL), fair.listed(keccak(b"other"))
    good = fair.payment(model)
    signed = fair.authorized(good)
    elsewhere = TillPayment(CALLER.address, HOST.address, PRICE_WEI, 0, FAR, good.nonce)
    somebody = TillPayment(OTHER_CALLER.address, good.till, PRICE_WEI, 0, FAR, good.nonce)
    more = TillPayment(CALLER.address, good.till, PRICE_WEI + 1, 0, FAR, good.nonce)
    longer = TillPayment(CALLER.address, good.till, PRICE_WEI, 0, FAR + 1, good.nonce)
    again = TillPayment(CALLER.address, good.till, PRICE_WEI, 0, FAR, keccak(b"again"))
    refused = [(other, good, signed), (model, elsewhere, fair.authorized(elsewhere))]
    refused += [(model, one, signed) for one in (somebody, more, longer, again)]
    refused += [(model, good, signed[:-1]), (model, good, b""), (model, good, fair.authorized(good, OTHER_CALLER))]
    for number, one, proof in refused:
        with pytest.raises((ERC3009InvalidSignature, ECDSAInvalidSignature)):
            fair.revenue().settle(number, one, proof)
    with pytest.raises(UnknownModel):
        fair.revenue().settle(9, good, signed)
    for number in (model, other):
        assert fair.revenue().spent_wei(number, CALLER.address) == 0
    fair.revenue().settle(model, good, signed)


def test_a_payment_of_nothing_one_out_of_time_and_one_without_fml_buy_nothing(fair: Bazaar) -> None:
    model = fair.listed()
    nothing, now = fair.payment(model, 0), fair.rpc.second()
    with pytest.raises(BadParameter, match="valueWei"):
        fair.revenue().settle(model, nothing, fair.authorized(nothing))
    for after, before in ((now + 1_000, FAR), (0, now)):
        given = TillPayment(CALLER.address, nothing.till, PRICE_WEI, after, before, nothing.nonce)
        with pytest.raises(ERC3009InvalidAuthorizationTime):
            fair.revenue().settle(model, given, fair.authorized(given))
    dear = fair.payment(model, fair.balance(CALLER) + 1)
    with pytest.raises(ERC20InsufficientBalance):
        fair.revenue().settle(model, dear, fair.authorized(dear))
    assert fair.revenue().spent_wei(model, CALLER.address) == 0


def test_settling_costs_what_it_did(fair: Bazaar, gas_figure: Callable[[str, int], None]) -> None:
    """Beside the same authorization sent to the token, which tells nobody who paid for which model."""
    model, revenue = fair.listed(), fair.revenue()
    first, again, direct = (fair.payment(model, nonce=name) for name in (b"first", b"again", b"direct"))
    for name, given in (("first", first), ("again", again)):
        gas_figure(f"marketplace_settle_{name}", revenue.settle(model, given, fair.authorized(given)).gas_used)
    sent_directly(fair, direct)
    block = fair.rpc("eth_getBlockByNumber", "latest", False)
    gas_figure("marketplace_settle_by_the_token_alone", int(block["gasUsed"], 16))
