"""What a form of a page has sent."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from fastapi import Request

from fl_alliance.console.errors import ConsoleError

_MOST_FIELDS = 60


def form(most_bytes: int) -> Callable[[Request], Awaitable[dict[str, str]]]:
    """Return what reads a form of so many bytes at most; it raises `ConsoleError` where that is none of ours."""

    async def posted(request: Request) -> dict[str, str]:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                raise ConsoleError(f"a form of more than {most_bytes} bytes; needed one of this console's")
        try:
            return dict(parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS))
        except ValueError:
            raise ConsoleError("a form that cannot be read; needed one of this console's") from None

    return posted
