"""A transfer with its receipt over the wire: `fl-alliance chain` beside the same chain inside the process.

    python tests/bench/serve.py

Each figure is the median wall time of one transfer signed, sent and its receipt fetched by `Sender`, and how many a
second several processes' worth of senders get through together. Half of it is the client's: web3 and requests.
"""

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


def report(name: str, url: str) -> None:
    """Print the figures of one chain."""
    transfers(url, 0, 20)
    print(f"{name:<28} {statistics.median(transfers(url, 0, TRANSFERS)):6.2f} ms a transfer with receipt", end="")
    if url.startswith("http"):
        began = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(lambda index: transfers(url, index, TRANSFERS // SENDERS), range(SENDERS)))
        print(f", {TRANSFERS / (time.perf_counter() - began):4.0f} a second by {SENDERS} senders", end="")
    print()


def main() -> None:
    """Measure all four."""
    with TemporaryDirectory() as folder:
        report("memory, in the process", "memory://")
        report("file, in the process", f"file://{folder}/inside.db")
        for name, options in (("memory, served", ()), ("file, served", ("--file", str(Path(folder) / "served.db")))):
            command = [sys.executable, "-m", "fl_alliance.cli.main", "chain", "--port", "0", *options]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as chain:
                line = chain.stdout.readline() if chain.stdout is not None else ""
                try:
                    report(name, line.split()[1])
                finally:
                    chain.terminate()


if __name__ == "__main__":
    main()
