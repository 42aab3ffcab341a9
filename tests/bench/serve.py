"""A transfer with its receipt over the wire: `fl-alliance chain` beside the same chain inside the process.

    python tests/bench/serve.py

Per transfer signed, sent and its receipt fetched by `Sender`: CPU of the client and of the server, and wall time, of
which the fastest tells most on a machine that does other work, too. Then how many a second several senders get through.
"""

import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from eth_account import Account

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.sender import Sender

MNEMONIC = "test test test test test test test test test test test junk"
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TRANSFERS, SENDERS = 300, 4


def key(index: int) -> NodeKey:
    """Return a development account's key."""
    Account.enable_unaudited_hdwallet_features()
    return NodeKey(bytes(Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}").key), is_public=True)


def transfers(url: str, index: int, count: int) -> list[float]:
    """Return the milliseconds that each transfer of one sender took."""
    with connected(url) as w3:
        sender, took = Sender(w3, key(index)), []
        for _ in range(count):
            began = time.perf_counter()
            sender.send(OTHER, b"", 21_000, "transfer", value=1)
            took.append((time.perf_counter() - began) * 1000)
        return took


def report(name: str, url: str, server: int | None = None) -> None:
    """Print the figures of one chain, with the CPU of process `server` if there is one."""
    transfers(url, 0, 20)
    ours, theirs = time.process_time(), _cpu_s(server)
    took = transfers(url, 0, TRANSFERS)
    ours, theirs = (time.process_time() - ours) * 1000 / TRANSFERS, (_cpu_s(server) - theirs) * 1000 / TRANSFERS
    print(f"{name:<22} {ours:5.2f} {theirs:7.2f} {min(took):9.2f} {statistics.median(took):7.2f}", end="")
    if server is not None:
        began = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(lambda index: transfers(url, index, TRANSFERS // SENDERS), range(SENDERS)))
        print(f" {TRANSFERS / (time.perf_counter() - began):7.0f}", end="")
    print()


def _cpu_s(process: int | None) -> float:
    """Return the seconds of CPU that a process has had, as Linux tells it."""
    if process is None:
        return 0.0
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure all four."""
    print(f"{'':<22} CPU ms        wall ms         a second")
    print(f"{'':<22}  ours  server  fastest  median  {SENDERS} senders")
    with TemporaryDirectory() as folder:
        report("memory, in the process", "memory://")
        report("file, in the process", f"file://{folder}/inside.db")
        for name, options in (("memory, served", ()), ("file, served", ("--file", str(Path(folder) / "served.db")))):
            command = [sys.executable, "-m", "fl_alliance.cli.main", "chain", "--port", "0", *options]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as chain:
                line = chain.stdout.readline() if chain.stdout is not None else ""
                try:
                    report(name, line.split()[1], chain.pid)
                finally:
                    chain.terminate()


if __name__ == "__main__":
    main()
