"""A run's coordinator puts up a bond and posts every round's root, once, whatever stops it; the audit sees to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.audit import audit
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import EVIDENCE, Deployment
from fl_alliance.chain.evidence import Bond, EvidenceBond, Posted, Status
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.rules.evidence import reward_wei
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.statements import Transcript as SignedRoot
from fl_alliance.chain.types import WEI_PER_FML, Phase
from fl_alliance.config import ConfigError, load_config
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.strategies.events import Event, RoundSettled, Stage
from fl_alliance.transcript.shelf import Shelf

WORDS = [
    *("workload=linear", "rounds=3", "nodes=5", "baselines=false", "strategy=fedavg"),
    *("alliance.proposers=2", "alliance.voters=2", "rule=majority"),
]
COORDINATOR = NodeKey(DEVELOPMENT_SECRET, is_public=True)
ACCUSER = NodeKey(bytes.fromhex("5b" * 32))
BOND = 100 * WEI_PER_FML


class Killed(Exception):
    """The process ends here."""


def go(root: Path, *more: str, resume: bool = False, listener: Any = lambda event: None) -> RunFolder:
    folder, words = RunFolder(root), [*WORDS, *more]
    run(load_config(words), folder, listener=listener, overrides=words, resume=resume)
    return folder


@contextmanager
def chain_of(folder: RunFolder, key: NodeKey = COORDINATOR) -> Iterator[tuple[Sender, EvidenceBond]]:
    with connected(f"file://{folder.chain.resolve()}") as w3:
        sender = Sender(w3, key)
        yield sender, EvidenceBond(sender, Deployment.load(folder.manifest).address(EVIDENCE))


def bond_of(folder: RunFolder) -> Bond:
    with chain_of(folder) as (_, evidence):
        return evidence.bond(1)


@pytest.fixture(scope="module")
def bonded(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that came to its end."""
    return go(tmp_path_factory.mktemp("bonded") / "run")


def test_a_run_ends_with_every_root_posted_and_its_model_named(bonded: RunFolder) -> None:
    bond = bond_of(bonded)
    assert (bond.status, bond.posted, bond.bond_wei, bond.window_s) == (Status.CLOSED, 3, BOND, 86_400)
    assert bond.coordinator == COORDINATOR.address
    for executes in (True, False):
        verdict = audit(bonded.root, executes=executes)
        assert verdict.agreement is not None
        assert verdict.agreement.posted == 3
        [facts] = verdict.audited.bonds[1]
        assert facts.bond == bond
        roots = {transcript.number: transcript.tree().root for transcript in Shelf(bonded.transcripts)}
        assert dict(facts.roots) == roots
        assert bond.model == verdict.audited.models.tasks[1].model


def test_without_a_bond_there_is_no_contract_and_nothing_is_posted(tmp_path: Path) -> None:
    folder = go(tmp_path / "run", "alliance.bond=0", "rounds=1")
    assert not Deployment.load(folder.manifest).has_evidence
    agreement = audit(folder.root, executes=False).agreement
    assert agreement is not None
    assert (agreement.transcripts, agreement.posted) == (1, 0)


def test_a_bond_in_points_comes_back_and_its_audit_holds(tmp_path: Path) -> None:
    folder = go(tmp_path / "run", "chain.token=points", "rounds=1", "alliance.challenge_s=3600")
    with connected(f"file://{folder.chain.resolve()}") as w3:
        evidence = EvidenceBond(Sender(w3, COORDINATOR), Deployment.load(folder.manifest).address(EVIDENCE))
        advance_to(w3, evidence.bond(1).closed_at + 3_600)
        evidence.release(1)
        assert evidence.bond(1).status is Status.RELEASED
    for executes in (True, False):
        assert audit(folder.root, executes=executes).audited.bonds[1][0].bond.status is Status.RELEASED


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize("killed", ["open", "post", "close"])
def test_a_run_that_is_killed_around_a_step_of_its_bond_does_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str, is_sent: bool
) -> None:
    step = getattr(EvidenceBond, killed)

    def dies(*args: Any) -> Any:
        if is_sent:
            step(*args)
        raise Killed

    with monkeypatch.context() as once:
        once.setattr(EvidenceBond, killed, dies)
        with pytest.raises(Killed):
            go(tmp_path / "run")
    folder = go(tmp_path / "run", resume=True)
    bond = bond_of(folder)
    assert (bond.status, bond.posted, bond.batches) == (Status.CLOSED, 3, 3)
    agreement = audit(folder.root, executes=False).agreement
    assert agreement is not None
    assert (agreement.posted, agreement.notes) == (3, [])


def test_a_coordinator_that_lost_its_bond_goes_on_and_pays_everyone(tmp_path: Path) -> None:
    told: list[Event] = []

    def accuse(event: Event) -> None:
        told.append(event)
        if isinstance(event, RoundSettled) and event.round == 2:
            raise Killed

    with pytest.raises(Killed):
        go(tmp_path / "run", listener=accuse)
    folder = RunFolder(tmp_path / "run")
    root, other = next(iter(Shelf(folder.transcripts))).tree().root, bytes(range(32))
    with chain_of(folder) as (coordinator, evidence):
        said = SignedRoot(1, 1, other).sign(COORDINATOR, evidence.domain)
        coordinator.send(ACCUSER.address, b"", 21_000, "gas", value=10**18)
    with chain_of(folder, ACCUSER) as (_, evidence):
        evidence.prove_two_transcripts(1, Posted(0, 1, (root,), 1), other, said)
    go(tmp_path / "run", resume=True, listener=told.append)
    assert any(isinstance(event, Stage) and "bond is lost" in event.text for event in told)
    with connected(f"file://{folder.chain.resolve()}") as w3:
        ledger = Alliance(w3, Deployment.load(folder.manifest), COORDINATOR)
        assert ledger.state(1).phase is Phase.FINISHED
        assert not any(member.balance_gwei for member in ledger.members(1))
        assert ledger.balance_wei(ACCUSER.address) == reward_wei(BOND)
    for executes in (True, False):
        with pytest.raises(DoesNotHold, match="was lost: a lie was proven on chain, two transcripts") as found:
            audit(folder.root, executes=executes)
        assert found.value.check is Check.TRANSCRIPTS


def test_a_promised_bond_that_is_not_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as cheating:
        cheating.setattr("fl_alliance.contracts.bond_wei", lambda config: 0)
        cheating.setattr("fl_alliance.bond.bond_wei", lambda config: 0)
        folder = go(tmp_path / "run", "rounds=1")
    with pytest.raises(DoesNotHold, match="the settings promise 100000000000000000000 wei") as found:
        audit(folder.root, executes=False)
    assert found.value.check is Check.TRANSCRIPTS


def test_a_relayer_that_cannot_pay_for_pool_and_bond_is_refused_before_there_is_a_task(tmp_path: Path) -> None:
    from fl_alliance.chain.deploy import deploy
    from fl_alliance.federation import open_federation

    config, folder = load_config(WORDS), RunFolder(tmp_path)
    with pytest.MonkeyPatch.context() as poor:
        poor.setattr("fl_alliance.contracts.deploy", lambda sender, **how: deploy(sender, WEI_PER_FML, how["rule"]))
        needed = r"alliance\.pool=1000 and alliance\.bond=100: .* has 1 FML, needed 1100"
        with pytest.raises(ConfigError, match=needed), open_federation(config, folder, bytes(32), resume=False):
            pass
    assert not folder.deployment.exists()
