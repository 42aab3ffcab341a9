"""The laboratory's report: one self-contained HTML page with the tables and, for every data set and attack, curves."""

import math
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from fl_alliance.lab.bars import NONE
from fl_alliance.lab.methods import RULES
from fl_alliance.lab.outcome import Outcome, Results
from fl_alliance.lab.plan import CLEAN, Plan
from fl_alliance.lab.sweep import read_plan
from fl_alliance.lab.tables import Grid, grids
from fl_alliance.records import write_whole
from fl_alliance.report.markup import Markup, el, join, table
from fl_alliance.report.plot import (
    Scale,
    figure,
    fitted,
    frame,
    gridlines,
    legend,
    number,
    polyline,
    round_ticks,
    shape,
    tick_text,
    ticks,
)
from fl_alliance.report.style import CSS

REPORT = "report.html"
Curve = Sequence[float]

_STYLES = ("l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9", "l10")
_MORE_CSS = """
.l4{stroke:#3f8f5b}.l5{stroke:#b58a14}.l6{stroke:#a13d7c}.l7{stroke:#4d7f8c}.l8{stroke:#8a6a4f}.l9{stroke:#6b7280}
.l10{stroke:#c4536b}.l4,.l5,.l6,.l7,.l8,.l9,.l10{stroke-width:1.4}.dash{stroke-dasharray:5 4}
.legend .l4{--c:#3f8f5b}.legend .l5{--c:#b58a14}.legend .l6{--c:#a13d7c}.legend .l7{--c:#4d7f8c}
.legend .l8{--c:#8a6a4f}.legend .l9{--c:#6b7280}.legend .l10{--c:#c4536b}.legend .dash{border-top-style:dashed}
td:first-child{min-width:7rem}th{vertical-align:bottom}th.n{white-space:normal}
.trio{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));gap:0 1.6rem;align-items:start}
h3{margin:1.6rem 0 0}
"""


def write_report(plan: Plan, results: Results, folder: Path) -> Path:
    """Write the page into the folder; return where it is."""
    path = folder / REPORT
    words, study = read_plan(folder)
    command = shlex.join(["fl-alliance", "attack", *(("--study", study) if study else ()), *words])
    write_whole(path, page(plan, results, command).encode())
    return path


def page(plan: Plan, results: Results, command: str) -> str:
    """Return the whole document, which refers to nothing outside itself; `command` is what makes it once more."""
    tables = grids(plan, results)
    bars = [grid for grid in tables if grid.title == "bars"]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'",
        ),
        el("title", f"FL Alliance laboratory: {plan.name}"),
        el("style", Markup(CSS + _MORE_CSS)),
    )
    sections = [("Bars", join(*map(_table, bars)))] if bars else []
    sections.append(("Figures", join(*(_table(grid) for grid in tables if grid not in bars))))
    sections += [(f"{data}: round by round".lstrip(": "), _curves(data, results)) for data in plan.data]
    main = [el("section", el("h2", title), content) for title, content in sections if content]
    return "<!doctype html>\n" + el(
        "html", head, el("body", _header(plan, results, command), el("main", *main)), lang="en"
    )


def _header(plan: Plan, results: Results, command: str) -> Markup:
    seeds, planned = sorted({cell.seed for cell in results}), len(plan.cells())
    tiles = [
        ("runs", str(planned) if len(results) == planned else f"{len(results)} of {planned}"),
        ("attacks", str(len({cell.attack for cell in results} - {NONE}))),
        ("methods", str(len({cell.method for cell in results}))),
        ("seeds", ", ".join(map(str, seeds))),
    ]
    return el(
        "header",
        el("p", "FL Alliance · attack laboratory", class_="over"),
        el("h1", f"{plan.name}: {plan.about}" if plan.about else plan.name.capitalize()),
        el("p", el("code", command), class_="note"),
        el("p", f"Settings of every run: {' '.join(plan.settings)}", class_="note") if plan.settings else None,
        el("dl", *(el("div", el("dt", term), el("dd", said)) for term, said in tiles), class_="tiles"),
    )


def _table(grid: Grid) -> Markup:
    numeric = frozenset(range(grid.names, len(grid.heads)))
    rows: list[list[str | Markup]] = [[_verdict(cell) for cell in row] for row in grid.rows]
    return table(list(grid.heads), rows, grid.title, numeric)


