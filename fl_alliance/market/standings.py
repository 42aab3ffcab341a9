"""Who is best in a task, who earned what, and why: from the contract and its events."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fl_alliance.arena.claims import parts_due
from fl_alliance.arena.events import fml
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena_states import Submission, Validation
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.market.place import Reading
from fl_alliance.market.units import losses, ordinal

MONEY = ("Staked", "Claimed", "Slashed")
"""The Arena's events that a leaderboard reads."""
_SAID = {
    Verdict.COMMITTED: "not revealed: the fee is lost",
    Verdict.REVEALED: "revealed, not scored yet",
    Verdict.REFUSED: "refused by the contract: too large, or a copy",
    Verdict.UNSCORED: "no validator scored it: the fee comes back",
    Verdict.WORST: "refused by the validators: fee and a part of the stake are lost",
}


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A training node on a day; amounts are over the whole task, `earned_wei` is claimed and due, fees apart."""

    rank: int | None
    node: str
    score: int | None
    score_words: str
    best_score: int | None
    earned_wei: int
    slashed_wei: int
    verdict: str


@dataclass(frozen=True, slots=True)
class ValidatorRow:
    """A validator on a day."""

    validator: str
    scored: int
    share_percent: float
    earned_wei: int
    slashed_wei: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Standings:
    """A task's leaderboard on one day; `day` None: nothing was submitted yet."""

    task: int
    day: int | None
    is_final: bool
    nodes: list[NodeRow] = field(default_factory=list)
    validators: list[ValidatorRow] = field(default_factory=list)


@dataclass(slots=True)
class Money:
    """What an account was paid and lost in a task, and what it can still claim."""

    earned_wei: int = 0
    slashed_wei: int = 0


Due = Callable[[ArenaView, int, int, str], tuple[int, int]]
"""As `parts_due`."""


def standings(place: Reading, task: Task, day: int | None = None, due: Due = parts_due) -> Standings:
    """Return the leaderboard of a day, of the newest that was settled where none is named."""
    newest = _newest(place, task) if day is None else day
    money = _money(place, task.number, due)
    if newest is None:
        return Standings(task.number, None, False)
    arena, last = place.arena, task.params.day_count
    ranking = arena.ranking(task.number, newest)
    submissions = arena.submissions(task.number, newest)
    order = [*ranking, *(place_ for place_ in range(len(submissions)) if place_ not in ranking)]
    nodes = [_node(place, task, submissions[at], _rank(ranking, at), money) for at in order]
    validators = [_validator(found, len(submissions), money) for found in arena.validations(task.number, newest)]
    validators.sort(key=lambda row: -row.share_percent)
    return Standings(task.number, newest, newest == last, nodes, validators)


def standings_words(found: Standings, task: Task) -> list[str]:
    """Return a leaderboard in lines."""
    title = f"task {task.number}, {task.spec.title} ({task.spec.kind})"
    if found.day is None:
        return [title, "  nobody has submitted a model yet"]
    day = "the last day, on dataset B" if found.is_final else f"day {found.day} of 0 to {task.params.day_count - 1}"
    lines = [f"{title}: {day}", f"{'rank':>6}  {'training node':42}  {'score':>22}  {'earned':>18}  verdict"]
    for node in found.nodes:
        rank = "-" if node.rank is None else ordinal(node.rank)
        lost = f", lost {fml(node.slashed_wei)} of stake" if node.slashed_wei else ""
        earned = fml(node.earned_wei)
        lines.append(f"{rank:>6}  {node.node:42}  {node.score_words:>22}  {earned:>18}  {node.verdict}{lost}")
    if found.validators:
        lines.append(f"{'':6}  {'validator':42}  {'scored':>22}  {'earned':>18}  verdict")
    for row in found.validators:
        lost = f", lost {fml(row.slashed_wei)} of stake" if row.slashed_wei else ""
        earned = fml(row.earned_wei)
        lines.append(f"{'':6}  {row.validator:42}  {row.scored:>22}  {earned:>18}  {row.verdict}{lost}")
    return lines


def _newest(place: Reading, task: Task) -> int | None:
    """Return the newest day with a settled submission, else the newest with any."""
    states = {day: place.arena.day_state(task.number, day) for day in range(task.params.day_count, -1, -1)}
    settled = [day for day, state in states.items() if state.settled]
    return next(iter(settled or [day for day, state in states.items() if state.commits]), None)


def _money(place: Reading, number: int, due: Due) -> dict[str, Money]:
    """Return by account what events say that it was paid and lost, and what it can still claim."""
    found = defaultdict[str, Money](Money)
    claimed = _count(found, number, place.events())
    state = place.arena.state(number)
    for account, money in found.items():
        for day in range(state.finished_days):
            if state.fell_back or (account, day) not in claimed:
                money.earned_wei += due(place.arena, number, day, account)[0]
    return found


def _count(found: dict[str, Money], number: int, events: Iterable[MarketEvent]) -> set[tuple[str, int]]:
    """Add up what accounts were paid and lost, and return of whom which days were claimed: no more is due of those."""
    claimed = set()
    for event in events:
        values = event.values
        if event.source != "Arena" or values.get("task") != number:
            continue
        if event.name == "Staked":
            found[values["account"]].earned_wei += 0
        elif event.name == "Claimed":
            found[values["account"]].earned_wei += values["paidWei"] + values["pushedWei"]
            claimed.add((values["account"], values["day"]))
        elif event.name == "Slashed":
            found[values["account"]].slashed_wei += values["ownWei"] + values["delegatedWei"]
    return claimed


def _rank(ranking: tuple[int, ...], place: int) -> int | None:
    return ranking.index(place) + 1 if place in ranking else None


def _node(place: Reading, task: Task, found: Submission, rank: int | None, money: dict[str, Money]) -> NodeRow:
    is_scored = found.verdict is Verdict.RANKED
    best = place.arena.stake_of(task.number, found.node).best_score
    said = _SAID.get(found.verdict) or ("paid" if rank else f"ranked, not among the {task.params.paid_nodes} paid")
    own = money[found.node]
    return NodeRow(
        rank=rank,
        node=found.node,
        score=found.score if is_scored else None,
        score_words=losses(task.spec, found.score) if is_scored else "-",
        best_score=None if best == WORST else best,
        earned_wei=own.earned_wei,
        slashed_wei=own.slashed_wei,
        verdict=said,
    )


def _validator(found: Validation, places: int, money: dict[str, Money]) -> ValidatorRow:
    share, own = found.share_wad / 10**16, money[found.validator]
    if not found.is_revealed:
        said = "committed, not revealed"
    elif share:
        said = f"{share:.1f} % of what validators earn"
    else:
        said = "revealed"
    scored = min(found.quota, places) if found.is_revealed else 0
    return ValidatorRow(found.validator, scored, share, own.earned_wei, own.slashed_wei, said)
