"""Which code runs under which settings: N of M approve, each takes that back, and the consortium changes itself."""

from dataclasses import replace

import pytest
from consortium import (
    CODE,
    CONFIG,
    MEMBERS,
    NEWCOMER,
    OTHER_CONFIG,
    OUTSIDER,
    RELAYER,
    Consortium,
)

from fl_alliance.chain.deploy import SITES, TOKEN, deploy_contract
from fl_alliance.chain.rules.sites import MAX_MEMBERS, MAX_SLOTS, NOBODY
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.site_refusals import (
    BadConsortium,
    EmptyDigest,
    InConsortium,
    LogNotLonger,
    NoPoints,
    NothingNew,
    NotInConsortium,
    VoucherExpired,
    VoucherInvalid,
)
from fl_alliance.chain.sites import SitesView, add_sites
from fl_alliance.chain.vouchers import Change, Voucher


def test_a_bundle_is_approved_once_n_members_say_so(hospitals: Consortium) -> None:
    for count, member in enumerate(MEMBERS[:3], start=1):
        assert not hospitals.sites.is_approved(CODE, CONFIG)
        hospitals.approve(member)
        assert hospitals.sites.approvals(CODE, CONFIG) == tuple(one.address for one in MEMBERS[:count])
    assert hospitals.sites.is_approved(CODE, CONFIG)
    assert not hospitals.sites.is_approved(CODE, OTHER_CONFIG)
    assert not hospitals.sites.is_approved(CONFIG, CODE)


def test_one_who_takes_its_approval_back_ends_that_of_the_consortium(hospitals: Consortium) -> None:
    for member in MEMBERS[:3]:
        hospitals.approve(member)
    hospitals.approve(MEMBERS[1], approves=False)
    assert not hospitals.sites.is_approved(CODE, CONFIG)
    assert len(hospitals.sites.approvals(CODE, CONFIG)) == 2


def test_who_is_no_member_approves_nothing(hospitals: Consortium) -> None:
    with pytest.raises(NotInConsortium, match=OUTSIDER.address.lower()):
        hospitals.approve(OUTSIDER)
    with pytest.raises(NotInConsortium):
        hospitals.sites.judge_bundle(CODE, CONFIG)


def test_nobody_approves_twice_or_takes_back_what_it_did_not_say(hospitals: Consortium) -> None:
    with pytest.raises(NothingNew):
        hospitals.approve(MEMBERS[0], approves=False)
    hospitals.approve(MEMBERS[0])
    with pytest.raises(NothingNew):
        hospitals.approve(MEMBERS[0])


@pytest.mark.parametrize(("code", "config", "name"), [(bytes(32), CONFIG, "code"), (CODE, bytes(32), "config")])
def test_a_bundle_of_nothing_is_refused(hospitals: Consortium, code: bytes, config: bytes, name: str) -> None:
    with pytest.raises(EmptyDigest, match=name):
        hospitals.approve(MEMBERS[0], code, config)


def test_an_approval_of_one_bundle_is_none_of_another(hospitals: Consortium) -> None:
    by = hospitals.pen(MEMBERS[0]).judge_bundle(CODE, CONFIG)
    with pytest.raises(VoucherInvalid):
        hospitals.sites.judge_bundle(CODE, OTHER_CONFIG, by=by)
    with pytest.raises(VoucherInvalid):
        hospitals.sites.judge_bundle(CODE, CONFIG, approves=False, by=by)


def test_an_admitted_member_approves_and_an_expelled_ones_approval_ends(hospitals: Consortium) -> None:
    for member in MEMBERS[:2]:
        hospitals.approve(member)
    for member in MEMBERS[:3]:
        hospitals.support(member, Change.ADMIT, NEWCOMER.address)
    assert hospitals.sites.members == (*(member.address for member in MEMBERS), NEWCOMER.address)
    hospitals.approve(NEWCOMER)
    assert hospitals.sites.is_approved(CODE, CONFIG)
    for member in MEMBERS[:3]:
        hospitals.support(member, Change.EXPEL, NEWCOMER.address)
    assert not hospitals.sites.is_approved(CODE, CONFIG)
    with pytest.raises(NotInConsortium):
        hospitals.approve(NEWCOMER)


