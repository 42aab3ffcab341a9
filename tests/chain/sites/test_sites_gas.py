"""What a consortium's steps cost, in gas, each sent for the site that signed it; the figures stand in gas.json."""

from collections.abc import Callable

from consortium import CODE, CONFIG, MEMBERS, NEWCOMER, Consortium

from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.vouchers import Change

Figure = Callable[[str, int], None]
KEY, NEXT, PROOF = keccak(b"key"), keccak(b"next key"), keccak(b"proof")


def test_a_sites_identity_costs_what_it_did(hospitals: Consortium, gas_figure: Figure) -> None:
    sites, site = hospitals.sites, MEMBERS[0]
    gas_figure("sites_bind", sites.bind(KEY, PROOF, by=hospitals.pen(site).bind(KEY, PROOF)).gas_used)
    rotation = hospitals.pen(site).bind(NEXT, PROOF, KEY)
    gas_figure("sites_rotate", sites.bind(NEXT, PROOF, KEY, rotation).gas_used)
    gas_figure("sites_revoke", sites.revoke(NEXT, hospitals.pen(site).revoke(NEXT)).gas_used)


def test_a_consortiums_decisions_cost_what_they_did(hospitals: Consortium, gas_figure: Figure) -> None:
    sites, gas = hospitals.sites, []
    for member in MEMBERS[:2]:
        gas.append(sites.judge_bundle(CODE, CONFIG, by=hospitals.pen(member).judge_bundle(CODE, CONFIG)).gas_used)
    gas_figure("sites_approve_first", gas[0])
    gas_figure("sites_approve", gas[1])
    for member in MEMBERS[:3]:
        by = hospitals.pen(member).judge_change(Change.ADMIT, NEWCOMER.address)
        last = sites.judge_change(Change.ADMIT, NEWCOMER.address, by=by)
    gas_figure("sites_admit", last.gas_used)


def test_an_anchor_costs_what_it_did(hospitals: Consortium, gas_figure: Figure) -> None:
    for name, length in (("sites_anchor_first", 1), ("sites_anchor", 2)):
        by = hospitals.pen(MEMBERS[0]).anchor(CODE, length)
        gas_figure(name, hospitals.sites.anchor(CODE, length, by).gas_used)
