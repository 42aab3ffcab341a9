"""What holders of locked FML have voted, and with how many votes, by the rules alone."""

from dataclasses import dataclass, field

from fl_alliance.audit.market.emission import Key, at
from fl_alliance.chain.rules.gauges import EPOCH_S, GaugeTerms, epoch_budget, model_pay, share_bps, task_percent
from fl_alliance.chain.rules.words import ZERO_ADDRESS


@dataclass(frozen=True, slots=True)
class PollAddresses:
    """Where the gauges over the vote lock are, and the models and their revenue that they know."""

    gauges: str
    models: str
    revenue: str


@dataclass(slots=True)
class LockBooks:
    """What accounts have locked at `at`, asked back and delegated, in wei; histories of votes are by the second."""

    at: str
    delay_s: int = 0
    locked_wei: dict[str, int] = field(default_factory=dict)
    delegates: dict[str, str] = field(default_factory=dict)
    votes_wei: dict[str, dict[int, int]] = field(default_factory=dict)
    all_wei: dict[int, int] = field(default_factory=dict)
    leaving: dict[str, tuple[int, int]] = field(default_factory=dict)

    def held_wei(self, holder: str, second: int) -> int:
        """Return a holder's votes at the end of a second."""
        return at(self.votes_wei.get(holder, {}), second)

    def all_wei_at(self, second: int) -> int:
        """Return all votes at the end of a second."""
        return at(self.all_wei, second)

    def delegate(self, account: str) -> str:
        """Return who votes with what an account has locked; nobody before it has locked any."""
        return self.delegates.get(account, ZERO_ADDRESS)


@dataclass(slots=True)
class PollBooks:
    """The ballots of each epoch, and what models were paid by them; amounts are wei.

    Attributes
    ----------
    at : PollAddresses
    lock : LockBooks
        What ballots are counted by.
    start_at : int
        Second at which epoch 0 begins: that of the gauges' construction.
    votes_wei, cast_wei : dict
        By epoch and gauge; by epoch and kind.
    voters : set
        (epoch, voter) of each ballot.
    paid_wei, spent_wei : dict
        By epoch and model; by epoch.
    tills : dict
        Where models were paid.
    """

    at: PollAddresses
    lock: LockBooks
    start_at: int = 0
    terms: GaugeTerms = field(default_factory=GaugeTerms)
    votes_wei: dict[tuple[int, Key], int] = field(default_factory=dict)
    cast_wei: dict[tuple[int, int], int] = field(default_factory=dict)
    voters: set[tuple[int, str]] = field(default_factory=set)
    paid_wei: dict[tuple[int, int], int] = field(default_factory=dict)
    spent_wei: dict[int, int] = field(default_factory=dict)
    tills: dict[int, str] = field(default_factory=dict)

    def epoch(self, now: int) -> int:
        """Return the epoch of a second."""
        return (now - self.start_at) // EPOCH_S

    def counted_at(self, epoch: int) -> int:
        """Return the second by whose votes an epoch is voted on."""
        return self.start_at + epoch * EPOCH_S - 1

    def share_bps(self, epoch: int, gauge: Key, kind: int) -> int:
        """Return what counts of a gauge in an epoch, of 10,000 of its kind."""
        locked_wei = self.lock.all_wei_at(self.counted_at(epoch))
        votes_wei, cast_wei = self.votes_wei.get((epoch, gauge), 0), self.cast_wei.get((epoch, kind), 0)
        return share_bps(votes_wei, cast_wei, locked_wei, self.terms)

    def percent(self, epoch: int, task: Key, kind: int) -> int:
        """Return what of 100 a task's powered stake weighs by an epoch's ballots."""
        return task_percent(self.share_bps(epoch, task, kind), self.terms)

    def due_wei(self, epoch: int, model: int, kind: int, held_wei: int) -> int:
        """Return what a model is to be paid for an epoch where the gauges hold so much."""
        budget_wei = epoch_budget(held_wei, self.spent_wei.get(epoch, 0), self.terms)
        share_wei = model_pay(budget_wei, self.share_bps(epoch, (self.at.models, model), kind))
        return min(held_wei, max(0, share_wei - self.paid_wei.get((epoch, model), 0)))
