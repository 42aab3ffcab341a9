"""The demonstration's charts as data: lines and dots over days; `drawing.py` puts them on the page and into files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.demo.cast import (
    ATTACKER,
    BAD_VALIDATORS,
    CAREFUL,
    CARELESS,
    CHEATS,
    COLLUDING,
    COPIER,
    FREE_RIDER,
    HONEST,
    LARGE,
    LAZY,
    SMALL,
)
from fl_alliance.market.demo.outcome import Outcome, Setting

Values = list[float | None]
_LOG_FROM = 8.0
"""Ratio of the largest to the smallest loss from which on only a logarithmic scale shows both."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or dots that no line joins; None is a gap, no name no label. `style` is one of those of `STYLES`."""

    name: str
    values: Values
    style: str
    is_dots: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over days.

    Attributes
    ----------
    name : str
        Of its file.
    title, said : str
        Caption, and what a screen reader says.
    days : tuple of str
        What is written under the values.
    lines : tuple of Line
    level : (str, float) or None
        A horizontal line to compare with.
    entries : tuple of (style, is_dots, text)
        The legend.
    is_log : bool
        Whether the scale is logarithmic.
    """

    name: str
    title: str
    said: str
    days: tuple[str, ...]
    lines: tuple[Line, ...]
    level: tuple[str, float] | None = None
    entries: tuple[tuple[str, bool, str], ...] = ()
    is_log: bool = False

    @property
    def values(self) -> list[float]:
        """All values that the scale must hold."""
        found = [value for line in self.lines for value in line.values if value is not None]
        return [*found, self.level[1]] if self.level else found


STYLES = {
    LARGE: "l1",
    SMALL: "l3",
    COPIER: "l5",
    FREE_RIDER: "l6",
    ATTACKER: "l2",
    HONEST: "l4",
    LAZY: "l7",
    COLLUDING: "l8",
    CAREFUL: "l9",
    CARELESS: "l10",
}
"""Everybody's line, the same in all charts."""


def charts_of(outcome: Outcome) -> list[Chart]:
    """Return all charts, in the order of the page."""
    return [_quality(outcome), _worth(outcome), _nodes(outcome), _validators(outcome), _delegators(outcome)]


def unit_of(setting: Setting) -> tuple[float, str]:
    """Return what a loss in millionths is divided by for people, and the unit."""
    if setting.kind == "classify":
        return 1e4, "% wrong"
    if setting.kind == "tabular":
        return 1e3, "RMSE, mg/dL"
    return 1e6, "bits per byte"


def _quality(outcome: Outcome) -> Chart:
    """Both honest nodes' consensus beside their true quality, and the true quality of all that was refused."""
    setting = outcome.setting
    by, unit = unit_of(setting)
    days = range(setting.days + 1)

    def series(name: str, of: Callable[[int], int | None]) -> Values:
        found = [of(day) for day in days]
        return [None if value is None else value / by for value in found]

    lines: list[Line] = []
    for name in (LARGE, SMALL):
        style = STYLES[name]
        mine = {entry.day: entry for entry in outcome.entries if entry.name == name}
        lines.append(Line(name, series(name, lambda day, mine=mine: mine[day].score), style))  # type: ignore[misc]
        lines.append(Line("", series(name, lambda day, mine=mine: mine[day].hidden), style, is_dots=True))  # type: ignore[misc]
    for name in CHEATS:
        refused = {e.day: e.hidden for e in outcome.entries if e.name == name and e.hidden is not None}
        lines.append(Line("", series(name, refused.get), STYLES[ATTACKER], is_dots=True))
    chart = [value for line in lines for value in line.values if value is not None]
    return Chart(
        name="leaderboard",
        title=f"The leaderboard by day, {unit}: what validators agreed on, and the truth",
        said=f"{LARGE} ends at {lines[0].values[-1]:.4g}, {SMALL} at {lines[2].values[-1]:.4g}; lower is better",
        days=_days(setting),
        lines=tuple(lines),
        level=("untrained", setting.base_hidden / by),
        entries=(
            ("l1", False, f"{LARGE}, consensus"),
            ("l3", False, f"{SMALL}, consensus"),
            ("l1", True, "their models, hidden set"),
            ("l2", True, "refused models, hidden set"),
        ),
        is_log=max(chart) / min(chart) > _LOG_FROM if min(chart) > 0 else False,
    )


def _worth(outcome: Outcome) -> Chart:
    """By how much everybody's own FML, stake and delegations together have changed."""
    lines = []
    for name, style in STYLES.items():
        worth = outcome.account(name).worth[: outcome.setting.days + 2]
        lines.append(Line(name, [(value - worth[0]) / WEI_PER_FML for value in worth], style))
    return Chart(
        name="earnings",
        title="What everybody has won or lost since the start, FML",
        said="; ".join(f"{line.name} {line.values[-1]:+,.0f}" for line in lines),
        days=("start", *_days(outcome.setting)),
        lines=tuple(lines),
    )


def _nodes(outcome: Outcome) -> Chart:
    """What each day was worth to nodes, with what is held back for the B day, and what it cost them."""
    lines = []
    for name in (LARGE, SMALL, *CHEATS):
        mine = {entry.day: entry for entry in outcome.entries if entry.name == name}
        values: Values = [
            (entry.now_wei + entry.held_wei - entry.slashed_wei - entry.fee_wei) / WEI_PER_FML
            for entry in (mine[day] for day in range(outcome.setting.days))
        ]
        lines.append(Line(name, values, STYLES[name]))
    return _daily(outcome, "nodes", "What each day's ranking was worth to nodes, FML", lines)


def _validators(outcome: Outcome) -> Chart:
    """What each day was worth to validators."""
    lines = []
    for name in (HONEST, *BAD_VALIDATORS):
        mine = {judgement.day: judgement for judgement in outcome.judgements if judgement.name == name}
        days = (mine[day] for day in range(outcome.setting.days))
        lines.append(Line(name, [(day.now_wei + day.held_wei) / WEI_PER_FML for day in days], STYLES[name]))
    return _daily(outcome, "validators", "What each day was worth to validators, FML", lines)


def _daily(outcome: Outcome, name: str, title: str, lines: Sequence[Line]) -> Chart:
    said = "; ".join(f"{line.name} {sum(value or 0 for value in line.values):+,.0f} in all" for line in lines)
    return Chart(name, title, said, _days(outcome.setting)[:-1], tuple(lines), level=("", 0.0))


def _delegators(outcome: Outcome) -> Chart:
    """What a delegator has of every 100 FML that it began with."""
    lines = []
    for name in (CAREFUL, CARELESS):
        worth = outcome.account(name).worth[: outcome.setting.days + 2]
        lines.append(Line(name, [100 * value / worth[0] for value in worth], STYLES[name]))
    said = "; ".join(f"{line.name} {line.values[-1]:.1f}" for line in lines)
    title = "What delegators have of every 100 FML they began with"
    return Chart("delegators", title, said, ("start", *_days(outcome.setting)), tuple(lines), level=("", 100.0))


def _days(setting: Setting) -> tuple[str, ...]:
    return (*(f"day {day}" for day in range(setting.days)), "B day")
