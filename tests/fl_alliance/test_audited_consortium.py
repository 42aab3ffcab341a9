"""A run under a consortium: the audit replays who approved what, and names code or settings that too few approved."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fl_alliance.audit import audit
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.chain import artifacts
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import SITES, Contract, deploy_contract
from fl_alliance.chain.rules.sites import SitesModel
from fl_alliance.chain.rules.words import ZERO_ADDRESS, keccak, word
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.sites import Pen, Sites, SitesView
from fl_alliance.chain.vouchers import Change
from fl_alliance.cli.main import main
from fl_alliance.code_digest import code_digest
from fl_alliance.config import config_digest, load_config
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.job import run
from fl_alliance.records import RunFolder

WORDS = [
    *("workload=linear", "rounds=1", "nodes=4", "baselines=false", "strategy=fedavg"),
    *("alliance.proposers=2", "alliance.voters=2", "rule=majority"),
]
COORDINATOR = NodeKey(DEVELOPMENT_SECRET, is_public=True)
MEMBERS = [NodeKey.derive(70, index) for index in range(3)]
NEWCOMER = NodeKey.derive(70, 8)
CODE, CONFIG = code_digest(), config_digest(load_config(WORDS))
FAR = 2**40

Play = Callable[[Sender, Sites], None]


@contextmanager
def consortium(folder: RunFolder, members: list[str] | None = None) -> Iterator[tuple[Sender, Sites]]:
    """A consortium of three, two of whom must agree, on a chain that has nothing else yet."""
    folder.root.mkdir(parents=True, exist_ok=True)
    with connected(f"file://{folder.chain.resolve()}", chain_id=31337) as w3:
        sender, contracts = Sender(w3, COORDINATOR), dict[str, Contract]()
        given = members or [member.address for member in MEMBERS]
        deploy_contract(sender, SITES, (given, 2, ZERO_ADDRESS), contracts, 1_000_000)
        yield sender, Sites(sender, contracts[SITES].address)


def approve(sites: Sites, member: NodeKey, code: bytes = CODE, config: bytes = CONFIG, says: bool = True) -> None:
    sites.judge_bundle(code, config, says, pen(sites, member).judge_bundle(code, config, says))


def pen(sites: SitesView, member: NodeKey) -> Pen:
    return Pen(member, member.address, sites, FAR)


def ran(folder: RunFolder, play: Play, members: list[str] | None = None) -> str:
    """Run a task under a consortium that has done something before; return the consortium's address."""
    with consortium(folder, members) as (sender, sites):
        play(sender, sites)
    words = [*WORDS, f"chain.url=file://{folder.chain.resolve()}", f"chain.sites={sites.address}"]
    run(load_config(words), folder, listener=lambda event: None, overrides=words)
    return sites.address


def finding(folder: RunFolder, **how: object) -> DoesNotHold:
    with pytest.raises(DoesNotHold) as found:
        audit(folder.root, executes=False, **how)  # type: ignore[arg-type]
    return found.value


def enough(sender: Sender, sites: Sites) -> None:
    approve(sites, MEMBERS[0])
    approve(sites, MEMBERS[2])


def everything(sender: Sender, sites: Sites) -> None:
    """Every call that the contract takes, by vouchers."""
    enough(sender, sites)
    keys = [keccak(bytes([index])) for index in range(3)]
    for member, key in zip(MEMBERS, keys, strict=True):
        sites.bind(key, keccak(b"proof"), by=pen(sites, member).bind(key, keccak(b"proof")))
    sites.revoke(keys[0], by=pen(sites, MEMBERS[0]).revoke(keys[0]))
    sites.anchor(keccak(b"head"), 3, by=pen(sites, MEMBERS[1]).anchor(keccak(b"head"), 3))
    approve(sites, MEMBERS[0], says=False)
    approve(sites, MEMBERS[0])
    for change, account, value in [
        (Change.ADMIT, NEWCOMER.address, 0),
        (Change.REVOKE, MEMBERS[1].address, int.from_bytes(keys[1], "big")),
        (Change.RELEASE, MEMBERS[2].address, int.from_bytes(keys[2], "big")),
        (Change.THRESHOLD, ZERO_ADDRESS, 1),
        (Change.EXPEL, MEMBERS[1].address, 0),
    ]:
        for member in MEMBERS[: sites.threshold]:
            sites.judge_change(change, account, value, True, pen(sites, member).judge_change(change, account, value))


