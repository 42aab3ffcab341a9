"""What the console shows: the market of its settings, and the Alliances of run folders and of that market."""

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fl_alliance.arena.store import open_store
from fl_alliance.bookkeeping import task_begun
from fl_alliance.chain.connect import connected, is_elsewhere
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.rpc import Rpc
from fl_alliance.console.alliance import AllianceFeed
from fl_alliance.console.blocks import Blocks, FileBlocks, NodeBlocks, Tip
from fl_alliance.console.errors import NothingToShow
from fl_alliance.console.fair import Fair
from fl_alliance.console.filling import Filler
from fl_alliance.console.market import MarketFeed
from fl_alliance.folders import FolderError, open_folder
from fl_alliance.market.errors import MarketError
from fl_alliance.market.place import Folders, find_market, open_chain
from fl_alliance.market.settings import MarketSettings
from fl_alliance.records import RunFolder
from fl_alliance.results import read_results

if TYPE_CHECKING:
    from web3 import Web3

MARKET = "market"
"""What the market's own Alliance is called among the runs."""


@dataclass(slots=True)
class Status:
    """How far a chain was read; `trouble` says why no further.

    `is_filled` tells of a market whether what its pages ask was once asked of all that was read.
    """

    tip: Tip | None = None
    at: int = -1
    trouble: str = ""
    is_filled: bool = False

    @property
    def is_behind(self) -> bool:
        """Whether there are blocks that were not read yet."""
        return self.tip is not None and self.at < self.tip.number


@dataclass(frozen=True, slots=True)
class AllianceSource:
    """An Alliance: `name` stands for it in addresses of pages; `folder` is its run's, if it is one's."""

    name: str
    feed: AllianceFeed
    folder: RunFolder | None = None
    status: Status = field(default_factory=Status)


@dataclass(frozen=True, slots=True)
class MarketSource:
    """A market, its chain's URL, and how to read it."""

    url: str
    feed: MarketFeed
    fair: Fair
    status: Status = field(default_factory=Status)
    filler: Filler = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "filler", Filler(self.fair))

    @property
    def is_ready(self) -> bool:
        """Whether a page has its figures at hand; a market that cannot be read is shown as far as it was."""
        return self.status.is_filled or bool(self.status.trouble)


@dataclass(frozen=True, slots=True)
class Sources:
    """All that there is to show; `no_market` says why there is no market."""

    alliances: dict[str, AllianceSource]
    market: MarketSource | None
    no_market: str = ""

    @property
    def followed(self) -> list[AllianceSource | MarketSource]:
        """Everything that is read block by block."""
        return [*([self.market] if self.market else []), *self.alliances.values()]


@contextmanager
def open_sources(runs: Sequence[str], settings: MarketSettings, indexes: Path) -> Iterator[Sources]:
    """Open what is to be shown: the runs that are named, the newest under `runs/` where none is, and the market.

    Raises
    ------
    FolderError
        A folder that was named holds no run that has begun.
    NothingToShow
        There is no market and no run.
    ChainNotRunning, MarketUnknown
        There is a manifest of a market, but not its chain; where runs are shown, their pages say so instead.
    IndexBusy
        Another console writes an index.
    """
    with ExitStack() as stack:
        market, no_market = _market(stack, settings, indexes, is_needed=not runs)
        found = [_run(stack, name, indexes) for name in runs]
        if market is None and not runs:
            found = [_newest(stack, indexes, no_market)]
        if market is not None and market.feed.deployment.has_alliance:
            blocks = NodeBlocks(market.fair.rpc, market.feed.deployment.alliance)
            found.append(AllianceSource(MARKET, _feed(stack, market.feed.deployment, blocks, indexes)))
        yield Sources(_named(found), market, no_market)


def identity(chain_id: int, contract: str, begun: str) -> str:
    """Return 16 hex digits that name a contract of one chain, by the block that it was begun with among others."""
    return hashlib.sha256(f"{chain_id}:{contract}:{begun}".encode()).hexdigest()[:16]


