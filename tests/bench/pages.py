"""How long every page of the console takes over a market with a long history, the first time and from then on.

    python tests/bench/pages.py [FOLDER]     FOLDER as `long_market.py` left it; without one it is played first

"At once" is asked again and again from the moment of a start until the page is there, "first" after that, and "event"
after an event, which is when a page could have to ask the chain anew.
"""

import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "chain" / name) for name in ("dao", "market", "marketplace")]

import assembly  # noqa: E402
import bazaar  # noqa: E402
import long_market  # noqa: E402

from fl_alliance.arena.store import open_store  # noqa: E402
from fl_alliance.chain.connect import connected  # noqa: E402
from fl_alliance.chain.deploy import Deployment  # noqa: E402
from fl_alliance.chain.fml import Fml  # noqa: E402
from fl_alliance.chain.sender import Sender  # noqa: E402
from fl_alliance.console.fair import Fair  # noqa: E402
from fl_alliance.console.market import MarketFeed  # noqa: E402
from fl_alliance.console.serving import served  # noqa: E402
from fl_alliance.console.sources import MarketSource, Sources, _SerialRpc  # noqa: E402
from fl_alliance.console.watching import follow, watching  # noqa: E402

REPEATS = 5


def pages(source: MarketSource) -> list[str]:
    """Every kind of page, the newest and the middle of what is listed."""
    fair = source.fair
    proposed, listed = len(fair.dao.proposals()), fair.models.count  # type: ignore[union-attr]
    days = fair.arena.state(1).finished_days
    return [
        "",
        "arena",
        "arena/1",
        f"arena/1?day={days // 2}",
        "dao",
        f"dao?before={proposed // 2}",
        "dao/2",
        f"dao/{proposed}",
        "dao/parameters",
        "dao/propose",
        "dao/gauges",
        "marketplace",
        f"marketplace?before={listed // 2}",
        "marketplace/1",
        "ledger",
        f"ledger/{assembly.LARGE.address}",
        f"ledger/{bazaar.HOST.address}",
    ]


def at_once(source: MarketSource, path: str) -> tuple[float, float]:
    """Return the longest answer in ms, and the seconds until the page is there, from the moment of a start."""
    began, answers = time.perf_counter(), []
    with served(Sources({}, source)) as url, watching([source]):
        while not answers or answers[-1][1] == HTTPStatus.SERVICE_UNAVAILABLE:
            answers.append(asked(f"{url}{path}"))
            there_s = time.perf_counter() - began
            time.sleep(0.05)
    return max(taken_ms for taken_ms, _ in answers), there_s


def asked(url: str) -> tuple[float, int]:
    """Return how long an answer took, in ms, and its code."""
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310  loopback
            answer.read()
            code = answer.status
    except urllib.error.HTTPError as refused:
        code = refused.code
    return (time.perf_counter() - began) * 1000, code


def ms(url: str) -> float:
    taken_ms, code = asked(url)
    assert code == HTTPStatus.OK, (url, code)
    return taken_ms


def read(source: MarketSource) -> float:
    began = time.perf_counter()
    while follow(source):
        pass
    assert not source.status.trouble, source.status.trouble
    return time.perf_counter() - began


def main(folder: Path) -> None:
    if not (folder / "market.json").is_file():
        long_market.main(folder)
    with tempfile.TemporaryDirectory() as scratch, connected(f"file://{folder / 'chain.db'}") as w3:
        deployment, rpc = Deployment.load(folder / "market.json"), _SerialRpc(w3)
        store = open_store(str(folder / "store"), {})

        def opened() -> MarketSource:
            feed = MarketFeed(deployment, rpc, Path(scratch) / "index.db")
            return MarketSource("file://", feed, Fair(rpc, store, feed))

        source = opened()
        print(f"first read of {rpc.number('eth_blockNumber'):,} blocks    {read(source):8.1f} s")
        source.feed.index.close()
        source = opened()
        print(f"opened again                   {read(source):8.3f} s", flush=True)
        source.feed.index.close()
        for path in ("", "arena/1", "dao", "dao/gauges", "marketplace"):
            source = opened()
            longest, there_s = at_once(source, path)
            print(f"/{path:<20} at once   {longest:8.1f} ms at most, there after {there_s:.2f} s", flush=True)
            source.feed.index.close()
        source = opened()
        read(source)
        sender = Sender(w3, assembly.DEPLOYER)

        def event() -> float:
            Fml(sender, deployment.fml).transfer(assembly.STRANGER.address, 1)
            return read(source)

        with served(Sources({}, MarketSource(source.url, source.feed, source.fair, source.status))) as url:
            print(f"{'page':<60} {'first':>8} {'event':>8} {'again':>8}  ms")
            paths = pages(source)
            first = {path: ms(f"{url}{path}") for path in paths}
            for path in paths:
                event()
                after = ms(f"{url}{path}")
                again = statistics.median(ms(f"{url}{path}") for _ in range(REPEATS))
                print(f"/{path:<59} {first[path]:8.1f} {after:8.1f} {again:8.1f}", flush=True)
            print(f"an event, read                 {event() * 1000:8.1f} ms")
        source.feed.index.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as name:
            main(Path(name))
