"""Rounds by members, a cell each: what everybody did and what it brought; how each voter judged the candidate."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fl_alliance.outcomes import outcome_name
from fl_alliance.records import RoundRecord
from fl_alliance.report.markup import Markup
from fl_alliance.report.plot import SIDE, figure, frame, legend, round_ticks, shape
from fl_alliance.report.pointing import readout
from fl_alliance.results import Results

MOST_COLUMNS = 400
"""Columns of a grid; a longer run has several rounds in a column."""
_GAPS_UP_TO = 128  # columns or rows between which there is room for a gap
_WIDE_GAPS_UP_TO = 50
_STRIP = 1.5  # rows above the first member: the round's outcome, and air


@dataclass(frozen=True, slots=True)
class Columns:
    """Rounds put into columns: `width` rounds share one."""

    first: int
    last: int
    width: int

    @classmethod
    def of(cls, rounds: Sequence[RoundRecord]) -> "Columns":
        """Return columns for these rounds, one for each where that can be seen."""
        first, last = rounds[0].round, rounds[-1].round
        return cls(first, last, -(-(last - first + 1) // MOST_COLUMNS))

    @property
    def count(self) -> int:
        """How many there are."""
        return (self.last - self.first) // self.width + 1

    def at(self, number: int) -> int:
        """Return the column of a round."""
        return (number - self.first) // self.width

    def ticks(self) -> list[tuple[float, str]]:
        """Return where to write which round's number."""
        return [
            (SIDE * (self.at(number) + 0.5) / self.count, str(number)) for number in round_ticks(self.first, self.last)
        ]


def roles_chart(results: Results) -> Markup:
    """Return who proposed (a whole cell) and who voted (a flat one), coloured by what it brought."""
    rounds = results.rounds
    if not rounds:
        return Markup("")
    columns, members = Columns.of(rounds), len(rounds[-1].balances)
    cells: defaultdict[str, list[str]] = defaultdict(list)
    for column, group in _grouped(rounds, columns).items():
        cells[_outcome(group, results.is_of_candidates)].append(f"M{column} {-_STRIP}h1v1h-1z")
        for member, style, whole in _deeds(group):
            cells[style].append(f"M{column} {member}h1v1h-1z" if whole else f"M{column} {member + 0.25:g}h1v.5h-1z")
    chart = _grid("Who proposed and voted", _said(results), cells, columns, members, strip=True)
    entries = [
        ("cell won", "proposed, paid"),
        ("cell won flat", "voted, paid"),
        ("cell lost", "proposed, slashed"),
        ("cell lost flat", "voted, slashed"),
        ("cell none", "drawn, neither"),
        *_strip(results.is_of_candidates, columns.width > 1),
    ]
    return figure(f"Members by round{_per_column(columns)}", chart, readout(), legend(entries))


def _strip(is_of_candidates: bool, is_shared: bool) -> list[tuple[str, str]]:
    """Return what the colours of the top line stand for; where it is shared, several rounds have one column."""
    if is_of_candidates and is_shared:
        return [
            ("cell out adopted", "top line: all adopted a new model"),
            ("cell out kept", "most did"),
            ("cell none", "most did not"),
        ]
    if is_of_candidates:
        return [
            ("cell out adopted", "top line: adopted a new model"),
            ("cell out kept", "kept the old one"),
            ("cell out void", "void"),
        ]
    accepted = ("cell out accepted", "top line: accepted")
    if is_shared:
        return [accepted, ("cell s2", "up to 20 % not accepted"), ("cell s1", "up to 50 %"), ("cell s0", "more")]
    return [accepted, ("cell out rejected", "rejected"), ("cell out void", "void")]


def scores_chart(results: Results, tolerance_bps: int) -> Markup:
    """Return the ratio of new to old score that each voter found in each round, of candidates that of their losses."""
    rounds = results.rounds
    if not any(record.scores for record in rounds):
        return Markup("")
    if any(record.choice for record in rounds):
        return _losses_chart(results)
    columns, members = Columns.of(rounds), len(rounds[-1].balances)
    line = 1 - tolerance_bps / 10_000
    cells: defaultdict[str, list[str]] = defaultdict(list)
    for column, group in _grouped(rounds, columns).items():
        for member, ratio in _ratios(group).items():
            cells[_level(ratio, line)].append(f"M{column} {member}h1v1h-1z")
    said = f"Share of votes whose score fell below {line:.0%} of the old one: {_no_share(rounds):.1%}."
    chart = _grid("New score over old score, by voter and round", said, cells, columns, members, strip=False)
    entries = [
        ("cell s0", f"below {line * 0.9:.2f}"),
        ("cell s1", f"below {line:.2f}: no"),
        ("cell s2", "below 1: yes, within tolerance"),
        ("cell s3", "up to 1.01"),
        ("cell s4", "up to 1.05"),
        ("cell s5", "above 1.05"),
    ]
    return figure(f"New score over old score, voters by round{_per_column(columns)}", chart, readout(), legend(entries))


