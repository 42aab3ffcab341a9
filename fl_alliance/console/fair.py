"""A market as the pages read it: by views of its contracts without any account, and by the index of its events.

What a view has answered is kept until an event says that it may be another (`views.py`), and so is what is made of it.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from fl_alliance.arena.store import Store
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import DaoView
from fl_alliance.chain.deploy import ARENA, DAO, GAUGES, MODELS, TOKEN
from fl_alliance.chain.documents import DocumentsView
from fl_alliance.chain.emission import EmissionView
from fl_alliance.chain.gauges import GaugesView
from fl_alliance.chain.listings import ModelsView
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.revenue import RevenueView
from fl_alliance.chain.rpc import Rpc
from fl_alliance.console.market import MarketFeed, events_of
from fl_alliance.console.views import ANYTHING, ViewingRpc
from fl_alliance.governance.decoding import Decoder

T = TypeVar("T")
_MOST_KEPT = 16_384


class Fair:
    """A market, its DAO and its marketplace as far as they are there.

    Parameters
    ----------
    rpc : Rpc
        A node of its chain.
    store : Store
        Where its datasets and models are.
    feed : MarketFeed
        Its contracts, and what was read of their events and views.
    is_live : bool
        Whether every view is asked anew.
    """

    def __init__(self, rpc: Rpc, store: Store, feed: MarketFeed, is_live: bool = False) -> None:
        self.rpc, self.store, self.feed = rpc, store, feed
        self.deployment = deployment = feed.deployment
        self._viewing = ViewingRpc(rpc, feed.views)
        self.index, seen = feed.index, rpc if is_live else self._viewing
        self.arena = ArenaView(seen, deployment.arena)
        self.emission = EmissionView(seen, deployment.emission)
        self.decoder = Decoder(seen, deployment)
        self.seen: Rpc = seen
        self.dao = DaoView(seen, deployment) if DAO in deployment.contracts else None
        self.gauges = GaugesView(seen, deployment) if GAUGES in deployment.contracts else None
        has_models = MODELS in deployment.contracts
        self.models = ModelsView(seen, deployment) if has_models else None
        self.revenue = RevenueView(seen, deployment) if has_models else None
        self.documents = DocumentsView(seen, deployment) if has_models else None
        self._kept: dict[Any, tuple[object, Any]] = {}
        self._guard = threading.Lock()

    def live(self) -> "Fair":
        """Return the same market with every view asked anew: for what somebody is about to sign."""
        return Fair(self.rpc, self.store, self.feed, is_live=True)

    def noting(self) -> AbstractContextManager[None]:
        """Keep what views answer to this thread, which is the one that follows the chain, until the block ends."""
        return self._viewing.noting()

    def events(self, source: str = ARENA, name: str = "", task: int | None = None) -> Iterator[MarketEvent]:
        """Yield what the index has of a contract's events, in the chain's order; `task` may be a model."""
        with self.index.reading() as db:
            yield from events_of(db, source, name, task)

    def now(self) -> int:
        """Return the second of the newest block."""
        return self.rpc.second()

    def balance_wei(self, account: str) -> int:
        """Return an account's FML."""
        return int(self.reader(TOKEN).read("balanceOf", account))

    def reader(self, contract: str) -> ContractReader:
        """Return a contract of this market, to be read as it is now; raises `ContractMissing`."""
        address = self.deployment.fml if contract == TOKEN else self.deployment.address(contract)
        return ContractReader(self.rpc, contract, address)

    def kept(self, key: Any, read: Callable[[], T], now: int | None = None, subjects: Iterable[str] = (ANYTHING,)) -> T:
        """Return what `read` gives, anew where something has happened since it was read last.

        Parameters
        ----------
        now : int, optional
            The second, day or epoch of the chain, for what changes with time too.
        subjects : iterable of str
            An event about which of them changes it; any event by default.
        """
        version = (self.feed.views.version(*subjects), now)
        with self._guard:
            found = self._kept.get(key)
        if found is not None and found[0] == version:
            value: T = found[1]
            return value
        value = read()
        with self._guard:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (version, value)
        return value
