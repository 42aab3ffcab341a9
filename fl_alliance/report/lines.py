"""Curves over the rounds: the headline figure, the losses, the balances."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from fl_alliance.amounts import fml
from fl_alliance.chain.types import GWEI_PER_FML
from fl_alliance.records import RoundRecord
from fl_alliance.report.markup import Markup
from fl_alliance.report.plot import (
    SIDE,
    Label,
    Scale,
    dots,
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
from fl_alliance.results import Results
from fl_alliance.workloads.base import Metric

MOST_POINTS = 400
"""Points of one line; more than that cannot be seen."""
MOST_LINES = 150
"""Members drawn one by one in the balances; beyond it every n-th, always with the named ones."""
MOST_LARGE_DOTS = 40
_NAMED = 3

Series = Sequence[tuple[int, float]]
T = TypeVar("T")


def headline_chart(results: Results) -> Markup:
    """Return the headline figure of the model after every round, with the methods to beat as level lines.

    Where the untrained model's figure is known it is the value of round 0.
    """
    metric = results.headline
    values = metric_series(results, metric.name) if metric else []
    if metric is None or not values:
        return Markup("")
    beaten = {name: found[metric.name] for name, found in results.references.items() if metric.name in found}
    scale = fitted([value for _, value in values] + list(beaten.values()))
    x = _rounds_scale(results.rounds, first=values[0][0])
    unit = f" {metric.unit}" if metric.unit else ""
    last = values[-1][1]
    labels = [Label(scale.at(last), f"this run {number(last)}", "strong")]
    labels += [Label(scale.at(value), f"{name} {number(value)}") for name, value in beaten.items()]
    levels = "".join(f"M0 {scale.at(value):g}H{SIDE}" for value in beaten.values())
    marks = _marks(results, [(at, x.at(at), scale.at(value)) for at, value in values])
    chart = _over_rounds(
        f"{metric.label}{unit} over rounds",
        _describe(metric, values, beaten),
        [shape(levels, "level"), shape(_line(values, x, scale), "l1")]
        + [shape(dots(_thinned(points)), _mark(style, points)) for _, style, points in marks],
        x,
        scale,
        labels,
        first=values[0][0],
    )
    entries = [("sw l1", "model after the round"), ("sw level", "to compare with")]
    return figure(f"{metric.label}{unit}", chart, legend(entries + [(f"pt {style}", text) for text, style, _ in marks]))


def loss_chart(results: Results) -> Markup:
    """Return the losses of a round: of the proposers on their own data, and of the model on held-out data."""
    sources: list[tuple[str, Callable[[RoundRecord], Mapping[str, float]]]] = [
        ("training", lambda record: record.train_metrics),
        ("held-out", lambda record: record.evaluate_metrics),
        ("test", lambda record: record.metrics),
    ]
    lines = [
        (kind, series)
        for kind, of in sources
        for name in _loss_names(results.rounds, of)
        if (series := _series(results.rounds, of, name))
    ][:3]
    if not lines:
        return Markup("")
    scale = fitted(value for _, series in lines for _, value in series)
    x = _rounds_scale(results.rounds)
    styles = ("l1", "l2", "l3")
    shapes = [shape(_line(series, x, scale), style) for (_, series), style in zip(lines, styles, strict=False)]
    labels = [Label(scale.at(series[-1][1]), f"{kind} {number(series[-1][1])}") for kind, series in lines]
    said = "; ".join(f"{kind} from {number(s[0][1])} to {number(s[-1][1])}" for kind, s in lines)
    chart = _over_rounds("Loss over rounds", said, shapes, x, scale, labels)
    return figure("Loss", chart, legend((f"sw {style}", kind) for (kind, _), style in zip(lines, styles, strict=False)))


def balances_chart(results: Results, stake: int, min_stake: int) -> Markup:
    """Return every member's balance; `stake` and `min_stake` are in gwei. The highest and lowest are named."""
    if not results.rounds:
        return Markup("")
    final = results.rounds[-1].balances
    order = sorted(range(len(final)), key=lambda member: final[member])
    low, high = order[:_NAMED], [member for member in order[-_NAMED:] if member not in order[:_NAMED]]
    step = max(len(final) // MOST_LINES, 1)
    rest = [member for member in range(0, len(final), step) if member not in low + high]
    records = _thinned(results.rounds, MOST_POINTS // 2)
    x = _rounds_scale(results.rounds, first=0)
    held = [balance for record in records for balance in record.balances]
    scale = fitted([value / GWEI_PER_FML for value in (min(held), max(held), stake, min_stake)])

    def line(member: int) -> str:
        path = [(0, stake / GWEI_PER_FML)]
        path += [(r.round, r.balances[member] / GWEI_PER_FML) for r in records if member < len(r.balances)]
        return _line(path, x, scale, whole=True)

    levels = "".join(f"M0 {scale.at(value / GWEI_PER_FML):g}H{SIDE}" for value in (stake, min_stake))
    shapes = [shape(levels, "level"), shape("".join(map(line, rest)), "thin")]
    shapes += [shape("".join(map(line, high)), "l1"), shape("".join(map(line, low)), "l2")]
    labels = [Label(scale.at(final[m] / GWEI_PER_FML), f"member {m}: {fml(final[m])}", "up") for m in high]
    labels += [Label(scale.at(final[m] / GWEI_PER_FML), f"member {m}: {fml(final[m])}", "down") for m in low]
    labels.append(Label(scale.at(min_stake / GWEI_PER_FML), "minimum stake"))
    said = f"lowest {fml(final[order[0]])}, highest {fml(final[order[-1]])} FML after the last round"
    chart = _over_rounds("Balances over rounds, FML", said, shapes, x, scale, labels, first=0)
    names = [("sw l1", "highest"), ("sw l2", "lowest"), ("sw thin", "the others"), ("sw level", "stake and minimum")]
    return figure("Balances, FML", chart, legend(names))


def pool_chart(results: Results, pool: int) -> Markup:
    """Return what is left in the task's pool, from `pool` gwei on."""
    if not results.rounds:
        return Markup("")
    values = [(0, pool / GWEI_PER_FML)]
    values += [(record.round, record.pool / GWEI_PER_FML) for record in _thinned(results.rounds)]
    scale = Scale(0.0, max(value for _, value in values) * 1.06 or 1.0, up=True)
    x = _rounds_scale(results.rounds, first=0)
    labels = [Label(scale.at(values[-1][1]), f"{values[-1][1]:,.2f}")]
    said = f"from {fml(pool)} to {fml(results.rounds[-1].pool)} FML"
    chart = _over_rounds(
        "Pool over rounds, FML", said, [shape(_line(values, x, scale), "l1")], x, scale, labels, first=0, height=140
    )
    return figure("Pool, FML", chart)


def metric_series(results: Results, name: str) -> Series:
    """Return a metric over the rounds: on the test parts where they are there, else what the voters found."""
    tested = _series(results.rounds, lambda record: record.metrics, name)
    if not tested:
        return _series(results.rounds, lambda record: record.evaluate_metrics, name)
    return [(0, results.initial[name]), *tested] if name in results.initial else tested


def _over_rounds(
    title: str,
    said: str,
    shapes: list[Markup],
    x: Scale,
    scale: Scale,
    labels: list[Label],
    first: int = 1,
    height: int = 260,
) -> Markup:
    marks = ticks(scale.low, scale.high, 6 if height > 200 else 3)
    y = list(zip(map(scale.at, marks), tick_text(marks), strict=True))
    return frame(
        title,
        said,
        [gridlines(at for at, _ in y), *shapes],
        x_ticks=[(x.at(value), str(value)) for value in round_ticks(first, int(x.high))],
        y_ticks=y,
        x_label="round",
        labels=labels,
        gutter=max((len(label.text) for label in labels), default=0) + 2,
        height_px=height,
    )


def _rounds_scale(rounds: Sequence[RoundRecord], first: int = 1) -> Scale:
    return Scale(first, max(rounds[-1].round, first + 1))


def _line(values: Series, x: Scale, y: Scale, whole: bool = False) -> str:
    thinned = _thinned(values)
    points = [(x.at(at), y.at(value) if value == value else None) for at, value in thinned]
    if whole:
        points = [(round(at), None if value is None else round(value)) for at, value in points]
    return dots([(at, value) for at, value in points if value is not None]) if len(points) == 1 else polyline(points)


def _thinned(values: Sequence[T], most: int = MOST_POINTS) -> Sequence[T]:
    """Return about `most` of the values at most, the last one always."""
    step = -(-len(values) // most)
    if step <= 1:
        return values
    return [*values[:-1:step], values[-1]]


def _series(rounds: Sequence[RoundRecord], of: Callable[[RoundRecord], Mapping[str, float]], name: str) -> Series:
    return [(record.round, float(of(record)[name])) for record in rounds if name in of(record)]


def _loss_names(rounds: Sequence[RoundRecord], of: Callable[[RoundRecord], Mapping[str, float]]) -> list[str]:
    found = next((of(record) for record in rounds if of(record)), {})
    return [name for name in found if "loss" in name][:1]


def _marks(
    results: Results, points: Sequence[tuple[int, float, float]]
) -> list[tuple[str, str, list[tuple[float, float]]]]:
    """Return what to mark rounds with that adopted no new model: its text, its class, and the points."""
    ended = {record.round: record.outcome for record in results.rounds}
    kinds = {"rejected": ("not accepted", "bad"), "void": ("not accepted", "bad")}
    if results.is_of_candidates:
        kinds = {"rejected": ("kept the old model", "kept"), "void": ("void", "bad")}
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for at, x, y in points:
        if kind := kinds.get(ended.get(at, "")):
            found.setdefault(kind, []).append((x, y))
    return [(text, style, marked) for (text, style), marked in found.items()]


def _mark(style: str, marked: Sequence[object]) -> str:
    return f"dot {style}" if len(marked) <= MOST_LARGE_DOTS else f"dot {style} small"


def _describe(metric: Metric, values: Series, beaten: Mapping[str, float]) -> str:
    others = "; ".join(f"{name} {number(value)}" for name, value in beaten.items())
    return (
        f"From {number(values[0][1])} to {number(values[-1][1])} {metric.unit}. To compare with: {others or 'nothing'}."
    )
