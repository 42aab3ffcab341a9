"""Drawing a chart: on a page, where words are HTML beside the shapes, and as an SVG file that stands alone."""

import math
from collections.abc import Sequence

from fl_alliance.market.demo.charts import Chart, Line
from fl_alliance.report.markup import Markup, el, join
from fl_alliance.report.plot import (
    SIDE,
    Label,
    Scale,
    dots,
    figure,
    frame,
    gridlines,
    legend,
    number,
    polyline,
    shape,
    spread,
    tick_text,
    ticks,
)

COLOURS = {
    "l1": "#1f6fb4", "l2": "#b9481a", "l3": "#6b4fa0", "l4": "#3f8f5b", "l5": "#b58a14", "l6": "#a13d7c",
    "l7": "#4d7f8c", "l8": "#8a6a4f", "l9": "#6b7280", "l10": "#c4536b",
}  # fmt: skip
"""By style; the page's style sheet has the same, and others in the dark."""
CSS = (
    "".join(
        f".{style}{{stroke:{colour};stroke-width:1.8}}.legend .{style}{{--c:{colour}}}"
        for style, colour in COLOURS.items()
        if style not in ("l1", "l2", "l3")
    )
    + ".mark{stroke-width:8}.legend .pt{background:var(--c)}"
)
_WIDE, _HIGH, _LEFT, _RIGHT, _TOP, _FOOT = 960, 420, 90, 210, 50, 70
_AIR = 0.06
_WHOLE_FROM = 1_000
"""From here on values are written whole, with separators."""


class _Axis:
    """The vertical axis of a chart."""

    def __init__(self, chart: Chart) -> None:
        self._is_log = chart.is_log
        values = [self._of(value) for value in chart.values]
        low, high = min(values), max(values)
        air = (high - low) * _AIR or 1.0
        self._scale = Scale(low - air, high + air, up=True)

    def at(self, value: float) -> float:
        """Return where a value is, 0 (above) to SIDE."""
        return self._scale.at(self._of(value))

    def marks(self) -> list[tuple[float, str]]:
        """Return where to write what."""
        if not self._is_log:
            found = ticks(self._scale.low, self._scale.high)
            is_large = max(map(abs, found)) >= _WHOLE_FROM
            texts = [f"{value:,.0f}" for value in found] if is_large else tick_text(found)
            return list(zip(map(self.at, found), texts, strict=True))
        powers = range(math.floor(self._scale.low), math.ceil(self._scale.high) + 1)
        candidates = [round(step * 10.0**power, 10) for power in powers for step in (1, 2, 5)]
        within = [value for value in candidates if self._scale.low <= math.log10(value) <= self._scale.high]
        return [(self.at(value), number(value)) for value in within]

    def _of(self, value: float) -> float:
        return math.log10(value) if self._is_log else value


def on_page(chart: Chart) -> Markup:
    """Return a chart as a figure of the page."""
    axis, x = _Axis(chart), Scale(0, max(len(chart.days) - 1, 1))
    marks = axis.marks()
    level = shape(f"M0 {axis.at(chart.level[1]):g}H{SIDE}", "level") if chart.level else Markup("")
    labels = _labels(chart, axis)
    content = frame(
        chart.title,
        chart.said,
        [gridlines(at for at, _ in marks), level, *(_shape(line, x, axis) for line in chart.lines)],
        x_ticks=[(x.at(index), day) for index, day in enumerate(chart.days)],
        y_ticks=marks,
        labels=labels,
        gutter=max((len(label.text) for label in labels), default=0) + 1,
        height_px=320,
    )
    entries = [(f"{'pt' if is_dots else 'sw'} {style}", text) for style, is_dots, text in chart.entries]
    return figure(chart.title, content, legend(entries) if entries else Markup(""))


def as_file(chart: Chart) -> str:
    """Return a chart as an SVG file, words included."""
    axis, x = _Axis(chart), Scale(0, max(len(chart.days) - 1, 1))

    def across(at: float) -> float:
        return round(_LEFT + at / SIDE * (_WIDE - _LEFT - _RIGHT), 1)

    def down(at: float) -> float:
        return round(_TOP + at / SIDE * (_HIGH - _TOP - _FOOT), 1)

    parts = [_text(_LEFT, 24, chart.title, "start", weight="bold")]
    for at, words in axis.marks():
        parts += [
            _stroke(f"M{_LEFT} {down(at)}H{_WIDE - _RIGHT}", "#e3e5e9", 1),
            _text(_LEFT - 8, down(at) + 4, words, "end"),
        ]
    if chart.level:
        parts.append(_stroke(f"M{_LEFT} {down(axis.at(chart.level[1]))}H{_WIDE - _RIGHT}", "#a9afb8", 1.2, dash="4 4"))
    parts += [_text(across(x.at(i)), _HIGH - _FOOT + 20, day, "middle") for i, day in enumerate(chart.days)]
    for line in chart.lines:
        points = [(across(x.at(i)), None if v is None else down(axis.at(v))) for i, v in enumerate(line.values)]
        parts.append(_drawn(line, points))
    parts += [
        _text(_WIDE - _RIGHT + 8, down(label.at) + 4, label.text, "start", colour=COLOURS.get(label.style, "#5c6370"))
        for label in spread(_labels(chart, axis), gap=55)
    ]
    parts += _legend(chart)
    return str(
        el(
            "svg",
            el("title", chart.title),
            el("desc", chart.said),
            el("rect", width=_WIDE, height=_HIGH, fill="#fff"),
            *parts,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {_WIDE} {_HIGH}",
            font_family="system-ui, sans-serif",
            font_size=12,
        )
    )


def _shape(line: Line, x: Scale, axis: _Axis) -> Markup:
    points = [(x.at(index), None if value is None else axis.at(value)) for index, value in enumerate(line.values)]
    if line.is_dots:
        return shape(dots((a, b) for a, b in points if b is not None), f"{line.style} mark")
    return shape(polyline(points), line.style)


def _labels(chart: Chart, axis: _Axis) -> list[Label]:
    found = []
    for line in chart.lines:
        known = [value for value in line.values if value is not None]
        if line.name and known:
            found.append(Label(axis.at(known[-1]), f"{line.name} {_short(known[-1])}", line.style))
    if chart.level and chart.level[0]:
        found.append(Label(axis.at(chart.level[1]), f"{chart.level[0]} {_short(chart.level[1])}"))
    return found


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else number(value)


def _drawn(line: Line, points: Sequence[tuple[float, float | None]]) -> Markup:
    colour = COLOURS[line.style]
    if line.is_dots:
        return join(*(el("circle", cx=a, cy=b, r=4.5, fill=colour) for a, b in points if b is not None))
    return _stroke(polyline(points), colour, 2)


def _legend(chart: Chart) -> list[Markup]:
    parts, left = [], float(_LEFT)
    for style, is_dots, words in chart.entries:
        at = _HIGH - 18
        swatch = el("circle", cx=left + 8, cy=at - 4, r=4.5, fill=COLOURS[style])
        parts += [swatch if is_dots else _stroke(f"M{left:g} {at - 4}h18", COLOURS[style], 2.5)]
        parts.append(_text(left + 24, at, words, "start"))
        left += 40 + 6.6 * len(words)
    return parts


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#1c1e21", weight: str | None = None) -> Markup:
    return el("text", words, x=x, y=y, text_anchor=anchor, fill=colour, font_weight=weight)


def _stroke(d: str, colour: str, width: float, dash: str | None = None) -> Markup:
    return el("path", d=d, fill="none", stroke=colour, stroke_width=width, stroke_dasharray=dash)
