"""Clarke's error grid: what a wrong glucose prediction would have led to, in five zones.

Clarke et al., "Evaluating clinical accuracy of systems for self-monitoring of blood glucose", Diabetes Care 10 (1987).
Values are mg/dL.
"""

from collections import Counter
from collections.abc import Sequence
from math import isfinite

from fl_alliance.report.markup import Markup, el, table
from fl_alliance.report.plot import SIDE, Scale, figure, frame, polyline, shape
from fl_alliance.results import Results

ZONES = {
    "A": "right: within 20 %, or low and seen as low",
    "B": "wrong, but leads to no or harmless treatment",
    "C": "leads to unnecessary treatment",
    "D": "misses a low or a high that needs treatment",
    "E": "takes a low for a high, or a high for a low",
}
MOST_DOTS = 4000
_TOP = 400.0
_BORDERS = (
    ((0, 70), (175 / 3, 70), (_TOP / 1.2, _TOP)),
    ((70, 0), (70, 56), (_TOP, 320)),
    ((70, 84), (70, _TOP)),
    ((0, 180), (70, 180), (290, _TOP)),
    ((130, 0), (180, 70), (_TOP, 70)),
    ((180, 0), (180, 70)),
    ((240, 70), (240, 180), (_TOP, 180)),
)
_NAMES = (
    ("A", 30, 20), ("A", 340, 355), ("B", 300, 210), ("B", 248, 328), ("C", 162, 22),
    ("C", 125, 365), ("D", 30, 125), ("D", 330, 125), ("E", 30, 300), ("E", 300, 30),
)  # fmt: skip


def zone(reference: float, prediction: float) -> str:
    """Return the zone, A to E, of one prediction; both values in mg/dL. What is no number at all is in E."""
    if not isfinite(prediction):
        return "E"
    if (reference <= 70 and prediction <= 70) or abs(prediction - reference) <= 0.2 * reference:
        return "A"
    if (reference >= 180 and prediction <= 70) or (reference <= 70 and prediction >= 180):
        return "E"
    overtreated = 70 <= reference <= 290 and prediction >= reference + 110
    if overtreated or (130 <= reference <= 180 and prediction <= 7 / 5 * reference - 182):
        return "C"
    if (reference >= 240 or reference <= 70) and 70 <= prediction <= 180:
        return "D"
    return "B"


def shares(reference: Sequence[float], prediction: Sequence[float]) -> dict[str, float]:
    """Return each zone's share of the predictions."""
    counted = Counter(map(zone, reference, prediction))
    return {name: counted[name] / max(len(reference), 1) for name in ZONES}


def clarke_chart(results: Results) -> Markup:
    """Return the grid with its predictions and the share of each zone; nothing where a run has no predictions."""
    reference, prediction = results.grid.get("reference", []), results.grid.get("prediction", [])
    if not reference:
        return Markup("")
    found = shares(reference, prediction)
    ahead = results.grid.get("horizon_min")
    caption = f"Clarke error grid{f', {ahead} minutes ahead' if ahead else ''}"
    said = ", ".join(f"zone {name} {share:.1%}" for name, share in found.items())
    rows: list[list[str | Markup]] = [[name, f"{share:.2%}", ZONES[name]] for name, share in found.items()]
    zones = table(
        ["zone", "share", "such a prediction is"], rows, f"{len(reference):,} predictions by zone", frozenset({1})
    )
    return el("div", figure(caption, _scatter(reference, prediction, said)), zones, class_="pair")


def _scatter(reference: Sequence[float], prediction: Sequence[float], said: str) -> Markup:
    x, y = Scale(0, _TOP), Scale(0, _TOP, up=True)
    step = -(-len(reference) // MOST_DOTS)
    by_zone: dict[str, set[tuple[int, int]]] = {name: set() for name in ZONES}
    for true, guess in zip(reference[::step], prediction[::step], strict=True):
        by_zone[zone(true, guess)].add((round(x.at(true)), round(y.at(guess))))
    points = [shape("".join(f"M{a} {b}h0" for a, b in sorted(found)), f"dot z{n}") for n, found in by_zone.items()]
    borders = "".join(polyline([(x.at(a), y.at(b)) for a, b in border]) for border in _BORDERS)
    names = [el("b", name, style=f"left:{at / _TOP:.1%};top:{1 - height / _TOP:.1%}") for name, at, height in _NAMES]
    marks = range(0, 401, 100)
    return frame(
        "Clarke error grid",
        said,
        [shape(f"M0 {SIDE}L{SIDE} 0", "level"), *points, shape(borders, "border")],
        x_ticks=[(x.at(mark), str(mark)) for mark in marks],
        y_ticks=[(y.at(mark), str(mark)) for mark in marks],
        x_label="measured, mg/dL (upwards: predicted)",
        extra=el("div", *names, class_="zones", aria_hidden="true"),
        style="square",
    )
