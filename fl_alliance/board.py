"""What the live view knows: the events of a run folded into a state, without a word about how it is drawn."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from fl_alliance.amounts import loss_of
from fl_alliance.outcomes import outcome_sentence
from fl_alliance.strategies.events import (
    Choice,
    Event,
    ProposalsLocked,
    RoundOpened,
    RoundSettled,
    Stage,
    VotersDrawn,
    VotesCommitted,
)

RECENT = 5
"""Rounds whose median length the remaining time is computed from."""


@dataclass(slots=True)
class Seat:
    """What one member does in the round on show; amounts are gwei.

    `scores` are what it found of the old model and of the other, by majority scores, of candidates losses; `vote` is
    whether it finds the other good enough, or of candidates better.
    """

    role: str = ""
    done: bool = False
    leads: bool = False
    absent: bool = False
    dropped: str = ""
    scores: tuple[float, float] | None = None
    vote: bool | None = None
    delta: int = 0
    reason: str = ""


@dataclass(slots=True)
class Board:
    """A run as far as it has got.

    `seats` are those of the round on show; `judged` those of the last settled one, which stay in sight while the
    next round is already under way. `metrics` and `outcomes` grow by one a round; `balances` is in gwei, by
    roster index.
    """

    rounds: int
    tolerance_bps: int
    clock: Callable[[], float]
    started: float = 0.0
    stage: str = "starting"
    round: int = 0
    settled: int = 0
    seats: dict[int, Seat] = field(default_factory=dict)
    judged: dict[int, Seat] = field(default_factory=dict)
    balances: tuple[int, ...] = ()
    pool: int = 0
    outcomes: list[str] = field(default_factory=list)
    metrics: list[Mapping[str, float]] = field(default_factory=list)
    last: RoundSettled | None = None
    lengths: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    since: float = 0.0

    def __post_init__(self) -> None:
        self.started = self.since = self.clock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.started

    @property
    def remaining_s(self) -> float | None:
        """Seconds the rounds left will take at the recent pace; None before one round is known."""
        if not self.lengths or self.settled >= self.rounds:
            return None
        pace = median(self.lengths)  # the first round of a run is slow and must not count for five
        under_way = min(self.clock() - self.since, pace)
        return pace * (self.rounds - self.settled) - under_way

    def seat(self, member: int) -> Seat:
        """Return the member's seat in the round on show, an empty one where it has no role."""
        return self.seats.setdefault(member, Seat())

    def take(self, event: Event) -> None:
        """Fold one event into the state."""
        match event:
            case Stage():
                self.stage = event.text
            case RoundOpened():
                self._opened(event)
            case ProposalsLocked():
                self._locked(event)
            case VotersDrawn():
                self._drawn(event)
            case VotesCommitted():
                self._committed(event)
            case RoundSettled():
                self._settled(event)

    def _opened(self, event: RoundOpened) -> None:
        self.round, self.since, self.seats = event.round, self.clock(), {}
        self.stage = f"{len(event.proposers)} proposers train"
        self._lead(event.leader, event.absent_leaders)
        for member in event.proposers:
            self.seat(member).role = "proposer"

    def _locked(self, event: ProposalsLocked) -> None:
        self.stage = "the proposals are combined"
        for member in event.proposed:
            self.seat(member).done = True
        self._drop(event.dropped)

    def _drawn(self, event: VotersDrawn) -> None:
        self.stage = f"{len(event.voters)} voters judge"
        self._lead(event.leader, event.absent_leaders)
        for member in event.voters:
            self.seat(member).role = "voter"

    def _committed(self, event: VotesCommitted) -> None:
        self.stage = "the votes are revealed"
        for member in event.committed:
            self.seat(member).done = True
        self._drop(event.dropped)

    def _settled(self, event: RoundSettled) -> None:
        now = self.clock()
        self.lengths.append(now - self.since)
        self.round = self.settled = event.round
        self.since, self.last = now, event
        self.stage = f"round {event.round} {outcome_sentence(event.outcome, event.choice is not None)}"
        self.outcomes.append(event.outcome)
        self.metrics.append(event.metrics or event.evaluate_metrics)
        self.balances, self.pool = event.balances, event.pool
        for member, told in event.scores.items():
            self._judged(self.seat(member), told, event.choice)
        for member, delta in event.deltas.items():
            self.seat(member).delta = delta
        for member, reason in event.reasons.items():
            self.seat(member).reason = reason
        self.judged = self.seats

    def _judged(self, seat: Seat, told: Sequence[int], choice: Choice | None) -> None:
        if choice is None and len(told) == 2:  # in a void round there are losses and no choice
            old, new = told
            seat.scores, seat.vote = (old / 1e6, new / 1e6), new * 10_000 >= old * (10_000 - self.tolerance_bps)
        else:
            old, new = told[0], told[choice.winner if choice and choice.winner else 1]
            seat.scores, seat.vote = (loss_of(old), loss_of(new)), new < old

    def _lead(self, leader: int, absent: tuple[int, ...]) -> None:
        if leader >= 0:
            self.seat(leader).leads = True
        for member in absent:
            self.seat(member).absent = True

    def _drop(self, dropped: Mapping[int, str]) -> None:
        for member, why in dropped.items():
            self.seat(member).dropped = why
