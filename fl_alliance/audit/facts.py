"""What an audit has verified, in numbers, and what the chain was thereby shown to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fl_alliance.audit.events import Taking
from fl_alliance.chain.committee import Committee
from fl_alliance.chain.evidence import Bond
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.settlement import Line
from fl_alliance.chain.steps import (
    CommitVote,
    CreateCandidateTask,
    CreateTask,
    DrawVoters,
    LeaveTaskWithSignature,
    OpenRound,
    ProveWithheld,
    Register,
    RegisterWithAuthorization,
    SkipRound,
    SlashEquivocation,
    WithdrawCredit,
)
from fl_alliance.strategies.events import Choice
from fl_alliance.transcript.account import Account


@dataclass(slots=True)
class Counts:
    """How much was verified."""

    blocks: int = 0
    transactions: int = 0
    steps: int = 0
    proofs: int = 0
    signatures: int = 0
    payouts: int = 0
    slashes: int = 0

    def take(self, taking: Taking) -> None:
        """Count what the rules verified in a step, and what it paid and took."""
        self.steps += 1
        self.proofs += isinstance(taking.step, Register | RegisterWithAuthorization | OpenRound | DrawVoters)
        self.signatures += _signatures(taking)
        self.payouts += sum(line.delta_gwei > 0 for line in taking.lines)
        self.slashes += sum(line.delta_gwei < 0 for line in taking.lines)


def _signatures(taking: Taking) -> int:
    """Return how many of members' signatures the rules verified in a step."""
    step = taking.step
    if isinstance(step, RegisterWithAuthorization | LeaveTaskWithSignature | CommitVote):
        return 1
    if isinstance(step, SlashEquivocation):
        return 2
    if isinstance(step, ProveWithheld):
        return len(step.evidence)
    if isinstance(step, CreateTask | CreateCandidateTask | WithdrawCredit | OpenRound | SkipRound):
        return 0
    before, after = taking.was.committee, taking.model.committee
    return len(after.updates) - len(before.updates) + len(after.scores) - len(before.scores)


@dataclass(frozen=True, slots=True)
class EndedRound:
    """A round as the rules ended it; `balances` and `pool_gwei` are those after the block that ended it.

    `listed` are the members in the relayer's list of commitments, None where no step gave the list in full. `menu` is
    the menu that was judged, `averages` what it could take into account, `choice` what was chosen of it: of candidates
    alone. `escrow_gwei` is that of all members. `account` is what a transcript must say of the round.
    """

    number: int
    block: int
    outcome: Outcome
    committee: Committee
    lines: tuple[Line, ...]
    yes: int
    no: int
    reward_gwei: int
    bounty_gwei: int
    model: bytes
    listed: tuple[int, ...] | None
    balances: tuple[int, ...]
    pool_gwei: int
    escrow_gwei: int = 0
    menu: bytes | None = None
    averages: Mapping[int, int] = field(default_factory=dict)
    choice: Choice | None = None
    account: Account = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BondFacts:
    """A coordinator's bond on the contract at `address`: as it stands, posted roots by round, the lie that lost it."""

    address: str
    bond: Bond
    roots: Mapping[int, bytes]
    lie: str


@dataclass(frozen=True, slots=True)
class Approval:
    """How many of a consortium's members approved a bundle, and how many had to."""

    count: int
    threshold: int
    members: int

    @property
    def is_given(self) -> bool:
        """Whether enough did."""
        return self.count >= self.threshold


@dataclass(frozen=True, slots=True)
class Audited:
    """What a chain was shown to say: `head` is its last block's hash, `addresses` and `code_hashes` are by name.

    `others` are all addresses by name, of contracts of which there may be more than one. `bonds` are those behind each
    task, `approvals` who had approved its bundle as it started, by consortium; `anchors`, by consortium and site, the
    heads of logs with their lengths.
    """

    chain_id: int
    head: bytes
    addresses: dict[str, str]
    code_hashes: dict[str, str]
    models: AllianceModel
    rounds: dict[int, list[EndedRound]]
    counts: Counts
    executed: bool
    others: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bonds: Mapping[int, tuple[BondFacts, ...]] = field(default_factory=dict)
    approvals: Mapping[int, Mapping[str, Approval]] = field(default_factory=dict)
    anchors: Mapping[str, Mapping[str, tuple[bytes, int]]] = field(default_factory=dict)


Listener = Callable[[int, EndedRound], None]
"""Told of every round that was verified: the task, and the round."""
