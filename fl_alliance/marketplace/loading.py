"""From a listing to what answers its calls; everything is checked against the digests on chain before it is used."""

import hashlib
from dataclasses import dataclass
from typing import cast

from fl_alliance.arena.errors import ArenaError
from fl_alliance.arena.kinds.networks import NetworkKind
from fl_alliance.arena.store import Store
from fl_alliance.chain.listings import Listing
from fl_alliance.market.errors import SettingRefused
from fl_alliance.market.kinds import LM, trade_of
from fl_alliance.market.place import Place
from fl_alliance.marketplace.engines import Seat
from fl_alliance.marketplace.errors import PackageDamaged
from fl_alliance.marketplace.lineage import CHAT, MOST_BYTES, REMOTE, lineage_of, printable
from fl_alliance.marketplace.tables import Table
from fl_alliance.marketplace.writers import Adapted, LlamaCpp, Remote


@dataclass(frozen=True, slots=True)
class Backend:
    """An OpenAI-compatible service that answers for models of kind `remote`; empty where there is none."""

    url: str = ""
    key_env: str = "FL_ALLIANCE_BACKEND_KEY"


def seat_of(place: Place, listing: Listing, backend: Backend) -> Seat:
    """Return what answers a listing's calls.

    Raises
    ------
    PackageDamaged
        The store lacks what the listing names, or has something else; or no backend is known.
    ExtraMissing
        What it runs on is not installed.
    """
    lineage = lineage_of(place.store, listing)
    if lineage.kind == REMOTE:
        if not backend.url:
            raise PackageDamaged("a model of kind remote needs a backend: --backend URL")
        return Seat(Remote(backend.url, str(lineage.options.get("model")), backend.key_env))
    try:
        if lineage.kind == CHAT:
            return Seat(_chat(listing))
        trade = trade_of(lineage.kind, lineage.options, place.store, place.state)
        content = place.store.get(listing.digest, trade.kind.limits.file_bytes)
        if lineage.kind == LM:
            return Seat(Adapted(trade.kind, content))
        return Seat(Table(cast(NetworkKind, trade.kind), lineage.options, trade.kind.load(content)))
    except (ArenaError, SettingRefused) as error:
        raise PackageDamaged(f"model {listing.digest.hex()}: {error}") from None


def _chat(listing: Listing) -> LlamaCpp:
    from fl_alliance.arena.kinds.lm.smollm2 import shipped

    path = shipped()
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").digest()
    if found != listing.digest:
        raise PackageDamaged(f"{path}: has sha256 {found.hex()}, the listing is of {listing.digest.hex()}")
    return LlamaCpp(path)


def card_of(store: Store, listing: Listing) -> str:
    """Return a model's card, without what a terminal would obey; raises `PackageDamaged`."""
    try:
        return printable(store.get(listing.card, MOST_BYTES).decode())
    except (ArenaError, UnicodeDecodeError) as error:
        raise PackageDamaged(f"card of model {listing.digest.hex()}: {error}") from None