def test_who_is_admitted_again_has_said_nothing_yet(hospitals: Consortium) -> None:
    hospitals.approve(MEMBERS[3])
    for change in (Change.EXPEL, Change.ADMIT):
        for member in MEMBERS[:3]:
            hospitals.support(member, change, MEMBERS[3].address)
    assert hospitals.sites.approvals(CODE, CONFIG) == ()
    hospitals.approve(MEMBERS[3])


def test_a_lower_threshold_approves_what_fewer_have_said(hospitals: Consortium) -> None:
    for member in MEMBERS[:2]:
        hospitals.approve(member)
    for member in MEMBERS[:3]:
        hospitals.support(member, Change.THRESHOLD, NOBODY, 2)
    assert hospitals.sites.threshold == 2
    assert hospitals.sites.is_approved(CODE, CONFIG)


@pytest.mark.parametrize("threshold", [0, 5])
def test_a_threshold_that_nobody_or_too_few_can_reach_is_refused(hospitals: Consortium, threshold: int) -> None:
    for member in MEMBERS[:2]:
        hospitals.support(member, Change.THRESHOLD, NOBODY, threshold)
    with pytest.raises(BadConsortium):
        hospitals.support(MEMBERS[2], Change.THRESHOLD, NOBODY, threshold)


def test_as_many_members_stay_as_must_agree(hospitals: Consortium) -> None:
    for member in MEMBERS[:3]:
        hospitals.support(member, Change.EXPEL, MEMBERS[3].address)
    for member in MEMBERS[:2]:
        hospitals.support(member, Change.EXPEL, MEMBERS[2].address)
    with pytest.raises(BadConsortium) as refused:
        hospitals.support(MEMBERS[2], Change.EXPEL, MEMBERS[2].address)
    assert refused.value.values == {"members": 2, "threshold": 3}


def test_nobody_is_admitted_twice_and_nobody_else_expelled(hospitals: Consortium) -> None:
    for change, account, error in (
        (Change.ADMIT, MEMBERS[1].address, InConsortium),
        (Change.EXPEL, OUTSIDER.address, NotInConsortium),
        (Change.ADMIT, NOBODY, BadConsortium),
    ):
        for member in MEMBERS[:2]:
            hospitals.support(member, change, account)
        with pytest.raises(error):
            hospitals.support(MEMBERS[2], change, account)


def test_support_is_taken_back_and_ends_with_the_next_change(hospitals: Consortium) -> None:
    hospitals.support(MEMBERS[0], Change.ADMIT, NEWCOMER.address)
    hospitals.support(MEMBERS[0], Change.ADMIT, NEWCOMER.address, supports=False)
    assert hospitals.sites.support(Change.ADMIT, NEWCOMER.address, 0) == 0
    for member in MEMBERS[:2]:
        hospitals.support(member, Change.ADMIT, NEWCOMER.address)
    for member in MEMBERS[:3]:
        hospitals.support(member, Change.THRESHOLD, NOBODY, 2)
    assert hospitals.sites.support(Change.ADMIT, NEWCOMER.address, 0) == 0


def test_support_signed_before_a_change_does_not_count_after_it(hospitals: Consortium) -> None:
    early = hospitals.pen(MEMBERS[3]).judge_change(Change.ADMIT, NEWCOMER.address)
    for member in MEMBERS[:3]:
        hospitals.support(member, Change.THRESHOLD, NOBODY, 1)
    with pytest.raises(VoucherInvalid):
        hospitals.sites.judge_change(Change.ADMIT, NEWCOMER.address, by=early)


def test_a_consortium_without_points_mints_none(hospitals: Consortium) -> None:
    for member in MEMBERS[:2]:
        hospitals.support(member, Change.MINT, OUTSIDER.address, 5)
    with pytest.raises(NoPoints):
        hospitals.support(MEMBERS[2], Change.MINT, OUTSIDER.address, 5)