def _losses_chart(results: Results) -> Markup:
    """Return the ratio of the old model's loss to the adopted one's, so that more is better here too."""
    rounds = results.rounds
    columns, members = Columns.of(rounds), len(rounds[-1].balances)
    cells: defaultdict[str, list[str]] = defaultdict(list)
    for column, group in _grouped(rounds, columns).items():
        for member, ratio in _ratios(group).items():
            cells[_level(ratio, 0.99)].append(f"M{column} {member}h1v1h-1z")
    chosen = [record for record in rounds if record.choice and record.choice["winner"]]
    said = f"A candidate was adopted in {len(chosen)} of {len(rounds)} rounds."
    title = "Old loss over the new model's loss"
    chart = _grid(f"{title}, by voter and round", said, cells, columns, members, strip=False)
    texts = ("below 0.89: worse", "below 0.99: worse", "up to 1", "up to 1.01: better", "up to 1.05", "above 1.05")
    entries = [(f"cell s{level}", text) for level, text in enumerate(texts)]
    caption = f"{title}, voters by round{_per_column(columns)}; where the old model stayed, over no. 1's"
    return figure(caption, chart, readout(), legend(entries))


def _grid(title: str, said: str, cells: Mapping[str, list[str]], columns: Columns, members: int, strip: bool) -> Markup:
    top = _STRIP if strip else 0.0
    shapes = [shape("".join(parts), style) for style, parts in sorted(cells.items())]
    shapes.append(shape(_gaps(columns.count, members, top), "gap" if members <= _WIDE_GAPS_UP_TO else "gap fine"))
    row_px = max(3, min(18, 640 // members))
    named = round_ticks(0, members - 1, max(min(members - 1, members * row_px // 18), 1))
    rows = [(SIDE * (member + 0.5 + top) / (members + top), str(member)) for member in named]
    return frame(
        title,
        said,
        shapes,
        x_ticks=columns.ticks(),
        y_ticks=rows,
        x_label="round",
        height_px=round(row_px * (members + top)),
        box=(0, -top, columns.count, members + top),
        style="grid" if columns.count > 40 else "grid few",
        data_rows=members,
        data_top=top,
    )


def _gaps(columns: int, members: int, top: float) -> str:
    """Return the background-coloured lines that separate cells large enough to be seen one by one."""
    across = [f"M0 {row}H{columns}" for row in range(members)] if members <= _GAPS_UP_TO else []
    down = [f"M{column} {-top:g}V{members}" for column in range(1, columns)] if columns <= _GAPS_UP_TO else []
    return "".join(across + down)


def _grouped(rounds: Iterable[RoundRecord], columns: Columns) -> dict[int, list[RoundRecord]]:
    groups: dict[int, list[RoundRecord]] = {}
    for record in rounds:
        groups.setdefault(columns.at(record.round), []).append(record)
    return groups


def _outcome(group: Sequence[RoundRecord], is_of_candidates: bool) -> str:
    """Return the class of a column's outcome: its round's, or by how many of its rounds adopted no new model."""
    if len(group) == 1:
        return f"out {outcome_name(group[0].outcome, group[0].choice is not None)}"
    refused = sum(record.outcome != "accepted" for record in group) / len(group)
    levels = [(0, "out accepted"), (0.2, "s2"), (0.5, "s1"), (1, "s0")]
    if is_of_candidates:
        levels = [(0, "out adopted"), (0.5, "out kept"), (1, "none")]
    return next(style for limit, style in levels if refused <= limit)


def _deeds(group: Sequence[RoundRecord]) -> Iterable[tuple[int, str, bool]]:
    """Yield (member, CSS class, whether it proposed) for every member drawn in a column's rounds."""
    earned: defaultdict[int, int] = defaultdict(int)
    proposed: dict[int, bool] = {}
    for record in group:
        for member in record.proposers:
            proposed[member] = True
        for member in record.voters:
            proposed.setdefault(member, False)
        for name, delta in record.deltas.items():
            earned[int(name)] += delta
    for member in sorted({*proposed, *earned}):
        won = earned[member]
        yield member, "won" if won > 0 else "lost" if won < 0 else "none", proposed.get(member, False)


def _ratios(group: Sequence[RoundRecord]) -> dict[int, float]:
    """Return each voter's mean ratio of new to old score, or of old to new loss; over 0 it is 1 or, better, 2."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for record in group:
        for name in record.scores:
            worse, better = record.pair(name) or (0, 0)
            if record.choice:
                worse, better = better, worse
            found[int(name)].append(better / worse if worse else 2.0 if better else 1.0)
    return {member: sum(ratios) / len(ratios) for member, ratios in found.items()}


def _level(ratio: float, line: float) -> str:
    edges = (line * 0.9, line, 1.0, 1.01, 1.05)
    return f"s{sum(ratio >= edge for edge in edges)}"


def _no_share(rounds: Iterable[RoundRecord]) -> float:
    votes = [(record.yes, record.no) for record in rounds]
    cast = sum(yes + no for yes, no in votes)
    return sum(no for _, no in votes) / cast if cast else 0.0


def _per_column(columns: Columns) -> str:
    return f" ({columns.width} rounds a column)" if columns.width > 1 else ""


def _said(results: Results) -> str:
    return f"Rounds: {results.counts()}. The tables below say the same in words."
