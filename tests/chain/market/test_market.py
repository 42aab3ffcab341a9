"""Deploying a market: its manifest, its roles, and what is refused before anything is deployed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fair import DAO, OUTSIDER, SUPPLY_WEI, TERMS, Fair

from fl_alliance.chain.alliance_refusals import BadParameter
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import MARKET, TOKEN, Contract, Deployment, deploy
from fl_alliance.chain.errors import CodeMismatch, ContractMissing, ManifestUnusable, WrongChain
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import MAX_SUPPLY_WEI, MarketTerms, add_market, deploy_market
from fl_alliance.chain.refusals import AccessControlUnauthorizedAccount, ERC20InsufficientBalance
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.emission import POOL_WEI
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

HOUR = 3_600


def test_a_manifest_of_a_market_comes_back_as_it_was_written(fair: Fair, tmp_path: Path) -> None:
    path = tmp_path / "market.json"
    fair.deployment.save(path)
    loaded = Deployment.load(path)
    assert loaded == fair.deployment
    loaded.check(fair.rpc)
    assert (loaded.has_market, loaded.has_alliance) == (True, False)
    assert set(loaded.contracts) > {TOKEN, *MARKET}
    assert {loaded.fml, loaded.arena, loaded.emission} < {entry.address for entry in loaded.contracts.values()}


@pytest.mark.parametrize("name", [TOKEN, *MARKET, "ArenaSettlement"])
def test_other_code_at_an_address_of_the_market_is_found(fair: Fair, name: str) -> None:
    wrong = replace(fair.deployment.contracts[name], code_hash="0x" + "00" * 32)
    deployment = replace(fair.deployment, contracts=fair.deployment.contracts | {name: wrong})
    with pytest.raises(CodeMismatch, match=name):
        deployment.check(fair.rpc)


def test_a_market_on_another_chain_is_refused(fair: Fair) -> None:
    with connected("memory://?chain_id=5") as other, pytest.raises(WrongChain):
        fair.deployment.check(Rpc(other))


@pytest.mark.parametrize("missing", [TOKEN, *MARKET])
def test_half_a_market_is_no_manifest(fair: Fair, tmp_path: Path, missing: str) -> None:
    path = tmp_path / "market.json"
    fair.deployment.save(path)
    found = json.loads(path.read_text())
    del found["contracts"][missing]
    path.write_text(json.dumps(found))
    with pytest.raises(ManifestUnusable, match=r"market\.json.*a market"):
        Deployment.load(path)


def test_a_market_without_an_alliance_says_so(fair: Fair) -> None:
    with pytest.raises(ContractMissing, match="needed Alliance or CandidateAlliance"):
        _ = fair.deployment.alliance
    with pytest.raises(ContractMissing, match="needed Nothing"):
        fair.deployment.address("Nothing")
    lone = Deployment(1, 1, {TOKEN: Contract(fair.deployment.fml, "")})
    with pytest.raises(ContractMissing, match="given FML; needed Arena"):
        _ = lone.arena


def test_everybody_has_the_role_that_the_market_needs(fair: Fair) -> None:
    deployment = fair.deployment
    holders = [
        (TOKEN, deployment.fml, "MINTER_ROLE", deployment.emission),
        ("Emission", deployment.emission, "MARKET_ROLE", deployment.arena),
        ("Emission", deployment.emission, "DAO_ROLE", DAO.address),
        ("Arena", deployment.arena, "DAO_ROLE", DAO.address),
    ]
    for artifact, address, role, holder in holders:
        contract = ContractReader(fair.rpc, artifact, address)
        assert contract.read("hasRole", contract.read(role), holder)
        assert not contract.read("hasRole", contract.read(role), OUTSIDER.address)
    pools = ContractReader(fair.rpc, "DelegationPool", deployment.address("DelegationPool"))
    assert pools.read("withdrawalDelayS") == TERMS.withdrawal_delay_s
    assert fair.emission().start_at == fair.start_at
    assert fair.fml(DAO).total_supply_wei == SUPPLY_WEI


@pytest.mark.parametrize("supply_wei", [-1, MAX_SUPPLY_WEI + 1])
def test_a_supply_that_leaves_the_emission_too_little_is_refused_before_anything_is_deployed(
    fair: Fair, supply_wei: int
) -> None:
    head = fair.head
    with pytest.raises(
        ValueError, match=f"supply: given {supply_wei} wei before the emission, needed 0 to {MAX_SUPPLY_WEI}"
    ):
        deploy_market(fair.sender(DAO), fair.now + HOUR, supply_wei)
    assert fair.head == head


def test_the_largest_supply_leaves_exactly_the_schedule(fair: Fair) -> None:
    assert MAX_SUPPLY_WEI == 580_000_000 * WEI_PER_FML
    deployment = deploy_market(fair.sender(DAO), fair.now + HOUR)
    fml = Fml(fair.sender(DAO), deployment.fml)
    assert fml.balance_wei() == fml.total_supply_wei == MAX_SUPPLY_WEI
    cap_wei = ContractReader(fair.rpc, TOKEN, deployment.fml).read("CAP_WEI")
    assert cap_wei - fml.total_supply_wei == POOL_WEI


def test_a_start_that_has_passed_is_refused_before_anything_is_deployed(fair: Fair) -> None:
    head, now = fair.head, fair.now
    with pytest.raises(ValueError, match=f"start_at: given second {now}, needed later than the chain's time {now}"):
        deploy_market(fair.sender(DAO), now)
    assert fair.head == head


def test_a_delay_that_pools_do_not_take_is_their_refusal(fair: Fair) -> None:
    with pytest.raises(BadParameter, match=r"deploy DelegationPool.*withdrawalDelayS"):
        deploy_market(fair.sender(DAO), fair.now + HOUR, terms=MarketTerms(withdrawal_delay_s=30 * 86_400 + 1))


@pytest.mark.parametrize("rule", ["majority", "candidates"])
def test_a_market_can_be_added_to_an_alliance_over_the_same_token(fair: Fair, rule: str, tmp_path: Path) -> None:
    sender = fair.sender(DAO)
    alliance = deploy(sender, MAX_SUPPLY_WEI, rule)
    both = add_market(sender, alliance, fair.now + HOUR)
    both.save(tmp_path / "both.json")
    assert Deployment.load(tmp_path / "both.json") == both
    both.check(fair.rpc)
    assert (both.has_market, both.has_alliance, both.rule) == (True, True, rule)
    assert (both.alliance, both.fml) == (alliance.alliance, alliance.fml)
    assert ContractReader(fair.rpc, "Arena", both.arena).read("fml") == both.fml.lower()
    with pytest.raises(ValueError, match="needed one without"):
        add_market(sender, both, fair.now + HOUR)


def test_a_market_is_not_added_to_a_token_that_is_minted_to_its_cap(fair: Fair) -> None:
    alliance = deploy(fair.sender(DAO))
    with pytest.raises(ValueError, match="before the emission"):
        add_market(fair.sender(DAO), alliance, fair.now + HOUR)


def test_only_who_rules_the_token_can_add_a_market(fair: Fair) -> None:
    alliance = deploy(fair.sender(DAO), 0)
    with pytest.raises(AccessControlUnauthorizedAccount):
        add_market(fair.sender(OUTSIDER), alliance, fair.now + HOUR)


def test_two_processes_of_one_key_do_not_get_in_each_others_way(fair: Fair) -> None:
    first, second = (Fml(Sender(fair.w3, OUTSIDER), fair.deployment.fml) for _ in range(2))
    first.transfer(DAO.address, 1)
    second.transfer(DAO.address, 2)
    first.transfer(DAO.address, 4)
    second.transfer(DAO.address, 8)
    assert fair.fml(DAO).balance_wei(OUTSIDER.address) == 10_000 * WEI_PER_FML - 15


def test_a_holder_sends_what_it_has_and_no_more(fair: Fair) -> None:
    fml = fair.fml(OUTSIDER)
    with pytest.raises(ERC20InsufficientBalance):
        fml.transfer(DAO.address, fml.balance_wei() + 1)
    fml.approve(DAO.address, 7)
    assert fml.allowance_wei(DAO.address) == 7
    sent = fair.head
    fml.allow(DAO.address, 7)
    assert fair.head == sent
    fml.allow(DAO.address, 8)
    assert fml.allowance_wei(DAO.address) == 8