def _verdict(text: str) -> str | Markup:
    style = {"pass": "pass", "MISS": "miss"}.get(text)
    return el("b", text, class_=f"o {'rejected' if style == 'miss' else ''}") if style else text


def _curves(data: str, results: Results) -> Markup:
    """Return the curves of every attack: the figure, and for rules with a chain what each side owns and has lost."""
    style = {method: _STYLES[n % len(_STYLES)] for n, method in enumerate(dict.fromkeys(c.method for c in results))}
    here = {cell: outcome for cell, outcome in results.items() if cell.data == data}
    clean = [outcome for cell, outcome in here.items() if (cell.attack, cell.method) == (NONE, CLEAN)]
    attacks = dict.fromkeys(cell.attack for cell in here)
    if len(attacks) > 1 and all(cell.method == CLEAN for cell in here if cell.attack == NONE):
        attacks.pop(NONE)  # all there is of it is in the figures of the others
    return join(*(_attack(f"{data} {attack}", attack, here, style, clean) for attack in attacks))


def _attack(about: str, attack: str, here: Results, style: Mapping[str, str], clean: Sequence[Outcome]) -> Markup:
    runs: dict[str, list[Outcome]] = {}
    for cell, outcome in here.items():
        if cell.attack == attack:
            runs.setdefault(cell.method, []).append(outcome)
    several = ", median over seeds" if len({cell.seed for cell in here}) > 1 else ""
    figures = [(method, style[method], _middle(found, lambda o: o.values)) for method, found in runs.items()]
    if clean and attack != NONE:
        figures.append((f"{CLEAN} without attack", "level", _middle(clean, lambda o: o.values)))
    charts = [_chart(f"{next(iter(runs.values()))[0].metric}{several}", about, figures)]
    chained = {method: found for method, found in runs.items() if method in RULES}
    sides = [("honest", ""), ("malicious", " dash")]

    def both(of: str, share: bool) -> list[tuple[str, str, Curve]]:
        return [
            (f"{method}, {side}", style[method] + dashed, _middle(found, _of_side(side, of, share)))
            for method, found in chained.items()
            for side, dashed in sides
        ]

    charts.append(_chart(f"FML that a member owns{several}", about, both("tokens", share=False)))
    charts.append(_chart(f"share of members ever slashed{several}", about, both("slashed", share=True)))
    shown = [chart for chart in charts if chart]
    title = "no attack" if attack == NONE else attack
    return el("section", el("h3", title), el("div", *shown, class_="trio"))


def _of_side(side: str, name: str, share: bool) -> Callable[[Outcome], Curve]:
    def curve(outcome: Outcome) -> Curve:
        found = getattr(outcome, side)
        values = getattr(found, name)
        return [value / found.members for value in values] if share else values

    return curve


def _middle(found: Sequence[Outcome], of: Callable[[Outcome], Curve]) -> Curve:
    """Return the median curve of several runs, as far as all go."""
    curves = [curve for outcome in found if (curve := of(outcome))]
    return [median(values) for values in zip(*curves, strict=False)]


def _chart(caption: str, about: str, curves: Iterable[tuple[str, str, Curve]]) -> Markup:
    drawn = [(name, style, curve) for name, style, curve in curves if len(curve) > 1]
    if not drawn:
        return Markup("")
    scale = fitted(value for _, _, curve in drawn for value in curve if math.isfinite(value))
    last = max(len(curve) for _, _, curve in drawn) - 1
    x = Scale(0, last)
    shapes = [
        shape(polyline([(x.at(at), scale.at(v) if math.isfinite(v) else None) for at, v in enumerate(curve)]), style)
        for _, style, curve in drawn
    ]
    marks = ticks(scale.low, scale.high)
    said = "; ".join(f"{name} {number(curve[-1])}" for name, _, curve in drawn)
    chart = frame(
        f"{caption}, {about}",
        said,
        [gridlines(map(scale.at, marks)), *shapes],
        x_ticks=[(x.at(at), str(at)) for at in round_ticks(0, last)],
        y_ticks=list(zip(map(scale.at, marks), tick_text(marks), strict=True)),
        x_label="round",
        gutter=2,
    )
    names = legend((f"sw {style}", f"{name} {number(curve[-1])}") for name, style, curve in drawn)
    return figure(caption[0].upper() + caption[1:], chart, names)
