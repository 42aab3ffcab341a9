"""What no page may do, whatever a chain has put into it: load from elsewhere, run what is not ours, be framed.

A page of this machine is open to every site that the browser visits: the Host header stops names that were pointed here
(DNS rebinding), the Origin header stops forms of other pages.
"""

from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import PlainTextResponse, Response

POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types fragments"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers do not say where a form comes from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Next = Callable[[Request], Awaitable[Response]]


def guard(hosts: Collection[str]) -> Callable[[Request, Next], Awaitable[Response]]:
    """Return what every request passes through.

    Parameters
    ----------
    hosts : collection of str
        The names under which the console may be asked for, without ports.
    """

    async def guarded(request: Request, call_next: Next) -> Response:
        if _name(request.headers.get("host", "")) not in hosts:
            response: Response = _refused(
                403, "this console answers to other names only; see fl-alliance console --help"
            )
        elif not _is_own(request):
            response = _refused(403, "forms of other pages are not taken")
        else:
            response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        if not request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return guarded


def _is_own(request: Request) -> bool:
    """Return whether a POST comes from a page of this console; browsers always say where it comes from."""
    if request.method != "POST":
        return True
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    own = f"{request.url.scheme}://{request.headers.get('host')}"
    return site == "same-origin" and origin in (None, own)


def _name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _refused(code: int, reason: str) -> PlainTextResponse:
    return PlainTextResponse(f"{reason}\n", code)
