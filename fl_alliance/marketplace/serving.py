"""A gateway from its settings to its end: models loaded, books opened, HTTP served, earnings turned in now and then."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fl_alliance.chain.errors import ChainError
from fl_alliance.governance.vote_keeping import VoteKeeper
from fl_alliance.market.errors import SettingRefused
from fl_alliance.marketplace.admission import Admission, FreeRate
from fl_alliance.marketplace.books import Books
from fl_alliance.marketplace.collecting import collect
from fl_alliance.marketplace.counter import Counter, Served
from fl_alliance.marketplace.errors import ExtraMissing, ListingUnknown, MarketplaceError
from fl_alliance.marketplace.facilitator import Facilitator
from fl_alliance.marketplace.knowledge import Knowledge
from fl_alliance.marketplace.lineage import lineage_of
from fl_alliance.marketplace.listener import Server, bound, url_of
from fl_alliance.marketplace.loading import Backend, seat_of
from fl_alliance.marketplace.stall import Stall

BOOKS, KNOWLEDGE = "books.db", "knowledge.db"
PORT = 8402


@dataclass(frozen=True, slots=True)
class Setup:
    """How a gateway is run.

    Attributes
    ----------
    host, port : str, int
        Where it listens; port 0: any that is free.
    certificate, certificate_key : str
        TLS; empty: plain HTTP.
    free : FreeRate
    backend : Backend
    collect_s : float
        Seconds between two times that earnings are turned in and documents looked for.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    certificate: str = ""
    certificate_key: str = ""
    free: FreeRate = field(default_factory=lambda: FreeRate(10**21, 20, 256))
    backend: Backend = field(default_factory=Backend)
    collect_s: float = 600.0


class Gateway:
    """A host's gateway.

    Parameters
    ----------
    stall : Stall
        The marketplace as the host acts in it.
    setup : Setup
    models : collection of int
        What it serves; none: all open listings of the host.
    tell : callable
        Hears what a person wants to know.

    Raises
    ------
    ListingUnknown
        The host has no such open listing, or none at all.
    PackageDamaged
        A model is not what its listing says.
    BooksBusy
        Another gateway of this host runs on this machine.
    ExtraMissing
        The extra `market` is not installed.
    """

    def __init__(self, stall: Stall, setup: Setup, models: list[int], tell: Callable[[str], None]) -> None:
        self.stall, self.setup, self.tell = stall, setup, tell
        self._settled, self._accepted = set[int](), dict[int, dict[bytes, int]]()
        numbers = _own(stall, models)
        folder = stall.folder("gateway")
        facilitator = Facilitator(stall)
        self.books = Books(folder / BOOKS)
        self.knowledge = Knowledge(folder / KNOWLEDGE, stall.place.store)
        try:
            served = {number: _served(stall, number, setup.backend) for number in numbers}
        except BaseException:
            self.close()
            raise
        self.votes = VoteKeeper(stall.place.sender, stall.place.market, tell)
        self.counter = Counter(stall, served, Admission(stall, self.books, facilitator, setup.free), self.knowledge)
        self.refresh()

    def refresh(self) -> None:
        """Take in documents that were accepted meanwhile, and let go of removed ones; what is settled is read once."""
        documents = self.stall.documents
        for number in range(1, documents.count + 1):
            if number in self._settled:
                continue
            found = documents.document(number)
            if found.is_settled:
                self._settled.add(number)
            if found.is_accepted:
                self._accepted.setdefault(found.model, {})[found.digest] = number
        removed = documents.removed(self.stall.place.market.block)
        for model in self.counter.served:
            known = self._accepted.get(model, {})
            kept = {digest: number for digest, number in known.items() if number not in removed}
            self.knowledge.sync(model, kept, self.tell)

    def collect(self) -> None:
        """Have gauge votes pay the models, turn in what was earned, and tell of it."""
        self.votes.pay(self.counter.served)
        found = collect(self.stall, self.books, self.counter.served, self.tell)
        if found.vouchers or found.tills_wei or found.uses:
            self.tell(found.words)

    def close(self) -> None:
        """Let go of the files."""
        self.books.close()
        self.knowledge.close()

    @contextmanager
    def listening(self) -> Iterator[tuple[Server, str]]:
        """Yield what serves, to be run, and its URL up to the path."""
        try:
            import uvicorn  # noqa: F401  what `Server` needs

            from fl_alliance.marketplace.gateway import create_app
        except ImportError as missing:
            raise ExtraMissing("the gateway", str(missing.name)) from None
        setup = self.setup
        _check_tls(setup)
        listener = bound(setup.host, setup.port)
        server = Server(create_app(self.stall, self.counter), listener, setup.certificate, setup.certificate_key)
        url = url_of(listener, setup.host, "https" if setup.certificate else "http")
        with listener, self._upkeep():
            yield server, url

    @contextmanager
    def _upkeep(self) -> Iterator[None]:
        """Collect and refresh now and then, and once more at the end."""
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(self.setup.collect_s):
                self._try()

        worker = threading.Thread(target=work, name="upkeep", daemon=True)
        worker.start()
        try:
            yield
        finally:
            stop.set()
            worker.join()
            self._try()

    def _try(self) -> None:
        try:
            self.refresh()
            self.collect()
        except (ChainError, MarketplaceError) as error:
            self.tell(f"will try again to collect: {error}")


def _check_tls(setup: Setup) -> None:
    """Refuse a certificate that cannot be used; raises `SettingRefused`."""
    if not setup.certificate:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(setup.certificate, setup.certificate_key or None)
    except OSError as error:
        needed = "a certificate chain in PEM, and its key with --tls-key"
        raise SettingRefused(f"--tls {setup.certificate}: {error.strerror or error}; needed {needed}") from None


def _own(stall: Stall, models: list[int]) -> list[int]:
    """Return the numbers of the host's open listings among `models`, or all."""
    for number in models:
        found = stall.listing(number)
        if found.host != stall.me or found.is_closed:
            whose = "closed" if found.is_closed else f"of {found.host}"
            raise ListingUnknown(f"{number} of {stall.me}: it is {whose}", stall.models.count)
    numbers = models or [
        number
        for number in range(1, stall.models.count + 1)
        if (found := stall.models.listing(number)).host == stall.me and not found.is_closed
    ]
    if not numbers:
        raise ListingUnknown(f"of {stall.me} is open", stall.models.count)
    return numbers


def _served(stall: Stall, number: int, backend: Backend) -> Served:
    listing = stall.listing(number)
    lineage = lineage_of(stall.place.store, listing)
    return Served(number, seat_of(stall.place, listing, backend), lineage, listing)
