"""Hospitals, a coordinator and a chain as processes on loopback, to be killed, stopped and started again.

All over TLS, and the SuperLink lets in SuperNodes that it knows by their keys.
"""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from commands import PROGRAM, Commands

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import be_patient, close, connect
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.deployment.certificates import make_authority, make_link, make_node_key
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.records import RunFolder

SETTINGS = (
    "workload=linear",
    "alliance.proposers=2",
    "alliance.voters=2",
    "baselines=false",
    "chain.relayer_key_env=RELAYER_KEY",
)
JUDGED = ("accepted", "rejected")
"""How a round ends that voters have judged; the models of a tiny problem are not always better than the old one."""


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Loopback(Commands):
    """A chain, a coordinator and hospitals, each a process with a log of its own in `folder`.

    Attributes
    ----------
    nodes : int
        Hospitals, sites 0 to `nodes` - 1.
    settings : sequence of str
        Hydra overrides of the task.
    run_name : str
        The coordinator's folder of the run, in `folder`.
    """

    nodes: int = 4
    settings: Sequence[str] = ()
    run_name: str = "task"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.chain_port, self.link_port = free_port(), free_port()
        self.secrets = [f"{0x777000 + site:064x}" for site in range(self.nodes)]
        self._ledger: Alliance | None = None

    def __enter__(self) -> Self:
        self.make_keys()
        return self

    def make_keys(self) -> None:
        """Make certificates in `tls`, hospitals' SuperNodes' keys, and the folder `known` of the public ones."""
        make_authority(self.folder / "tls", "loopback")
        make_link(self.folder / "tls", [])
        (self.folder / "known").mkdir()
        for site in range(self.nodes):
            key = self.folder / f"node-{site}"
            make_node_key(key).rename(self.folder / "known" / f"{key.name}.pub")

    @property
    def url(self) -> str:
        """Where the chain listens."""
        return f"http://127.0.0.1:{self.chain_port}"

    @property
    def run(self) -> RunFolder:
        """The coordinator's folder of the run."""
        return RunFolder(self.folder / self.run_name)

    @property
    def hospitals(self) -> list[str]:
        """Names of the hospitals' processes."""
        return [f"hospital-{site}" for site in range(self.nodes)]

    def address(self, site: int) -> str:
        """Return a hospital's account."""
        return NodeKey(bytes.fromhex(self.secrets[site])).address

    def serve_chain(self, *words: str) -> None:
        """Start a chain that is kept in one file."""
        self.start("chain", "chain", "--port", str(self.chain_port), "--file", "chain.db", *words)
        self.await_line("chain", "serving")

    def coordinate(self, *settings: str) -> None:
        """Start the coordinator and wait until hospitals can join; a supervisor starts it again with --resume."""
        words = [f"nodes={self.nodes}", *SETTINGS, *self.settings, *settings, f"chain.url={self.url}"]
        port = ("--port", str(self.link_port), "--certificates", "tls", "--node-keys", "known")
        self.start(
            "coordinate",
            *("coordinate", *words, *port, "--run-dir", self.run_name),
            again=("coordinate", "--resume", self.run_name, *port),
            again_if=self.run.overrides,
            RELAYER_KEY=DEVELOPMENT_SECRET.hex(),
        )
        self.await_line("coordinate", "hospitals join with")

    def join(
        self,
        site: int,
        *,
        superlink: str | None = None,
        chain: str | None = None,
        program: str = PROGRAM,
        **environment: str,
    ) -> None:
        """Start a hospital, which may reach SuperLink and chain elsewhere, or be another program."""
        words = ["join", "1", "--manifest", f"{self.run_name}/manifest.json", "--chain", chain or self.url]
        words += ["--superlink", superlink or f"127.0.0.1:{self.link_port}", "--site", str(site), "--stake", "100"]
        words += ["--key-env", "HOSPITAL_KEY", "--root-certificates", "tls/ca.pem", "--node-key", f"node-{site}"]
        self.start(f"hospital-{site}", *words, program=program, HOSPITAL_KEY=self.secrets[site], **environment)

    def join_all(self) -> None:
        """Start every hospital."""
        for site in range(self.nodes):
            self.join(site)

    @property
    def ledger(self) -> Alliance:
        """The chain, as anybody can read it."""
        if self._ledger is None:
            self._ledger = self._open(self.url)
            be_patient(self._ledger.w3, 60)
        return self._ledger

    def task(self) -> TaskModel:
        """Return the run's task as it stands on the chain."""
        return self.ledger.model(self._number)

    def await_task(self, holds: Callable[[TaskModel], bool], seconds: float = 240) -> None:
        """Wait until something holds of the task on the chain."""
        self.wait(lambda: holds(self.task()), seconds)

    def await_phase(self, number: int, phase: Phase, seconds: float = 240) -> None:
        """Wait until a round is in a phase."""

        def is_there() -> bool:
            task = self.task()
            return task.committee.number == number and task.phase(self.ledger.now()) is phase

        self.wait(is_there, seconds)

    def member(self, site: int) -> int:
        """Return which member a hospital is."""
        return [node.address for node in self.task().roster.nodes].index(self.address(site))

    def site(self, member: int) -> int:
        """Return which hospital a member is."""
        return [self.address(site) for site in range(self.nodes)].index(self.task().roster.nodes[member].address)

    def finish(self, *absent: str, seconds: float = 400) -> list[str]:
        """Wait for the end of all but some hospitals, stop the chain, and return what is wrong with what it holds."""
        self.await_end("coordinate", *(name for name in self.hospitals if name not in absent), seconds=seconds)
        self.stop_chain()
        return [*self._undone(), *self._audited()]

    def _undone(self) -> Iterator[str]:
        ledger = self._open(f"file://{self.folder / 'chain.db'}")
        try:
            if (phase := ledger.model(self._number).stored_phase) is not Phase.FINISHED:
                yield f"the task is {phase.name}"
            held = ledger.balance_wei(ledger.address)
            if held:
                yield f"{held} wei are still in the contract"
            if ledger.models().held_gwei * WEI_PER_GWEI != held:
                yield "the contract holds something else than its rules say"
            hospitals = [ledger.balance_wei(self.address(site)) for site in range(self.nodes)]
            contracts = [ledger.deployment.address(name) for name in ledger.deployment.contracts]  # one has the bond
            others = [ledger.balance_wei(account) for account in {*contracts, ledger.sender.address}]
            if (accounts := sum(hospitals) + sum(others)) != ledger.supply_wei():
                yield f"hospitals, contracts and coordinator have {accounts} wei of {ledger.supply_wei()}"
        finally:
            close(ledger.w3)

    def _audited(self) -> Iterator[str]:
        words = [sys.executable, "-m", "fl_alliance.cli.main", "audit", str(self.folder / "chain.db")]
        audit = subprocess.run(words, capture_output=True, text=True)
        if audit.returncode:
            yield audit.stdout + audit.stderr

    @property
    def _number(self) -> int:
        return int(json.loads(self.run.deployment.read_text())["task"])

    def _open(self, url: str) -> Alliance:
        key = NodeKey(DEVELOPMENT_SECRET, is_public=True)
        return Alliance(connect(url), Deployment.load(self.run.manifest), key)

    def stop_chain(self) -> None:
        """End the chain as Ctrl-C does, so that its file can be read."""
        self._is_over.set()
        self.processes["chain"].running.send_signal(signal.SIGINT)
        self.processes["chain"].running.wait(30)
