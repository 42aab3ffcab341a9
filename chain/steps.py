"""The steps of a task: one class for each function of the contracts, both what is sent and what a chain is read into.

Amounts that enter or leave the Alliance are wei. Members are roster indexes. Signatures are 64 bytes (EIP-2098).
`chain/contracts/IAlliance.sol` says who may take each step, when, and what it does.
"""

from dataclasses import dataclass
from enum import IntEnum

from fl_alliance.chain.batches import Evidence, Listed, SignedProposal, VoteRecord
from fl_alliance.chain.types import CandidateTerms, TaskParams
from fl_alliance.chain.vrf import Proof


class Statement(IntEnum):
    """What a member can say twice in one round."""

    PROPOSAL = 0
    COMMITMENT = 1
    VOTE = 2


@dataclass(frozen=True, slots=True)
class CreateTask:
    """The creator fixes the parameters and pays the pool."""

    params: TaskParams
    pool_wei: int


@dataclass(frozen=True, slots=True)
class CreateCandidateTask:
    """`CreateTask` where candidates are judged."""

    params: TaskParams
    terms: CandidateTerms
    pool_wei: int


@dataclass(frozen=True, slots=True)
class Fund:
    """Anyone adds to a task's pool."""

    task: int
    amount_wei: int


@dataclass(frozen=True, slots=True)
class Register:
    """The sender joins with its VRF key, a proof that it owns it, and a stake."""

    task: int
    vrf_x: int
    proof: Proof
    amount_wei: int


@dataclass(frozen=True, slots=True)
class RegisterWithAuthorization:
    """Anyone submits the registration of a node that has no gas; its signature moves the stake."""

    task: int
    node: str
    vrf_x: int
    proof: Proof
    amount_wei: int
    valid_after: int
    valid_before: int
    salt: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class LeaveTask:
    """The sender, who is this member, leaves: at once before the start, later two rounds on."""

    task: int
    member: int


@dataclass(frozen=True, slots=True)
class LeaveTaskWithSignature:
    """Anyone submits a member's signed wish to leave."""

    task: int
    member: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Start:
    """Ends registration."""

    task: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ends a task that found too few members."""

    task: int


@dataclass(frozen=True, slots=True)
class OpenRound:
    """The leader's proof gives the seed; absent leaders pay; the proposers are drawn."""

    task: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class Finish:
    """Ends a task that has too few members left to draw."""

    task: int


@dataclass(frozen=True, slots=True)
class SkipRound:
    """Anyone ends a round that nobody has moved in time; it is void."""

    task: int


@dataclass(frozen=True, slots=True)
class Propose:
    """Anyone submits signed proposals of drawn proposers."""

    task: int
    proposals: tuple[SignedProposal, ...]


@dataclass(frozen=True, slots=True)
class DrawVoters:
    """The voters' leader's proof gives the next seed; the voters are drawn."""

    task: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class CommitVotes:
    """The relayer fixes the motion and the list of commitments, by one hash of both (`ballot.ballot_hash`)."""

    task: int
    digest: bytes
    is_complete: bool


@dataclass(frozen=True, slots=True)
class CommitVote:
    """Anyone submits the signed commitment of a voter whom the list omits."""

    task: int
    member: int
    motion: bytes
    list_hash: bytes
    commitment: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class RevealVotes:
    """Anyone submits committed votes, in the order of the list."""

    task: int
    motion: bytes
    votes: tuple[VoteRecord, ...]


@dataclass(frozen=True, slots=True)
class RevealScores:
    """`RevealVotes` where candidates are judged: `menu` is what the motion is the digest of.

    The votes stay packed (`batches.pack_votes`): their length depends on the round.
    """

    task: int
    menu: bytes
    votes: bytes


@dataclass(frozen=True, slots=True)
class ProveWithheld:
    """Anyone proves that listed voters did commit and do not reveal; `pairs` is the whole list."""

    task: int
    motion: bytes
    pairs: tuple[Listed, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """Anyone reveals the last votes and settles the round, for the bounty; the two models make up the motion."""

    task: int
    previous: bytes
    candidate: bytes
    votes: tuple[VoteRecord, ...]


@dataclass(frozen=True, slots=True)
class SettleMenu:
    """`Settle` where candidates are judged; see `RevealScores`."""

    task: int
    menu: bytes
    votes: bytes


@dataclass(frozen=True, slots=True)
class SlashEquivocation:
    """Anyone shows two different statements that a member signed on one matter; it loses everything.

    `first` and `second` are 32 bytes: an update, a commitment, or of a vote score_old << 32 | score_new or the content
    of `Scores`.
    """

    task: int
    round: int
    member: int
    kind: Statement
    motion: bytes
    first: bytes
    second: bytes
    first_signature: bytes
    second_signature: bytes


@dataclass(frozen=True, slots=True)
class Abandon:
    """Anyone ends a task in which nothing has moved for long."""

    task: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Anyone sends a finished task's member its balance."""

    task: int
    member: int


@dataclass(frozen=True, slots=True)
class WithdrawQueued:
    """Anyone sends a finished task's queued node its stake."""

    task: int
    position: int


@dataclass(frozen=True, slots=True)
class WithdrawPool:
    """Anyone sends what is left of a finished task's pool to its creator."""

    task: int


@dataclass(frozen=True, slots=True)
class WithdrawCredit:
    """Anyone sends an account its bounties and the balances it left tasks with."""

    account: str


TaskStep = (
    Fund
    | Register
    | RegisterWithAuthorization
    | LeaveTask
    | LeaveTaskWithSignature
    | Start
    | Cancel
    | OpenRound
    | Finish
    | SkipRound
    | Propose
    | DrawVoters
    | CommitVotes
    | CommitVote
    | RevealVotes
    | RevealScores
    | ProveWithheld
    | Settle
    | SettleMenu
    | SlashEquivocation
    | Abandon
    | Withdraw
    | WithdrawQueued
    | WithdrawPool
)
"""A step of one task that exists."""

Step = CreateTask | CreateCandidateTask | TaskStep | WithdrawCredit
"""A call of the Alliance contract that changes something."""
