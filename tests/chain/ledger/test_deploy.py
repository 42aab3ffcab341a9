"""The manifest: written, read, and checked against the chain."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import CAP_WEI, Contract, Deployment
from fl_alliance.chain.errors import CodeMismatch, ManifestUnusable, WrongChain
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.rpc import Rpc

Found = Callable[..., Any]


def test_a_manifest_comes_back_as_it_was_written(anchored: Any, tmp_path: Path) -> None:
    path = tmp_path / "deployments" / f"{anchored.deployment.chain_id}.json"
    anchored.deployment.save(path)
    assert Deployment.load(path) == anchored.deployment


def test_a_manifest_names_every_contract_with_the_hash_of_its_code(anchored: Any) -> None:
    assert {"FML", "Alliance"} < anchored.deployment.contracts.keys()
    anchored.deployment.check(Rpc(anchored.w3))


def test_the_deployer_holds_the_whole_supply(found: Found) -> None:
    ledger = found(nodes=0, start=False, pool_wei=0).ledger
    assert ledger.balance_wei(ledger.sender.address) == CAP_WEI


def test_other_code_at_an_address_is_found_before_anything_is_sent(found: Found, anchored: Any) -> None:
    ledger = found(nodes=0, start=False).ledger
    deployment = anchored.deployment
    wrong = replace(deployment.contracts["Alliance"], code_hash="0x" + "00" * 32)
    with pytest.raises(CodeMismatch, match="Alliance"):
        Alliance(
            anchored.w3, replace(deployment, contracts=deployment.contracts | {"Alliance": wrong}), ledger.sender.key
        )


def test_an_address_without_code_is_found(anchored: Any) -> None:
    nowhere = Contract("0x" + "ab" * 20, anchored.deployment.contracts["FML"].code_hash)
    deployment = replace(anchored.deployment, contracts=anchored.deployment.contracts | {"FML": nowhere})
    with pytest.raises(CodeMismatch, match="FML"):
        deployment.check(Rpc(anchored.w3))


def test_another_chain_is_refused(anchored: Any) -> None:
    with connected("memory://?chain_id=5") as other, pytest.raises(WrongChain):
        anchored.deployment.check(Rpc(other))


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"chain_id": 1, "block": 0, "contracts": {}}',
        '{"chain_id": 1, "block": 0, "contracts": {"FML": {"address": "0x1"}}}',
        json.dumps(
            {
                "chain_id": 1,
                "block": 0,
                "contracts": {name: {"address": "0x12", "code_hash": ""} for name in ("FML", "Alliance")},
            }
        ),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "1.json"
    path.write_text(text)
    with pytest.raises(ManifestUnusable, match=r"1\.json"):
        Deployment.load(path)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestUnusable):
        Deployment.load(tmp_path / "none.json")
