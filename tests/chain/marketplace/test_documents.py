"""Documents: judged by holders, credited by the host, and paid by use."""

import pytest
from assembly import Assembly
from bazaar import CALLER, CONTRIBUTOR, HOLDER, HOST, OTHER_CALLER, PRICE_WEI, TERMS, Bazaar

from fl_alliance.chain.alliance_refusals import BadParameter, NotAllowed
from fl_alliance.chain.call_vouchers import CallVoucher
from fl_alliance.chain.deploy import DOCUMENTS
from fl_alliance.chain.documents import Verdict
from fl_alliance.chain.marketplace_refusals import (
    AlreadyContributed,
    CannotJudge,
    NotAccepted,
    UnknownDocument,
    UnknownModel,
    WrongTime,
)
from fl_alliance.chain.rules.revenue import credit_shares, split_payment
from fl_alliance.chain.rules.words import keccak

DAY = 86_400


def test_an_accepted_document_has_its_stake_back_and_the_model_answers_with_it(fair: Bazaar) -> None:
    model, before = fair.listed(), fair.balance(CONTRIBUTOR)
    number = fair.documents(CONTRIBUTOR).contribute(model, keccak(b"document"))
    assert fair.balance(CONTRIBUTOR) == before - TERMS.document_stake_wei
    fair.documents(HOLDER).judge(number, Verdict.RELEVANT)
    fair.documents(OTHER_CALLER).judge(number, Verdict.MALICIOUS)
    with pytest.raises(WrongTime):
        fair.documents().settle(number)
    fair.wait(3 * DAY)
    with pytest.raises(WrongTime):
        fair.documents(CALLER).judge(number, Verdict.RELEVANT)
    fair.documents().settle(number)
    found = fair.documents().document(number)
    assert (found.model, found.digest, found.is_accepted) == (model, keccak(b"document"), True)
    assert fair.balance(CONTRIBUTOR) == before
    with pytest.raises(WrongTime):
        fair.documents().settle(number)
    with pytest.raises(AlreadyContributed):
        fair.documents(CALLER).contribute(model, keccak(b"document"))


def test_a_malicious_document_costs_its_stake_and_an_irrelevant_one_does_not(fair: Bazaar) -> None:
    model, before, supply = fair.listed(), fair.balance(CONTRIBUTOR), fair.fml.total_supply_wei
    bad = fair.documents(CONTRIBUTOR).contribute(model, keccak(b"bad"))
    dull = fair.documents(CONTRIBUTOR).contribute(model, keccak(b"dull"))
    fair.documents(HOLDER).judge(bad, Verdict.MALICIOUS)
    fair.documents(HOLDER).judge(dull, Verdict.IRRELEVANT)
    fair.wait(3 * DAY)
    for number in (bad, dull):
        fair.documents().settle(number)
    assert not any(fair.documents().document(number).is_accepted for number in (bad, dull))
    assert fair.balance(CONTRIBUTOR) == before - TERMS.document_stake_wei
    assert fair.fml.total_supply_wei == supply - TERMS.document_stake_wei
    fair.documents(CONTRIBUTOR).contribute(model, keccak(b"dull"))  # it may be tried again


def test_too_few_votes_accept_nothing_and_condemn_nothing(fair: Bazaar) -> None:
    model, before = fair.listed(), fair.balance(CONTRIBUTOR)
    number = fair.documents(CONTRIBUTOR).contribute(model, keccak(b"unseen"))
    fair.wait(3 * DAY)
    fair.documents().settle(number)
    assert not fair.documents().document(number).is_accepted
    assert fair.balance(CONTRIBUTOR) == before


def test_a_holder_judges_once_and_with_votes_alone(fair: Bazaar) -> None:
    number = fair.documents(CONTRIBUTOR).contribute(fair.listed(), keccak(b"document"))
    fair.documents(HOLDER).judge(number, Verdict.RELEVANT)
    for key, verdict in ((HOLDER, Verdict.MALICIOUS), (HOST, Verdict.RELEVANT), (CALLER, Verdict.NONE)):
        with pytest.raises(CannotJudge):
            fair.documents(key).judge(number, verdict)
    with pytest.raises(UnknownDocument):
        fair.documents(HOLDER).judge(9, Verdict.RELEVANT)
    with pytest.raises(UnknownModel):
        fair.documents(CONTRIBUTOR).contribute(9, keccak(b"document"))
    with pytest.raises(BadParameter):
        fair.documents(CONTRIBUTOR).contribute(1, bytes(32))


