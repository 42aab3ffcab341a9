"""Where a ledger stands: what is spent, what is left, and for how many more rounds of the last kind that lasts."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fl_alliance.dp.account import allows
from fl_alliance.dp.accounting import Spent
from fl_alliance.dp.entries import Limit, Scored, Spending, Trained
from fl_alliance.dp.ledger import Book

MOST_ROUNDS = 4096


@dataclass(frozen=True, slots=True)
class Standing:
    """A ledger's state in figures.

    Attributes
    ----------
    limit : Limit or None
        None: no task has spent anything yet, and the hospital has said nothing.
    spent : Spent
        By all tasks, at the limit's delta.
    tasks : mapping of str to Spent
        By each task alone, in the order of their first release. They do not add up to `spent`: that is less.
    rounds_left : int or None
        How many rounds like the last one may follow, at most `MOST_ROUNDS`; None where there was none or is no limit.
    """

    data: str
    unit: str
    head: str
    limit: Limit | None
    spent: Spent
    tasks: dict[str, Spent]
    releases: int
    rounds_left: int | None


def standing(book: Book) -> Standing:
    """Return where a ledger stands."""
    limit, spendings = book.limit, book.spendings
    delta = limit.delta if limit else 0.0
    tasks = (
        {task: book.spent(delta, task) for task in dict.fromkeys(entry.task for entry in spendings)} if limit else {}
    )
    total = book.spent(delta) if limit else Spent(0.0, 0.0, "none")
    opened, left = book.opened, _rounds_left(book, limit)
    return Standing(opened.data, opened.unit, book.head, limit, total, tasks, len(spendings), left)


def _rounds_left(book: Book, limit: Limit | None) -> int | None:
    """Return for how many more rounds like the last the limit lasts."""
    if limit is None or not book.spendings:
        return None
    last = book.spendings[-1]

    def suffices(rounds: int) -> bool:
        return allows(limit.epsilon, book.spent(limit.delta, None, [_times(last, rounds)]))

    return _most(suffices)


def _most(holds: Callable[[int], bool]) -> int:
    """Return the largest number for which it holds, 0 to `MOST_ROUNDS`; it holds for all below that."""
    if not holds(1):
        return 0
    low, high = 1, 2
    while high <= MOST_ROUNDS and holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _times(last: Spending, rounds: int) -> Spending:
    match last:
        case Trained():
            return replace(last, steps=last.steps * rounds)
        case Scored():
            return replace(last, epsilon=last.epsilon * rounds)
