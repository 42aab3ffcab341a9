"""What a sweep shows in the terminal: each attack against each method, who owned what in the end, and the bars."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from fl_alliance.lab.bars import NONE, Table, Verdict, judge
from fl_alliance.lab.outcome import Outcome, Results
from fl_alliance.lab.plan import Plan


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text: heads, and rows of the same length; the first column names the row."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def grids(plan: Plan, results: Results) -> list[Grid]:
    """Return all tables of a sweep."""
    made = [_figures(data, results) for data in plan.data]
    made += [grid for data in plan.data if (grid := _money(data, results)).rows]
    made += [grid for data in plan.data if (grid := _backdoors(data, results)).rows]
    made.append(_published(plan, results))
    if plan.bars:
        made.append(_bars(plan, results))
    return [grid for grid in made if grid.rows]


def verdicts(plan: Plan, results: Results) -> list[Verdict]:
    """Return what the results say of every bar."""
    table = Table(results)
    return [judge(bar, table) for bar in plan.bars]


def print_grids(tables: Iterable[Grid], console: Console) -> None:
    """Print tables; the words of bars are marked by their verdict."""
    for grid in tables:
        table = RichTable(title=escape(grid.title), title_justify="left", box=None, padding=(0, 2, 0, 0))
        for column, head in enumerate(grid.heads):
            table.add_column(escape(head), justify="right" if column else "left", no_wrap=column > 0)
        for row in grid.rows:
            style = {"MISS": "bold red", "pass": "green"}.get(row[-1], "")
            table.add_row(*map(escape, row), style=style)
        console.print(table)
        console.print()


def _figures(data: str, results: Results) -> Grid:
    """Return the final figure of every method under every attack: median over the seeds and, behind it, the worst."""
    methods = _ordered(cell.method for cell in results if cell.data == data)
    rows = []
    for attack in _ordered(cell.attack for cell in results if cell.data == data):
        row = [_by(results, data, attack, method) for method in methods]
        rows.append([attack, *(_summary(found) for found in row)])
    if rows:
        rows.append(["worst attack", *(_worst_attack(results, data, method) for method in methods)])
    headline = next((outcome.metric for cell, outcome in results.items() if cell.data == data), "")
    return Grid(f"{data}: {headline} in the end, median / worst seed", ["attack", *methods], rows)


def _money(data: str, results: Results) -> Grid:
    heads = (
        "attack",
        "rule",
        "honest FML",
        "malicious FML",
        "a vote: honest",
        "malicious",
        "slashed",
        "wrongly",
        "rejected",
    )
    rows = []
    for attack in _ordered(cell.attack for cell in results if cell.data == data):
        for method in _ordered(cell.method for cell in results if cell.data == data):
            found = [outcome for outcome in _by(results, data, attack, method) if outcome.honest.tokens]
            if found:
                rows.append([attack, method, *_money_row(found)])
    return Grid(f"{data}: what a member owns in the end and earns by a vote; members who were slashed", heads, rows)


def _money_row(found: Sequence[Outcome]) -> list[str]:
    def middle(of: Callable[[Outcome], float], places: int) -> str:
        values = [value for outcome in found if not math.isnan(value := of(outcome))]
        return f"{median(values):,.{places}f}" if values else ""

    def share(side: str) -> str:
        sides = [getattr(outcome, side) for outcome in found]
        members = sum(each.members for each in sides)
        return f"{sum(each.slashed[-1] for each in sides if each.members) / members:.1%}" if members else ""

    return [
        middle(lambda outcome: outcome.honest.tokens[-1], 2),
        middle(lambda outcome: outcome.malicious.tokens[-1] if outcome.malicious.tokens else math.nan, 2),
        middle(lambda outcome: outcome.honest.voting, 3),
        middle(lambda outcome: outcome.malicious.voting, 3),
        share("malicious"),
        share("honest"),
        middle(lambda outcome: outcome.rounds.get("rejected", 0), 0),
    ]


def _backdoors(data: str, results: Results) -> Grid:
    methods, rows = _ordered(cell.method for cell in results if cell.data == data), []
    for attack in _ordered(cell.attack for cell in results if cell.data == data and "backdoor" in cell.attack):
        found = [
            [o.backdoor for o in _by(results, data, attack, method) if o.backdoor is not None] for method in methods
        ]
        rows.append([attack, *(f"{median(each):.1%} / {max(each):.1%}" if each else "" for each in found)])
    return Grid(f"{data}: how often the backdoor's trigger works, median / worst seed", ["attack", *methods], rows)


def _published(plan: Plan, results: Results) -> Grid:
    """Return mean balances and rejected rounds beside those that were published."""
    rows = []
    for data, reference in plan.reference.items():
        published = [f"{reference[name]:g}" for name in ("honest", "malicious", "rejected")]
        rows.append([data, "published", *published])
        for method in _ordered(cell.method for cell in results if cell.data == data):
            found = [outcome for cell, outcome in results.items() if (cell.data, cell.method) == (data, method)]
            honest, malicious, *_, rejected = _money_row(found)
            rows.append(["", f"{method}, median of {len(found)}", honest, malicious, rejected])
    return Grid("beside the published table", ["", "rule", "honest FML", "malicious FML", "rejected rounds"], rows)


def _bars(plan: Plan, results: Results) -> Grid:
    rows = []
    for verdict in verdicts(plan, results):
        bar = verdict.bar
        said = {True: "pass", False: "MISS", None: "not run"}[verdict.holds]
        figures = ["" if math.isnan(v) else f"{v:.4g}" for v in (verdict.median, verdict.attack, verdict.worst)]
        limit = f"{'<' if bar.below else '<='} {bar.most:g} ({bar.of})"
        rows.append([bar.says, bar.measure, *figures, str(verdict.runs), limit, said])
    return Grid("bars", ["bar", "measure", "median run", "worst attack", "worst run", "runs", "needed", ""], rows)


def _worst_attack(results: Results, data: str, method: str) -> str:
    found = {
        attack: _by(results, data, attack, method)
        for attack in _ordered(cell.attack for cell in results if cell.data == data and cell.attack != NONE)
    }
    middles = [median(outcome.final for outcome in group) for group in found.values() if group]
    if not middles:
        return ""
    worst = [_worst(group) for group in found.values() if group]
    higher = next(group[0].higher_is_better for group in found.values() if group)
    least = min if higher else max
    return f"{least(middles):.4g} / {least(worst):.4g}"


def _summary(found: Sequence[Outcome]) -> str:
    if not found:
        return ""
    middle = median(outcome.final for outcome in found)
    return f"{middle:.4g} / {_worst(found):.4g}{' *' if any(outcome.error for outcome in found) else ''}"


def _worst(found: Sequence[Outcome]) -> float:
    return (min if found[0].higher_is_better else max)(outcome.final for outcome in found)


def _by(results: Results, data: str, attack: str, method: str) -> list[Outcome]:
    wanted = (data, attack, method)
    return [outcome for cell, outcome in results.items() if (cell.data, cell.attack, cell.method) == wanted]


def _ordered(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
