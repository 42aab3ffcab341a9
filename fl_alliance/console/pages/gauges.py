"""Gauges: where votes of two weeks went, what they move, and a ballot."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from fl_alliance.console.deciding import MOST_CHOICES
from fl_alliance.console.polls import poll
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.shelf import shelf
from fl_alliance.console.sources import Sources
from fl_alliance.console.waiting import ready
from fl_alliance.marketplace.shelf import trending

_TRENDING = 5
_NO_DAO = "this market has no gauges; they come with a DAO"
_NO_GAUGES = "this market's DAO was made without gauges; one by `fl-alliance dao deploy` has them"


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/dao/gauges", dependencies=[Depends(ready(sources))])

    @room.get("")
    def gauges(request: Request) -> Response:
        market = sources.market
        if market is None:
            return render(request, "empty.html", title="Gauges", reason=sources.no_market, kind="market")
        fair = market.fair
        if fair.gauges is None:
            reason, kind = (_NO_DAO, "dao") if fair.dao is None else (_NO_GAUGES, "gauges")
            return render(request, "empty.html", title="Gauges", reason=reason, kind=kind)
        return render(
            request,
            "dao/gauges.html",
            poll=poll(fair),
            trending=trending(shelf(fair), _TRENDING),
            now=fair.now(),
            most=MOST_CHOICES,
        )

    return room
