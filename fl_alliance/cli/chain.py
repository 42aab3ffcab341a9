"""`fl-alliance chain`: the embedded chain as a server, so that several processes of one machine share it."""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import command_parser

if TYPE_CHECKING:
    from fl_alliance.chain.node.served import ServedChain

_EPILOG = """\
Everybody who shares a task needs the same chain: the training node, the validator, the creator. This command is one
for processes on this machine. It prints its URL first; everything else of this program takes it as chain.url=URL, and
any Ethereum tool as an RPC endpoint.

Time is real. A new chain begins now, and --speed N lets N seconds pass in one, for windows of days that should take
minutes; a chain that is started again goes on from its last block, so a pause does not count. Without transactions the
last block is at most --block-time old when somebody looks: with --speed 3600 give --block-time 0.1, which is 6 minutes
of its time. A task's windows (alliance.*_s) are of its time too: where a day takes minutes, `fl-alliance run` needs
alliance.leader_s=3600, or a leader's turn is over before it was asked. Nobody can move the clock or take a block back:
evm_ methods are refused.

With --file every block is on the disk before its transaction is confirmed, and a crash loses nothing; `fl-alliance
audit FILE` reads it, also meanwhile. Without, the chain is gone when it stops.

The ten development accounts of the mnemonic `test test test test test test test test test test test junk` hold
10,000 ETH each, for gas. Their keys are public and sign on chain 31337 only, the default. There another account gets
gas from one of them with `fl-alliance arena fund ACCOUNT`. Two processes that send from one account at a time get in
each other's way: give each its own.

The chain answers this machine only (127.0.0.1 or ::1). From another one, use a tunnel: ssh -L 8545:127.0.0.1:8545 HOST

examples:
  fl-alliance chain                                             in memory, real time, port 8545
  fl-alliance chain --file chain.db --speed 60                  kept in a file, an hour in a minute
  fl-alliance chain --port 0                                    any free port, printed on the first line
  fl-alliance run chain.url=http://127.0.0.1:8545 rounds=3 workload=digits        a run on it, in another terminal

Ctrl-C stops it, with exit code 0.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("chain", "Serve a chain that several processes on this machine share.", _EPILOG)
    command.add_argument(
        "--file", type=Path, metavar="FILE", help="keep the chain here, or go on with it (default: memory)"
    )
    command.add_argument("--port", type=int, default=8545, metavar="PORT", help="port, 0 for any (default: 8545)")
    command.add_argument("--host", default="127.0.0.1", metavar="HOST", help="a loopback address (default: 127.0.0.1)")
    command.add_argument(
        "--speed", type=_positive, default=1.0, metavar="N", help="seconds of chain time in a real one (default: 1)"
    )
    command.add_argument(
        "--block-time", type=_positive, default=2.0, metavar="S", help="real seconds between empty blocks (default: 2)"
    )
    command.add_argument(
        "--chain-id", type=_chain_id, metavar="ID", help="the chain's id (default: 31337, or the file's)"
    )
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    with _stop_requests() as stop:
        from fl_alliance.chain.node.serve import Listener
        from fl_alliance.chain.node.served import open_chain

        listener = Listener(arguments.host, arguments.port)
        try:
            chain = open_chain(arguments.file, arguments.chain_id, arguments.speed, arguments.block_time)
        except BaseException:
            listener.close()
            raise
        with listener.serving(chain):
            _announce(chain, listener.url, arguments.file)
            _watch(chain, stop)
    print(f"stopped at block {chain.node.head.number}")
    return 0


def _announce(chain: "ServedChain", url: str, file: Path | None) -> None:
    head, where = chain.node.head, f"kept in {file}" if file is not None else "in memory, gone when it stops"
    print(
        f"serving {url}\n"
        f"chain    {chain.node.settings.chain_id}, {where}; block {head.number} of {_shown(head.timestamp)}\n"
        f"clock    {chain.clock.speed:g} s of its time in a real second, begun at {_shown(chain.clock.start)}\n"
        f"join     fl-alliance run chain.url={url}\n"
        f"gas      {_gas(chain.node.settings.chain_id, url)}",
        flush=True,
    )


def _gas(chain_id: int, url: str) -> str:
    from fl_alliance.chain.accounts import DEVELOPMENT_CHAIN

    held = "ten development accounts hold 10,000 ETH each"
    if chain_id != DEVELOPMENT_CHAIN:
        return f"{held} (fl-alliance chain --help)"
    return f"{held}; for another: fl-alliance arena fund ACCOUNT chain.url={url}"


def _watch(chain: "ServedChain", stop: threading.Event) -> None:
    """Wait for the end; a person who looks on sees block and time."""
    is_watched = sys.stdout.isatty()
    while not stop.wait(1):
        if is_watched:
            print(f"\rblock {chain.node.head.number}, {_shown(chain.clock.now())} ", end="", flush=True)
    if is_watched:
        print()


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into an event, so that no request is cut off."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shown(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"given {text}, needed a number above 0, at most a million")
    return value


def _chain_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text)):
        raise argparse.ArgumentTypeError(f"given {text}, needed a positive integer")
    return int(text)
