"""What a site may still spend in a task, and the decision to stop: asked before anything is computed."""

from dataclasses import dataclass

from fl_alliance.config import JobConfig
from fl_alliance.dp.accounting import Spent
from fl_alliance.dp.ceiling import ceiling
from fl_alliance.dp.entries import HOSPITAL, Limit, Spending
from fl_alliance.dp.errors import BudgetSpent
from fl_alliance.dp.ledger import Book, Ledger, Writer
from fl_alliance.dp.units import Unit

_SLACK = 1e-9
"""For what two ways of adding the same floats differ by."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What one task spends on a site's data at most: a configuration says it, the node holds it."""

    unit: Unit
    epsilon: float
    delta: float

    @classmethod
    def of(cls, config: JobConfig) -> "Promise | None":
        """Return what a configuration promises; None where it promises nothing.

        Scores count in the unit of training. Without private training that is one held-out record.
        """
        scores = config.rounds * config.rule.score_epsilon
        if config.dp.unit != "none":
            return cls(Unit(config.dp.unit), config.dp.epsilon + scores, config.dp.delta)
        return cls(Unit.RECORD, scores, config.dp.delta) if scores else None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a receipt says: spent by this task and by all tasks, at the task's delta, and the ledger's head."""

    unit: Unit
    task: Spent
    total: Spent
    head: bytes


@dataclass(frozen=True, slots=True)
class Account:
    """One task's access to the ledger of the data that it trains on."""

    ledger: Ledger
    promise: Promise

    def charge(self, spending: Spending) -> None:
        """Enter a release before it is computed; one that was entered before is not spent again.

        Where the hospital has set no lifetime limit, that of its policy is the limit, and without one the first task's
        promise: a second task on the same data needs the hospital's word.

        Raises
        ------
        BudgetSpent
            The task's promise, or what may be spent on this data in all, would be exceeded. Nothing was entered.
        LedgerDamaged, OSError
            The ledger cannot be read or written.
        """
        with self.ledger.held() as writer:
            if writer.book.has(spending):
                return
            self._settle_limit(writer, spending)
            self._refuse_beyond(writer.book, spending)
            writer.append(spending)

    def _settle_limit(self, writer: Writer, spending: Spending) -> None:
        """Enter what may be spent in all, where the hospital has not, or says something else by its policy now."""
        limit, policy = writer.book.limit, ceiling()
        if policy is not None and (limit is None or limit.by != HOSPITAL) and limit != policy:
            writer.append(policy)
        elif limit is None:
            writer.append(Limit(self.promise.epsilon, self.promise.delta, f"task {spending.task}"))

    def statement(self, task: str) -> Statement:
        """Return what the ledger says now."""
        book, delta = self.ledger.read(), self.promise.delta
        return Statement(self.promise.unit, book.spent(delta, task), book.spent(delta), bytes.fromhex(book.head))

    def _refuse_beyond(self, book: Book, spending: Spending) -> None:
        assert book.limit is not None  # noqa: S101  said by now
        promise, unit = self.promise, self.promise.unit
        task = book.spent(promise.delta, spending.task, [spending])
        if not allows(promise.epsilon, task):
            raise BudgetSpent(_words(f"this task promises each {unit}", promise.epsilon, promise.delta, task))
        for limit in {book.limit, ceiling() or book.limit}:
            total = book.spent(limit.delta, None, [spending])
            if not allows(limit.epsilon, total):
                raise BudgetSpent(
                    _words(f"the data's lifetime limit for each {unit} is", limit.epsilon, limit.delta, total)
                )


def allows(epsilon: float, would: Spent) -> bool:
    """Return whether a limit allows that so much is spent."""
    return would.epsilon <= epsilon * (1 + _SLACK)


def _words(whose: str, epsilon: float, delta: float, would: Spent) -> str:
    return (
        f"privacy budget: {whose} epsilon {epsilon:.4g} at delta {delta:.2g}, and one more release would make it "
        f"{would.epsilon:.4g}; this node stops here"
    )
