"""Marketplace: models, what they cost, earn and are rated, which are trending, and how to call one."""

from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import Response

from fl_alliance.arena.errors import ArenaError
from fl_alliance.chain.deploy import REVENUE
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.console import shelf
from fl_alliance.console.fair import Fair
from fl_alliance.console.forms import form
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources
from fl_alliance.console.trying import DEFAULT_GATEWAY, Demand, Trial, ask, pay, trial_of
from fl_alliance.console.waiting import ready
from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.shelf import ModelFacts, trending

_PAGE, _TRENDING = 50, 5
_MOST_CARD = 65_536
_posted = form(131_072)
_NO_MODELS = "this market has no marketplace"


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/marketplace", dependencies=[Depends(ready(sources))])

    @room.get("")
    def models(request: Request, before: int = 0) -> Response:
        market = sources.market
        if market is None:
            return render(request, "empty.html", title="Marketplace", reason=sources.no_market, kind="market")
        if market.fair.models is None:
            return render(request, "empty.html", title="Marketplace", reason=_NO_MODELS, kind="marketplace")
        found = shelf.shelf(market.fair)
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

    def listed(number: int) -> tuple[Fair, list[ModelFacts]]:
        market = sources.market
        if market is None or market.fair.models is None:
            raise HTTPException(404, sources.no_market or _NO_MODELS)
        found = shelf.shelf(market.fair)
        if not 1 <= number <= len(found):
            raise HTTPException(404, f"no model {number}; there are {len(found)}")
        return market.fair, found

    @room.get("/{number}")
    def model_page(request: Request, number: int) -> Response:
        fair, found = listed(number)
        model, listing = found[number - 1], fair.models.listing(number)  # type: ignore[union-attr]
        return render(
            request,
            "marketplace/model.html",
            model=model,
            listing=listing,
            card=_content(fair, listing.card),
            lineage=_content(fair, listing.lineage),
            versions=[other for other in found if other.follows == number],
            documents=shelf.documents(fair, number),
            payments=fair.kept(("payments", number), lambda: _payments(fair, number)),
            gateway=DEFAULT_GATEWAY,
        )

    def trial(request: Request, number: int, fields: dict[str, str]) -> tuple[Fair, Trial]:
        """Return the call that a form asks for; for who sits at this machine, since the console asks in its name."""
        if request.client is None or not ip_address(request.client.host).is_loopback:
            raise HTTPException(403, "models are tried from this console's own machine; from another one use a tunnel")
        fair = listed(number)[0].live()
        return fair, trial_of(fair, shelf.model(fair, number), fields)

    def shown(request: Request, tried: Trial, fields: dict[str, str], code: int = 200, **values: Any) -> Response:
        given = {"answer": None, "demand": None, "failed": "", **values}
        return render(request, "marketplace/try.html", code, trial=tried, fields=fields, **given)

    @room.post("/{number}/try")
    def ask_page(request: Request, number: int, fields: Annotated[dict[str, str], Depends(_posted)]) -> Response:
        fair, tried = trial(request, number, fields)
        try:
            found = ask(fair, tried)
        except GatewayFailed as failed:
            return shown(request, tried, fields, 502, failed=str(failed))
        if isinstance(found, Demand):
            return shown(request, tried, fields, demand=found)
        return shown(request, tried, fields, answer=found)

    @room.post("/{number}/pay")
    def pay_page(request: Request, number: int, fields: Annotated[dict[str, str], Depends(_posted)]) -> Response:
        fair, tried = trial(request, number, fields)
        try:
            found = pay(fair, tried, fields.get("payment", ""), fields.get("signature", ""))
        except GatewayFailed as failed:
            return shown(request, tried, fields, 502, failed=str(failed))
        return shown(request, tried, fields, answer=found)

    return room


def _content(fair: Fair, digest: bytes) -> str:
    """Return a text of the store by the digest that was listed, empty where it is not there."""
    try:
        return fair.store.get(digest, _MOST_CARD).decode("utf-8", "replace")
    except ArenaError:
        return ""


def _payments(fair: Fair, model: int) -> list[MarketEvent]:
    """Return the newest payments for a model's calls."""
    return list(fair.events(REVENUE, "Paid", model))[:-21:-1]
