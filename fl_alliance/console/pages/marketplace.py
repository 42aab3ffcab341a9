"""Marketplace: models, what they cost, earn and are rated, which are trending, and how to call one."""

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fl_alliance.arena.errors import ArenaError
from fl_alliance.chain.deploy import DOCUMENTS, REVENUE
from fl_alliance.chain.documents import Document
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.console.fair import Fair
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources
from fl_alliance.marketplace.shelf import trending

_PAGE, _TRENDING = 50, 5
_MOST_CARD = 65_536
_NO_MODELS = "this market has no marketplace"


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
        found = market.fair.shelf()
        shown = [model for model in reversed(found) if not before or model.model < before]
        older = shown[_PAGE - 1].model if len(shown) > _PAGE else 0
        return render(
            request,
            "marketplace/models.html",
            models=shown[:_PAGE],
            older=older,
            trending=trending(found, _TRENDING),
            split=market.fair.kept("split", lambda: market.fair.revenue and market.fair.revenue.split()),
        )

    @room.get("/{number}")
    def model_page(request: Request, number: int) -> Response:
        market = sources.market
        if market is None or market.fair.models is None:
            raise HTTPException(404, sources.no_market or _NO_MODELS)
        found = market.fair.shelf()
        if not 1 <= number <= len(found):
            raise HTTPException(404, f"no model {number}; there are {len(found)}")
        model, listing = found[number - 1], market.fair.models.listing(number)
        return render(
            request,
            "marketplace/model.html",
            model=model,
            listing=listing,
            card=_content(market.fair, listing.card),
            lineage=_content(market.fair, listing.lineage),
            versions=[other for other in found if other.follows == number],
            documents=market.fair.kept(("documents", number), lambda: _documents(market.fair, number)),
            payments=market.fair.kept(("payments", number), lambda: _payments(market.fair, number)),
        )

    return room


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
