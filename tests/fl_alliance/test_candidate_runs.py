"""A whole run of candidate voting: resumed, audited, accounted for and reported."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg

from fl_alliance.audit import audit
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.cli.main import main
from fl_alliance.client_app import app
from fl_alliance.config import ConfigError, load_config
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.strategies.events import Event, ProposalsLocked, RoundOpened, RoundSettled, VotersDrawn, VotesCommitted
from fl_alliance.strategies.menu import Candidates, Menu
from fl_alliance.strategies.rules import CandidateVoting
from fl_alliance.workloads.linear import Linear

WORDS = ["workload=linear", "rule=candidates", "nodes=8", "rounds=3", "baselines=false", "strategy=fedadam"]
WORDS += ["alliance.proposers=4", "alliance.voters=3"]


def ran(root: Path, *overrides: str, listener: Callable[[Event], None] = lambda event: None) -> RunFolder:
    folder, words = RunFolder(root), [*WORDS, *overrides]
    run(load_config(words), folder, listener=listener, overrides=words)
    return folder


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return ran(tmp_path_factory.mktemp("honest") / "run")


@pytest.fixture
def copied(honest: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(honest.root, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def test_the_audit_forms_every_menu_again(honest: RunFolder) -> None:
    verdict = audit(honest.root)
    assert verdict.agreement is not None
    assert verdict.agreement.menus == 3
    assert "proposals/" in verdict.agreement.files
    assert len(list(honest.proposals.glob("*.safetensors"))) == 12


def test_a_changed_byte_of_a_proposal_is_named(copied: RunFolder) -> None:
    path = sorted(copied.proposals.glob("*.safetensors"))[0]
    content = path.read_bytes()
    path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    with pytest.raises(DoesNotHold, match=rf"round \d, proposal of member \d: proposals/{path.name}"):
        audit(copied.root, executes=False)


def test_a_proposal_that_is_not_there_is_said_and_accuses_nobody(copied: RunFolder) -> None:
    for path in copied.proposals.glob("*.safetensors"):
        path.unlink()
    agreement = audit(copied.root, executes=False).agreement
    assert agreement is not None
    assert agreement.menus == 0
    assert any("no file of the proposal of member" in note for note in agreement.notes)
    copied.proposals.rmdir()
    agreement = audit(copied.root, executes=False).agreement
    assert agreement is not None
    assert any("no proposals/" in note for note in agreement.notes)


def test_a_relayer_that_puts_another_menu_to_the_vote_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest_menu = Candidates.menu

    def without_the_last(self: Candidates, *given: Any, **more: Any) -> Menu:
        menu = honest_menu(self, *given, **more)
        moved = {name: array + np.float32(1) for name, array in menu.models[1].items()}
        return Menu(menu.names, (menu.models[0], moved, *menu.models[2:]), menu.members, menu.rows)

    with monkeypatch.context() as patched:
        patched.setattr(Candidates, "menu", without_the_last)
        folder = ran(tmp_path / "run")
    with pytest.raises(DoesNotHold, match=r"round 1 .*that the relayer 0x\w{40} put to the vote.*entry 1 "):
        audit(folder.root, executes=False)


def test_a_relayer_that_puts_another_old_model_to_the_vote_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest_motion = CandidateVoting.motion
    seen: list[bytes] = []

    def on_another(self: CandidateVoting, old: Any, *given: Any) -> Any:
        motion = honest_motion(self, old, *given)
        seen.append(motion.digest)
        if len(seen) == 1:
            return motion
        return honest_motion(self, {name: array + np.float32(1) for name, array in old.items()}, *given)

    with monkeypatch.context() as patched:
        patched.setattr(CandidateVoting, "motion", on_another)
        patched.setattr(CandidateVoting, "read", lambda self, content: _as_sent(self, content, honest_motion))
        folder = ran(tmp_path / "run", "rounds=2", "runtime.timeout_s=1")
    with pytest.raises(
        DoesNotHold, match=r"round 2, step \w+.*: the relayer 0x\w{40} put another old model to the vote"
    ):
        audit(folder.root, executes=False)


def _as_sent(rule: CandidateVoting, content: Any, motion: Any) -> Any:
    """Put a motion together from what was sent, by the rule as it is."""
    from fl_alliance.strategies import wire

    sent = content.config_records["menu"]
    order, members, averages = (list(sent[name]) for name in ("order", "members", "averages"))
    proposals = {member: wire.arrays_named(content, f"proposal-{member}") for member in order}
    old, aggregate = (wire.arrays_named(content, name) for name in ("previous", "arrays"))
    return motion(rule, old, proposals, aggregate, members, dict(zip(members, averages, strict=True)))


def test_a_random_strategy_is_said_to_be_one_and_accuses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noisy(config: Any) -> Any:
        return DifferentialPrivacyServerSideFixedClipping(FedAvg(), 0.5, 1.0, 4)

    monkeypatch.setattr("fl_alliance.job.make_strategy", noisy)
    monkeypatch.setattr("fl_alliance.audit.menus.make_strategy", noisy)
    agreement = audit(ran(tmp_path / "run").root, executes=False).agreement
    assert agreement is not None
    assert agreement.menus == 0
    assert any("the strategy's aggregate is random" in note for note in agreement.notes)


class Stopped(Exception):
    """Somebody stops the run."""


@pytest.mark.parametrize("kind", [RoundOpened, ProposalsLocked, VotersDrawn, VotesCommitted, RoundSettled])
def test_a_stopped_run_goes_on_to_the_same_end(kind: type[Event], honest: RunFolder, tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, kind) and event.round == 2:
            raise Stopped

    with pytest.raises(Stopped):
        ran(tmp_path / "run", listener=stop)
    folder = RunFolder(tmp_path / "run")
    run(load_config(WORDS), folder, listener=lambda event: None, overrides=WORDS, resume=True)
    assert audit(folder.root, executes=False).audited.head == audit(honest.root, executes=False).audited.head
    assert folder.model.read_bytes() == honest.model.read_bytes()


def test_the_winner_survives_a_stop_right_after_the_settlement(
    honest: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the settlement and the record of it only what was stored before it is there."""

    def stop(folder: RunFolder, record: Any) -> None:
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "append", stop)
        with pytest.raises(Stopped):
            ran(tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    run(load_config(WORDS), folder, listener=lambda event: None, overrides=WORDS, resume=True)
    records = list(folder.rounds())
    assert [record.round for record in records] == [1, 2, 3]
    assert all(record.choice for record in records)
    assert audit(folder.root, executes=False).audited.head == audit(honest.root, executes=False).audited.head


class Silent(ClientApp):
    """The app of nodes of which nobody reveals."""

    def __call__(self, message: Message, context: Context) -> Message:
        """Answer as an honest node does, but for reveals."""
        if message.metadata.message_type == "query.reveal" and int(context.node_config["partition-id"]) > 0:
            raise RuntimeError("nothing to say")
        return app(message, context)


def test_a_void_round_has_losses_and_no_choice_and_everybody_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fl_alliance.client_app.app", Silent())
    words = [*WORDS, "rounds=3", "alliance.voters=4"]
    assert main(["run", *words, "--run-dir", str(tmp_path / "run")]) == 0
    folder = RunFolder(tmp_path / "run")
    records = list(folder.rounds())
    assert [record.outcome for record in records] == ["void"] * 3
    assert any(len(told) > 2 for record in records for told in record.scores.values())
    assert all(record.choice is None for record in records)
    assert main(["audit", str(folder.root)]) == 0
    assert "3 menus formed again" in capsys.readouterr().out
    for number in ("1", "2", "3"):
        assert main(["ledger", str(folder.root), "--round", number]) == 0
        assert main(["ledger", str(folder.root), "--why", "0", number]) == 0
    assert "committed a vote and withheld it" in capsys.readouterr().out


def test_every_payout_is_told_with_its_numbers(honest: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    records = list(honest.rounds())
    for member in range(8):
        for record in records:
            assert main(["ledger", str(honest.root), "--why", str(member), str(record.round)]) == 0
            said = capsys.readouterr().out
            delta = record.deltas.get(str(member), 0)
            if str(member) in record.reasons:
                assert record.reasons[str(member)].split("(")[0].strip() in said
            if delta > 0 and member in record.voters:
                assert f"{delta:,} gwei, rounded down" in said
    assert main(["ledger", str(honest.root)]) == 0
    said = capsys.readouterr().out
    assert "every FML is accounted for" in said
    assert "chosen" in said


def test_the_ledger_shows_what_was_chosen(honest: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(honest.root), "--round", "2"]) == 0
    said = capsys.readouterr().out
    assert "loss old → new" in said
    assert "whose loss the voter in the middle finds" in said
    assert "escrow FML" in said


def test_the_report_says_what_was_chosen_and_what_a_voter_received(honest: RunFolder) -> None:
    page = honest.report.read_text()
    assert "What the voters chose" in page
    assert "1.50 times the proposals" in page
    assert "Every FML is accounted for." in page
    assert "Everybody forms the same menu" in page


def test_the_summary_says_what_was_sent_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *WORDS, "rounds=1", "--quiet", "--run-dir", str(tmp_path / "all")]) == 0
    said = capsys.readouterr().out
    assert re.search(r"sent to each voter a round: .* of models, 1.50 times the proposals", said)
    assert "kept for the audit: all proposals" in said
    words = [*WORDS, "rounds=1", "records.proposals=none"]
    assert main(["run", *words, "--quiet", "--run-dir", str(tmp_path / "none")]) == 0
    assert "kept for the audit" not in capsys.readouterr().out
    assert not (tmp_path / "none" / "proposals").exists()


