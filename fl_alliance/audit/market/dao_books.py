"""What holders have decided, and how, by the rules alone; votes and amounts are wei, times seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fl_alliance.audit.market.emission import at
from fl_alliance.audit.market.polls import LockBooks
from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao import Appearance, Call, Tally
from fl_alliance.chain.deploy import DAO, TIMELOCK
from fl_alliance.chain.rules.proposals import (
    LAPSE_S,
    MAX_TURNS_S,
    Appeared,
    ReviewTerms,
    flags_until,
    is_condemned,
    is_opened,
    quorum_wei,
)
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.stages import Stage

Answers = Mapping[tuple[str, bytes], bytes]
"""What views return, by contract and calldata."""


@dataclass(frozen=True, slots=True)
class DaoAddresses:
    """Where a DAO is, and what it owns.

    Attributes
    ----------
    owned : frozenset of str
        Contracts with functions that its time lock alone may call, for good.
    marketplace : Mapping of str to str
        Artifacts of the marketplace's contracts by address: they take calls of proposals.
    answers : Mapping
        The marketplace's terms at first, where its construction was seen.
    """

    dao: str
    timelock: str
    treasury: str
    owned: frozenset[str]
    marketplace: Mapping[str, str]
    answers: Answers


@dataclass(slots=True)
class ProposalBooks:
    """A proposal and what became of it.

    Attributes
    ----------
    terms : ReviewTerms
        Those of its time.
    counted_at, review_ends_at, vote_ends_at : int
        The second by whose votes holders appear; that by whose votes they vote; the meeting's first end.
    quorum_until, turned_until : int
        The ends that a late quorum and late turns give the meeting; 0 without any.
    executable_at : int
        Second from which a queued proposal can be executed, 0 before it is queued.
    made : int
        How many of its calls were made.
    """

    number: int
    proposer: str
    calls: Sequence[Call]
    description_hash: bytes
    terms: ReviewTerms
    counted_at: int
    review_ends_at: int
    vote_ends_at: int
    appearances: dict[str, Appearance] = field(default_factory=dict)
    appeared: Appeared = field(default_factory=Appeared)
    voters: set[str] = field(default_factory=set)
    tally: Tally = field(default_factory=lambda: Tally(0, 0, 0))
    quorum_until: int = 0
    turned_until: int = 0
    is_passing: bool = False
    executable_at: int = 0
    made: int = 0
    is_executed: bool = False
    is_canceled: bool = False
    is_settled: bool = False

    @property
    def deadline(self) -> int:
        """The last second in which can be voted."""
        return max(self.vote_ends_at, self.quorum_until, self.turned_until)

    @property
    def flags_until(self) -> int:
        """The second before which it can be flagged."""
        return flags_until(self.counted_at, self.review_ends_at)

    @property
    def lists(self) -> tuple[tuple[str, ...], tuple[int, ...], tuple[bytes, ...]]:
        """Targets, values and calldata, as the Governor's calldata has them."""
        targets = tuple(call.target.lower() for call in self.calls)
        return targets, tuple(call.value_wei for call in self.calls), tuple(call.data for call in self.calls)

    def salt(self, dao: str) -> bytes:
        """Return what tells its operation in the time lock from others'."""
        padded = address_bytes(dao).ljust(32, b"\0")
        return bytes(left ^ right for left, right in zip(padded, self.description_hash, strict=True))

    def operation(self, dao: str) -> bytes:
        """Return its operation's id in the time lock."""
        batch = interface(TIMELOCK).functions["hashOperationBatch"]
        return keccak(batch.encode((*self.lists, bytes(32), self.salt(dao)))[4:])


def proposal_number(
    targets: Sequence[str], values: Sequence[int], calldatas: Sequence[bytes], description_hash: bytes
) -> int:
    """Return the Governor's number of a proposal: the hash of its calls and its description's."""
    words = interface(DAO).functions["hashProposal"].encode((targets, values, calldatas, description_hash))[4:]
    return int.from_bytes(keccak(words), "big")


@dataclass(slots=True)
class DaoBooks:
    """A DAO's terms and its proposals.

    Attributes
    ----------
    percents, floors : dict of int to int
        Percent of a quorum, and votes that it takes at least, by the second from which on they count.
    latest : dict of str to int
        Each proposer's last proposal.
    answers : dict
        What the marketplace's terms are, as far as that is known.
    """

    at: DaoAddresses
    lock: LockBooks
    review_s: int = 0
    vote_s: int = 0
    late_s: int = 0
    delay_s: int = 0
    terms: ReviewTerms = field(default_factory=lambda: ReviewTerms(0, 0, 0, 0, 0))
    percents: dict[int, int] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)
    proposals: dict[int, ProposalBooks] = field(default_factory=dict)
    latest: dict[str, int] = field(default_factory=dict)
    answers: dict[tuple[str, bytes], bytes] = field(default_factory=dict)

    @property
    def held_wei(self) -> int:
        """The stakes that have not gone where they belong."""
        return sum(proposal.terms.stake_wei for proposal in self.proposals.values() if not proposal.is_settled)

    def is_condemned(self, proposal: ProposalBooks) -> bool:
        """Return whether flags have condemned a proposal, as far as its review has come."""
        return is_condemned(proposal.appeared, self.lock.all_wei_at(proposal.counted_at), proposal.terms)

    def quorum_wei(self, proposal: ProposalBooks) -> int:
        """Return the votes that a proposal's meeting takes, once its review is over."""
        second = proposal.review_ends_at
        return quorum_wei(self.lock.all_wei_at(second), at(self.percents, second), at(self.floors, second))

    def has_quorum(self, proposal: ProposalBooks) -> bool:
        """Return whether enough votes are for a proposal, or abstain."""
        return proposal.tally.for_wei + proposal.tally.abstain_wei >= self.quorum_wei(proposal)

    def passes(self, proposal: ProposalBooks) -> bool:
        """Return whether a proposal passes by the votes so far."""
        return self.has_quorum(proposal) and proposal.tally.for_wei > proposal.tally.against_wei

    def stage(self, proposal: ProposalBooks, now: int) -> Stage:
        """Return where a proposal is at a second."""
        if proposal.is_canceled:
            return Stage.CANCELED
        if now <= proposal.review_ends_at:
            return Stage.PENDING
        all_wei = self.lock.all_wei_at(proposal.counted_at)
        if not is_opened(proposal.appeared, all_wei, proposal.terms) or self.is_condemned(proposal):
            return Stage.DEFEATED
        if proposal.is_executed:
            return Stage.EXECUTED
        if now <= proposal.deadline:
            return Stage.ACTIVE
        if not self.passes(proposal):
            return Stage.DEFEATED
        if now > (proposal.executable_at or proposal.deadline) + LAPSE_S:
            return Stage.EXPIRED
        return Stage.QUEUED if proposal.executable_at else Stage.SUCCEEDED

    def prolonged(self, proposal: ProposalBooks, now: int) -> list[int]:
        """Let a vote prolong its meeting, by a late quorum and by a turned outcome; return the new ends that are told.

        `Dao.sol` writes a late quorum's end down also where that is before the meeting's.
        """
        told, until = [], now + self.late_s
        if not proposal.quorum_until and self.has_quorum(proposal):
            told += [until] if until > proposal.deadline else []
            proposal.quorum_until = until
        if self.passes(proposal) == proposal.is_passing:
            return told
        proposal.is_passing = not proposal.is_passing
        until = min(until, proposal.vote_ends_at + MAX_TURNS_S)
        if until > proposal.deadline:
            proposal.turned_until = until
            told.append(until)
        return told
