"""DAO: proposals with what their calls do, votes, and everything that a proposal can set."""

from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import Response

from fl_alliance.console import proposals
from fl_alliance.console.charts import bar
from fl_alliance.console.deciding import MOST_SETTINGS
from fl_alliance.console.fair import Fair
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources
from fl_alliance.console.waiting import ready
from fl_alliance.governance.parameters import PARAMETERS
from fl_alliance.governance.standing import ProposalFacts

_PAGE = 10
_NO_DAO = "this market has no DAO; who deployed it puts one over it"


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/dao", dependencies=[Depends(ready(sources))])

    def fair_of(request: Request) -> Fair | Response:
        market = sources.market
        if market is None:
            return render(request, "empty.html", title="DAO", reason=sources.no_market, kind="market")
        if market.fair.dao is None:
            return render(request, "empty.html", title="DAO", reason=_NO_DAO, kind="dao")
        return market.fair

    @room.get("")
    def proposals_page(request: Request, before: int = 0) -> Response:
        fair = fair_of(request)
        if isinstance(fair, Response):
            return fair
        count, now = len(proposals.proposals(fair)), fair.now()
        newest = min(before - 1, count) if before > 0 else count
        numbers = range(newest, max(newest - _PAGE, 0), -1)
        facts = [proposals.facts(fair, number, now) for number in numbers]
        terms = fair.kept("terms", lambda: proposals.terms(fair))
        older = numbers[-1] if numbers and numbers[-1] > 1 else 0
        return render(request, "dao/proposals.html", facts=facts, now=now, older=older, terms=terms)

    @room.get("/parameters")
    def parameters_page(request: Request) -> Response:
        fair = fair_of(request)
        if isinstance(fair, Response):
            return fair
        return render(request, "dao/parameters.html", rows=proposals.parameters(fair))

    @room.get("/propose")
    def propose_page(request: Request) -> Response:
        fair = fair_of(request)
        if isinstance(fair, Response):
            return fair
        terms = fair.kept("terms", lambda: proposals.terms(fair))
        names = [name for name, known in PARAMETERS.items() if known.contract in fair.deployment.contracts]
        return render(
            request,
            "dao/propose.html",
            terms=terms["terms"],
            treasury_wei=terms["treasury_wei"],
            names=names,
            most=MOST_SETTINGS,
        )

    @room.get("/{number}")
    def proposal_page(request: Request, number: int) -> Response:
        fair = fair_of(request)
        if isinstance(fair, Response):
            return fair
        known = proposals.proposals(fair)
        if not 1 <= number <= len(known):
            raise HTTPException(404, f"no proposal {number}; there are {len(known)}")
        now = fair.now()
        facts = proposals.facts(fair, number, now)
        return render(
            request,
            "dao/proposal.html",
            found=facts,
            calls=known[number - 1].calls,
            now=now,
            bars=_bars(facts),
        )

    return room


def _bars(found: ProposalFacts) -> dict[str, Any]:
    """Return the review and the vote as bars of all votes there were."""
    whole = max(found.all_wei, 1)
    review = [
        (found.present_wei / whole, "for", "signed in"),
        (found.scam_wei / whole, "against", "flagged as a scam"),
        (found.frivolous_wei / whole, "abstain", "flagged as frivolous"),
    ]
    vote = [
        (found.for_wei / whole, "for", "for"),
        (found.against_wei / whole, "against", "against"),
        (found.abstain_wei / whole, "abstain", "abstain"),
    ]
    return {"review": bar(review, "Review, of all votes"), "vote": bar(vote, "Vote, of all votes")}
