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
    """The commitments are on chain; nobody can change a vote any more.

    `ballot_bytes` is what each voter was sent to judge, `proposal_bytes` what all proposals of the round hold.
    """

    round: int
    committed: tuple[int, ...]
    dropped: Mapping[int, str]
    ballot_bytes: int = 0
    proposal_bytes: int = 0


@dataclass(frozen=True, slots=True)
class MessagesTaken:
    """What members sent in a round that no chain holds; told just before `RoundSettled`.

    Attributes
    ----------
    aggregate : bytes or None
        Digest of what the strategy made of the updates; None where it made nothing.
    updates : mapping
        Of each update that was taken: bytes of its arrays, and the receipt of spent privacy budget that came with it.
    promises : mapping
        Of each voter: its commitment and the signature on it.
    dropped : mapping
        Whose reply was not taken, and why.
    """

    round: int
    aggregate: bytes | None
    updates: Mapping[int, tuple[int, str | None]]
    promises: Mapping[int, tuple[bytes, bytes]]
    dropped: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the voters chose from a menu of candidates; members are roster indexes.

    Attributes
    ----------
    entries : tuple of str
        What each entry of the menu is, in words; empty where only the chain is known.
    winner : int
        Entry that the round ended with; 0 is the old model.
    best : int
        Entry with the best worst comparison, adopted where enough of the stake preferred it to entry 1.
    margin : int
        By how much the middle of the stake found the winner better than the old model, in parts in a million.
    backing, against, weight : int
        Gwei of the voters who preferred `best` to entry 1, who found the suspects harmful, and of all voters.
    convicted, slashed : tuple of int
        Proposers against whom the round counts as evidence, and who had too much of it.
    """

    entries: tuple[str, ...]
    winner: int
    best: int
    margin: int
    backing: int
    against: int
    weight: int
    convicted: tuple[int, ...]
    slashed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RoundSettled:
    """The votes are counted and the balances changed.

    `scores` holds what every revealed vote says, in micro-units: (old, new), or the loss of each entry of a menu, of
    which `choice` says what was chosen. `escrow` is what all members have in escrow. `deltas` is what each member won
    or lost in gwei; `reasons` the same in words; `reward` is what the round could pay, `bounty` what went to whoever
    settled; `outcome` is `accepted`, `rejected` or `void`; `seconds` says where the round's time went.
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
    escrow: int = 0
    choice: Choice | None = None


Event = Stage | RoundOpened | ProposalsLocked | VotersDrawn | VotesCommitted | MessagesTaken | RoundSettled
Listener = Callable[[Event], None]
