"""Marketplace: models, what they cost, earn and are rated, which are trending, and how to call one."""

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fl_alliance.arena.errors import ArenaError
from fl_alliance.chain.deploy import DOCUMENTS, REVENUE
from fl_alliance.chain.documents import Document
from fl_alliance.chain.listings import Listing
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.console.fair import Fair
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources

_PAGE = 50
_WEEK_S = 7 * 86_400
_MOST_CARD = 65_536
_NO_MODELS = "this market has no marketplace"


@dataclass(frozen=True, slots=True)
class Model:
    """A listed model and what became of it; `week_wei` is what it was paid in the last week of the chain's clock."""

    number: int
    listing: Listing
    raters: int
    stars: int
    earned_wei: int
    calls: int
    week_wei: int

    @property
    def rating(self) -> float:
        """Mean of its stars, 0 where nobody has rated it."""
        return self.stars / self.raters if self.raters else 0.0

    @property
    def state(self) -> str:
        """Whether it can be called."""
        return "closed" if self.listing.is_closed else "open"


def trending(models: list[Model], most: int = 5) -> list[Model]:
    """Return the open models that were paid most in the last week; of equals, the better rated."""
    active = [model for model in models if not model.listing.is_closed and model.week_wei]
    return sorted(active, key=lambda model: (-model.week_wei, -model.rating, model.number))[:most]


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/marketplace")

    @room.get("")
    def models(request: Request, before: int = 0) -> Response:
        market = sources.market
        if market is None:
            return render(request, "empty.html", title="Marketplace", reason=sources.no_market, kind="market")
        if market.fair.models is None:
            return render(request, "empty.html", title="Marketplace", reason=_NO_MODELS, kind="marketplace")
        found = market.fair.kept("models", lambda: _models(market.fair))
        shown = [model for model in reversed(found) if not before or model.number < before]
        older = shown[_PAGE - 1].number if len(shown) > _PAGE else 0
        return render(
            request,
            "marketplace/models.html",
            models=shown[:_PAGE],
            older=older,
            trending=trending(found),
            split=market.fair.kept("split", lambda: market.fair.revenue and market.fair.revenue.split()),
        )

    @room.get("/{number}")
    def model_page(request: Request, number: int) -> Response:
        market = sources.market
        if market is None or market.fair.models is None:
            raise HTTPException(404, sources.no_market or _NO_MODELS)
        found = market.fair.kept("models", lambda: _models(market.fair))
        if not 1 <= number <= len(found):
            raise HTTPException(404, f"no model {number}; there are {len(found)}")
        model = found[number - 1]
        return render(
            request,
            "marketplace/model.html",
            model=model,
            card=_content(market.fair, model.listing.card),
            lineage=_content(market.fair, model.listing.lineage),
            versions=[other for other in found if other.listing.follows == number],
            documents=market.fair.kept(("documents", number), lambda: _documents(market.fair, number)),
            payments=market.fair.kept(("payments", number), lambda: _payments(market.fair, number)),
        )

    return room


def _models(fair: Fair) -> list[Model]:
    """Return every model: what does not change from its listing, all else from events."""
    view, revenue = fair.models, fair.revenue
    if view is None or revenue is None:
        return []
    since, week = fair.now() - _WEEK_S, dict[int, int]()
    for event in fair.events(REVENUE, "Paid"):
        if event.timestamp >= since:
            number = event.values["model"]
            week[number] = week.get(number, 0) + _paid_wei(event)
    return [
        Model(number, view.listing(number), *view.rating(number), *revenue.earned(number), week.get(number, 0))
        for number in range(1, view.count + 1)
    ]


def _paid_wei(event: MarketEvent) -> int:
    return sum(int(event.values[part]) for part in ("hostWei", "contributorsWei", "burnedWei"))


def _content(fair: Fair, digest: bytes) -> str:
    """Return a text of the store by the digest that was listed, empty where it is not there."""
    try:
        return fair.store.get(digest, _MOST_CARD).decode("utf-8", "replace")
    except ArenaError:
        return ""


def _documents(fair: Fair, model: int) -> list[tuple[int, Document]]:
    """Return the documents of a model's knowledge base, the newest first."""
    view = fair.documents
    if view is None:
        return []
    numbers = [
        event.values["document"] for event in fair.events(DOCUMENTS, "Contributed") if event.values["model"] == model
    ]
    return [(number, view.document(number)) for number in reversed(numbers)]


def _payments(fair: Fair, model: int) -> list[MarketEvent]:
    """Return the newest payments for a model's calls."""
    return [event for event in fair.events(REVENUE, "Paid") if event.values["model"] == model][:-21:-1]
