"""A market as the pages read it: by views of its contracts without any account, and by the index of its events."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fl_alliance.arena.store import Store
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import DaoView
from fl_alliance.chain.deploy import ARENA, DAO, GAUGES, MODELS, TOKEN, Deployment
from fl_alliance.chain.documents import DocumentsView
from fl_alliance.chain.emission import EmissionView
from fl_alliance.chain.gauges import GaugesView
from fl_alliance.chain.listings import ModelsView
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.revenue import RevenueView
from fl_alliance.chain.rpc import Rpc
from fl_alliance.console.index import Index
from fl_alliance.console.market import events_of
from fl_alliance.governance.decoding import Decoder
from fl_alliance.marketplace.lineage import titles_of
from fl_alliance.marketplace.shelf import ModelFacts, facts_of

T = TypeVar("T")
_MOST_KEPT = 512


class RememberingRpc(Rpc):
    """Requests to a node that answers each call of a view once: for what is read within a moment."""

    def __init__(self, rpc: Rpc) -> None:
        self._asked, self._answers = rpc, dict[tuple[str, str], bytes]()

    def __call__(self, method: str, *params: Any) -> Any:
        """Return the result of a request; see `Rpc`."""
        return self._asked(method, *params)

    def bytes(self, method: str, *params: Any) -> bytes:
        """Return the result of a request, of a call of a view the one that was given before."""
        if method != "eth_call":
            return self._asked.bytes(method, *params)
        key = (params[0]["to"], params[0]["data"])
        if key not in self._answers:
            self._answers[key] = self._asked.bytes(method, *params)
        return self._answers[key]


class Fair:
    """A market, its DAO and its marketplace as far as they are there.

    Parameters
    ----------
    rpc : Rpc
        A node of its chain.
    deployment : Deployment
        Its contracts.
    store : Store
        Where its datasets and models are.
    index : Index
        Its events, as `MarketFeed` keeps them.
    """

    def __init__(self, rpc: Rpc, deployment: Deployment, store: Store, index: Index) -> None:
        self.rpc, self.deployment, self.store, self.index = rpc, deployment, store, index
        self.arena = ArenaView(rpc, deployment.arena)
        self.emission = EmissionView(rpc, deployment.emission)
        self.decoder = Decoder(rpc, deployment)
        self.dao = DaoView(rpc, deployment) if DAO in deployment.contracts else None
        self.gauges = GaugesView(rpc, deployment) if GAUGES in deployment.contracts else None
        has_models = MODELS in deployment.contracts
        self.models = ModelsView(rpc, deployment) if has_models else None
        self.revenue = RevenueView(rpc, deployment) if has_models else None
        self.documents = DocumentsView(rpc, deployment) if has_models else None
        self._kept: dict[Any, tuple[object, Any]] = {}
        self._guard = threading.Lock()

    def momentary(self) -> "Fair":
        """Return the same market as it is read within a moment, each view once; not to be kept."""
        return Fair(RememberingRpc(self.rpc), self.deployment, self.store, self.index)

    def events(self, source: str = ARENA, name: str = "", task: int | None = None) -> Iterator[MarketEvent]:
        """Yield what the index has of a contract's events, in the chain's order."""
        with self.index.reading() as db:
            yield from events_of(db, source, name, task)

    def now(self) -> int:
        """Return the second of the newest block."""
        return self.rpc.second()

    def balance_wei(self, account: str) -> int:
        """Return an account's FML."""
        return int(self.reader(TOKEN).read("balanceOf", account))

    def shelf(self) -> list[ModelFacts]:
        """Return every model that was ever listed, in order; trends are of today by the chain's clock."""
        models, now = self.models, self.now()
        if models is None:
            return []

        def read() -> list[ModelFacts]:
            return facts_of(self.rpc, self.deployment, titles_of(models, self.store), now)

        return self.kept("shelf", read, now // DAY_S)

    def reader(self, contract: str) -> ContractReader:
        """Return a contract of this market, to be read; raises `ContractMissing`."""
        address = self.deployment.fml if contract == TOKEN else self.deployment.address(contract)
        return ContractReader(self.rpc, contract, address)

    @property
    def version(self) -> tuple[int, int]:
        """The last event that was read; what changes by transactions alone stays as it is while this does."""
        with self.index.reading() as db:
            row = db.execute("SELECT block, place FROM event ORDER BY block DESC, place DESC LIMIT 1").fetchone()
        return tuple(row) if row else (0, 0)

    def kept(self, key: Any, read: Callable[[], T], now: int | None = None) -> T:
        """Return what `read` gives, anew where something has happened since it was read last.

        Parameters
        ----------
        now : int, optional
            The second, day or epoch of the chain, for what changes with time alone too.
        """
        version = (self.version, now)
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
