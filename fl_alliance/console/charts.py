"""Charts as SVG without a style of their own in them, which the pages' policy forbids: classes, and widths in percent.

Shapes are stretched to the width there is, words keep their size; ticks stand on their lines and take no room beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup

from fl_alliance.report.plot import SIDE, Scale, fitted, number, polyline, round_ticks, tick_text, ticks

HEIGHT, PLOT = 200, 178
"""Pixels of a chart, and of the shapes in it."""
_ids = count()
_PATH = Markup('<path class="{}" d="{}"/>')
_TICK = Markup('<text class="tick {}" x="{}" y="{}">{}</text>')
_ENTRY = Markup('<li><i class="{}"></i>{}</li>')
_SHARE = Markup('<rect class="{}" x="{}" width="{}" height="100%"/>')
_BAR = Markup('<svg class="bar" role="img" aria-label="{}" width="100%" height="10">{}</svg>')
_FIGURE = Markup(
    '<figure class="chart"><figcaption>{title}{unit}</figcaption>'
    '<svg role="img" aria-labelledby="c{number}" width="100%" height="{height}">'
    '<title id="c{number}">{title}: {told}</title>'
    '<svg width="100%" height="{plot}" viewBox="0 0 {side} {side}" preserveAspectRatio="none" overflow="visible">'
    '{shapes}</svg>{words}</svg><ul class="legend">{legend}</ul></figure>'
)

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
    shapes = [_PATH.format("rule", "".join(f"M0 {y.at(mark):g}H{SIDE}" for mark in marks))]
    for line in lines:
        drawn = polyline([(x.at(at), None if value is None else y.at(value)) for at, value in line.points])
        shapes.append(_PATH.format(line.style, drawn))
    words = [
        _TICK.format("", "0", f"{y.at(mark) / SIDE * PLOT - 4:.1f}", text)
        for mark, text in zip(marks, tick_text(marks), strict=True)
    ]
    for at in round_ticks(first, last, 6):
        anchor = "start" if at == first else "end" if at == last else "middle"
        words.append(_TICK.format(anchor, f"{x.at(at) / SIDE:.2%}", HEIGHT - 5, at))
    named = [line for line in lines if line.name and any(value is not None for _, value in line.points)]
    return _FIGURE.format(
        height=HEIGHT,
        plot=PLOT,
        side=SIDE,
        title=title,
        unit=f", {unit}" if unit else "",
        number=next(_ids),
        told="; ".join(_told(line) for line in named),
        shapes=Markup("").join(shapes),
        words=Markup("").join(words),
        legend=Markup("").join(_ENTRY.format(line.style, f"{line.name} {_figure(_ends(line)[1])}") for line in named),
    )


def bar(parts: Sequence[tuple[float, str, str]], title: str) -> Markup:
    """Return a bar of shares of 1, each with its class and name; its words for screen readers say them all."""
    at, drawn = 0.0, []
    for share, style, _ in parts:
        width = min(max(share, 0.0), 1.0 - at)
        drawn.append(_SHARE.format(style, f"{at:.2%}", f"{width:.2%}"))
        at += width
    told = ", ".join(f"{name} {share:.1%}" for share, _, name in parts)
    return _BAR.format(f"{title}: {told}", Markup("").join(drawn))


def _ends(line: Line) -> tuple[float, float]:
    found = [value for _, value in line.points if value is not None]
    return found[0], found[-1]


def _told(line: Line) -> str:
    first, last = _ends(line)
    return f"{line.name} from {_figure(first)} to {_figure(last)}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e5 else number(round(value, 6))
