"""Charts that stay readable at any width: shapes are an SVG stretched to its box, words are HTML beside it.

Shapes live in a square of SIDE by SIDE units whatever the box; lines keep their width (`vector-effect`), and a dot is a
line of no length with round ends, so nothing is distorted. Text has the page's size on a phone as on a desk.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from fl_alliance.report.markup import Markup, el, join

SIDE = 1000
_MIN_GAP = 62  # units between two labels of a chart 260 px high: one line of small text


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values between `low` and `high` to 0..SIDE, turned upside down for a vertical axis."""

    low: float
    high: float
    up: bool = False

    def at(self, value: float) -> float:
        """Return where the value is; a value off the scale is at its edge."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        bounded = min(max(share, 0.0), 1.0)
        return round(SIDE * (1 - bounded if self.up else bounded), 1)


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a height of the chart, on its right side; `style` is a CSS class."""

    at: float
    text: str
    style: str = ""


def fitted(values: Iterable[float], up: bool = True) -> Scale:
    """Return a scale with a little air around the values.

    Values over five times the median are left to run off the edge: one diverged round must not flatten the rest.
    """
    finite = sorted(value for value in values if math.isfinite(value))
    if not finite:
        return Scale(0.0, 1.0, up)
    low, high, middle = finite[0], finite[-1], finite[len(finite) // 2]
    high = min(high, 5 * middle) if middle > 0 else high
    air = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
    return Scale(low - air, high + air, up)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values between low and high, at most `most` of them."""
    raw = (high - low) / most
    if not raw > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(index * step, 10) for index in range(first, last + 1)]


def round_ticks(first: int, last: int, most: int = 8) -> list[int]:
    """Return round numbers to write under a chart; the first and the last are always among them."""
    if last - first <= most:
        return list(range(first, last + 1))
    step = math.ceil((last - first) / most)
    power = 10 ** math.floor(math.log10(step))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step)
    inner = [value for value in range(0, last, step) if first + step * 0.5 <= value <= last - step * 0.5]
    return [first, *inner, last]


def polyline(points: Sequence[tuple[float, float | None]]) -> str:
    """Return a path's `d` through the points; None lifts the pen."""
    drawn, pen = [], "M"
    for x, y in points:
        if y is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{x:g} {y:g}")
        pen = "L"
    return "".join(drawn)


def dots(points: Iterable[tuple[float, float]]) -> str:
    """Return a path's `d` with a dot at every point."""
    return "".join(f"M{x:g} {y:g}h0" for x, y in points)


def shape(d: str, style: str) -> Markup:
    """Return a path with a CSS class, or nothing where there is nothing to draw."""
    return el("path", d=d, class_=style) if d else Markup("")


def gridlines(y_at: Iterable[float]) -> Markup:
    """Return the chart's horizontal rules."""
    return shape("".join(f"M0 {y:g}H{SIDE}" for y in y_at), "rule")


def spread(labels: Sequence[Label], gap: float = _MIN_GAP) -> list[Label]:
    """Move labels apart that would overlap, keeping their order and staying inside the chart where they fit."""
    moved: list[Label] = []
    for label in sorted(labels, key=lambda each: each.at):
        at = max(label.at, moved[-1].at + gap) if moved else label.at
        moved.append(Label(at, label.text, label.style))
    ceiling = float(SIDE)
    for index in range(len(moved) - 1, -1, -1):
        label = moved[index]
        moved[index] = Label(min(label.at, ceiling), label.text, label.style)
        ceiling = moved[index].at - gap
    return moved


def frame(
    title: str,
    description: str,
    shapes: Iterable[Markup],
    *,
    x_ticks: Iterable[tuple[float, str]],
    y_ticks: Iterable[tuple[float, str]],
    x_label: str = "",
    labels: Sequence[Label] = (),
    gutter: int = 0,
    height_px: int = 260,
    box: tuple[float, float, float, float] = (0, 0, SIDE, SIDE),
    extra: Markup | None = None,
    style: str = "",
    **attributes: str | float,
) -> Markup:
    """Return a chart.

    Parameters
    ----------
    title, description : str
        What a screen reader says instead of the shapes; no two charts of a page share a title.
    x_ticks, y_ticks : iterable of (position in 0..SIDE, text)
    labels : sequence of Label
        Words to the right of the shapes; they are moved apart where they would overlap.
    gutter : int
        Room for these words, in characters.
    box : tuple of float
        The shapes' own coordinates, as an SVG viewBox.
    extra : Markup, optional
        HTML laid over the shapes.
    attributes : str or float
        More attributes of the chart's element.
    """
    number = f"{crc32(title.encode()):x}"
    y_written = list(y_ticks)
    heading = (el("title", title, id=f"t{number}"), el("desc", description, id=f"d{number}"))
    svg = el(
        "svg",
        *heading,
        *shapes,
        viewBox=" ".join(f"{value:g}" for value in box),
        preserveAspectRatio="none",
        role="img",
        aria_labelledby=f"t{number} d{number}",
    )
    wide = max((len(text) for _, text in y_written), default=0)
    sides = f"--h:{height_px}px;--y:{wide + 1}ch;--g:{gutter}ch"
    at_side = [el("span", text, style=f"top:{at / SIDE:.2%}") for at, text in y_written]
    at_foot = [el("span", text, style=f"left:{at / SIDE:.2%}") for at, text in x_ticks]
    at_end = [
        el("span", label.text, style=f"top:{label.at / SIDE:.2%}", class_=label.style or None)
        for label in spread(labels)
    ]
    return el(
        "div",
        el("div", *at_side, class_="y", aria_hidden="true"),
        el("div", svg, extra, class_="area"),
        el("div", *at_end, class_="end"),
        el("div", *at_foot, class_="x", aria_hidden="true"),
        el("div", x_label, class_="xl") if x_label else None,
        class_=f"plot {style}".strip(),
        style=sides,
        **attributes,
    )


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Return a legend of (CSS class of the swatch, text)."""
    return el("ul", *(el("li", el("i", class_=style), text) for style, text in entries), class_="legend")


def figure(caption: str, *content: Markup) -> Markup:
    """Return a chart with its heading."""
    return el("figure", el("figcaption", caption), join(*content))


def number(value: float) -> str:
    """Return a value with four significant digits, without an exponent where it can be avoided."""
    if not math.isfinite(value):
        return "none"
    if value and (abs(value) >= 1e6 or abs(value) < 1e-3):
        return f"{value:.3g}"
    places = 3 - math.floor(math.log10(abs(value))) if value else 0
    text = f"{value:,.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tick_text(values: Sequence[float]) -> list[str]:
    """Return the texts of an axis, all with as many decimals as the one that needs most."""
    texts = [number(value) for value in values]
    most = max((len(text.partition(".")[2]) for text in texts), default=0)
    if any("e" in text for text in texts):
        return texts
    return [f"{value:,.{most}f}" for value in values]