def _market(
    stack: ExitStack, settings: MarketSettings, indexes: Path, is_needed: bool
) -> tuple[MarketSource | None, str]:
    folders = Folders.of(settings)
    if not folders.manifest.is_file():
        return None, f"no market is known here: there is no file {folders.manifest}"
    inner = ExitStack()
    try:
        rpc = _rpc(inner.enter_context(open_chain(settings)))
        deployment = find_market(folders.manifest, rpc, settings.chain.url)
        name = identity(deployment.chain_id, deployment.arena, _hash_at(rpc, deployment.block))
        feed = MarketFeed(deployment, rpc, indexes / f"market-{name}.db")
    except MarketError as error:
        inner.close()
        if is_needed:
            raise
        return None, str(error)
    stack.push(inner)
    stack.callback(feed.index.close)
    store = open_store(folders.store, dict(settings.store.options))
    return MarketSource(settings.chain.url, feed, Fair(rpc, store, feed)), ""


def _newest(stack: ExitStack, indexes: Path, no_market: str) -> AllianceSource:
    try:
        folder = open_folder(None)
    except FolderError:
        raise NothingToShow(no_market) from None
    return _run(stack, str(folder.root), indexes)


def _run(stack: ExitStack, name: str, indexes: Path) -> AllianceSource:
    folder = open_folder(name)
    task_begun(folder)
    deployment = Deployment.load(folder.manifest)
    blocks: Blocks
    if folder.chain.is_file():
        blocks = FileBlocks(folder.chain, deployment.alliance)
    else:
        url = read_results(folder).config.get("chain", {}).get("url", "")
        try:
            rpc = _rpc(stack.enter_context(connected(url, chain_id=deployment.chain_id)))
        except ChainError as error:
            raise FolderError(
                f"{folder.root}: its chain cannot be read ({error}); needed that chain, running"
            ) from None
        blocks = NodeBlocks(rpc, deployment.alliance)
    # Runs of one seed begin with the same blocks: the folder tells them apart.
    feed = _feed(stack, deployment, blocks, indexes, str(folder.root.resolve()))
    return AllianceSource(folder.root.resolve().name, feed, folder)


def _feed(stack: ExitStack, deployment: Deployment, blocks: Blocks, indexes: Path, folder: str = "") -> AllianceFeed:
    begun = blocks.hash_of(deployment.block) or ""
    name = identity(deployment.chain_id, deployment.alliance, f"{begun}:{folder}")
    feed = AllianceFeed(deployment, blocks, indexes / f"alliance-{name}.db")
    stack.callback(feed.index.close)
    return feed


class _SerialRpc(Rpc):
    """Requests one at a time: a chain inside this process takes no two at once."""

    def __init__(self, w3: "Web3") -> None:
        super().__init__(w3)
        self._turn = threading.Lock()

    def __call__(self, method: str, *params: Any) -> Any:
        """Return the result of a request; see `Rpc`."""
        with self._turn:
            return super().__call__(method, *params)


def _rpc(w3: "Web3") -> Rpc:
    return Rpc(w3) if is_elsewhere(w3) else _SerialRpc(w3)


def _hash_at(rpc: Rpc, block: int) -> str:
    return str(rpc("eth_getBlockByNumber", hex(block), False)["hash"])


def _named(found: Sequence[AllianceSource]) -> dict[str, AllianceSource]:
    """Return sources by names that can stand in an address; equal ones are numbered."""
    named: dict[str, AllianceSource] = {}
    for source in found:
        plain = re.sub("[^A-Za-z0-9._-]+", "-", source.name).strip(".-") or "run"
        name, number = plain, 2
        while name in named:
            name, number = f"{plain}-{number}", number + 1
        named[name] = AllianceSource(name, source.feed, source.folder, source.status)
    return named
