"""Pages from templates: whole, or only the part that changes, for a browser that has the rest."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from fl_alliance.console.sources import Sources
from fl_alliance.console.words import FILTERS

PART = "x-part"
"""The header by which a page asks for the part of itself that changes."""


@cache
def _environment() -> Environment:
    """Return the templates, all of them compiled: the first page after a start takes no longer than others."""
    made = Environment(
        loader=PackageLoader("fl_alliance.console"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    for name in made.list_templates():
        made.get_template(name)
    return made


class Renderer:
    """Renders the pages of a console over its sources."""

    def __init__(self, sources: Sources) -> None:
        self._sources, self._environment = sources, _environment()

    def __call__(self, request: Request, template: str, code: int = 200, /, **values: Any) -> Response:
        """Return a page, or its part `live` where the request asks for that; 304 where it has it already."""
        found = self._environment.get_template(template)
        context: Mapping[str, Any] = {"path": request.url.path, "sources": self._sources, **values}
        is_part = PART in request.headers and "live" in found.blocks
        pieces = found.blocks["live"](found.new_context(dict(context))) if is_part else found.generate(context)
        text = "".join(pieces)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        if is_part and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return HTMLResponse(text, code, {"ETag": tag, "Vary": PART})
