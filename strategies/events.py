"""What happens in a round, told as it happens: the live view, the run's records and a researcher's own code listen.

Members are named by their index in the task's roster. Amounts are gwei of FML (1e-9 FML).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stage:
    """What goes on between rounds, in a few words: "the nodes join", "computing the baselines"."""

    text: str


@dataclass(frozen=True, slots=True)
class RoundOpened:
    """The leader's proof is on chain and the proposers are drawn."""

    round: int
    leader: int
    absent_leaders: tuple[int, ...]
    proposers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProposalsLocked:
    """Proposals are closed; `dropped` says for a member why its reply was not taken."""

    round: int
    proposed: tuple[int, ...]
    dropped: Mapping[int, str]
    train_metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VotersDrawn:
    """The second leader's proof is on chain and the voters are drawn."""

    round: int
    leader: int
    absent_leaders: tuple[int, ...]
    voters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VotesCommitted:
    """The commitments are on chain; nobody can change a vote any more."""

    round: int
    committed: tuple[int, ...]
    dropped: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class RoundSettled:
    """The votes are counted and the balances changed.

    `scores` holds (old, new) in micro-units of every revealed vote; `deltas` what each member won or lost in
    gwei; `reasons` the same in words; `reward` is what the round could pay, `bounty` what whoever settled got;
    `outcome` is `accepted`, `rejected` or `void`; `seconds` says where the round's time went.
    """

    round: int
    outcome: str
    yes: int
    no: int
    scores: Mapping[int, tuple[int, ...]]
    deltas: Mapping[int, int]
    reasons: Mapping[int, str]
    balances: tuple[int, ...]
    pool: int
    model: bytes
    metrics: Mapping[str, float] = field(default_factory=dict)
    evaluate_metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    reward: int = 0
    bounty: int = 0


Event = Stage | RoundOpened | ProposalsLocked | VotersDrawn | VotesCommitted | RoundSettled
Listener = Callable[[Event], None]
