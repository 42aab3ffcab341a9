"""Arena: tasks, who is best in each and who earned what, and delegating to them."""

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import Response

from fl_alliance.console import contests
from fl_alliance.console.delegates import nodes
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources
from fl_alliance.console.waiting import ready

_PAGE = 20


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/arena", dependencies=[Depends(ready(sources))])

    @room.get("")
    def tasks(request: Request, before: int = 0) -> Response:
        if sources.market is None:
            return render(request, "empty.html", title="Arena", reason=sources.no_market, kind="market")
        fair = sources.market.fair
        count = contests.count(fair)
        newest = min(before - 1, count) if before > 0 else count
        numbers = range(newest, max(newest - _PAGE, 0), -1)
        now = fair.now()
        facts = [contests.facts(fair, number, now) for number in numbers]
        older = numbers[-1] if numbers and numbers[-1] > 1 else 0
        return render(request, "arena/tasks.html", facts=facts, older=older)

    @room.get("/{number}")
    def task_page(request: Request, number: int, day: int | None = None) -> Response:
        if sources.market is None:
            raise HTTPException(404, sources.no_market)
        fair = sources.market.fair
        if not 1 <= number <= (count := contests.count(fair)):
            raise HTTPException(404, f"no task {number}; there are {count}")
        facts = contests.facts(fair, number, fair.now())
        if day is not None and not 0 <= day <= facts.days:
            raise HTTPException(404, f"no day {day} in task {number}: its days are 0 to {facts.days}")
        task = contests.description(fair, number)
        return render(
            request,
            "arena/task.html",
            facts=facts,
            task=task,
            board=task and contests.board(fair, task, day),
            params=fair.arena.params(number),
            delegates=fair.kept(("delegates", number), lambda: nodes(fair, number)),
            rewards=contests.rewards(fair, number),
        )

    return room
