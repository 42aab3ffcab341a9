"""How the board looks on a terminal of any size: a row a member, or one cell a member where rows do not fit."""

from collections.abc import Iterator, Sequence
from functools import partial

from rich.columns import Columns
from rich.console import ConsoleDimensions, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from fl_alliance.amounts import entry_name, fml, loss_change
from fl_alliance.board import Board, Seat
from fl_alliance.config import JobConfig
from fl_alliance.outcomes import counted, outcome_name
from fl_alliance.strategies.events import RoundSettled
from fl_alliance.workloads.base import Metric

_OUTCOMES = {"accepted": ("✓", "green"), "rejected": ("✗", "red"), "void": ("○", "yellow")}
_OF_CANDIDATES = _OUTCOMES | {"rejected": ("=", "cyan")}
_BARS = "▁▂▃▄▅▆▇█"
_HEADER_LINES = 9


def draw(
    board: Board, config: JobConfig, folder: str, headline: Metric | None, size: ConsoleDimensions
) -> RenderableType:
    """Return the whole board for a terminal of this size."""
    is_of_candidates = config.rule.name == "candidates"
    lines = _HEADER_LINES + is_of_candidates
    fits = config.nodes + lines <= size.height and size.width >= 80
    show = partial(_rows, board, config.nodes) if fits else partial(_cells, board, config.nodes, size.width)
    members = show(is_of_candidates)
    return Group(*_header(board, config, folder, headline, size.width), members)


def run_line(config: JobConfig, folder: str) -> str:
    """Return what is run, and where its results go."""
    strategy = str(config.strategy.get("_target_", "?")).rpartition(".")[2]
    return f"{config.workload.name} · {strategy} · {config.nodes} nodes · {folder}"


def round_line(board: Board, headline: Metric | None) -> str:
    """Return the last settled round in one plain line."""
    event = board.last
    assert event is not None  # noqa: S101  only called after a settlement
    paid = sum(delta for delta in event.deltas.values() if delta > 0)
    taken = -sum(delta for delta in event.deltas.values() if delta < 0)
    parts = [
        f"round {event.round:>{len(str(board.rounds))}}/{board.rounds}",
        f"{outcome_name(event.outcome, event.choice is not None):<8} {verdict(event)}",
        _figure(board.metrics[-1], headline),
        f"paid {fml(paid)} slashed {fml(taken)} FML",
        f"{board.lengths[-1]:.2f} s",
        f"ETA {_clock(board.remaining_s)}" if board.remaining_s is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def verdict(event: RoundSettled) -> str:
    """Return by what a round was decided: its votes, or what the voters chose and by how much it is better."""
    choice = event.choice
    if choice is None:
        return f"{event.yes}:{event.no}"
    name = entry_name(choice.entries, choice.winner)
    parts = [name, f"loss {loss_change(choice.margin)}"] if choice.winner else [name]
    parts += [f"convicted {_members(choice.convicted)}"] if choice.convicted else []
    parts += [f"slashed {_members(choice.slashed)}"] if choice.slashed else []
    return ", ".join(parts)


def _members(members: Sequence[int]) -> str:
    return " ".join(map(str, members))


def sparkline(values: list[float], width: int) -> str:
    """Return the last values as bars, lowest to highest; values that are not finite leave a gap."""
    shown = values[-width:]
    finite = [value for value in shown if abs(value) != float("inf") and value == value]
    if not finite:
        return ""
    low, span = min(finite), max(finite) - min(finite)
    return "".join(_bar((value - low) / span if span else 0.5) if value in finite else " " for value in shown)


def _bar(share: float) -> str:
    return _BARS[min(int(share * len(_BARS)), len(_BARS) - 1)]


def _header(
    board: Board, config: JobConfig, folder: str, headline: Metric | None, width: int
) -> Iterator[RenderableType]:
    title = Text(no_wrap=True, overflow="ellipsis")
    title.append("FL Alliance ", style="bold").append(run_line(config, folder), style="dim")
    yield title
    yield _progress(board, width)
    yield _headline_text(board, headline, width)
    yield _outcomes(board, config.rule.name == "candidates", width)
    if board.last and board.last.choice:
        yield Text(f"round {board.last.round} chose {verdict(board.last)}", no_wrap=True, overflow="ellipsis")
    yield Rule(style="dim")


def _progress(board: Board, width: int) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0))
    remaining = f"ETA {_clock(board.remaining_s)}" if board.remaining_s is not None else ""
    line.add_row(
        Text(f"round {board.round}/{board.rounds}", style="bold"),
        ProgressBar(total=board.rounds, completed=board.settled, width=max(min(30, width - 56), 5)),
        f"{_clock(board.elapsed_s)} {remaining}",
        Text(board.stage, style="cyan", no_wrap=True, overflow="ellipsis"),
    )
    return line


def _headline_text(board: Board, headline: Metric | None, width: int) -> Text:
    if not board.metrics:
        return Text("the first figures come with round 1", style="dim")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(_figure(board.metrics[-1], headline), style="bold")
    values = [values[name] for values in board.metrics if (name := _name(values, headline)) is not None]
    text.append(f"  {sparkline(values, max(width // 2 - 10, 10))}", style="cyan")
    text.append(f"  pool {fml(board.pool)} FML")
    return text


