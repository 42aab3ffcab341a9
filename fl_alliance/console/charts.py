"""Charts as SVG without a style of their own in them, which the pages' policy forbids: classes, and widths in percent.

Shapes are stretched to the width there is, words keep their size; ticks stand on their lines, so no room is lost beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import count

from markupsafe import Markup

from fl_alliance.report.plot import SIDE, Scale, fitted, number, polyline, round_ticks, tick_text, ticks

HEIGHT = 200
_FOOT = 22
_ids = count()

Points = Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart: its points, its class, and what the legend calls it; unnamed ones are not in the legend."""

    points: Points
    style: str
    name: str = ""


def chart(title: str, unit: str, lines: Sequence[Line], first: int, last: int) -> Markup:
    """Return a chart over rounds or days, empty where there is nothing to draw.

    Its words for screen readers say where each named line begins and ends.
    """
    values = [value for line in lines for _, value in line.points if value is not None]
    if not values or last <= first:
        return Markup("")
    x, y = Scale(first, last), fitted(values)
    marks = ticks(y.low, y.high, 4)
    grid = "".join(f"M0 {y.at(mark):g}H{SIDE}" for mark in marks)
    shapes = [f'<path class="rule" d="{grid}"/>']
    for line in lines:
        drawn = polyline([(x.at(at), None if value is None else y.at(value)) for at, value in line.points])
        shapes.append(f'<path class="{line.style}" d="{drawn}"/>')
    plot = HEIGHT - _FOOT
    words = [
        f'<text class="tick" x="0" y="{y.at(mark) / SIDE * plot - 4:.1f}">{text}</text>'
        for mark, text in zip(marks, tick_text(marks), strict=True)
    ]
    for at in round_ticks(first, last, 6):
        anchor = "start" if at == first else "end" if at == last else "middle"
        words.append(f'<text class="tick {anchor}" x="{x.at(at) / SIDE:.2%}" y="{HEIGHT - 5}">{at}</text>')
    told = "; ".join(_told(line) for line in lines if line.name and any(value is not None for _, value in line.points))
    name = next(_ids)
    entries = "".join(f'<li><i class="{line.style}"></i>{escape(_entry(line))}</li>' for line in lines if line.name)
    return Markup(
        f'<figure class="chart"><figcaption>{escape(title)}{f", {escape(unit)}" if unit else ""}</figcaption>'
        f'<svg role="img" aria-labelledby="c{name}" width="100%" height="{HEIGHT}"><title id="c{name}">'
        f"{escape(f'{title}: {told}')}</title>"
        f'<svg y="0" width="100%" height="{plot}" viewBox="0 0 {SIDE} {SIDE}" preserveAspectRatio="none" '
        f'overflow="visible">{"".join(shapes)}</svg>{"".join(words)}</svg><ul class="legend">{entries}</ul></figure>'
    )


def bar(parts: Sequence[tuple[float, str, str]], title: str) -> Markup:
    """Return a bar of shares of 1, each with its class and name; its words for screen readers say them all."""
    at, drawn = 0.0, []
    for share, style, _ in parts:
        width = min(max(share, 0.0), 1.0 - at)
        drawn.append(f'<rect class="{style}" x="{at:.2%}" width="{width:.2%}" height="100%"/>')
        at += width
    told = ", ".join(f"{name} {share:.1%}" for share, _, name in parts)
    return Markup(
        f'<svg class="bar" role="img" aria-label="{escape(f"{title}: {told}")}" width="100%" height="10">'
        f'{"".join(drawn)}</svg>'
    )


def _ends(line: Line) -> tuple[float, float]:
    found = [value for _, value in line.points if value is not None]
    return found[0], found[-1]


def _told(line: Line) -> str:
    first, last = _ends(line)
    return f"{line.name} from {number(first)} to {number(last)}"


def _entry(line: Line) -> str:
    return f"{line.name} {number(_ends(line)[1])}" if any(value is not None for _, value in line.points) else line.name
