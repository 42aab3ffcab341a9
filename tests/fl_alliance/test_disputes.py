"""A coordinator that lies in what it posts of a real run: the audit names the check, an accuser gets half the bond."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flwr.app import ConfigRecord, Context

from fl_alliance.audit import audit
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import EVIDENCE, Deployment
from fl_alliance.chain.evidence import EvidenceBond, Status
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rules.evidence import Kind, reward_wei
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.statements import Receipt, evidence_domain
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.cli.main import main
from fl_alliance.config import load_config
from fl_alliance.deployment.taken import keep, kept
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.strategies.wire import Place
from fl_alliance.transcript.content import Transcript
from fl_alliance.transcript.shelf import Shelf

WORDS = [
    *("workload=linear", "rounds=2", "nodes=5", "baselines=false", "strategy=fedavg"),
    *("alliance.proposers=2", "alliance.voters=2"),
]
COORDINATOR, ACCUSER = NodeKey(DEVELOPMENT_SECRET, is_public=True), NodeKey(bytes.fromhex("5b" * 32))
BOND = 100 * WEI_PER_FML
PLACE = Place(Domain(31337, "0x" + "11" * 20), 1, 3)

Lie = Callable[[dict[str, Any], dict[str, Any]], None]


def ran(
    root: Path, rule: str, lie: Lie | None = None, model: bytes | None = None, more: Sequence[str] = ()
) -> RunFolder:
    """A run whose coordinator tells something else of round 2, or names another final model, and posts that."""
    folder, words = RunFolder(root), [*WORDS, f"rule={rule}", *more]
    put, close = Shelf.put, EvidenceBond.close

    def lying(self: Shelf, transcript: Transcript) -> Path:
        account, relayer = _thawed(transcript.account), _thawed(transcript.relayer)
        if transcript.number == 2 and lie is not None:
            lie(account, relayer)
        return put(self, Transcript(account, relayer))

    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(Shelf, "put", lying)
        patched.setattr(EvidenceBond, "close", lambda self, task, last: close(self, task, model or last))
        run(load_config(words), folder, listener=lambda event: None, overrides=words)
    return folder


def _thawed(content: Any) -> Any:
    import json

    return json.loads(json.dumps(content))


def give_gas(folder: RunFolder) -> None:
    with connected(f"file://{folder.chain.resolve()}") as w3:
        Sender(w3, COORDINATOR).send(ACCUSER.address, b"", 21_000, "gas", value=10**18)


def standing(folder: RunFolder) -> tuple[Status, int, int]:
    """The bond's status, what the accuser has, and all FML there is."""
    deployment = Deployment.load(folder.manifest)
    with connected(f"file://{folder.chain.resolve()}") as w3:
        sender = Sender(w3, ACCUSER)
        token = Fml(sender, deployment.fml)
        status = EvidenceBond(sender, deployment.address(EVIDENCE)).bond(1).status
        return status, token.balance_wei(), token.total_supply_wei


def finding(folder: RunFolder) -> DoesNotHold:
    with pytest.raises(DoesNotHold) as found:
        audit(folder.root, executes=False)
    return found.value


def replace_an_update(account: dict[str, Any], relayer: dict[str, Any]) -> None:
    account["proposals"][0]["update"] = "33" * 32


def insert_an_update(account: dict[str, Any], relayer: dict[str, Any]) -> None:
    account["proposals"].append(account["proposals"][0] | {"member": account["voters"][0]})


def reweight_an_update(account: dict[str, Any], relayer: dict[str, Any]) -> None:
    """Its weight is in the digest that its member signed: another weight is another digest."""
    from fl_alliance.strategies.digests import update_digest

    other = update_digest({}, {"num-examples": 50})
    account["proposals"][0]["update"] = other.hex()


def misreport_a_score(account: dict[str, Any], relayer: dict[str, Any]) -> None:
    vote = account["votes"][0]
    if "word" in vote:
        vote["word"] = hex(int(vote["word"], 16) ^ 1)
    else:
        vote["scores"][0] += 1


def forge_a_commitment(account: dict[str, Any], relayer: dict[str, Any]) -> None:
    relayer["commitments"][0]["commitment"] = "22" * 32


