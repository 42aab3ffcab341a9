"""The marketplace as one account stands in it: what every command of `fl-alliance market` works with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.deploy import MODELS, VOTES
from fl_alliance.chain.documents import Documents
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.listings import Listing, Models
from fl_alliance.chain.marketplace_refusals import UnknownModel
from fl_alliance.chain.revenue import Revenue
from fl_alliance.market.place import Place, open_place
from fl_alliance.market.settings import MarketSettings
from fl_alliance.marketplace.errors import ListingUnknown, MarketplaceUnknown


@dataclass(frozen=True, slots=True)
class Stall:
    """A marketplace, and who acts.

    Attributes
    ----------
    place : Place
        The market, its store and the account.
    models, revenue, documents, token : Models, Revenue, Documents, Fml
        As that account.
    """

    place: Place
    models: Models
    revenue: Revenue
    documents: Documents
    token: Fml

    @classmethod
    def at(cls, place: Place) -> "Stall":
        """Return the marketplace of a market; raises `MarketplaceUnknown`."""
        if MODELS not in place.market.contracts:
            raise MarketplaceUnknown(place.market.arena)
        sender, market = place.sender, place.market
        models, revenue, documents = Models(sender, market), Revenue(sender, market), Documents(sender, market)
        return cls(place, models, revenue, documents, Fml(sender, market.fml))

    @property
    def me(self) -> str:
        """The account."""
        return self.place.me

    def listing(self, model: int) -> Listing:
        """Return a listing; raises `ListingUnknown`."""
        try:
            return self.models.listing(model)
        except UnknownModel:
            raise ListingUnknown(model, self.models.count) from None

    def locked_wei(self, account: str) -> int:
        """Return what an account has locked to vote, in wei: the stake that its free calls go by."""
        return int(ContractReader(self.place.rpc, VOTES, self.place.market.address(VOTES)).read("lockedWei", account))

    def folder(self, name: str) -> Path:
        """Return a folder of this account and marketplace for what must not be forgotten; it is made where missing."""
        found = self.place.state / f"{name}-{self.me.lower()}"
        found.mkdir(parents=True, exist_ok=True)
        return found


@contextmanager
def open_stall(settings: MarketSettings, default_account: int = 0) -> Iterator[Stall]:
    """Open the marketplace that settings name; raises `MarketplaceUnknown`, and what `open_place` does."""
    with open_place(settings, default_account) as place:
        yield Stall.at(place)