def test_contributors_are_paid_by_use_and_what_is_left_over_waits(fair: Bazaar) -> None:
    model = fair.listed()
    first, second = fair.accepted(model), fair.accepted(model, b"another", CALLER)
    paid = 1_000 * PRICE_WEI + 7
    fair.revenue(OTHER_CALLER).deposit(paid)
    fair.revenue().claim(
        [CallVoucher(OTHER_CALLER.address, model, paid, 1_000).signed(OTHER_CALLER, fair.revenue().domain)]
    )
    pool = split_payment(paid, TERMS.split, has_documents=True).contributors_wei
    assert fair.documents().share_wei(model) == pool
    shares = credit_shares(pool, [2, 1])
    fair.documents().credit(model, {first: 2, second: 1})
    assert [fair.documents().due_wei(key.address) for key in (CONTRIBUTOR, CALLER)] == shares
    assert fair.documents().share_wei(model) == pool - sum(shares)
    assert (fair.documents().document(first).uses, fair.documents().document(second).uses) == (2, 1)
    before = fair.balance(CONTRIBUTOR)
    assert fair.documents(CONTRIBUTOR).withdraw() == shares[0]
    assert fair.balance(CONTRIBUTOR) == before + shares[0]
    assert fair.documents(CONTRIBUTOR).withdraw() == 0


def test_the_dao_removes_what_turned_out_to_be_bad(fair: Bazaar) -> None:
    model, dao = fair.listed(), Assembly(fair.w3, fair.deployment)
    number = fair.accepted(model)
    paid(fair, model, 10 * PRICE_WEI)
    fair.documents().credit(model, {number: 1})
    due = fair.documents().due_wei(CONTRIBUTOR.address)
    assert due > 0
    with pytest.raises(NotAllowed):
        dao.bound(DOCUMENTS, HOST).send(300_000, "remove", number)
    dao.pass_(dao.call(DOCUMENTS, "remove", number), text="It makes patients ill")
    assert not fair.documents().document(number).is_accepted
    assert fair.documents().removed(fair.deployment.block) == {number}
    with pytest.raises(NotAccepted):
        fair.documents().credit(model, {number: 1})
    assert fair.documents().due_wei(CONTRIBUTOR.address) == due
    host = fair.balance(HOST)
    paid(fair, model, 20 * PRICE_WEI)  # nobody's documents are answered with: the host has their part
    parts = split_payment(10 * PRICE_WEI, TERMS.split, has_documents=False)
    assert fair.balance(HOST) - host == parts.host_wei
    assert fair.accepted(model) == number + 1  # the same content, judged anew


def paid(fair: Bazaar, model: int, all_wei: int) -> None:
    """Let CALLER have paid so much for a model's calls in all."""
    revenue = fair.revenue(CALLER)
    revenue.deposit(all_wei - revenue.paid_wei(model, CALLER.address))
    fair.revenue().claim([CallVoucher(CALLER.address, model, all_wei, 1).signed(CALLER, revenue.domain)])


def test_only_a_models_host_credits_and_its_own_accepted_documents_alone(fair: Bazaar) -> None:
    model, other = fair.listed(), fair.listed(keccak(b"other"))
    mine, waiting = fair.accepted(model), fair.documents(CALLER).contribute(model, keccak(b"waiting"))
    with pytest.raises(NotAllowed):
        fair.documents(CALLER).credit(model, {mine: 1})
    with pytest.raises(NotAccepted):
        fair.documents().credit(model, {waiting: 1})
    with pytest.raises(NotAccepted):
        fair.documents().credit(other, {mine: 1})
    for uses in ({}, {mine: 0}):
        with pytest.raises(BadParameter):
            fair.documents().credit(model, uses)
