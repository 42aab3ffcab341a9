"""A host that credits no documents: called for it by anybody, and its contributors paid without it, to the wei."""

import random

import pytest
from assembly import Assembly
from bazaar import CALLER, CONTRIBUTOR, HOLDER, HOST, OTHER_CALLER, PRICE_WEI, TERMS, Bazaar

from fl_alliance.chain.alliance_refusals import BadParameter
from fl_alliance.chain.deploy import DOCUMENTS
from fl_alliance.chain.documents import CreditCall
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.marketplace_refusals import NotAccepted, UnknownDocument, WrongTime
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rules.contributions import CREDIT_S, Contributions
from fl_alliance.chain.rules.revenue import split_payment
from fl_alliance.chain.rules.words import keccak

NOTHING = CreditCall(0, 0)


def paid(fair: Bazaar, model: int, amount_wei: int) -> int:
    """The contributors' share of a payment that came out of the till."""
    has_documents = any(
        fair.documents().document(each).is_accepted and fair.documents().document(each).model == model
        for each in range(1, fair.documents().count + 1)
    )
    Fml(fair.sender(CALLER), fair.deployment.fml).transfer(fair.revenue().till(model), amount_wei)
    fair.revenue().sweep(model)
    return split_payment(amount_wei, TERMS.split, has_documents).contributors_wei


def removed(fair: Bazaar, *documents: int) -> None:
    dao = Assembly(fair.w3, fair.deployment)
    dao.pass_(*(dao.call(DOCUMENTS, "remove", each) for each in documents), text="Out with them")


def test_the_time_to_credit_is_the_rules(fair: Bazaar) -> None:
    assert fair.documents()._reader.read("CREDIT_S") == CREDIT_S


