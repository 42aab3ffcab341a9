"""What a task is made of, as the contract stores it and as the rules take it.

Inside the Alliance amounts are whole gwei of FML (1e9 wei); outside it they are wei.
"""

from dataclasses import dataclass
from enum import IntEnum

WEI_PER_GWEI = 10**9
GWEI_PER_FML = 10**9
WEI_PER_FML = 10**18


class Phase(IntEnum):
    """Where a task stands; each phase has a start time."""

    NONE = 0
    """No such task."""
    REGISTRATION = 1
    """Members join and leave at once."""
    IDLE = 2
    """Between rounds: waiting for the proposers' leader."""
    PROPOSING = 3
    """Proposers are drawn; their signed proposals are collected."""
    LOCKED = 4
    """Proposals are closed: waiting for the voters' leader."""
    COMMITTING = 5
    """Voters are drawn; their commitments are collected."""
    REVEALING = 6
    """Commitments are closed; votes are collected, then the round is settled."""
    FINISHED = 7
    """No more rounds: everyone withdraws."""


class Standing(IntEnum):
    """What a member is in the current round, and what it has done."""

    NONE = 0
    """Not drawn."""
    SILENT_PROPOSER = 1
    """Drawn to propose; has not proposed."""
    PROPOSED = 2
    """Its signed proposal is on record."""
    SILENT_VOTER = 3
    """Drawn to vote; neither its vote nor a commitment of its own is on record."""
    VOTED_YES = 4
    """Committed in time and revealed: its scores accept the candidate; of a menu, that it has revealed."""
    VOTED_NO = 5
    """Committed in time and revealed: its scores reject the candidate."""
    WITHHELD = 6
    """Proven to have committed a vote that it does not reveal; it may still answer until the round is settled."""
    COMMITTED = 7
    """Its own commitment is on chain, in time; not revealed."""
    LATE = 8
    """Its own commitment came after reveals had opened; not revealed."""
    LATE_YES = 9
    """Revealed after a late commitment, accepts: counts, but neither earns nor loses."""
    LATE_NO = 10
    """Revealed after a late commitment, rejects: counts, but neither earns nor loses."""

    @property
    def is_proposer(self) -> bool:
        """Whether the member was drawn to propose."""
        return self in (Standing.SILENT_PROPOSER, Standing.PROPOSED)

    @property
    def is_voter(self) -> bool:
        """Whether the member was drawn to vote."""
        return self >= Standing.SILENT_VOTER

    @property
    def is_yes(self) -> bool:
        """Whether the member's vote is revealed and accepts the candidate."""
        return self in (Standing.VOTED_YES, Standing.LATE_YES)

    @property
    def is_no(self) -> bool:
        """Whether the member's vote is revealed and rejects the candidate."""
        return self in (Standing.VOTED_NO, Standing.LATE_NO)


@dataclass(frozen=True, slots=True)
class TaskParams:
    """What a task's creator fixes for good.

    Attributes
    ----------
    code_digest, config_digest, initial_model : bytes
        sha256 of the code bundle, of the resolved configuration and of the first model; 32 bytes each.
    relayer : str
        The address that commits the votes of a round.
    rounds : int
        Rounds in the task, void ones included; 1..65,535.
    proposers, voters : int
        Members drawn a round; at least one proposer, and no voters where nobody judges.
    slash_bps, slash_gwei : int
        Share of its balance that a loser loses, and what it loses on top of that, as far as its balance goes.
    absence_bps : int
        Share of its balance that a leader loses who lets its deadline pass.
    bounty_bps : int
        Share of a slash that goes to whoever triggered it.
    tolerance_bps : int
        Published rule: how far below the old score the new one may fall and still count as a yes.
    min_stake_gwei : int
        One seat.
    registration_s, leader_s, propose_s, commit_s, reveal_s, evidence_s : int
        Length of each phase, in seconds of chain time, after which it can be passed over.
    quorum : int
        Proposals from which on the members who have yet to propose have at most `grace_s` more; 1..proposers.
    grace_s : int
        Seconds; voters whom a list omits have no more from its posting on. 0: the windows hold as they are; at most
        65,535.
    """

    code_digest: bytes
    config_digest: bytes
    initial_model: bytes
    relayer: str
    rounds: int
    proposers: int
    voters: int
    slash_bps: int
    slash_gwei: int
    absence_bps: int
    bounty_bps: int
    tolerance_bps: int
    min_stake_gwei: int
    registration_s: int
    leader_s: int
    propose_s: int
    commit_s: int
    reveal_s: int
    evidence_s: int
    quorum: int
    grace_s: int


class Reward(IntEnum):
    """What the proposers' part of a reward is shared by, where candidates are judged."""

    STAKE = 0
    """Among the parts of the winner, by balance."""
    CONTRIBUTION = 1
    """By the moving average of what voters say each contributed; a share of it waits in escrow."""


@dataclass(frozen=True, slots=True)
class CandidateTerms:
    """What the creator of a task that judges candidates fixes beside its parameters.

    Attributes
    ----------
    reward : Reward
        What proposers are paid by.
    override_bps : int
        Share of the voting balances that must prefer a candidate to the default one for it to be adopted.
    convict_bps : int
        Share of the voting balances that convicts the suspects of the winner's row.
    suspect_at : int
        Marks from here on are suspect, 1..127; marks and evidence are in sixteenths of a robust z.
    offset : int
        What a convicted mark counts less as evidence, 0..127.
    forgive : int
        Evidence that a round without conviction takes off.
    slash_above : int
        Evidence above this slashes.
    escrow_bps : int
        Share of a proposer's reward that goes to its escrow; of use with `Reward.CONTRIBUTION` alone.
    """

    reward: Reward
    override_bps: int
    convict_bps: int
    suspect_at: int
    offset: int
    forgive: int
    slash_above: int
    escrow_bps: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a member from its rounds, where candidates are judged.

    Attributes
    ----------
    evidence : int
        Against it, in sixteenths of a robust z; 0..65,535.
    average : int
        Moving average of what it contributed, in ten-thousandths of a round; can be below 0.
    escrow_gwei : int
        Earned as a proposer and not yet paid out; lost with a slash.
    agreement : int
        Moving average of how far it ordered candidates as other voters did, beyond what the round before had told, in
        parts in a million; can be below 0.
    """

    evidence: int = 0
    average: int = 0
    escrow_gwei: int = 0
    agreement: int = 0


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task as the contract's view `state` tells it at the latest block.

    Attributes
    ----------
    phase : Phase
        As of that block's time.
    round : int
        The running round or, between rounds, the next one to open; 0 before the start.
    phase_at : int
        Second: registration, idle, finished: since when; proposing, locked: end of proposals; committing: end of the
        relayer's time; revealing: end of omitted commitments.
    members : int
        Members ever admitted.
    pool_gwei, queued_gwei : int
        What the rounds left can pay, and the stakes that wait to be admitted.
    seed : bytes
        What the next leader proves over.
    ballot : bytes
        24 bytes of the hash of motion and list while revealing, else zero.
    is_complete : bool
        Whether that list was said to hold every drawn voter.
    creator : str
        Who gets back what is left of the pool.
    accepted_at : int
        Second at which a round was accepted last; 0: none was.
    """

    phase: Phase
    round: int
    phase_at: int
    members: int
    pool_gwei: int
    queued_gwei: int
    seed: bytes
    ballot: bytes
    is_complete: bool
    creator: str
    accepted_at: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the contract's view `members` tells it; `seats` are those of the running or last round."""

    address: str
    vrf_x: int
    balance_gwei: int
    seats: int
    standing: Standing
    is_leaving: bool
