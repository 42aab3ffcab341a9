"""A coordinator, its chain and four hospitals on this machine, each with folders of its own, from first key to payout.

    python run.py [DIR] [NAME=VALUE ...]

Everything is started, shown and taken down from here, after Ctrl-C too. The same commands, one machine each, are what
real sites run: README.md.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from exports import HOSPITALS, write_exports

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.errors import AnvilMissing
from fl_alliance.chain.node.anvil import find_anvil
from fl_alliance.cli.main import main as fl_alliance
from fl_alliance.deployment.keys import write_private
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.records import RunFolder

SETTINGS = ("rounds=3", "workload=glucose", "alliance.proposers=2", "alliance.voters=2", "baselines=false")
GAS_WEI = 10 * 10**18
START_S, STOP_S = 120.0, 30.0


@dataclass
class Town:
    """The processes of this example; each tells what it does under its name."""

    folder: Path
    running: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)

    def start(self, name: str, *words: str, **environment: str) -> "subprocess.Popen[str]":
        """Start a command of fl-alliance, or a program given by its path."""
        command = list(words) if os.path.isabs(words[0]) else [sys.executable, "-m", "fl_alliance.cli.main", *words]
        process = subprocess.Popen(  # noqa: S603  commands of this example
            command,
            cwd=self.folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C is for this script, which stops them in order
        )
        self.running[name] = process
        self.told[name] = []
        threading.Thread(target=self._repeat, args=(name, process), daemon=True).start()
        return process

    def wait(self, name: str, holds: Callable[[], bool], seconds: float) -> None:
        """Wait for something that a process does; leave where it ends before, or the time is over."""
        end = time.monotonic() + seconds
        while not holds():
            if self.running[name].poll() is not None or time.monotonic() > end:
                sys.exit(f"{name} did not get there; its last words are above")
            time.sleep(0.2)

    def stop(self) -> None:
        """End all that still runs: hospitals first, the chain last."""
        for process in reversed(self.running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _repeat(self, name: str, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self.told[name].append(line)
            print(f"{name:>11} | {line}", end="", flush=True)


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    """Take everything down at the end, whatever the end is."""
    made = Town(folder)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield made
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C does not leave anything behind
        made.stop()


def main(folder: Path, settings: list[str]) -> None:
    """Run the example in a new folder."""
    folder.mkdir(parents=True)
    prepare(folder)
    with town(folder) as processes:
        url, file = start_chain(processes)
        give_gas(url, key_of(folder / "coordinator"))
        link = f"127.0.0.1:{free_port()}"
        coordinator = start_coordinator(processes, url, link, settings)
        hospitals = [start_hospital(processes, name, url, link) for name in HOSPITALS]
        while any(process.poll() is None for process in (coordinator, *hospitals)):
            if any(process.poll() not in (None, 0) for process in (coordinator, *hospitals)):
                sys.exit("one of them failed; its last words are above")
            time.sleep(0.5)
        run = RunFolder(folder / "coordinator" / "run")
        fl_alliance(["ledger", str(run.root)])
    if file is None:
        print("anvil keeps no file: with `fl-alliance chain` the audit would execute everything again")
    else:
        shutil.copy(file, run.chain)
        sys.exit(fl_alliance(["audit", str(run.root)]))


def prepare(folder: Path) -> None:
    """Make what each makes at home, and exchange what may be known: certificates and public keys."""
    write_exports(folder / "exports")
    coordinator = folder / "coordinator"
    command("certificates", "authority", f"{coordinator}/tls", "--name", "four hospitals")
    command("certificates", "superlink", f"{coordinator}/tls")
    account(coordinator)
    (coordinator / "nodes").mkdir()
    for name in HOSPITALS:
        home = folder / name
        account(home)
        command("certificates", "node", f"{home}/node-key")
        (folder / "exports" / name).rename(home / "exports")
        shutil.copy(coordinator / "tls" / "ca.pem", home / "ca.pem")  # from the coordinator to the hospital
        shutil.copy(home / "node-key.pub", coordinator / "nodes" / f"{name}.pub")  # and the other way
    (folder / "exports").rmdir()


def account(home: Path) -> None:
    """Make a keystore whose password is in a file beside it."""
    write_private(home / "password", secrets.token_urlsafe(24).encode() + b"\n")
    command("keystore", f"{home}/keystore.json", "--password-file", f"{home}/password")


def command(*words: str) -> None:
    """Do what the command would do; leave where it fails."""
    print(f"$ fl-alliance {' '.join(words)}", flush=True)
    if code := fl_alliance(words):
        sys.exit(code)


def start_chain(processes: Town) -> tuple[str, Path | None]:
    """Start anvil where it is, else the embedded chain, which keeps a file; return its URL and that file."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    try:
        binary = find_anvil()
    except AnvilMissing:
        processes.start("chain", "chain", "--port", str(port), "--file", "chain.db")
        processes.wait("chain", lambda: any("serving" in line for line in processes.told["chain"]), START_S)
        return url, processes.folder / "chain.db"
    # Mixed mining: a transaction is in a block at once, and time passes without one too.
    mining = ["--mixed-mining", "--block-time", "2", "--hardfork", "prague"]
    processes.start("chain", os.path.abspath(binary), "--port", str(port), *mining, "--quiet")
    processes.wait("chain", lambda: is_open(port), START_S)
    return url, None


