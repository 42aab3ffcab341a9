"""Hospitals, a coordinator and a chain as processes on loopback, to be killed, stopped and started again.

All over TLS, and the SuperLink lets in SuperNodes that it knows by their keys.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import be_patient, close, connect
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.deployment.certificates import make_authority, make_link, make_node_key
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.records import RunFolder

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parents[1]
SETTINGS = (
    "workload=linear",
    "alliance.proposers=2",
    "alliance.voters=2",
    "baselines=false",
    "chain.relayer_key_env=RELAYER_KEY",
)
PROGRAM = "fl_alliance.cli.main"
_SUPERVISED_S = 0.5


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Process:
    """A command of this project that is left running, and how it is started again."""

    words: tuple[str, ...]
    program: str
    secrets: dict[str, str]
    running: "subprocess.Popen[bytes]"
    again: tuple[str, ...] | None = None
    ends: int = 0
    is_done: bool = False


@dataclass
class Loopback:
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

    folder: Path
    nodes: int = 4
    settings: Sequence[str] = ()
    run_name: str = "task"

    def __post_init__(self) -> None:
        self.processes: dict[str, Process] = {}
        self.chain_port, self.link_port = free_port(), free_port()
        self.secrets = [f"{0x777000 + site:064x}" for site in range(self.nodes)]
        self._supervisor: threading.Thread | None = None
        self._is_over = threading.Event()
        self._ledger: Alliance | None = None

    def __enter__(self) -> "Loopback":
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

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        if self._supervisor is not None:
            self._supervisor.join()
        for process in self.processes.values():
            process.running.send_signal(signal.SIGCONT)
            process.running.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.running.wait(30)
            except subprocess.TimeoutExpired:
                process.running.kill()
                process.running.wait()

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

    def start(
        self, name: str, *words: str, again: tuple[str, ...] | None = None, program: str = PROGRAM, **secrets: str
    ) -> None:
        """Start a command that is left running."""
        self.processes[name] = Process(words, program, secrets, self._popen(name, program, words, secrets), again)

    def restart(self, name: str) -> None:
        """Start a process that has ended again, as a supervisor would."""
        process = self.processes[name]
        words = process.words
        if process.again is not None and self.run.overrides.is_file():
            words = process.again
        process.running = self._popen(name, process.program, words, process.secrets)

    def kill(self, name: str) -> None:
        """End a process with SIGKILL."""
        process = self.processes[name].running
        process.kill()
        process.wait()

    def kill_child(self, name: str, kind: str) -> bool:
        """End what a process has started, `supernode` or `superlink`, with SIGKILL; return whether it was there."""
        found = self.child(name, kind)
        if found is None:
            return False
        os.kill(found, signal.SIGKILL)
        return True

    def child(self, name: str, kind: str) -> int | None:
        """Return the id of the Flower process that this process has started."""
        parent = str(self.processes[name].running.pid)
        shown = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        for line in shown.splitlines():
            pid, *words = line.split()
            if "fl_alliance.deployment.tether" in words and [parent, kind] == words[words.index("-m") + 2 :][:2]:
                return int(pid)
        return None

    def freeze(self, name: str) -> None:
        """Let a process and all that it has started stand still."""
        for pid in self._tree(name):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let them go on."""
        for pid in self._tree(name):
            os.kill(pid, signal.SIGCONT)

    def _tree(self, name: str) -> list[int]:
        """Return the ids of a process and of all that it has started, and so on."""
        shown = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        pairs = [(int(pid), int(parent)) for pid, parent in (line.split() for line in shown.splitlines()[1:])]
        found = [self.processes[name].running.pid]
        for pid in found:  # grows
            found += [child for child, parent in pairs if parent == pid]
        return found

    def supervise(self) -> None:
        """Start whatever ends other than with exit code 0 again, until the end."""
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    def said(self, name: str) -> str:
        """Return all that the processes of this name have printed."""
        path = self.folder / f"{name}.log"
        return path.read_text() if path.is_file() else ""

    def await_line(self, name: str, pattern: str, seconds: float = 240) -> "re.Match[str]":
        """Wait until a process has printed something."""
        found: list[re.Match[str]] = []

        def has_said() -> bool:
            has_ended = self._supervisor is None and self.processes[name].running.poll() is not None
            match = re.search(pattern, self.said(name))
            found.extend([match] if match else [])
            assert match or not has_ended, self.logs()
            return match is not None

        self.wait(has_said, seconds)
        return found[0]

    def wait(self, holds: Callable[[], bool], seconds: float = 240, every_s: float = 0.2) -> None:
        """Wait until something holds; fail with the logs where it does not come to hold."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.logs()
            time.sleep(every_s)

    def await_end(self, *names: str, seconds: float = 400) -> None:
        """Wait until processes have ended, all with exit code 0."""
        processes = [self.processes[name] for name in names]
        self.wait(lambda: all(one.running.poll() is not None and self._is_at_rest(one) for one in processes), seconds)
        codes = {name: self.processes[name].running.returncode for name in names}
        assert not any(codes.values()), f"{codes}{self.logs()}"

    def task(self) -> TaskModel:
        """Return the run's task as it stands on the chain."""
        if self._ledger is None:
            self._ledger = self._open(self.url)
            be_patient(self._ledger.w3, 60)
        return self._ledger.model(self._number)

    def await_task(self, holds: Callable[[TaskModel], bool], seconds: float = 240) -> None:
        """Wait until something holds of the task on the chain."""
        self.wait(lambda: holds(self.task()), seconds)

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
            accounts = sum(hospitals) + held + ledger.balance_wei(ledger.sender.address)
            if accounts != ledger.supply_wei():
                yield f"hospitals, contract and coordinator have {accounts} wei of {ledger.supply_wei()}"
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

    def logs(self, length: int = 1500) -> str:
        """Return the ends of all logs."""
        paths = sorted([*self.folder.glob("*.log"), *self.folder.glob("*/*.log"), *self.folder.glob("*.flower/*.log")])
        return "".join(f"\n== {path.name}\n{path.read_text()[-length:]}" for path in dict.fromkeys(paths))

    def _is_at_rest(self, process: Process) -> bool:
        return self._supervisor is None or process.running.returncode == 0

    def _supervise(self) -> None:
        while not self._is_over.wait(_SUPERVISED_S):
            for name, process in list(self.processes.items()):
                if process.running.poll() not in (None, 0) and not self._is_over.is_set():
                    process.ends += 1
                    self.restart(name)

    def _popen(
        self, name: str, program: str, words: Sequence[str], secrets: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        more = [secrets.get("PYTHONPATH", ""), os.environ.get("PYTHONPATH", "")]
        paths = os.pathsep.join(filter(None, [str(ROOT), str(BENCH), *more]))
        surroundings = os.environ | secrets | {"PYTHONPATH": paths}
        command = [sys.executable, "-m", program, *words]
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, env=surroundings, stdout=log, stderr=log)