@pytest.mark.parametrize(
    ("rule", "lie", "check", "told"),
    [
        ("candidates", replace_an_update, Check.MESSAGES, "the proposal told of member"),
        ("candidates", insert_an_update, Check.MESSAGES, "the proposal told of member"),
        ("candidates", reweight_an_update, Check.MESSAGES, "the proposal told of member"),
        ("candidates", misreport_a_score, Check.SCORES, "the vote told of member"),
        ("majority", misreport_a_score, Check.SCORES, "the vote told of member"),
        ("candidates", forge_a_commitment, Check.MESSAGES, "the commitment told of member"),
    ],
)
def test_a_lie_about_a_message_is_found_and_costs_the_bond(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lie: Lie,
    check: Check,
    told: str,
    rule: str,
) -> None:
    folder = ran(tmp_path / "run", rule, lie)
    assert finding(folder).check is check
    give_gas(folder)
    _, before, supply = standing(folder)
    monkeypatch.setenv("ACCUSER", "5b" * 32)
    assert main(["bond", "accuse", str(folder.root), "--key-env", "ACCUSER", "--look"]) == 0
    assert standing(folder)[0] is Status.CLOSED
    assert main(["bond", "accuse", str(folder.root), "--key-env", "ACCUSER"]) == 0
    shown = capsys.readouterr().out
    assert f"round 2: {told}" in shown
    assert "50 FML are" in shown
    assert standing(folder) == (Status.CONVICTED, before + reward_wei(BOND), supply - (BOND - reward_wei(BOND)))
    found = finding(folder)
    assert found.check in (check, Check.TRANSCRIPTS)
    assert main(["bond", "status", str(folder.root)]) == 0
    assert "task 1: convicted, 100 FML" in capsys.readouterr().out
    assert main(["bond", "accuse", str(folder.root), "--key-env", "ACCUSER"]) == 2
    assert "not possible in status" in capsys.readouterr().err


def test_another_final_model_is_found_and_costs_the_bond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ran(tmp_path / "run", "candidates", model=bytes(range(32)))
    found = finding(folder)
    assert (found.check, found.where) == (Check.MODEL, "the coordinator's bond")
    give_gas(folder)
    monkeypatch.setenv("ACCUSER", "5b" * 32)
    assert main(["bond", "accuse", str(folder.root), "--key-env", "ACCUSER"]) == 0
    assert "the final model is said to be 000102" in capsys.readouterr().out
    assert standing(folder)[0] is Status.CONVICTED
    with pytest.raises(DoesNotHold, match="a lie was proven on chain, wrong model"):
        audit(folder.root)


def drop_an_update(account: dict[str, Any], relayer: dict[str, Any]) -> None:
    del account["proposals"][0]


def drop_a_vote(account: dict[str, Any], relayer: dict[str, Any]) -> None:
    del account["votes"][0]


@pytest.mark.parametrize(
    ("rule", "lie", "check", "told"),
    [
        ("candidates", drop_an_update, Check.MESSAGES, "proposal"),
        ("candidates", drop_a_vote, Check.SCORES, "vote"),
        ("majority", drop_a_vote, Check.SCORES, "vote"),
    ],
)
def test_a_dropped_message_is_found_and_the_receipt_for_it_costs_the_bond(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lie: Lie,
    check: Check,
    told: str,
    rule: str,
) -> None:
    """All four members have a part in every round, so that round 3's messages carry the receipts for round 2."""

    def at(context: Context) -> Path:
        home = tmp_path / f"home-{context.node_config['partition-id']}"
        home.mkdir(exist_ok=True)
        return home

    monkeypatch.setattr("fl_alliance.client_app.receipts_at", at)
    folder = ran(tmp_path / "run", rule, lie, more=("nodes=4", "rounds=3"))
    assert finding(folder).check is check
    give_gas(folder)
    monkeypatch.setenv("ACCUSER", "5b" * 32)
    homes = sorted(tmp_path.glob("home-*/taken"))
    assert len(homes) == 4
    receipts = [taken.receipt for home in homes for taken in kept(home)]
    assert sorted((one.round, one.kind.name) for one in receipts) == sorted(
        (number, kind) for number in (1, 2) for kind in ("PROPOSAL", "VOTE") for _ in range(2)
    )
    assert main(["bond", "accuse", str(folder.root), "--key-env", "ACCUSER"]) == 2
    codes = [accuse_with(folder, home) for home in homes]
    assert codes.count(0) == 1
    shown = capsys.readouterr().out
    assert f"round 2: the {told} of member" in shown
    assert "was acknowledged, and is left out" in shown
    assert standing(folder)[:2] == (Status.CONVICTED, reward_wei(BOND))


def accuse_with(folder: RunFolder, home: Path) -> int:
    return main(["bond", "accuse", str(folder.root), "--receipts", str(home), "--key-env", "ACCUSER"])


