"""A market of processes on loopback, in which a trainer and a validator are killed at random points: what comes of it.

    python tests/bench/kill.py                     20 kills each over 5 days, about 10 minutes on an idle machine
    python tests/bench/kill.py --kills 2 --days 1  something smaller first

Prints what happened and ends with 1 where anything was done twice, lost, or left undone. `tests/fl_alliance/market`
runs the same with fewer kills.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from fl_alliance.arena.store import open_store
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_types import Phase
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.market_events import MarketEvent, arena_events
from fl_alliance.chain.sender import Sender
from fl_alliance.market.keys import DEVELOPMENT_ACCOUNTS, development_key

DAY_S = 86_400
WINDOWS = {"submit_s": 26_000, "reveal_s": 14_000, "score_s": 32_000, "reveal_scores_s": 12_000}
TRAINER, VALIDATOR, OTHER_TRAINER, OTHER_VALIDATOR, DELEGATOR = 1, 2, 5, 6, 4
ROOT = Path(__file__).resolve().parents[2]


def heavy_start_s() -> float:
    """Return how long a process that trains or scores takes to start here and now."""
    began = time.monotonic()
    for _ in range(2):  # the first may read from a cold disk
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import torch, sklearn.datasets, web3"], check=True)
    return time.monotonic() - began


def day_that_suits_s() -> float:
    """Return a day's real seconds in which nobody misses a window here, even where others use this machine too."""
    return max(45.0, 20 * heavy_start_s())


