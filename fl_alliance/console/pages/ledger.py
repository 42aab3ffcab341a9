"""Ledger: why an account was paid, transaction by transaction on the market, round by round in the Alliance."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from fl_alliance.console import postings, rounds
from fl_alliance.console.paging import Page, span_of
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources
from fl_alliance.market.parties import address_of


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/ledger")

    @room.get("")
    def find(request: Request, account: str = "") -> Response:
        if account.strip():
            return RedirectResponse(f"/ledger/{address_of(account.strip())}", 303)
        market = sources.market
        known = postings.busiest(market.feed.index) if market else []
        names = {each.address: name for name, each in market.feed.deployment.contracts.items()} if market else {}
        return render(request, "ledger/find.html", known=known, names=names)

    @room.get("/{account}")
    def account_page(request: Request, account: str, before: str = "", after: str = "") -> Response:
        address, market = address_of(account), sources.market
        page = postings.postings(market.feed.index, address, span_of(before, after)) if market else Page([])
        memberships = [
            (source, member)
            for source in sources.alliances.values()
            for member in rounds.memberships(source.feed.index, address)
        ]
        return render(
            request,
            "ledger/account.html",
            account=address,
            page=page,
            memberships=memberships,
            balance_wei=market.fair.balance_wei(address) if market else None,
        )

    return room