def test_a_receipt_that_the_coordinator_did_not_sign_accuses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ran(tmp_path / "run", "candidates")
    give_gas(folder)
    domain = evidence_domain(31337, Deployment.load(folder.manifest).address(EVIDENCE))
    said = Receipt(1, 1, Kind.PROPOSAL, 0, bytes(range(32)))
    record = ConfigRecord(
        {
            "task": 1,
            "member": 0,
            "rounds": [1],
            "kinds": [0],
            "values": [said.value],
            "signatures": [said.sign(ACCUSER, domain)],
        }
    )
    keep(tmp_path, record, PLACE)
    assert [taken.receipt for taken in kept(tmp_path / "taken")] == [said]
    monkeypatch.setenv("ACCUSER", "5b" * 32)
    assert accuse_with(folder, tmp_path / "taken") == 2
    assert "nothing in its transcripts can be proven a lie" in capsys.readouterr().err
    (tmp_path / "taken" / "00002-vote.json").write_text('{"round": 2}')
    assert accuse_with(folder, tmp_path / "taken") == 2
    assert "needed a coordinator's receipt" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"rounds": [0]},
        {"rounds": [4]},  # none that has been
        {"rounds": [70_000]},
        {"task": 2},
        {"rounds": [1, 2]},
        {"kinds": [1]},
        {"kinds": [9]},
        {"member": 4_000},
        {"member": "0"},
        {"task": 0},
        {"values": [b"short"]},
        {"values": [2**40]},
        {"values": 7},
        {"signatures": [b""]},
        {"signatures": "x"},
    ],
)
def test_what_is_no_receipt_is_not_kept(tmp_path: Path, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"task": 1, "member": 0, "rounds": [1], "kinds": [0]}
    good |= {"values": [bytes(32)], "signatures": [bytes(64)]}
    keep(tmp_path, ConfigRecord({**good, **change}), PLACE)
    assert not (tmp_path / "taken").exists()
    keep(tmp_path, ConfigRecord(good), PLACE)
    keep(tmp_path, ConfigRecord({**good, "values": [bytes(31) + b"1"]}), PLACE)
    [taken] = kept(tmp_path / "taken")
    assert taken.receipt.value == bytes(32)  # the first one stays


def test_an_honest_coordinator_cannot_be_accused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ran(tmp_path / "run", "candidates")
    give_gas(folder)
    monkeypatch.setenv("ACCUSER", "5b" * 32)
    assert main(["bond", "accuse", str(folder.root), "--key-env", "ACCUSER"]) == 2
    assert "nothing in its transcripts can be proven a lie" in capsys.readouterr().err
    # Nor by showing others than it posted: no path leads from those to a root on chain.
    path = next(folder.transcripts.glob("00002-*"))
    transcript = Transcript.decode(path.read_bytes())
    account = _thawed(transcript.account)
    misreport_a_score(account, {})
    path.unlink()
    Shelf(folder.transcripts).put(replace(transcript, account=account))
    assert main(["bond", "accuse", str(folder.root), "--key-env", "ACCUSER"]) == 2
    assert standing(folder)[0] is Status.CLOSED


def test_a_bond_comes_back_after_its_time_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from fl_alliance.chain.connect import advance_to

    folder = ran(tmp_path / "run", "candidates")
    give_gas(folder)
    monkeypatch.setenv("ACCUSER", "5b" * 32)
    assert main(["bond", "status", str(folder.root)]) == 0
    shown = capsys.readouterr().out
    assert "task 1: closed, 100 FML" in shown
    assert "roots of rounds 1 to 2 are posted" in shown
    assert main(["bond", "release", str(folder.root), "--key-env", "ACCUSER"]) == 2
    with connected(f"file://{folder.chain.resolve()}") as w3:
        evidence = EvidenceBond(Sender(w3, ACCUSER), Deployment.load(folder.manifest).address(EVIDENCE))
        advance_to(w3, evidence.bond(1).closed_at + 86_400)
    assert main(["bond", "release", str(folder.root), "--key-env", "ACCUSER"]) == 0
    assert standing(folder)[0] is Status.RELEASED


def test_a_run_without_a_bond_has_nothing_to_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, words = RunFolder(tmp_path / "run"), [*WORDS, "alliance.bond=0"]
    run(load_config(words), folder, listener=lambda event: None, overrides=words)
    assert main(["bond", "status", str(folder.root)]) == 2
    assert "the run has no bond" in capsys.readouterr().err
    folder.chain.unlink()
    assert main(["bond", "status", str(folder.root)]) == 2
    assert "no chain file; needed --chain URL" in capsys.readouterr().err
