"""Secrets planted at four hospitals are, while a task runs over TLS and after it, only where they were put.

What is a hospital's alone: its account's key, the password of its keystore, its SuperNode's private key.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from eth_keyfile.keyfile import create_keyfile_json

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.auth_keys import AuthKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.sites import Sites, SitesView, add_sites
from fl_alliance.cli.main import main
from fl_alliance.code_digest import code_digest
from fl_alliance.config import config_digest, load_config
from fl_alliance.deployment.certificates import make_authority, make_link, make_node_key
from fl_alliance.deployment.keys import write_private
from fl_alliance.deployment.statements import Statement
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.records import RunFolder
from fl_alliance.site.template import template

ROOT = Path(__file__).resolve().parents[3]
NODES = 4
ACCOUNTS = [NodeKey(bytes.fromhex(f"5ec2e7{site:058x}")) for site in range(NODES)]
PASSWORDS = [f"planted-password-of-site-{site}" for site in range(NODES)]
WRONG = "planted-password-that-opens-nothing"
RELAYER = NodeKey(DEVELOPMENT_SECRET, is_public=True)
WORDS = [
    f"nodes={NODES}",
    "rounds=1",
    "workload=linear",
    "alliance.proposers=2",
    "alliance.voters=2",
    "baselines=false",
    "chain.relayer_key_env=RELAYER_KEY",
    "runtime.timeout_s=200",
]
_PATIENCE_S = 600.0


@dataclass
class Watched:
    """Processes, each with a log, whose arguments and environments are looked through as long as they run."""

    folder: Path
    secrets: list[bytes]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    looked_at: set[int] = field(default_factory=set)
    leaks: set[str] = field(default_factory=set)

    def start(self, name: str, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, "-m", "fl_alliance.cli.main", *words]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=self.folder, env=os.environ | variables | {"PYTHONPATH": paths}, stdout=log, stderr=log
            )
        return self.running[name]

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def look(self) -> None:
        """Look at every process of this machine that this user can see: Flower's children are among them."""
        for process in Path("/proc").glob("[0-9]*"):
            for part in ("cmdline", "environ"):
                try:
                    shown = (process / part).read_bytes()
                except OSError:
                    continue  # it has ended, or is another user's
                if str(self.folder).encode() in shown or process.name in map(str, self._pids()):
                    self.looked_at.add(int(process.name))
                if any(secret in shown for secret in self.secrets):
                    self.leaks.add(f"{part} of {process.name}")

    def _pids(self) -> list[int]:
        return [process.pid for process in self.running.values()]

    def wait(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not holds():
            logs = "".join(f"\n== {path.name}\n{path.read_text()[-1500:]}" for path in self.folder.glob("*.log"))
            assert time.monotonic() < end, logs
            self.look()
            time.sleep(0.2)


def planted(auth: list[AuthKey]) -> list[bytes]:
    """Return every form in which the secrets could be seen."""
    found: list[bytes] = [password.encode() for password in (*PASSWORDS, WRONG)]
    for key in ACCOUNTS:
        found += [key.secret, key.secret.hex().encode(), str(int.from_bytes(key.secret, "big")).encode()]
    for one in auth:
        number = one.secret.private_numbers().private_value
        raw = number.to_bytes(48, "big")
        pem = one.secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        found += [raw, raw.hex().encode(), str(number).encode(), base64.b64encode(raw), pem.splitlines()[1]]
    return found


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path, [])
    yield made
    for process in made.running.values():
        process.send_signal(signal.SIGTERM)
    for process in made.running.values():
        process.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("FL_ALLIANCE_WHOLE_HOSPITALS") != "1", reason="minutes; FL_ALLIANCE_WHOLE_HOSPITALS=1 plays it"
)
def test_planted_secrets_are_nowhere_but_where_they_were_put(watched: Watched) -> None:
    folder, link, port = watched.folder, free_port(), free_port()
    (folder / "known").mkdir()
    make_authority(folder / "tls", "test")
    make_link(folder / "tls", [])
    own = [folder / f"own-{site}" for site in range(NODES)]
    for site, (place, key, password) in enumerate(zip(own, ACCOUNTS, PASSWORDS, strict=True)):
        place.mkdir(mode=0o700)
        make_node_key(place / "node-key").rename(folder / "known" / f"{site}.pub")
        keystore = create_keyfile_json(key.secret, password.encode(), kdf="pbkdf2", iterations=1000)
        write_private(place / "keystore.json", json.dumps(keystore).encode())
        write_private(place / "password", password.encode())
    auth = [AuthKey.load(place / "node-key") for place in own]
    watched.secrets += planted(auth)

    watched.start("chain", "chain", "--port", str(port), "--file", "chain.db")
    watched.wait(lambda: "serving" in watched.said("chain"))
    url = f"http://127.0.0.1:{port}"
    with connected(url) as w3:
        sender = Sender(w3, RELAYER)
        empty = Deployment(sender.chain_id, 0, {})
        address = add_sites(sender, empty, [key.address for key in ACCOUNTS], 3).sites
        sites, pair = Sites(sender, address), (code_digest(), config_digest(load_config(WORDS)))
        for key in ACCOUNTS[:3]:
            now = int(sender.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
            signed = Statement("judge_bundle", (*pair, True)).sign(key, sites, now)
            signed.statement.send(sites, signed.voucher)

    coordinator = watched.start(
        "coordinate",
        *("coordinate", *WORDS, f"chain.url={url}", f"chain.sites={address}", "--port", str(link)),
        *("--run-dir", "task", "--certificates", "tls", "--node-keys", "known"),
        RELAYER_KEY=DEVELOPMENT_SECRET.hex(),
    )
    watched.wait(lambda: "hospitals join with" in watched.said("coordinate"))

    def join(site: int, name: str, password: Path) -> subprocess.Popen[bytes]:
        return watched.start(
            name,
            *("join", "1", "--manifest", "task/manifest.json", "--chain", url, "--superlink", f"127.0.0.1:{link}"),
            *("--site", str(site), "--stake", "100", "--sites", address, "--root-certificates", "tls/ca.pem"),
            *("--node-key", str(own[site] / "node-key"), "--keystore", str(own[site] / "keystore.json")),
            *("--password-file", str(password), "--policy", str(folder / "policy.yaml")),
        )

    text = template(code_digest().hex()).replace("tasks: []", "tasks: any").replace("examples: 100", "examples: 1")
    (folder / "policy.yaml").write_text(text)
    write_private(own[0] / "wrong", WRONG.encode())
    mistaken = join(0, "mistaken", own[0] / "wrong")
    watched.wait(lambda: mistaken.poll() is not None)
    assert mistaken.returncode == 2
    assert "a keystore that did not open" in watched.said("mistaken")
    hospitals = [join(site, f"hospital-{site}", own[site] / "password") for site in range(NODES)]
    watched.wait(lambda: all("the task has begun" in watched.said(f"hospital-{site}") for site in range(NODES)))
    hospitals[1].kill()
    watched.wait(lambda: hospitals[1].poll() is not None)
    hospitals[1] = join(1, "hospital-1", own[1] / "password")
    watched.wait(lambda: all(process.poll() is not None for process in [*hospitals, coordinator]))
    assert [process.returncode for process in [*hospitals, coordinator]] == [0] * (NODES + 1), watched.said(
        "coordinate"
    )

    with connected(url) as w3:
        view = SitesView(Rpc(w3), address)
        assert [view.site_of(one.digest) for one in auth] == [key.address for key in ACCOUNTS]
    assert not watched.leaks
    assert len(watched.looked_at) > NODES + 2, "Flower's own processes were seen too"
    chain = watched.running.pop("chain")
    chain.send_signal(signal.SIGINT)
    chain.wait(timeout=60)
    elsewhere = [path for path in folder.rglob("*") if path.is_file() and not path.parent.name.startswith("own-")]
    run = RunFolder(folder / "task")
    assert {run.report, folder / "chain.db", folder / "policy.decisions.jsonl"} <= set(elsewhere)
    for kept in (run.transcripts, run.identities, folder / "hospital-1", folder / "task.flower"):
        assert any(kept in path.parents for path in elsewhere), kept
    shutil.copy(folder / "chain.db", run.chain)
    assert main(["evidence", str(run.root), "--to", str(folder / "evidence.zip")]) == 0
    with zipfile.ZipFile(folder / "evidence.zip") as archive:
        assert not [name for name in archive.namelist() if any(one in archive.read(name) for one in watched.secrets)]
    assert not [path for path in elsewhere if any(secret in path.read_bytes() for secret in watched.secrets)]
