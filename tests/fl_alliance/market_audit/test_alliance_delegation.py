"""A member of a run that the emission pays takes delegators, by the commands that a person would give."""

from pathlib import Path

import pytest
from paid_run import CREATOR, DELAY_S, DELEGATED_WEI, DELEGATOR, TASK, Place

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import advance_to
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.cli.main import main
from fl_alliance.config import load_config

STRANGER = NodeKey(bytes.fromhex("8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"))


def test_a_member_takes_a_delegator_who_earns_and_gets_it_all_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    place.go_on(1)
    with place.opened() as (ledger, _):
        member, seed = ledger.members(TASK)[0].address, load_config(place.words).seed
        key = next(key for site in range(5) if (key := NodeKey.derive(seed, site)).address == member)
        ledger.sender.send(member, b"", 21_000, "gas money", WEI_PER_FML)
        ledger.transfer(DELEGATOR.address, DELEGATED_WEI)
    for name, owner in {"MEMBER": key, "DELEGATOR": DELEGATOR, "STRANGER": STRANGER, "CREATOR": CREATOR}.items():
        monkeypatch.setenv(name, owner.secret.hex())
    task = f"alliance:{TASK}"

    def said(who: str, code: int, *words: str) -> str:
        where = [f"chain.url={place.url}", f"chain.manifest={place.folder.manifest}", f"state={tmp_path / 'state'}"]
        assert main(["arena", *words, *where, f"key.env={who}"]) == code
        shown = capsys.readouterr()
        return shown.out + shown.err

    assert "it would with `fl-alliance arena accept alliance:1`" in said("DELEGATOR", 2, "delegate", task, member, "60")
    assert "is no member of task 1" in said("DELEGATOR", 2, "accept", task)
    assert "no task 9" in said("MEMBER", 2, "accept", "alliance:9")
    assert "needs 0 to 10000" in said("MEMBER", 2, "accept", task, "delegation.sigma_bps=10001")
    accepted = said("MEMBER", 0, "accept", task, "delegation.sigma_bps=2500")
    assert "keeps 25 % of what they earn" in accepted
    assert f"fl-alliance arena delegate alliance:1 {member} AMOUNT" in accepted
    assert "takes delegators already, and keeps 25 %" in said("MEMBER", 0, "accept", task)
    assert "needs more than 0 FML" in said("DELEGATOR", 2, "delegate", task, member, "0")
    assert "it takes 61" in said("DELEGATOR", 2, "delegate", task, member, "61")
    assert "yours there: 60.0000 FML" in said("DELEGATOR", 0, "delegate", task, member, "60")
    assert "has nothing behind" in said("STRANGER", 2, "undelegate", task, member)

    place.go_on(2)
    place.end_day(0)
    place.go_on(3)
    assert "asked for all that is there" in said("DELEGATOR", 0, "undelegate", task, member)
    place.go_on(is_stopped=False)
    assert "is over" in said("DELEGATOR", 2, "delegate", task, member, "60")
    with place.opened() as (ledger, _):
        advance_to(ledger.w3, ledger.now() + DELAY_S)
    assert "came back" in said("DELEGATOR", 0, "undelegate", task, member)
    with place.opened() as (ledger, _):
        assert Fml(ledger.sender, ledger.token).balance_wei(DELEGATOR.address) > DELEGATED_WEI
