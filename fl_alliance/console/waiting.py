"""A page that is asked for before the market's figures are at hand: it would ask the chain for all of them at once."""

from collections.abc import Callable

from fastapi import Request
from starlette.responses import Response

from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources


class StillReading(Exception):
    """The market is being read; `console.js` looks again until the page is there."""


def ready(sources: Sources) -> Callable[[Request], None]:
    """Return what pages of a market depend on; forms are not held up: what they sign is asked of the chain anyway."""

    def check(request: Request) -> None:
        if request.method == "GET" and sources.market is not None and not sources.market.is_ready:
            raise StillReading

    return check


def reading(request: Request, render: Renderer) -> Response:
    """Return the page that says how far it is."""
    response = render(request, "reading.html", 503)
    response.headers["Retry-After"] = "1"
    return response
