"""`fl-alliance console`: pages of a browser on this machine, read from the chain."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from fl_alliance.cli.arguments import CommandParser, command_parser

_PACKAGES = ("fastapi", "jinja2", "uvicorn")
_EPILOG = """\
What it shows:
  Alliance      tasks of the run folders that are named: rounds, roles, scores, balances, privacy budgets
  Arena         tasks of the market, leaderboards; delegate
  DAO           proposals with what their calls do, read from their bytes; review, vote, queue, execute, settle, lock
                gauges: which tasks and models incentives go to; cast the week's ballot
  Marketplace   models, ratings, what is trending, knowledge bases; try, rate, pay in
  Ledger        why an account was paid, transaction by transaction

The chain of the market is the one of `fl-alliance chain` unless chain.url names another; a folder with a chain file, of
a run or of a market, needs none. Without a name the newest run under runs/ is shown where there is no market.

Nothing is asked of any other machine than the chain's, and of the gateway that you name to try a model. The console
holds no key: what is to be signed is built here, told in plain words and signed by the wallet of the browser, which
gets this chain as a network of its own: the RPC URL is chain.url, the chain id is at the foot of every page. Every page
with a form also names the command that does the same.

An index beside it (~/.cache/fl-alliance/console) follows the chain, so that long histories open at once. It can be
deleted at any time and is then made anew.

settings (NAME=VALUE; the value here is the default, --config FILE comes between):
  folder=market            where the market's manifest and store are
  chain.url=http://127.0.0.1:8545
  chain.manifest=          where the contracts are (default: FOLDER/market.json)
  store.url=               where datasets, models and cards are (default: FOLDER/store)

examples:
  fl-alliance console                                  the market in market/, and its chain
  fl-alliance console runs/20260102-030405-glucose     a run, from its chain file, beside the market if there is one
  fl-alliance console markets/20260102-030405-demo     a market that was played in a folder, from its chain file
  fl-alliance console --port 0                         any free port, printed on the first line
  fl-alliance console folder=/srv/market chain.url=http://127.0.0.1:9545

It answers on this machine only. From another one, use a tunnel: ssh -L 8600:127.0.0.1:8600 HOST
Behind a proxy of your own that asks for a password: --host-name NAME lets it answer to that name.
Ctrl-C stops it, with exit code 0.
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser(
        "console",
        "Serve pages about tasks, the Arena, the DAO, models and payments, read from the chain.",
        _EPILOG,
        "[FOLDER ...] [NAME=VALUE ...] [options]",
    )
    command.add_argument("words", nargs="*", metavar="FOLDER", help="folders of runs or of a market, and settings")
    command.add_argument("--config", metavar="FILE", help="a YAML file of settings; words win over it")
    command.add_argument("--port", type=_port, default=8600, metavar="PORT", help="port, 0 for any (default: 8600)")
    command.add_argument("--host", default="127.0.0.1", metavar="HOST", help="what to listen on (default: 127.0.0.1)")
    command.add_argument(
        "--host-name", action="append", default=[], metavar="NAME", help="another name to answer to; may be repeated"
    )
    command.add_argument("--index", type=Path, metavar="FOLDER", help="where the index is kept")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from fl_alliance.console.errors import ExtraMissing
    from fl_alliance.market.config import load_settings

    if missing := next((package for package in _PACKAGES if find_spec(package) is None), None):
        raise ExtraMissing(missing)
    runs, opened = _apart([word for word in arguments.words if "=" not in word])
    words = [*opened, *(word for word in arguments.words if "=" in word)]
    settings = load_settings(words, arguments.config, _SECTIONS)
    from fl_alliance.console.app import make_app
    from fl_alliance.console.security import LOOPBACK
    from fl_alliance.console.sources import open_sources
    from fl_alliance.console.watching import watching
    from fl_alliance.console.words import host
    from fl_alliance.marketplace.listener import Server, bound, url_of

    with (
        bound(arguments.host, arguments.port) as listener,
        _stopped_by_signals(),
        open_sources(runs, settings, arguments.index or _cache()) as sources,
    ):
        print(f"serving {url_of(listener)}/", flush=True)
        for name, source in sources.alliances.items():
            print(f"run      {name}, {source.folder.root if source.folder else sources.market and 'the market'}")
        print(f"market   {host(sources.market.url) if sources.market else f'none: {sources.no_market}'}", flush=True)
        with watching(sources.followed):
            Server(make_app(sources, {*LOOPBACK, *arguments.host_name, arguments.host}), listener).run()
    return 0


_SECTIONS = ("folder", "chain", "store")


def _apart(folders: list[str]) -> tuple[list[str], list[str]]:
    """Return which folders are runs', and the settings that open the one that is a market's, by its chain file.

    Raises
    ------
    SettingRefused
        Two are markets'.
    """
    from fl_alliance.market.errors import SettingRefused
    from fl_alliance.market.settings import MANIFEST

    markets = [folder for folder in folders if (Path(folder) / MANIFEST).is_file()]
    if len(markets) > 1:
        raise SettingRefused(f"{' and '.join(markets)}: are folders of markets, needed one of them")
    opened = []
    for market in markets:
        chain = Path(market) / "chain.db"
        opened = [f"folder={market}", *([f"chain.url=file://{chain.resolve()}"] if chain.is_file() else [])]
    return [folder for folder in folders if folder not in markets], opened


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM end what Ctrl-C ends; uvicorn raises both anew once it has answered what was under way."""
    before = signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        yield
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(root) if root else Path.home() / ".cache") / "fl-alliance" / "console"


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"given {text}, needed 0 to 65535")
    return int(text)
