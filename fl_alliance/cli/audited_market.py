"""What an audit of a market says: how much was recomputed, and who earned what by the rules."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fl_alliance.chain.arena_types import Phase, Verdict
from fl_alliance.chain.types import WEI_PER_FML

if TYPE_CHECKING:
    from fl_alliance.audit.market import MarketAudited
    from fl_alliance.audit.market.books import Day, Task

_PARTS = 10**18
_SCORE_ONE = 10**6


def market_summary(audited: "MarketAudited", verbose: bool) -> Iterator[str]:
    """Yield what was verified, line by line; `verbose` adds every day's ranks and shares."""
    books, counts = audited.books, audited.books.counts
    how = "recomputed by the rules, " + ("every block executed again" if audited.executed else "not executed again")
    yield f"the market holds: {counts.transactions} transactions, {counts.events} events {how}"
    yield (
        f"{_counted(len(books.tasks), 'task')}, {counts.days} days finished, {counts.consensuses} consensuses, "
        f"{counts.proofs} assignments proved, {counts.slashes} slashes, {counts.shares} shares and {counts.claims} "
        "claims to the wei"
    )
    yield (
        f"{counts.emission_days} days of the emission, {counts.draws} shares of it drawn, {len(books.pools)} pools "
        f"with {counts.delegations} deposits"
    )
    yield from _governance(audited)
    money = books.money
    yield (
        f"{fml(money.made_wei)} FML at first + {fml(money.minted_wei)} minted - {fml(money.burned_wei)} burned = "
        f"{fml(money.supply_wei)}, held by {sum(wei > 0 for wei in money.balances.values())} accounts"
    )
    if counts.unseen:
        yield f"note: {counts.unseen} steps were taken by contracts, whose calldata is on no chain"
    yield f"chain {audited.deployment.chain_id}, block {audited.block}, head 0x{audited.head.hex()}"
    for task in books.tasks.values():
        yield from _task(task, verbose)


def _governance(audited: "MarketAudited") -> Iterator[str]:
    """Yield what holders of locked FML decided, where there is a DAO, or gauges."""
    from fl_alliance.audit.market.ballots import unapplied

    dao, counts = audited.books.dao, audited.books.counts
    if dao is not None:
        stages = Counter(dao.stage(proposal, audited.second) for proposal in dao.proposals.values())
        found = ", ".join(f"{count} {stage.name.lower()}" for stage, count in sorted(stages.items()))
        yield (
            f"{_counted(counts.proposals, 'proposal')} of the DAO recounted from "
            f"{_counted(counts.appearances, 'appearance')} and {_counted(counts.votes, 'vote')}"
            f"{': ' if found else ''}{found}; {fml(dao.held_wei)} FML of stakes held"
        )
    if audited.books.polls is not None:
        yield f"{_counted(counts.ballots, 'gauge vote')} recounted, and what they moved"
        waiting = unapplied(audited.books, audited.second)
        if waiting:
            yield f"note: the last week's gauge votes are not applied to {', '.join(waiting)}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _task(task: "Task", verbose: bool) -> Iterator[str]:
    stage = f"{task.finished_days} of {task.params.day_count + 1} days" if task.phase is Phase.ACTIVE else ""
    yield f"task {task.number} ({task.params.kind}): {stage or task.phase.name.lower()}"
    if not verbose:
        return
    for number, day in sorted(task.days.items()):
        if day.is_finished:
            yield f"  day {number}{' (B)' if number == task.params.day_count else ''}"
            yield from _day(day)


def _day(day: "Day") -> Iterator[str]:
    for place in day.places:
        said = f"loss {place.score / _SCORE_ONE:.6f}" if place.verdict is Verdict.RANKED else place.verdict.name.lower()
        yield f"    node {place.node}: {said}, share {place.share_wad / _PARTS:.4f}"
    for seat in day.seats:
        said = f"scored {len(seat.fits_wad)}" if seat.is_revealed else "revealed nothing"
        yield f"    validator {seat.validator}: {said}, share {seat.share_wad / _PARTS:.4f}"


def fml(wei: int) -> str:
    """Return an amount in FML, to the wei, without zeros behind."""
    whole, part = divmod(wei, WEI_PER_FML)
    return f"{whole:,}.{part:018d}".rstrip("0").rstrip(".")