@pytest.mark.parametrize(("play", "approval"), [(enough, (2, 2, 3)), (everything, (2, 1, 3))])
def test_a_bundle_that_enough_members_approved_holds(
    tmp_path: Path, play: Play, approval: tuple[int, int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path / "run")
    address = ran(folder, play)
    for executes in (True, False):
        agreement = audit(folder.root, executes=executes).agreement
        assert agreement is not None
        assert agreement.approval is not None
        found = agreement.approval
        assert (found.count, found.threshold, found.members) == approval
    assert main(["audit", str(folder.root), "--no-execute", "--sites", address]) == 0
    assert "2 of 3 members of the consortium had approved code and settings" in capsys.readouterr().out


def one_member(sender: Sender, sites: Sites) -> None:
    approve(sites, MEMBERS[0])


def other_code(sender: Sender, sites: Sites) -> None:
    for member in MEMBERS:
        approve(sites, member, code=bytes(31) + b"1")


def other_settings(sender: Sender, sites: Sites) -> None:
    for member in MEMBERS:
        approve(sites, member, config=bytes(31) + b"1")


def taken_back(sender: Sender, sites: Sites) -> None:
    enough(sender, sites)
    approve(sites, MEMBERS[2], says=False)


@pytest.mark.parametrize(("play", "count"), [(one_member, 1), (other_code, 0), (other_settings, 0), (taken_back, 1)])
def test_a_task_that_started_without_approval_is_caught_by_the_check_of_bundles(
    tmp_path: Path, play: Play, count: int
) -> None:
    folder = RunFolder(tmp_path / "run")
    ran(folder, play)
    found = finding(folder)
    assert found.check is Check.BUNDLE
    assert f"{count} of 3 members of consortium" in found.what


def test_a_coordinator_that_does_not_name_the_consortium_is_held_to_the_auditors(tmp_path: Path) -> None:
    folder, other = RunFolder(tmp_path / "run"), RunFolder(tmp_path / "other")
    address = ran(folder, one_member)
    for path in (folder.manifest, folder.deployment):
        import json

        content = json.loads(path.read_text())
        del content["contracts"][SITES]
        path.write_text(json.dumps(content))
    assert audit(folder.root, executes=False).agreement is not None
    assert finding(folder, sites=address).check is Check.BUNDLE
    with consortium(other) as (_, elsewhere):
        pass
    assert elsewhere.address == address  # the same first contract of the same account, on another chain
    assert finding(folder, sites=NEWCOMER.address).what.startswith("was not on this chain when task 1 started")


def test_of_two_consortiums_on_one_chain_the_named_one_counts(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")

    def two(sender: Sender, first: Sites) -> None:
        contracts = dict[str, Contract]()
        deploy_contract(sender, SITES, ([NEWCOMER.address], 1, ZERO_ADDRESS), contracts, 1_000_000)
        second = Sites(sender, contracts[SITES].address)
        second.judge_bundle(CODE, CONFIG, True, pen(second, NEWCOMER).judge_bundle(CODE, CONFIG))
        seconds.append(second.address)

    seconds: list[str] = []
    ran(folder, two)
    assert finding(folder).check is Check.BUNDLE
    agreement = audit(folder.root, executes=False, sites=seconds[0]).agreement
    assert agreement is not None
    assert agreement.approval is not None
    assert agreement.approval.count == 1


def test_a_member_that_is_a_contract_is_followed_by_its_events_where_they_are_executed(tmp_path: Path) -> None:
    """Its calldata is on no chain, so without execution nothing of it is believed."""
    folder = RunFolder(tmp_path / "run")
    with consortium(folder) as (sender, sites):
        forwarder = sender.send(None, _forwarder(sites.address), 2_000_000, "deploy").contract
        assert forwarder is not None
        for member in MEMBERS[:2]:
            change = (Change.ADMIT, forwarder, 0)
            sites.judge_change(*change, True, pen(sites, member).judge_change(*change))
        own = sites._bound.encode("judgeBundle", (forwarder, 0, bytes(32), bytes(32)), CODE, CONFIG, True)
        sender.send(forwarder, own, 1_000_000, "judge")
        approve(sites, MEMBERS[0])
    words = [*WORDS, f"chain.url=file://{folder.chain.resolve()}", f"chain.sites={sites.address}"]
    run(load_config(words), folder, listener=lambda event: None, overrides=words)
    agreement = audit(folder.root).agreement
    assert agreement is not None
    assert agreement.approval is not None
    assert (agreement.approval.count, agreement.approval.members) == (2, 4)


def _forwarder(target: str) -> bytes:
    return bytes.fromhex(artifacts.load("Forwarder").bytecode[2:]) + word(target)


def test_a_count_that_the_contract_did_not_make_by_the_rules_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path / "run")
    ran(folder, enough)
    honest = SitesModel.approvals
    monkeypatch.setattr(SitesModel, "approvals", lambda self, code, config: honest(self, code, config) + 1)
    found = finding(folder)
    assert found.check is Check.CHAIN
    assert "BundleJudged(approvals 1)" in found.what