def _outcomes(board: Board, is_of_candidates: bool, width: int) -> Text:
    text = Text("rounds ", style="dim", no_wrap=True, overflow="crop")
    shown = board.outcomes[-(width - 40) :] if width > 60 else board.outcomes[-20:]
    for outcome in shown:
        sign, style = (_OF_CANDIDATES if is_of_candidates else _OUTCOMES)[outcome]
        text.append(sign, style=style)
    found = tuple(name for name in _OUTCOMES if name in board.outcomes)
    text.append(f"  {counted(board.outcomes.count, is_of_candidates, found)}", style="dim")
    return text


def _rows(board: Board, nodes: int, is_of_candidates: bool) -> Table:
    # Reasons are long: they take what the other columns leave, and never the other way round.
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    now = f"round {board.round}" if board.round else "now"
    then = f"round {board.settled}" if board.settled else "last round"
    table.add_column("member", justify="right", min_width=6)
    table.add_column(now, min_width=19)
    table.add_column(f"{then}: {'loss' if is_of_candidates else 'score'}", min_width=15)
    table.add_column("better" if is_of_candidates else "vote", min_width=4)
    table.add_column("FML", justify="right", min_width=8)
    table.add_column("balance", justify="right", min_width=7)
    table.add_column("why", style="dim", ratio=1)
    for member in range(nodes):
        seat, judged = board.seats.get(member, Seat()), board.judged.get(member, Seat())
        balance = fml(board.balances[member]) if member < len(board.balances) else ""
        delta = Text(fml(judged.delta, sign=True) if judged.delta else "", style=_style(judged))
        why = seat.dropped or judged.dropped or judged.reason
        table.add_row(
            str(member),
            _role(seat),
            _scores(judged),
            _vote(judged),
            delta,
            balance,
            Text(why, no_wrap=True, overflow="ellipsis"),
        )
    return table


def _cells(board: Board, nodes: int, width: int, is_of_candidates: bool) -> Group:
    """Return a cell a member: its number, and a sign for what it does; then how the money is spread."""
    digits = len(str(nodes - 1))
    none = Seat()
    cells = [
        _cell(f"{member:>{digits}}", board.seats.get(member, none), board.judged.get(member, none))
        for member in range(nodes)
    ]
    votes = "y finds it better  n does not" if is_of_candidates else "y yes  n no"
    legend = Text(f"P proposer  V voter  {votes}  ★ leads  ! absent or dropped   last round: ", style="dim")
    legend.append("paid", style="green").append("  ").append("slashed", style="red")
    grid = Columns(cells, padding=(0, 1), equal=True, width=digits + 2)
    return Group(grid, legend, *([_spread(board)] if board.balances else []))


def _cell(number: str, seat: Seat, judged: Seat) -> Text:
    sign = {"proposer": "P", "voter": "V"}.get(seat.role, " ")
    if seat.vote is not None:
        sign = "y" if seat.vote else "n"
    flag = "!" if seat.absent or seat.dropped else "★" if seat.leads else " "
    return Text(f"{number}{sign}{flag}", style=_style(judged) or ("" if seat.role else "dim"), no_wrap=True)


def _spread(board: Board) -> Text:
    held = sorted(board.balances)
    parts = (("lowest", held[0]), ("median", held[len(held) // 2]), ("highest", held[-1]))
    return Text("balances  " + "  ".join(f"{name} {fml(value)}" for name, value in parts) + " FML")


def _role(seat: Seat) -> Text:
    text = Text(seat.role)
    if seat.leads:
        text.append(" ★ leader" if seat.role else "★ leader", style="yellow")
    if seat.absent:
        text.append(" absent", style="red")
    elif seat.dropped:
        text.append(" dropped", style="yellow")
    elif seat.done and seat.vote is None and not seat.delta:
        text.append(" ✓", style="green")
    return text


def _scores(seat: Seat) -> str:
    if seat.scores is None:
        return ""
    old, new = seat.scores
    return f"{old:.4f} → {new:.4f}"


def _vote(seat: Seat) -> Text:
    if seat.vote is None:
        return Text("")
    return Text("yes", style="green") if seat.vote else Text("no", style="red")


def _style(seat: Seat) -> str:
    return "green" if seat.delta > 0 else "red" if seat.delta < 0 else ""


def _name(values: object, headline: Metric | None) -> str | None:
    if not isinstance(values, dict) or not values:
        return None
    return headline.name if headline and headline.name in values else next(iter(values))


def _figure(values: object, headline: Metric | None) -> str:
    """Return the round's figure with its label and unit, or nothing when the round has none."""
    name = _name(values, headline)
    if name is None or not isinstance(values, dict):
        return ""
    known = headline if headline and headline.name == name else Metric(name, name)
    return f"{known.label} {values[name]:.4g}{f' {known.unit}' if known.unit else ''}"


def _clock(seconds: float | None) -> str:
    """Return minutes and seconds, with hours where there are any."""
    whole = max(round(seconds or 0), 0)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
