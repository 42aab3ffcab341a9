"""Alliance: tasks, their rounds, roles, scores and balances, and the privacy budgets of a run's sites."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fl_alliance.chain import strict_json
from fl_alliance.chain.types import GWEI_PER_FML
from fl_alliance.console import rounds
from fl_alliance.console.budgets import budgets_of
from fl_alliance.console.charts import Line, chart
from fl_alliance.console.delegates import Delegate, has_members, members
from fl_alliance.console.paging import span_of
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.rounds import Curve, Task
from fl_alliance.console.sources import AllianceSource, Sources


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter(prefix="/alliance")

    def find(name: str, number: int) -> tuple[AllianceSource, Task]:
        source = sources.alliances.get(name)
        if source is None:
            raise HTTPException(404, f"no run {name} is shown here; name it: fl-alliance console RUN")
        task = rounds.task(source.feed.index, number)
        if task is None:
            raise HTTPException(404, f"no task {number} in {name}, or it was not read yet")
        return source, task

    def delegates(source: AllianceSource, number: int) -> list[Delegate] | None:
        """Return who takes delegators; None where the market does not know this Alliance."""
        market = sources.market
        if market is None or not has_members(market.fair, source.feed.deployment):
            return None
        return market.fair.kept(("members", number), lambda: members(market.fair, number))

    @room.get("")
    def tasks(request: Request) -> Response:
        found = [(source, rounds.tasks(source.feed.index)) for source in sources.alliances.values()]
        return render(request, "alliance/tasks.html", found=found)

    @room.get("/{name}/{number}")
    def task_page(request: Request, name: str, number: int, before: str = "", after: str = "") -> Response:
        source, task = find(name, number)
        index = source.feed.index
        return render(
            request,
            "alliance/task.html",
            source=source,
            task=task,
            members=rounds.members(index, number),
            page=rounds.rounds(index, number, span_of(before, after)),
            is_newest=not (before or after),
            charts=_charts(task, rounds.curve(index, number)),
            budgets=budgets_of(source.folder.privacy) if source.folder else [],
            delegates=delegates(source, number),
        )

    @room.get("/{name}/{number}/rounds/{which}")
    def round_page(request: Request, name: str, number: int, which: int) -> Response:
        source, task = find(name, number)
        found = rounds.round_of(source.feed.index, number, which)
        if found is None:
            raise HTTPException(404, f"round {which} of task {number} has not ended, or was not read yet")
        entry, lines = found
        told = {line["member"]: strict_json.parse(line["told"]) for line in lines}
        leaders = strict_json.parse(entry["leaders"])
        return render(
            request,
            "alliance/round.html",
            source=source,
            task=task,
            round=entry,
            lines=lines,
            told=told,
            leaders=leaders,
        )

    @room.get("/{name}/{number}/rounds/{which}/members/{member}")
    def why_page(request: Request, name: str, number: int, which: int, member: int) -> Response:
        source, task = find(name, number)
        found = rounds.round_of(source.feed.index, number, which)
        who = _member(source, number, member)
        if found is None or who is None:
            raise HTTPException(404, f"no round {which} that has ended, or no member {member}, in task {number}")
        line = rounds.line_of(source.feed.index, number, which, member)
        story = strict_json.parse(line["story"]) if line else ["it was not drawn, and neither paid nor slashed"]
        return render(
            request, "alliance/why.html", source=source, task=task, round=found[0], line=line, member=who, story=story
        )

    @room.get("/{name}/{number}/members/{member}")
    def member_page(
        request: Request, name: str, number: int, member: int, before: str = "", after: str = ""
    ) -> Response:
        source, task = find(name, number)
        who = _member(source, number, member)
        if who is None:
            raise HTTPException(404, f"no member {member} in task {number}")
        page = rounds.history(source.feed.index, number, member, span_of(before, after))
        why = {row["round"]: _reason(strict_json.parse(row["story"])) for row in page.rows}
        return render(request, "alliance/member.html", source=source, task=task, member=who, page=page, why=why)

    return room


def _member(source: AllianceSource, number: int, member: int) -> Any:
    known = rounds.members(source.feed.index, number)
    return known[member] if 0 <= member < len(known) else None


def _reason(story: list[str]) -> str:
    """Return the sentence of a story that says why, which is the first about what the member did."""
    return next((each for each in story[1:] if each.startswith("it ") and " found " not in each[:12]), story[0])


def _charts(task: Task, curve: Curve) -> list[Any]:
    """Return what the voters found, the balances and the pool, over the rounds."""
    if not curve.rounds:
        return []
    first, last = curve.rounds[0], curve.rounds[-1]
    name = "Loss of the model, lower is better" if task.of_candidates else "Score of the model, higher is better"
    said = Line(list(zip(curve.rounds, curve.figures, strict=True)), "l1", "as the voter in the middle finds it")
    pool = Line([(at, held / GWEI_PER_FML) for at, held in zip(curve.rounds, curve.pools, strict=True)], "l1", "pool")
    balances = _balances(curve)
    drawn = [
        chart(name, "", [said], first, last),
        chart("Balances", "FML", balances, first, last),
        chart("Pool", "FML", [pool], first, last),
    ]
    return [each for each in drawn if each]


def _balances(curve: Curve) -> list[Line]:
    """Return a line for each member, the highest and the lowest by name."""
    final = curve.balances[-1]
    order = sorted(range(len(final)), key=lambda member: final[member])
    low, high = order[:1], order[-1:] if len(order) > 1 else []
    lines = [_balance(curve, member, "thin") for member in order if member not in low + high]
    lines += [_balance(curve, member, "l2", f"lowest, member {member}:") for member in low]
    return lines + [_balance(curve, member, "l1", f"highest, member {member}:") for member in high]


def _balance(curve: Curve, member: int, style: str, name: str = "") -> Line:
    points = [
        (at, held[member] / GWEI_PER_FML if member < len(held) else None)
        for at, held in zip(curve.rounds, curve.balances, strict=True)
    ]
    return Line(points, style, name)