def test_what_a_host_does_not_credit_is_shared_out_evenly_after_it_was_called(fair: Bazaar) -> None:
    model = fair.listed()
    first, second = fair.accepted(model), fair.accepted(model, b"another", OTHER_CALLER)
    share = paid(fair, model, 10 * PRICE_WEI + 5)
    assert share % 2  # a wei is left over
    anybody = fair.documents(CALLER)
    with pytest.raises(WrongTime):
        anybody.share_out(model)
    call = anybody.call_for_credit(model)
    assert call == CreditCall(share, fair.rpc.second() + CREDIT_S) == anybody.call(model)
    later = paid(fair, model, PRICE_WEI)
    with pytest.raises(WrongTime):
        anybody.call_for_credit(model)
    fair.wait(CREDIT_S - 20)
    with pytest.raises(WrongTime):
        anybody.share_out(model)
    fair.wait(20)
    assert anybody.share_out(model) == share // 2
    assert anybody.share_wei(model) == share % 2 + later  # which came too late for this call
    assert anybody.call(model) == NOTHING
    assert [anybody.untaken_wei(each) for each in (first, second)] == [share // 2] * 2
    assert [anybody.take_share(first), anybody.take_share(first)] == [share // 2, 0]
    before = fair.balance(CONTRIBUTOR)
    assert fair.documents(CONTRIBUTOR).withdraw() == share // 2
    assert fair.balance(CONTRIBUTOR) == before + share // 2
    with pytest.raises(WrongTime):
        anybody.share_out(model)


def test_a_host_that_credits_answers_the_call(fair: Bazaar) -> None:
    model = fair.listed()
    mine, other = fair.accepted(model), fair.accepted(model, b"another", OTHER_CALLER)
    share = paid(fair, model, 10 * PRICE_WEI)
    fair.documents(CALLER).call_for_credit(model)
    fair.documents().credit(model, {mine: 1})
    assert fair.documents().call(model) == NOTHING
    assert fair.documents().due_wei(CONTRIBUTOR.address) == share
    fair.wait(CREDIT_S)
    with pytest.raises(WrongTime):
        fair.documents(CALLER).share_out(model)
    assert fair.documents().untaken_wei(other) == 0


def test_nobody_calls_for_nothing_and_no_call_can_be_put_off(fair: Bazaar) -> None:
    model = fair.listed()
    fair.accepted(model)
    for number in (model, 9):
        with pytest.raises(BadParameter):
            fair.documents(CALLER).call_for_credit(number)
    paid(fair, model, PRICE_WEI)
    due_at = fair.documents(CALLER).call_for_credit(model).due_at
    paid(fair, model, PRICE_WEI)
    with pytest.raises(WrongTime):
        fair.documents(HOST).call_for_credit(model)
    assert fair.documents().call(model).due_at == due_at


def test_documents_of_other_models_and_later_ones_have_no_part_in_it(fair: Bazaar) -> None:
    model, other = fair.listed(), fair.listed(keccak(b"other"))
    mine, foreign = fair.accepted(model), fair.accepted(other, b"document", OTHER_CALLER)
    waiting = fair.documents(CALLER).contribute(model, keccak(b"waiting"))
    share = paid(fair, model, PRICE_WEI)
    fair.documents(CALLER).call_for_credit(model)
    fair.wait(CREDIT_S)
    assert fair.documents(CALLER).share_out(model) == share
    late = fair.accepted(model, b"late", CALLER)
    assert [fair.documents().untaken_wei(each) for each in (mine, foreign, waiting, late)] == [share, 0, 0, 0]
    assert fair.documents().take_share(late) == 0
    with pytest.raises(NotAccepted):
        fair.documents().take_share(waiting)
    with pytest.raises(UnknownDocument):
        fair.documents().take_share(99)
    assert fair.documents().take_share(mine) == share


def test_a_document_that_is_removed_leaves_its_contributor_its_part(fair: Bazaar) -> None:
    model = fair.listed()
    mine = fair.accepted(model)
    share = paid(fair, model, PRICE_WEI)
    fair.documents(CALLER).call_for_credit(model)
    fair.wait(CREDIT_S)
    fair.documents(CALLER).share_out(model)
    removed(fair, mine)
    assert fair.documents().due_wei(CONTRIBUTOR.address) == share
    assert fair.documents().untaken_wei(mine) == 0
    with pytest.raises(NotAccepted):
        fair.documents().take_share(mine)


def test_without_a_document_what_waits_is_burned(fair: Bazaar) -> None:
    model = fair.listed()
    mine = fair.accepted(model)
    share = paid(fair, model, PRICE_WEI)
    removed(fair, mine)
    fair.documents(CALLER).call_for_credit(model)
    fair.wait(CREDIT_S)
    supply = fair.fml.total_supply_wei
    assert fair.documents(CALLER).share_out(model) == 0
    assert (supply - fair.fml.total_supply_wei, fair.documents().share_wei(model)) == (share, 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_contract_pays_what_the_model_of_it_pays_to_the_wei(seed: int, fair: Bazaar) -> None:
    """Random payments, credits, calls and shares, refused and taken alike; every wei is somebody's at every step."""
    chance, rules, model = random.Random(seed), Contributions(), fair.listed()
    documents, taken, refused = fair.documents(), dict[str, int](), dict[str, int]()
    contributors = (CONTRIBUTOR, OTHER_CALLER)
    came_in = withdrawn = 0

    def step(name: str) -> None:
        nonlocal came_in, withdrawn
        known = sorted(rules.contributors)
        one = chance.choice(known) if known else 1
        if name == "pay":
            share = paid(fair, model, chance.randrange(1, 10 ** chance.choice([1, 18])))
            rules.waiting_wei += share
            came_in += share
        elif name == "accept":
            by = chance.choice(contributors)
            rules.accept(fair.accepted(model, b"%d" % documents.count, by), by.address)
        elif name == "remove":
            rules.remove(one)
            removed(fair, one)
        elif name == "credit":
            uses = {each: chance.randrange(0, 5) for each in chance.sample(known, chance.randint(0, len(known)))}
            both(lambda: rules.credit(uses), lambda: documents.credit(model, uses))
        elif name == "wait":
            fair.wait(chance.choice([1, 3, 20, 31]) * 86_400)
        elif name == "withdraw":
            by = chance.choice(contributors)
            expected = rules.due_wei.pop(by.address, 0)
            assert fair.documents(by).withdraw() == expected
            withdrawn += expected
        elif name == "take":
            both(lambda: rules.take_share(one), lambda: documents.take_share(one))
        elif name == "call":
            both(lambda: rules.call_for_credit(fair.rpc.second() + 1), lambda: documents.call_for_credit(model))
        else:
            both(lambda: rules.share_out(fair.rpc.second() + 1), lambda: documents.share_out(model))

    def both(of_rules: object, of_chain: object) -> None:
        """Have both do it, or both refuse it."""
        try:
            of_rules()  # type: ignore[operator]
        except ValueError:
            with pytest.raises(Refused):
                of_chain()  # type: ignore[operator]
            raise
        of_chain()  # type: ignore[operator]

    stakes = fair.fml.balance_wei(documents.address)
    steps = ["pay", "call", "share", "credit", "wait", "take", "withdraw", "accept", "remove"]
    for name in ["accept", "pay", *chance.choices(steps, [6, 6, 6, 3, 6, 5, 3, 2, 1], k=70)]:
        if name == "remove" and not rules.contributors:
            continue
        try:
            step(name)
        except ValueError:
            refused[name] = refused.get(name, 0) + 1
        else:
            taken[name] = taken.get(name, 0) + 1
        call = documents.call(model)
        assert documents.share_wei(model) == rules.waiting_wei
        assert (call.amount_wei, call.due_at) == (rules.call or (0, 0))
        assert {each: documents.untaken_wei(each) for each in rules.untaken_wei} == rules.untaken_wei
        for by in contributors:
            assert documents.due_wei(by.address) == rules.due_wei.get(by.address, 0)
        held = rules.waiting_wei + sum(rules.untaken_wei.values()) + sum(rules.due_wei.values())
        assert fair.fml.balance_wei(documents.address) - stakes == held == came_in - withdrawn - rules.burned_wei
    assert set(taken) >= {"pay", "call", "share", "credit", "take", "withdraw", "accept"}, taken
    assert set(refused) >= {"call", "share"}, refused
    assert HOLDER.address not in rules.due_wei
