"""What the console costs over a real history: reading it, reading on, opening it again, and every page of it.

    python tests/bench/console.py [ROUNDS]        10,000 rounds by default, which take ten minutes to play

Every round is played by real transactions on a chain file: 2 of 7 members propose, 3 vote, the outcome changes.
"""

import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "chain" / "ledger")]

import players  # noqa: E402

from fl_alliance.chain.accounts import NodeKey  # noqa: E402
from fl_alliance.chain.connect import connected  # noqa: E402
from fl_alliance.chain.deploy import deploy  # noqa: E402
from fl_alliance.chain.ledger import Alliance  # noqa: E402
from fl_alliance.chain.sender import Sender  # noqa: E402
from fl_alliance.chain.steps import Start  # noqa: E402
from fl_alliance.chain.types import WEI_PER_FML  # noqa: E402
from fl_alliance.console.alliance import AllianceFeed  # noqa: E402
from fl_alliance.console.blocks import FileBlocks  # noqa: E402
from fl_alliance.console.serving import served  # noqa: E402
from fl_alliance.console.sources import AllianceSource, Sources  # noqa: E402
from fl_alliance.console.watching import follow  # noqa: E402

REPEATS = 9


@contextmanager
def played(path: Path) -> Iterator["players.Federation"]:
    """A started task of seven members on a chain file."""
    with connected(f"file://{path}") as w3:
        ledger = Alliance(w3, deploy(Sender(w3, players.DEVELOPER)), players.DEVELOPER)
        params = players.task_params(ledger.sender.address, rounds=65_535, slash_bps=100)
        federation = players.Federation(ledger, ledger.create_task(params, 1_000_000 * WEI_PER_FML))
        ledger.send(*(federation.registration(NodeKey.derive(7, index)) for index in range(7)))
        ledger.send(Start(federation.task))
        yield federation


def open_source(federation: "players.Federation", folder: Path) -> AllianceSource:
    """The task as a console reads it, from the chain file."""
    deployment = federation.ledger.deployment
    blocks = FileBlocks(folder / "chain.db", deployment.alliance)
    return AllianceSource("run", AllianceFeed(deployment, blocks, folder / "index.db"))


def read(source: AllianceSource) -> float:
    """Read to the end, and return the seconds."""
    began = time.perf_counter()
    while follow(source):
        pass
    assert not source.status.trouble, source.status.trouble
    return time.perf_counter() - began


def page_ms(url: str) -> float:
    def once() -> float:
        began = time.perf_counter()
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  loopback
            answer.read()
        return (time.perf_counter() - began) * 1000

    once()
    return statistics.median(once() for _ in range(REPEATS))


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name, played(Path(name) / "chain.db") as federation:
        folder, began = Path(name), time.perf_counter()
        for number in range(count):
            federation.run_round(bad=range(7) if number % 5 == 4 else ())
        print(f"{count:,} rounds played in {time.perf_counter() - began:.0f} s", flush=True)
        source = open_source(federation, folder)
        print(f"first read            {read(source):8.1f} s")
        source.feed.index.close()
        for name in ("index.db", "chain.db"):
            print(f"{name:<22}{(folder / name).stat().st_size / 1e6:8.1f} MB")
        source = open_source(federation, folder)
        print(f"opened again          {read(source):8.3f} s")
        federation.run_round()
        print(f"one more round        {read(source):8.1f} s, the first after a start replays what was before")
        federation.run_round()
        print(f"another round         {read(source):8.3f} s")
        middle = count // 2
        paths = ("", f"?before={middle}", "?before=40", f"/rounds/{count}", f"/rounds/{middle}", "/members/0")
        with served(Sources({"run": source}, None, "none")) as url:
            for path in (*paths, f"/members/0?before={middle}"):
                print(f"{f'/alliance/run/1{path}':<40} {page_ms(f'{url}alliance/run/1{path}'):6.1f} ms", flush=True)
        source.feed.index.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