@pytest.mark.parametrize(
    ("members", "threshold"),
    [
        ([], 1),
        ([], 0),
        ([MEMBERS[0].address], 0),
        ([MEMBERS[0].address], 2),
        ([NOBODY], 1),
        ([f"0x{index:040x}" for index in range(1, MAX_MEMBERS + 2)], 1),
    ],
)
def test_what_is_no_consortium_is_not_deployed(hospitals: Consortium, members: list[str], threshold: int) -> None:
    with pytest.raises(BadConsortium):
        deploy_contract(hospitals.sender, SITES, (members, threshold, NOBODY), {})


def test_a_member_is_named_once(hospitals: Consortium) -> None:
    with pytest.raises(InConsortium):
        deploy_contract(hospitals.sender, SITES, ([RELAYER.address] * 2, 1, NOBODY), {})


def test_the_bounds_are_those_of_the_contract(hospitals: Consortium) -> None:
    without = replace(hospitals.deployment, contracts={TOKEN: hospitals.deployment.contracts[TOKEN]})
    members = [f"0x{index:040x}" for index in range(1, MAX_MEMBERS + 1)]
    found = SitesView(hospitals.rpc, add_sites(hospitals.sender, without, members, MAX_MEMBERS).sites)
    assert len(found.members) == found.threshold == MAX_MEMBERS
    assert (found._contract.read("MAX_MEMBERS"), found._contract.read("MAX_SLOTS")) == (MAX_MEMBERS, MAX_SLOTS)


def test_a_second_consortium_is_refused(hospitals: Consortium) -> None:
    with pytest.raises(ValueError, match="needed one without"):
        add_sites(hospitals.sender, hospitals.deployment, [RELAYER.address], 1)


# the anchors of logs


def test_a_log_is_anchored_by_signature_and_only_grows(hospitals: Consortium) -> None:
    hospital, heads = MEMBERS[0], [keccak(b"entry 3"), keccak(b"entry 5")]
    for head, length in zip(heads, (3, 5), strict=True):
        hospitals.sites.anchor(head, length, hospitals.pen(hospital).anchor(head, length))
    found = hospitals.sites.anchored(hospital.address)
    assert (found.head, found.length, found.anchored_at) == (heads[1], 5, hospitals.now)
    for length in (0, 3, 5):
        with pytest.raises(LogNotLonger) as refused:
            hospitals.sites.anchor(heads[0], length, hospitals.pen(hospital).anchor(heads[0], length))
        assert refused.value.values["anchored"] == 5


def test_an_anchor_uses_up_no_number_and_counts_once(hospitals: Consortium) -> None:
    approval = hospitals.pen(MEMBERS[0]).judge_bundle(CODE, CONFIG)
    by = hospitals.pen(MEMBERS[0]).anchor(CODE, 1)
    hospitals.sites.anchor(CODE, 1, by)
    with pytest.raises(LogNotLonger):
        hospitals.sites.anchor(CODE, 1, by)
    hospitals.sites.judge_bundle(CODE, CONFIG, by=approval)


def test_a_log_is_anchored_by_its_owner_only_and_in_time(hospitals: Consortium) -> None:
    by = hospitals.pen(MEMBERS[0]).anchor(CODE, 1)
    with pytest.raises(VoucherInvalid):
        hospitals.sites.anchor(CODE, 2, by)
    with pytest.raises(VoucherInvalid):
        hospitals.sites.anchor(CODE, 1, Voucher(MEMBERS[1].address, by.deadline, by.signature))
    with pytest.raises(VoucherExpired):
        hospitals.sites.anchor(CODE, 1, hospitals.pen(MEMBERS[0], hospitals.now - 1).anchor(CODE, 1))
    with pytest.raises(EmptyDigest, match="head"):
        hospitals.sites.anchor(bytes(32), 1)
    hospitals.sites.anchor(CODE, 1)
    assert hospitals.sites.anchored(RELAYER.address).length == 1
