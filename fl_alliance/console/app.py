"""The console as an application: its pages, what guards them, and how errors look."""

from collections.abc import Collection
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from fl_alliance.chain.errors import ChainError
from fl_alliance.console.pages import alliance, arena, dao, gauges, home, ledger, marketplace, signing
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.security import LOOPBACK, guard
from fl_alliance.console.sources import Sources
from fl_alliance.console.waiting import StillReading, reading
from fl_alliance.market.errors import MarketError

_STATIC = Path(__file__).parent / "static"
_TITLES = {400: "That cannot be done", 404: "Nothing here", 405: "Not that way", 503: "The chain does not answer"}


def make_app(sources: Sources, hosts: Collection[str] = LOOPBACK) -> FastAPI:
    """Return the application over what is to be shown, which answers to these names alone."""
    # No generated documentation: its pages load scripts from elsewhere.
    app = FastAPI(title="FL Alliance", docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(guard(hosts))
    render = Renderer(sources)
    for room in (home, alliance, arena, gauges, dao, marketplace, ledger, signing):
        app.include_router(room.pages(sources, render))
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    def failed(request: Request, code: int, reason: str) -> Response:
        title, is_form = _TITLES.get(code, "Refused"), request.method == "POST"
        return render(request, "error.html", code, title=title, reason=reason, is_form=is_form)

    @app.exception_handler(MarketError)
    def unusable(request: Request, error: MarketError) -> Response:
        return failed(request, 400, str(error))

    @app.exception_handler(ChainError)
    def silent(request: Request, error: ChainError) -> Response:
        return failed(request, 503, " ".join(str(error).split()))

    @app.exception_handler(StillReading)
    def waits(request: Request, error: StillReading) -> Response:
        return reading(request, render)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        return failed(request, error.status_code, str(error.detail))

    return app
