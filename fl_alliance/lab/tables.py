"""What a sweep shows in the terminal: each attack against each method, who owned what in the end, and the bars."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from textwrap import shorten

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from fl_alliance.lab.bars import NONE, Table, Verdict, judge
from fl_alliance.lab.outcome import LAST, Outcome, Results
from fl_alliance.lab.plan import Plan

_WIDEST = 1000
_REASON = 100
"""Characters of the reason why a run stopped early."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text: heads, and rows of the same length; the first `names` columns are words, the others figures."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1


def grids(plan: Plan, results: Results) -> list[Grid]:
    """Return all tables of a sweep."""
    made = [_figures(data, results) for data in plan.data]
    made += [grid for data in plan.data if (grid := _money(data, results)).rows]
    made += [grid for data in plan.data if (grid := _backdoors(data, results)).rows]
    made += [_published(plan, results), _stopped(results)]
    if plan.bars:
        made.append(_bars(plan, results))
    return [grid for grid in made if grid.rows]


def verdicts(plan: Plan, results: Results) -> list[Verdict]:
    """Return what the results say of every bar."""
    table = Table(results)
    return [judge(bar, table) for bar in plan.bars]


def print_grids(tables: Iterable[Grid], console: Console) -> None:
    """Print tables; the words of bars are marked by their verdict.

    No figure is ever cut off: a table is as wide as it must be, whatever the terminal or a pipe makes of its lines.
    """
    for grid in tables:
        table = RichTable(box=None, padding=(0, 2, 0, 0))
        for column, head in enumerate(grid.heads):
            words = column < grid.names
            # A head of a figure is as many lines as it has words, so that eight of them fit a narrow terminal.
            table.add_column(
                escape(head if words else head.replace(" ", "\n")), justify="left" if words else "right", no_wrap=True
            )
        for row in grid.rows:
            style = {"MISS": "bold red", "pass": "green"}.get(row[-1], "")
            table.add_row(*map(escape, row), style=style)
        console.print(escape(grid.title), style="italic", soft_wrap=True)
        needed = console.measure(table, options=console.options.update(max_width=_WIDEST)).maximum
        console.width = max(console.width, needed)
        console.print(table)
        console.print()


def _figures(data: str, results: Results) -> Grid:
    """Return the final figure of every method under every attack: median over the seeds and, behind it, the worst."""
    here = {cell: outcome for cell, outcome in results.items() if cell.data == data}
    methods, attacks = (_ordered(getattr(cell, name) for cell in here) for name in ("method", "attack"))
    pairs = len({cell.seed for cell in here}) > 1
    rows = []
    for attack in attacks:
        row = [_by(here, data, attack, method) for method in methods]
        rows.append([attack, *(_summary(found, pairs) for found in row)])
    if len(set(attacks) - {NONE}) > 1:
        rows.append(["worst attack", *(_worst_attack(here, data, method, pairs) for method in methods)])
    headline = next((outcome.metric for outcome in here.values()), "")
    said = f"{data}: {headline}, mean of the last {LAST} rounds{'; median / worst seed' if pairs else ''}"
    return Grid(said + ("; * stopped early" if any(o.error for o in here.values()) else ""), ["attack", *methods], rows)


def _money(data: str, results: Results) -> Grid:
    heads = (
        "attack",
        "rule",
        "honest own",
        "malicious own",
        "honest vote",
        "malicious vote",
        "honest slashed",
        "malicious slashed",
        "rounds rejected",
    )
    rows = []
    for attack in _ordered(cell.attack for cell in results if cell.data == data):
        for method in _ordered(cell.method for cell in results if cell.data == data):
            found = [outcome for outcome in _by(results, data, attack, method) if outcome.honest.tokens]
            if found:
                rows.append([attack, method, *_money_row(found)])
    said = f"{data}: FML that a member owns in the end and earns by a vote, share of members ever slashed"
    return Grid(said, heads, rows, names=2)


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
        share("honest"),
        share("malicious"),
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
    return Grid(
        "beside the published table", ["", "rule", "honest own", "malicious own", "rounds rejected"], rows, names=2
    )


def _stopped(results: Results) -> Grid:
    """Return which runs ended before their last round, and why."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for cell, outcome in results.items():
        if outcome.error:
            counts[cell.data, cell.attack, cell.method, " ".join(outcome.error.split())] += 1
    rows = [
        [data, attack, method, shorten(why, _REASON, placeholder=" ..."), str(count)]
        for (data, attack, method, why), count in counts.items()
    ]
    return Grid("stopped early", ["data", "attack", "method", "why", "runs"], rows, names=4)


def _bars(plan: Plan, results: Results) -> Grid:
    rows = []
    for verdict in verdicts(plan, results):
        bar = verdict.bar
        said = {True: "pass", False: "MISS", None: "not run"}[verdict.holds]
        figures = ["" if math.isnan(v) else f"{v:.4g}" for v in (verdict.median, verdict.attack, verdict.worst)]
        limit = f"{'<' if bar.below else '<='} {bar.most:g} ({bar.of})"
        rows.append([bar.says, bar.measure, *figures, str(verdict.runs), limit, said])
    return Grid(
        "bars", ["bar", "measure", "median run", "worst attack", "worst run", "runs", "needed", ""], rows, names=2
    )


def _worst_attack(results: Results, data: str, method: str, pairs: bool) -> str:
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
    return f"{least(middles):.4g} / {least(worst):.4g}" if pairs else f"{least(middles):.4g}"


def _summary(found: Sequence[Outcome], pairs: bool) -> str:
    if not found:
        return ""
    middle = median(outcome.final for outcome in found)
    mark = " *" if any(outcome.error for outcome in found) else ""
    return f"{middle:.4g} / {_worst(found):.4g}{mark}" if pairs else f"{middle:.4g}{mark}"


def _worst(found: Sequence[Outcome]) -> float:
    return (min if found[0].higher_is_better else max)(outcome.final for outcome in found)


def _by(results: Results, data: str, attack: str, method: str) -> list[Outcome]:
    wanted = (data, attack, method)
    return [outcome for cell, outcome in results.items() if (cell.data, cell.attack, cell.method) == wanted]


def _ordered(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