ATTACK = ("attack=alie", "rule=candidates", "baselines=none", "rounds=1", "nodes=8")


class WithoutGradient(Linear):
    """A workload as somebody may have written it who pays by stake."""

    gradient = None  # type: ignore[assignment]


def test_pay_by_contribution_needs_a_gradient_and_pay_by_stake_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("lab_of_mine")
    module.WithoutGradient = WithoutGradient  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lab_of_mine", module)
    WithoutGradient.__module__ = "lab_of_mine"
    own = "workload.name=lab_of_mine:WithoutGradient"
    with pytest.raises(
        ConfigError, match=r"workload linear has no gradient; needed one of: rule\.reward=stake, rule=majority"
    ):
        ran(tmp_path / "contribution", own)
    assert not (tmp_path / "contribution").exists()
    assert main(["attack", own, *ATTACK, "--run-dir", str(tmp_path / "lab")]) == 2
    assert not (tmp_path / "lab").exists()
    assert len(list(ran(tmp_path / "stake", own, "rule.reward=stake", "rounds=1").rounds())) == 1
    assert len(list(ran(tmp_path / "majority", own, "rule=majority", "rounds=1").rounds())) == 1


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("rule.menu._target_=no.such.Rule", "rule.menu no.such.Rule"),
        ("rule.menu._target_=decimal.Decimal", "rule.menu decimal.Decimal: lacks menu, prepare"),
        ("+rule.menu.colour=red", "rule.menu .*Candidates.*colour"),
    ],
)
def test_a_rule_that_cannot_be_made_is_refused_before_anything_runs(
    override: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        ran(tmp_path / "run", override)
    assert not (tmp_path / "run").exists()