def give_gas(url: str, key: NodeKey) -> None:
    """Send the coordinator gas from an account that every development chain starts with."""
    from eth_account import Account

    with connected(url) as w3:
        donor = Account.from_key(DEVELOPMENT_SECRET)
        fee = 2 * int(w3.eth.get_block("latest")["baseFeePerGas"]) + 10**9
        transfer = {
            "to": key.address,
            "value": GAS_WEI,
            "gas": 21_000,
            "nonce": w3.eth.get_transaction_count(donor.address),
            "chainId": w3.eth.chain_id,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": 10**9,
        }
        sent = w3.eth.send_raw_transaction(donor.sign_transaction(transfer).raw_transaction)
        w3.eth.wait_for_transaction_receipt(sent)


def start_coordinator(processes: Town, url: str, link: str, settings: list[str]) -> "subprocess.Popen[str]":
    """Start the coordinator and wait for its invitation."""
    words = [f"nodes={len(HOSPITALS)}", *SETTINGS, "chain.relayer_key_env=RELAYER_KEY", f"chain.url={url}", *settings]
    words += [
        "--port",
        link.rpartition(":")[2],
        "--certificates",
        "coordinator/tls",
        "--node-keys",
        "coordinator/nodes",
    ]
    paths = {"RELAYER_KEY": "coordinator/keystore.json", "RELAYER_KEY_PASSWORD_FILE": "coordinator/password"}
    absolute = {name: str(processes.folder.resolve() / path) for name, path in paths.items()}
    process = processes.start("coordinator", "coordinate", *words, "--run-dir", "coordinator/run", **absolute)
    told = processes.told["coordinator"]
    processes.wait("coordinator", lambda: any("hospitals join with" in line for line in told), START_S)
    return process


def start_hospital(processes: Town, name: str, url: str, link: str) -> "subprocess.Popen[str]":
    """Start one hospital's part."""
    words = ["join", "1", "--manifest", "coordinator/run/manifest.json", "--chain", url, "--superlink", link]
    words += ["--root-certificates", f"{name}/ca.pem", "--node-key", f"{name}/node-key", "--data", f"{name}/exports"]
    words += ["--keystore", f"{name}/keystore.json", "--password-file", f"{name}/password", "--stake", "100"]
    return processes.start(name, *words, "--home", f"{name}/home")


def key_of(home: Path) -> NodeKey:
    """Return the account's key in a folder."""
    return NodeKey.from_keystore(home / "keystore.json", (home / "password").read_text().strip())


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def is_open(port: int) -> bool:
    """Return whether something listens there."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    given = sys.argv[1:]
    root = Path(given.pop(0)) if given and "=" not in given[0] else Path("hospitals")
    try:
        main(root, given)
    except KeyboardInterrupt:
        sys.exit("stopped; nothing is left running")