class Town:
    """A served chain with a market, and the processes that take part, each with a log of its own.

    Parameters
    ----------
    folder : Path
        Where everything is kept.
    day_s : float
        Real seconds that a day of the chain takes.
    """

    def __init__(self, folder: Path, day_s: float) -> None:
        self.folder, self.day_s = folder, day_s
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.lines: dict[str, tuple[str, ...]] = {}
        speed = DAY_S / day_s
        self._start("chain", "chain", "--port", "0", "--speed", f"{speed}", "--block-time", "0.1", "--file", "chain.db")
        self.url = self.await_line("chain", r"serving (\S+)")[1]

    def __enter__(self) -> "Town":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command of the Arena to its end and return what it printed."""
        done = subprocess.run(
            self._command("arena", *words, f"chain.url={self.url}"), **self._where, capture_output=True
        )
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == code, f"{words}: {said}"
        return said

    def start(self, name: str, *words: str) -> None:
        """Start a command of the Arena that is left running."""
        self.lines[name] = words
        self._start(name, "arena", *words, f"chain.url={self.url}")

    def kill(self, name: str) -> None:
        """Kill a process with SIGKILL and start the same command again."""
        self.running[name].send_signal(signal.SIGKILL)
        self.running[name].wait()
        self.start(name, *self.lines[name])

    def log(self, name: str) -> str:
        """Return all that the processes of this name have printed."""
        return (self.folder / f"{name}.log").read_text()

    def await_line(self, name: str, pattern: str, timeout_s: float = 600) -> re.Match[str]:
        """Wait until a process has printed something."""
        until = time.monotonic() + timeout_s
        while (found := re.search(pattern, self.log(name))) is None:
            assert self.running[name].poll() in (None, 0), self.log(name)
            assert time.monotonic() < until, f"{name} did not print {pattern!r}: {self.log(name)}"
            time.sleep(0.05)
        return found

    def await_end(self, names: Sequence[str], timeout_s: float) -> None:
        """Wait until processes have ended by themselves, all with exit code 0."""
        until = time.monotonic() + timeout_s
        for name in names:
            code = self.running[name].wait(max(1, until - time.monotonic()))
            assert code == 0, f"{name} ended with {code}: {self.log(name)}"

    def _start(self, name: str, *words: str) -> None:
        log: IO[bytes]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self._command(*words), **self._where, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def _where(self) -> dict[str, Any]:
        hidden = ("FL_ALLIANCE_KEY", "FL_ALLIANCE_KEY_PASSWORD")
        own = {name: value for name, value in os.environ.items() if name not in hidden}
        return {"cwd": self.folder, "env": own | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}}

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "fl_alliance.cli.main", *words]


def open_market(town: Town, days: int) -> None:
    """Deploy a market and create task 1, of which the first day begins a good day later."""
    town.run("deploy", f"market.starts_in_s={round(0.35 * DAY_S)}", "market.withdrawal_delay_s=600")
    windows = [f"task.{name}={seconds}" for name, seconds in WINDOWS.items()]
    town.run("create", "classify", f"task.days={days}", *windows)


def populate(town: Town) -> None:
    """Start a keeper, two training nodes and two validators, and wait until they have their stakes."""
    town.start("keep", "keep", "1")
    town.start("trainer", "train", "1", "delegation.accept=true")
    town.start("other-trainer", "train", "1", f"key.development={OTHER_TRAINER}", "training.preset=small")
    town.start("validator", "validate", "1")
    town.start("other-validator", "validate", "1", f"key.development={OTHER_VALIDATOR}", "stake.amount=1000")
    for name in ("trainer", "other-trainer", "validator", "other-validator"):
        town.await_line(name, "staked")


@dataclass
class Findings:
    """What the chain says of a whole task.

    Attributes
    ----------
    twice, lost, undone : list of str
        What was done twice, committed to and not opened or slashed, or not there at the end. All empty: all is well.
    submissions, validations : Counter
        How many days each account took part in.
    claimed_wei : Counter
        What each account was paid.
    """

    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    submissions: Counter[str] = field(default_factory=Counter)
    validations: Counter[str] = field(default_factory=Counter)
    claimed_wei: Counter[str] = field(default_factory=Counter)

    @property
    def is_well(self) -> bool:
        """Whether nothing was done twice, lost or left undone."""
        return not (self.twice or self.lost or self.undone)


def find(town: Town, store_url: str | None = None, options: dict[str, Any] | None = None) -> Findings:
    """Read the whole chain and the store, which is the market's folder's unless a URL of another is given."""
    market = Deployment.load(town.folder / "market" / "market.json")
    with connected(town.url) as w3:
        arena = Arena(Sender(w3, development_key(0)), market.arena)
        head = arena.rpc.number("eth_blockNumber")
        events = list(arena_events(arena.rpc, market, market.block, head))
        found = _found(events)
        found.undone += _undone(arena, market, events)
    store = open_store(store_url or town.folder / "market" / "store", options)
    revealed = [event.values["digest"] for event in events if event.name == "SubmissionRevealed"]
    found.lost += [f"model {digest.hex()} is not in the store" for digest in revealed if digest not in store]
    return found


def _found(events: Sequence[MarketEvent]) -> Findings:
    found = Findings()
    by_name = {
        name: [(event.values["day"], event.values[who]) for event in events if event.name == name]
        for name, who in (
            ("SubmissionCommitted", "node"),
            ("SubmissionRevealed", "node"),
            ("ScoresCommitted", "validator"),
            ("ScoresRevealed", "validator"),
        )
    }
    for name, done in by_name.items():
        found.twice += [f"{name} {key}" for key, count in Counter(done).items() if count > 1]
    for first, second in (("SubmissionCommitted", "SubmissionRevealed"), ("ScoresCommitted", "ScoresRevealed")):
        found.lost += [f"{first} {key}, never opened" for key in by_name[first] if key not in by_name[second]]
    stakes = Counter(event.values["account"] for event in events if event.name == "Staked")
    found.twice += [f"Staked {account}" for account, count in stakes.items() if count > 1]
    found.lost += [f"Slashed {event.values}" for event in events if event.name == "Slashed"]
    found.submissions = Counter(node for _, node in by_name["SubmissionCommitted"])
    found.validations = Counter(validator for _, validator in by_name["ScoresCommitted"])
    for event in events:
        if event.name == "Claimed":
            found.claimed_wei[event.values["account"]] += event.values["paidWei"]
    return found


def _undone(arena: Arena, market: Deployment, events: Sequence[MarketEvent]) -> list[str]:
    state, undone = arena.state(1), []
    if state.phase is not Phase.COMPLETED:
        undone.append(f"the task is {state.phase.name}")
    if state.own_wei or state.owed_wei:
        undone.append(f"{state.own_wei} wei of stakes and {state.owed_wei} wei of rewards are still in the task")
    accounts = {development_key(index).address for index in range(DEVELOPMENT_ACCOUNTS)}
    pools = {event.values["pool"] for event in events if event.name == "PoolOpened"}
    held = sum(map(arena.token.balance_wei, accounts | pools | {market.arena, market.emission}))
    if held != arena.token.total_supply_wei:
        undone.append(f"balances are {held} wei in all, of {arena.token.total_supply_wei} that there are")
    return undone


def kill_at_random(town: Town, kills: int, days: int, seed: int) -> None:
    """Kill trainer and validator `kills` times each while the task goes on."""
    chance, span_s = random.Random(seed), (days + 1) * town.day_s
    moments = [(chance.uniform(0, span_s), name) for name in ("trainer", "validator") for _ in range(kills)]
    began = time.monotonic()
    for moment, name in sorted(moments):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        if town.running[name].poll() is None:
            town.kill(name)
            print(f"{time.monotonic() - began:7.1f} s: killed the {name}", flush=True)


def main() -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="of each (default: 20)")
    parser.add_argument("--days", type=int, default=5, help="days on dataset A (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments (default: 1)")
    parser.add_argument("--day-seconds", type=float, help="real seconds of a day (default: what suits this machine)")
    parser.add_argument("--folder", type=Path, help="where to keep everything (default: a new one)")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="kill-"))
    folder.mkdir(parents=True, exist_ok=True)
    day_s = given.day_seconds or day_that_suits_s()
    print(f"a day takes {day_s:.0f} s; logs and chain in {folder}", flush=True)
    with Town(folder, day_s) as town:
        open_market(town, given.days)
        populate(town)
        kill_at_random(town, given.kills, given.days, given.seed)
        everybody = ("trainer", "other-trainer", "validator", "other-validator", "keep")
        town.await_end(everybody, (given.days + 4) * day_s)
        found = find(town)
        with suppress(KeyError):
            print(json.dumps({"claimed_wei": found.claimed_wei, "submissions": found.submissions}, indent=1))
    for title, items in (("done twice", found.twice), ("lost", found.lost), ("left undone", found.undone)):
        print(f"{title}: {len(items)}")
        for item in items:
            print(f"  {item}")
    return 0 if found.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
