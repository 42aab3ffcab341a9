"""A whole run of hospitals that are processes of their own, over TLS; one is killed, one stopped, both come back."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import EVIDENCE, Deployment
from fl_alliance.chain.evidence import EvidenceBond, Status
from fl_alliance.chain.sender import Sender
from fl_alliance.cli.main import main
from fl_alliance.deployment.certificates import make_authority, make_link, make_node_key
from fl_alliance.deployment.taken import kept
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.records import RunFolder
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.policy import Policy

ROOT = Path(__file__).resolve().parents[3]
NODES, ROUNDS = 4, 3
POLICED = (0, 1, 2)
"""Sites that keep one policy, and one log."""
SECRETS = [f"{0x777000 + site:064x}" for site in range(NODES)]
WORDS = [
    f"nodes={NODES}",
    f"rounds={ROUNDS}",
    "workload=linear",
    "alliance.proposers=2",
    "alliance.voters=2",
    "baselines=false",
    "chain.relayer_key_env=RELAYER_KEY",
    "runtime.timeout_s=100",
    "alliance.propose_s=240",
    "alliance.commit_s=240",
]


@dataclass
class Town:
    """The processes of this test, each with a log."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *words: str, **secrets: str) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, "-m", "fl_alliance.cli.main", *words]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=self.folder, env=os.environ | secrets | {"PYTHONPATH": paths}, stdout=log, stderr=log
            )
        return self.running[name]

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def wait(self, holds: Callable[[], bool], seconds: float = 600) -> None:
        end = time.monotonic() + seconds
        while not holds():
            logs = "".join(f"\n== {path.name}\n{path.read_text()[-1500:]}" for path in self.folder.glob("*.log"))
            assert time.monotonic() < end, logs
            time.sleep(0.2)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    for process in made.running.values():
        process.send_signal(signal.SIGTERM)
    for process in made.running.values():
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.slow
def test_four_hospitals_finish_a_run_though_one_is_killed_and_one_stopped(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELAYER_KEY", DEVELOPMENT_SECRET.hex())
    chain, link = free_port(), free_port()
    town.start("chain", "chain", "--port", str(chain), "--file", "chain.db")
    town.wait(lambda: "serving" in town.said("chain"))
    url = f"http://127.0.0.1:{chain}"
    make_authority(town.folder / "tls", "test")
    make_link(town.folder / "tls", [])
    keys = [town.folder / f"node-{site}" for site in range(NODES)]
    (town.folder / "known").mkdir()
    for key in keys:
        make_node_key(key).rename(town.folder / "known" / f"{key.name}.pub")
    sites = consortium(url, capsys)
    coordinator = town.start(
        "coordinate",
        *("coordinate", *WORDS, f"chain.url={url}", f"chain.sites='{sites}'", "--port", str(link), "--run-dir", "task"),
        *("--certificates", "tls", "--node-keys", "known"),
        RELAYER_KEY=DEVELOPMENT_SECRET.hex(),
    )
    town.wait(lambda: "hospitals join with" in town.said("coordinate"))
    assert f"--sites {sites}" in town.said("coordinate")
    approve(town.folder, url, sites)

    def join(site: int) -> subprocess.Popen[bytes]:
        words = ["join", "1", "--manifest", "task/manifest.json", "--chain", url, "--superlink", f"127.0.0.1:{link}"]
        words += ["--site", str(site), "--stake", "100", "--key-env", "HOSPITAL_KEY"]
        words += ["--root-certificates", "tls/ca.pem", "--node-key", str(keys[site])]
        words += ["--policy", str(policy)] if site in POLICED else []
        words += ["--sites", sites]
        return town.start(f"hospital-{site}", *words, HOSPITAL_KEY=SECRETS[site])

    policy = town.folder / "policy.yaml"
    assert (
        main(["policy", "init", str(policy), "--manifest", str(town.folder / "task/manifest.json"), "--task", "1"]) == 0
    )
    policy.write_text(policy.read_text().replace("examples: 100", "examples: 1"))
    hospitals = [join(site) for site in range(NODES)]
    town.wait(lambda: "round 1 ended" in town.said("hospital-2"))
    hospitals[2].kill()
    hospitals[3].send_signal(signal.SIGINT)
    assert hospitals[2].wait() == -signal.SIGKILL
    assert hospitals[3].wait() == 130
    assert "stopped; the stake stays in the task" in town.said("hospital-3")
    hospitals[2:] = [join(2), join(3)]
    town.wait(lambda: all(process.poll() is not None for process in [*hospitals, coordinator]))

    assert [process.returncode for process in [*hospitals, coordinator]] == [0] * (NODES + 1), town.said("coordinate")
    for site, secret in enumerate(SECRETS):
        said, address = town.said(f"hospital-{site}"), NodeKey(bytes.fromhex(secret)).address
        assert f"round {ROUNDS} ended" in said
        assert "privacy: the task promises that\n  updates carry no noise" in said
        assert f"FML paid out to {address}, staked 100.00" in said
    assert "rounds ended so far: 1" in town.said("hospital-2")
    run = RunFolder(town.folder / "task")
    back = {member_index(run, site) for site in (2, 3)}
    assert all(f"member {index} is back" in town.said("coordinate") for index in back)
    assert [record.round for record in run.rounds()] == [1, 2, 3]
    members = json.loads(run.deployment.read_text())["members"]
    assert sorted(member["site"] for member in members) == [0, 1, 2, 3]  # the roster is in the order of coming
    decisions = DecisionLog(Policy.load(policy).log).read().decisions
    assert {each.site for each in decisions} == {NodeKey(bytes.fromhex(SECRETS[site])).address for site in POLICED}
    assert {"query.join", "train", "evaluate", "query.reveal"} <= {each.kind for each in decisions}
    # What a node is asked in the moment after its hospital was killed fails: nothing signs for it any more.
    killed = NodeKey(bytes.fromhex(SECRETS[2])).address
    failed = {each.site for each in decisions if (each.verdict, each.reason) == ("failed", "FolderError")}
    assert failed <= {killed}
    assert {each.verdict for each in decisions if each.site not in failed} == {"allowed"}, decisions
    log = str(Policy.load(policy).log)
    for site in POLICED:
        check = ["policy", "log", log, "--last", "0", "--check", "--chain", url, "--sites", sites]
        assert main([*check, "--account", NodeKey(bytes.fromhex(SECRETS[site])).address]) == 0
        assert "not anchored" not in town.said(f"hospital-{site}")
    assert main(["sites", "status", "--chain", url, "--sites", sites, "--identities", str(run.identities)]) == 0
    assert capsys.readouterr().out.count("bound now; the contract has this signature's digest") == NODES
    assert not secrets_on_disk(town.folder)
    assert not left_over(town.folder)
    town.running.pop("chain").send_signal(signal.SIGINT)
    town.wait(lambda: "stopped at block" in town.said("chain"), 30)
    assert main(["audit", str(town.folder / "chain.db")]) == 0
    with connected(f"file://{town.folder / 'chain.db'}") as w3:  # nobody holds it any more
        evidence = EvidenceBond(
            Sender(w3, NodeKey(DEVELOPMENT_SECRET)), Deployment.load(run.manifest).address(EVIDENCE)
        )
        bond = evidence.bond(1)
        assert (bond.status, bond.posted) == (Status.CLOSED, ROUNDS)
    receipts = [taken for home in town.folder.rglob("taken") for taken in kept(home)]
    assert {taken.receipt.round for taken in receipts} >= {1}
    for taken in receipts:
        assert taken.receipt.recover(evidence.domain, taken.signature) == bond.coordinator
    shutil.copy(town.folder / "chain.db", run.chain)
    capsys.readouterr()
    assert main(["evidence", str(run.root)]) == 0
    assert main(["audit", str(run.root), "--no-execute"]) == 0
    told = capsys.readouterr().out
    assert f"{ROUNDS} roots of transcripts, posted on chain with a bond, are theirs" in told
    assert f"2 of {NODES} members of the consortium had approved code and settings" in told


def consortium(url: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Deploy a consortium of the hospitals, of whom two must agree; return its address."""
    members = [word for secret in SECRETS for word in ("--member", NodeKey(bytes.fromhex(secret)).address)]
    words = ["sites", "deploy", "--chain", url, "--key-env", "RELAYER_KEY", *members, "--threshold", "2"]
    assert main(words) == 0
    return capsys.readouterr().out.split()[-1]


def approve(folder: Path, url: str, sites: str) -> None:
    """Have two hospitals approve what the task pins."""
    for site in (0, 1):
        yes, own = str(folder / f"yes-{site}.json"), f"APPROVING_KEY_{site}"
        os.environ[own] = SECRETS[site]
        task = ["--sites", sites, "--task", "1", "--manifest", str(folder / "task/manifest.json")]
        assert main(["sites", "approve", "--chain", url, *task, "--key-env", own, "--sign-only", yes]) == 0
        del os.environ[own]
        assert main(["sites", "relay", yes, "--chain", url, "--key-env", "RELAYER_KEY"]) == 0


def member_index(run: RunFolder, site: int) -> int:
    members = json.loads(run.deployment.read_text())["members"]
    return next(member["index"] for member in members if member["site"] == site)


def secrets_on_disk(folder: Path) -> list[Path]:
    secrets = [secret.encode() for secret in (*SECRETS, DEVELOPMENT_SECRET.hex())]
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "chain.db")
    return [path for path in files if any(secret in path.read_bytes() for secret in secrets)]


def left_over(folder: Path) -> list[str]:
    """Return the command lines of processes that still work in the test's folder; Flower's children end a bit later."""
    end = time.monotonic() + 20
    while True:
        shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        found = [line for line in shown.splitlines() if str(folder) in line]
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.5)
