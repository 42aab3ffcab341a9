"""Where a command works: the chain, the market on it, the store, the account, and the folders of this machine."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fl_alliance.arena.store import Store, open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.errors import ChainUnreachable, CodeMismatch, ManifestUnusable, WrongChain
from fl_alliance.chain.market_events import MarketEvent, arena_events
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.market.errors import ChainNotRunning, MarketUnknown
from fl_alliance.market.keys import find_key
from fl_alliance.market.settings import MANIFEST, STATE, STORE, MarketSettings

if TYPE_CHECKING:
    from web3 import Web3


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things are: the market's manifest, and what this machine's accounts must not forget."""

    manifest: Path
    state: Path
    store: str

    @classmethod
    def of(cls, settings: MarketSettings) -> "Folders":
        """Return the places that settings name."""
        root = Path(settings.folder).expanduser()
        manifest = Path(settings.chain.manifest).expanduser() if settings.chain.manifest else root / MANIFEST
        state = Path(settings.state).expanduser() if settings.state else root / STATE
        return cls(manifest, state, settings.store.url or str(root / STORE))


class EmissionReading(Protocol):
    """What anybody reads of the emission of a market."""

    @property
    def start_at(self) -> int:
        """Second at which day 0 begins."""

    def is_verified(self, source: str, task: int) -> bool:
        """Return whether the emission pays a task."""


class Reading(Protocol):
    """A market as anybody reads it, without an account."""

    @property
    def arena(self) -> ArenaView:
        """Its Arena."""

    @property
    def emission(self) -> EmissionReading:
        """Its emission."""

    @property
    def store(self) -> Store:
        """Where its datasets and models are."""

    def events(self) -> Iterable[MarketEvent]:
        """Return every event so far, in the chain's order."""

    def now(self) -> int:
        """Return the second of the newest block."""


@dataclass(frozen=True, slots=True)
class Place:
    """A market, as one account stands in it.

    Attributes
    ----------
    w3, rpc : Web3, Rpc
        The chain.
    sender : Sender
        The account.
    market : Deployment
        The contracts, which are on this chain.
    arena, emission : Arena, Emission
        As this account.
    store : Store
    state : Path
        What accounts of this machine must not forget, of this market alone: a chain that was begun anew is another
        market, though its addresses may be the same.
    """

    w3: "Web3"
    rpc: Rpc
    sender: Sender
    market: Deployment
    arena: Arena
    emission: Emission
    store: Store
    state: Path

    @property
    def me(self) -> str:
        """The account."""
        return self.sender.address

    def events(self) -> Iterator[MarketEvent]:
        """Yield every event of the market so far, in the chain's order."""
        return arena_events(self.rpc, self.market, self.market.block, self.rpc.number("eth_blockNumber"))

    def now(self) -> int:
        """Return the second of the newest block."""
        return self.rpc.second()


@contextmanager
def open_chain(settings: MarketSettings) -> Iterator["Web3"]:
    """Connect to the chain that settings name; raises `ChainNotRunning`."""
    try:
        chain = connected(settings.chain.url)
        w3 = chain.__enter__()
    except ChainUnreachable:
        raise ChainNotRunning(settings.chain.url) from None
    try:
        yield w3
    finally:
        chain.__exit__(None, None, None)


@contextmanager
def open_place(settings: MarketSettings, default_account: int) -> Iterator[Place]:
    """Open the market that settings name.

    Parameters
    ----------
    default_account : int
        The development account to act as where no key is named.

    Raises
    ------
    ChainNotRunning, MarketUnknown
        There is no chain, or no market on it.
    KeyMissing, KeyUnusable
        There is no account to act as.
    """
    folders = Folders.of(settings)
    with open_chain(settings) as w3:
        rpc = Rpc(w3)
        market = find_market(folders.manifest, rpc, settings.chain.url)
        key = find_key(settings.key, market.chain_id, default_account)
        yield place_of(w3, market, key, open_store(folders.store, dict(settings.store.options)), folders.state)


def place_of(w3: "Web3", market: Deployment, key: NodeKey, store: Store, state: Path) -> Place:
    """Return a key's place in a market."""
    sender = Sender(w3, key)
    arena, emission = Arena(sender, market.arena), Emission(sender, market.emission)
    return Place(w3, sender.rpc, sender, market, arena, emission, store, state / identity(market, sender.rpc))


def find_market(manifest: Path, rpc: Rpc, url: str) -> Deployment:
    """Return the market of a manifest, which is on this chain; raises `MarketUnknown`."""
    if not manifest.is_file():
        raise MarketUnknown(f"no market is known here: there is no file {manifest}")
    try:
        market = Deployment.load(manifest)
    except ManifestUnusable as error:
        raise MarketUnknown(str(error)) from None
    if not market.has_market:
        raise MarketUnknown(f"{manifest} is of an Alliance without a market")
    if not is_there(market, rpc):
        raise MarketUnknown(
            f"the market of {manifest} is not on the chain at {url} (one in memory is gone when it stops)",
            "put a new one there with `fl-alliance arena deploy --replace`",
        )
    return market


def is_there(market: Deployment, rpc: Rpc) -> bool:
    """Return whether this chain has these contracts."""
    try:
        market.check(rpc)
    except (WrongChain, CodeMismatch):
        return False
    return True


def identity(market: Deployment, rpc: Rpc) -> str:
    """Return 16 hex digits that name a market, from its chain, its Arena and the block of its deployment."""
    block = rpc("eth_getBlockByNumber", hex(market.block), False)["hash"]
    return hashlib.sha256(f"{market.chain_id}:{market.arena}:{block}".encode()).hexdigest()[:16]
