"""Arena: tasks, who is best in each and who earned what, and delegating to them."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fl_alliance.arena.errors import ArenaError
from fl_alliance.arena.task import Task, read_task
from fl_alliance.chain.deploy import ARENA
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.console.charts import Line, chart
from fl_alliance.console.delegates import nodes
from fl_alliance.console.fair import Fair
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import Sources
from fl_alliance.market.overview import TaskFacts, task_facts
from fl_alliance.market.standings import standings

_PAGE = 20


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/arena")

    @room.get("")
    def tasks(request: Request, before: int = 0) -> Response:
        if sources.market is None:
            return render(request, "empty.html", title="Arena", reason=sources.no_market, kind="market")
        fair = sources.market.fair
        newest = min(before - 1, fair.arena.task_count) if before > 0 else fair.arena.task_count
        numbers = range(newest, max(newest - _PAGE, 0), -1)
        now = fair.now()
        facts = [_facts(fair, number, now) for number in numbers]
        older = numbers[-1] if numbers and numbers[-1] > 1 else 0
        return render(request, "arena/tasks.html", facts=facts, older=older)

    @room.get("/{number}")
    def task_page(request: Request, number: int, day: int | None = None) -> Response:
        if sources.market is None:
            raise HTTPException(404, sources.no_market)
        fair = sources.market.fair
        if not 1 <= number <= fair.arena.task_count:
            raise HTTPException(404, f"no task {number}; there are {fair.arena.task_count}")
        facts = _facts(fair, number, fair.now())
        if day is not None and not 0 <= day <= facts.days:
            raise HTTPException(404, f"no day {day} in task {number}: its days are 0 to {facts.days}")
        try:
            task: Task | None = read_task(fair.arena, fair.store, number)
        except ArenaError:
            task = None
        board = task and fair.kept(("board", number, day), lambda: standings(fair.momentary(), task, day))
        return render(
            request,
            "arena/task.html",
            facts=facts,
            task=task,
            board=board,
            params=fair.arena.params(number),
            delegates=fair.kept(("delegates", number), lambda: nodes(fair, number)),
            rewards=fair.kept(("rewards", number), lambda: _rewards(fair, number)),
        )

    return room


def _facts(fair: Fair, number: int, now: int) -> TaskFacts:
    """Return where a task stands; what goes on in it changes with every second of the chain."""
    return fair.kept(("facts", number), lambda: task_facts(fair.momentary(), number), now)


def _rewards(fair: Fair, number: int) -> Any:
    """Return what the days paid, as a chart."""
    days = [(event.values["day"], event.values) for event in fair.events(ARENA, "DayFinished", number)]
    if len(days) < 2:
        return ""
    lines = []
    for part, style in (("nodes", "l1"), ("validators", "l2")):
        points = [(day, float(told[f"{part}NowWei"] + told[f"{part}HeldWei"]) / WEI_PER_FML) for day, told in days]
        lines.append(Line(points, style, f"{part}, paid and held:"))
    return chart("Rewards by day", "FML", lines, days[0][0], days[-1][0])
