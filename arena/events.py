"""What roles tell while they work: facts for programs, and the same in plain words for people."""

from collections.abc import Callable
from dataclasses import dataclass

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.units import WAD

_SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a role did or found.

    Attributes
    ----------
    task : int
        Its task; 0 where there is none yet.
    account : str
        The role's account.
    """

    task: int
    account: str

    @property
    def words(self) -> str:
        """The event as a sentence."""
        raise NotImplementedError


Listener = Callable[[Event], None]


def unheard(event: Event) -> None:
    """Listen to nothing."""


def fml(amount_wei: int) -> str:
    """Return an amount for people, rounded down to four digits after the point."""
    whole, rest = divmod(amount_wei, WAD)
    return f"{whole:,}.{rest // 10 ** (18 - _SHOWN_DIGITS):0{_SHOWN_DIGITS}d} FML"


def loss(score: int) -> str:
    """Return a score for people."""
    return "refused" if score == WORST else f"{score / 1e6:.6f}"


@dataclass(frozen=True, slots=True)
class Trying(Event):
    """The chain or the store did not answer; the step will be repeated."""

    why: str
    pause_s: float

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"no answer ({self.why}); trying again in {self.pause_s:g} s"


@dataclass(frozen=True, slots=True)
class TaskMade(Event):
    """A creator's task is on the chain."""

    title: str
    stake_wei: int
    fund_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        paid = f"staked {fml(self.stake_wei)}, paid in {fml(self.fund_wei)} for daily rewards"
        return f"created task {self.task}, {self.title}: {paid}"


@dataclass(frozen=True, slots=True)
class Staked(Event):
    """An account has its stake in the task."""

    role: str
    own_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"staked {fml(self.own_wei)} as {self.role}; it counts from the next day on"


@dataclass(frozen=True, slots=True)
class PoolOpened(Event):
    """Others can delegate to the account."""

    pool: str
    sigma_bps: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"opened pool {self.pool} for delegators, keeps {self.sigma_bps / 100:g} % of what they earn"


@dataclass(frozen=True, slots=True)
class Training(Event):
    """How far training is."""

    day: int
    step: int
    steps: int
    loss: float

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"day {self.day}: training, step {self.step} of {self.steps}, training loss {self.loss:.4f}"


@dataclass(frozen=True, slots=True)
class Trained(Event):
    """A model is ready; `score` is its own on dataset A, `base_score` that of the model to beat."""

    day: int
    digest: bytes
    score: int
    base_score: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        compared = f"loss {loss(self.score)} on dataset A, {loss(self.base_score)} untrained"
        return f"day {self.day}: trained model {self.digest.hex()[:12]}, {compared}"


@dataclass(frozen=True, slots=True)
class Submitted(Event):
    """A node has committed to a model."""

    day: int
    place: int
    digest: bytes
    fee_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        what = f"committed to model {self.digest.hex()[:12]} as number {self.place}"
        return f"day {self.day}: {what}, fee {fml(self.fee_wei)} until it is scored"


@dataclass(frozen=True, slots=True)
class Revealed(Event):
    """A node has revealed its model and put it into the store."""

    day: int
    digest: bytes
    is_accepted: bool

    @property
    def words(self) -> str:
        """The event as a sentence."""
        fate = "" if self.is_accepted else ", which the contract refused: too large, or a copy"
        return f"day {self.day}: revealed and published model {self.digest.hex()[:12]}{fate}"


@dataclass(frozen=True, slots=True)
class Judged(Event):
    """A validator knows its score of a submission; `why` says where it is refused."""

    day: int
    place: int
    node: str
    digest: bytes
    score: int
    why: str

    @property
    def words(self) -> str:
        """The event as a sentence."""
        reason = f" ({self.why})" if self.why else ""
        return f"day {self.day}: number {self.place}, {self.digest.hex()[:12]}: {loss(self.score)}{reason}"


@dataclass(frozen=True, slots=True)
class ScoresCommitted(Event):
    """A validator has committed to its scores."""

    day: int
    count: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"day {self.day}: committed to scores of {self.count} submissions"


@dataclass(frozen=True, slots=True)
class ScoresRevealed(Event):
    """A validator has revealed its scores."""

    day: int
    count: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"day {self.day}: revealed scores of {self.count} submissions"


@dataclass(frozen=True, slots=True)
class Missed(Event):
    """Something was not done in its time, or cannot be done; `cost` says what that means."""

    day: int
    what: str
    cost: str

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"day {self.day}: {self.what}: {self.cost}"


@dataclass(frozen=True, slots=True)
class DatasetBRevealed(Event):
    """Dataset B is public."""

    digest: bytes

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"revealed and published dataset B, {self.digest.hex()[:12]}"


@dataclass(frozen=True, slots=True)
class FinalEntered(Event):
    """Nodes' best submissions take part in the B day."""

    nodes: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"entered the best submissions of {self.nodes} nodes into the last day"


@dataclass(frozen=True, slots=True)
class DaysClosed(Event):
    """Days of the emission were closed."""

    count: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"closed {self.count} days of the emission"


@dataclass(frozen=True, slots=True)
class DayFinished(Event):
    """A day was settled and finished by this account."""

    day: int
    reward_wei: int
    drawn_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"day {self.day}: finished, reward {fml(self.reward_wei)}, {fml(self.drawn_wei)} of it from the emission"


@dataclass(frozen=True, slots=True)
class Scored(Event):
    """What became of a node's own submission."""

    day: int
    verdict: str
    score: int
    rank: int
    """From 1; 0: not paid."""

    @property
    def words(self) -> str:
        """The event as a sentence."""
        place = f", rank {self.rank}" if self.rank else ""
        return f"day {self.day}: {self.verdict}, loss {loss(self.score)}{place}"


@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """An account was paid for a day; `earner` is who, since anybody may claim for it."""

    day: int
    earner: str
    paid_wei: int
    fee_wei: int
    pushed_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        who = "" if self.earner == self.account else f" for {self.earner}"
        pushed = f", {fml(self.pushed_wei)} to its delegators" if self.pushed_wei else ""
        return f"day {self.day}: claimed {fml(self.paid_wei)} and {fml(self.fee_wei)} of fees{who}{pushed}"


@dataclass(frozen=True, slots=True)
class Unlocked(Event):
    """A stake came out."""

    amount_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"took out {fml(self.amount_wei)}"


@dataclass(frozen=True, slots=True)
class Locked(Event):
    """The task is over and the stake stays where it is for some time."""

    until: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"the stake stays locked until second {self.until}"


@dataclass(frozen=True, slots=True)
class Delegated(Event):
    """A delegator has put FML behind a delegate."""

    delegate: str
    amount_wei: int
    shares: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"delegated {fml(self.amount_wei)} to {self.delegate}"


@dataclass(frozen=True, slots=True)
class RedemptionRequested(Event):
    """A delegator has asked for its FML."""

    delegate: str
    from_at: int
    until_at: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"asked {self.delegate}'s pool for redemption, possible from second {self.from_at} to {self.until_at}"


@dataclass(frozen=True, slots=True)
class Redeemed(Event):
    """A delegator has its FML back, with what it earned and lost."""

    delegate: str
    amount_wei: int

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"redeemed {fml(self.amount_wei)} from {self.delegate}'s pool"
