"""The first page: what there is, and how far it was read."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from fl_alliance.console import contests, proposals, rounds, shelf
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter()

    @room.get("/")
    def home(request: Request) -> Response:
        tasks = [(source, task) for source in sources.alliances.values() for task in rounds.tasks(source.feed.index)]
        market = sources.market
        fair = market.fair if market and market.is_ready else None
        return render(
            request,
            "home.html",
            tasks=tasks,
            is_read=fair is not None,
            arena_tasks=contests.count(fair) if fair else 0,
            proposals=len(proposals.proposals(fair)) if fair else 0,
            models=shelf.count(fair) if fair else 0,
        )

    @room.get("/words")
    def words(request: Request) -> Response:
        return render(request, "words.html")

    @room.get("/status")
    def status(request: Request) -> Response:
        return render(request, "status.html")

    return room
