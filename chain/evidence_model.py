"""The reference model of `contracts/Evidence.sol`: every step of a bond, with the contract's own refusals.

What a step reads of the Alliance is given to it; what it moves of FML is what it returns.
"""

from dataclasses import dataclass, field, replace

from fl_alliance.chain.alliance_refusals import NotAllowed, TooEarly
from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.evidence import MAX_BATCH, Bond, Posted, Status
from fl_alliance.chain.evidence_refusals import (
    NoLie,
    NotInTree,
    NotPosted,
    NotSigned,
    OutOfRange,
    TaskNotReady,
    WrongRound,
    WrongStatus,
)
from fl_alliance.chain.messages import Commitment, Domain, Proposal, Scores, Vote
from fl_alliance.chain.rules.evidence import (
    DEPTH,
    MAX_WINDOW_S,
    MEMBERS,
    MIN_WINDOW_S,
    NOTHING,
    Fact,
    Kind,
    Leaf,
    Place,
    batch_digest,
    reward_wei,
    root_of,
)
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.statements import Receipt, Transcript


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What the Alliance says of a task: its relayer, `round` as in its state, and whether it has finished."""

    relayer: str
    rounds: int
    round: int
    finished: bool
    nodes: tuple[str, ...]

    @property
    def ended(self) -> int:
        """The last round that can have a transcript."""
        return self.round if self.finished or self.round == 0 else self.round - 1


@dataclass(slots=True)
class BondModel:
    """One task's bond.

    Parameters
    ----------
    domain, alliance : Domain
        What the coordinator's and the members' signatures are bound to.
    task : int
    """

    domain: Domain
    alliance: Domain
    task: int
    bond: Bond = field(default_factory=lambda: Bond(ZERO_ADDRESS, Status.NONE, 0, 0, 0, 0, 0, bytes(32)))
    batches: list[bytes] = field(default_factory=list)

    def open(self, facts: TaskFacts, sender: str, bond_wei: int, window_s: int) -> None:
        """Put up a bond."""
        self._need(Status.NONE)
        if facts.finished:
            raise TaskNotReady(self.task, facts.round)
        if sender != facts.relayer:
            raise NotAllowed(sender, facts.relayer)
        if bond_wei == 0:
            raise OutOfRange("bondWei", bond_wei)
        if not MIN_WINDOW_S <= window_s <= MAX_WINDOW_S:
            raise OutOfRange("windowS", window_s)
        self.bond = replace(self.bond, coordinator=sender, status=Status.OPEN, window_s=window_s, bond_wei=bond_wei)

    def post(self, facts: TaskFacts, sender: str, first: int, roots: tuple[bytes, ...]) -> None:
        """Post roots of rounds that have ended."""
        self._mine(sender)
        if not 1 <= len(roots) <= MAX_BATCH:
            raise OutOfRange("roots", len(roots))
        if first != self.bond.posted + 1:
            raise WrongRound(self.task, first, self.bond.posted + 1)
        last = first + len(roots) - 1
        if last > facts.ended:
            raise WrongRound(self.task, last, facts.ended)
        self.batches.append(batch_digest(first, roots))
        self.bond = replace(self.bond, posted=last, batches=len(self.batches))

    def close(self, facts: TaskFacts, sender: str, model: bytes, now: int) -> None:
        """Name the final model."""
        self._mine(sender)
        if not facts.finished:
            raise TaskNotReady(self.task, facts.ended)
        needed = facts.ended - (0 < facts.ended < facts.rounds)
        if self.bond.posted < needed:
            raise WrongRound(self.task, self.bond.posted, needed)
        self.bond = replace(self.bond, status=Status.CLOSED, model=model, closed_at=now)

    def release(self, now: int) -> int:
        """Give the bond back; return it in wei."""
        self._need(Status.CLOSED)
        due = self.bond.closed_at + self.bond.window_s
        if now < due:
            raise TooEarly(self.task, now, due)
        self.bond = replace(self.bond, status=Status.RELEASED)
        return self.bond.bond_wei

    def prove_two_transcripts(self, posted: Posted, root: bytes, signature: bytes) -> int:
        """Return the reward for another root that the coordinator signed, in wei."""
        self._need(Status.OPEN, Status.CLOSED)
        if self._root(posted) == root:
            raise NoLie(self.task, posted.round)
        self._require_signed(Transcript(self.task, posted.round, root), posted, signature)
        return self._convict()

    def prove_forged_leaf(self, facts: TaskFacts, posted: Posted, place: Place, path: list[bytes], leaf: Leaf) -> int:
        """Return the reward for a leaf that its member never signed, in wei."""
        self._need(Status.OPEN, Status.CLOSED)
        self._require_in(posted, place, path, leaf)
        kind, member = place
        if leaf == NOTHING or kind is Kind.FACT:
            raise NoLie(self.task, posted.round)
        signed = signers(self.alliance, self.task, posted.round, kind, leaf)
        if member < len(facts.nodes) and facts.nodes[member] in signed:
            raise NoLie(self.task, posted.round)
        return self._convict()

    def prove_omission(
        self, posted: Posted, place: Place, path: list[bytes], leaf: Leaf, value: bytes, signature: bytes
    ) -> int:
        """Return the reward for a message that was taken and is not there, in wei."""
        self._need(Status.OPEN, Status.CLOSED)
        self._require_in(posted, place, path, leaf)
        if leaf != NOTHING and leaf.value == value:
            raise NoLie(self.task, posted.round)
        self._require_signed(Receipt(self.task, posted.round, *place, value), posted, signature)
        return self._convict()

    def prove_wrong_model(self, posted: Posted, place: Place, path: list[bytes], leaf: Leaf) -> int:
        """Return the reward for a final model that is not the last round's, in wei."""
        self._need(Status.CLOSED)
        if posted.round != self.bond.posted:
            raise WrongRound(self.task, posted.round, self.bond.posted)
        if place != (Kind.FACT, Fact.MODEL):
            raise OutOfRange("place", place[1])
        self._require_in(posted, place, path, leaf)
        if leaf.value == self.bond.model:
            raise NoLie(self.task, posted.round)
        return self._convict()

    def _need(self, *statuses: Status) -> None:
        if self.bond.status not in statuses:
            raise WrongStatus(self.task, self.bond.status)

    def _mine(self, sender: str) -> None:
        self._need(Status.OPEN)
        if sender != self.bond.coordinator:
            raise NotAllowed(sender, self.bond.coordinator)

    def _root(self, posted: Posted) -> bytes:
        known = self.batches[posted.batch] if posted.batch < len(self.batches) else bytes(32)
        at = posted.round - posted.first
        if batch_digest(posted.first, posted.roots) != known or not 0 <= at < len(posted.roots):
            raise NotPosted(self.task, posted.batch)
        return posted.roots[at]

    def _require_in(self, posted: Posted, place: Place, path: list[bytes], leaf: Leaf) -> None:
        if place[1] >= MEMBERS:
            raise OutOfRange("member", place[1])
        if len(path) != DEPTH:
            raise OutOfRange("path", len(path))
        if root_of(place, leaf, path) != self._root(posted):
            raise NotInTree(self.task, posted.round)

    def _require_signed(self, said: Receipt | Transcript, posted: Posted, signature: bytes) -> None:
        try:
            signer = said.recover(self.domain, signature)
        except SignatureInvalid:
            signer = ZERO_ADDRESS
        if signer != self.bond.coordinator:
            raise NotSigned(self.task, posted.round)

    def _convict(self) -> int:
        self.bond = replace(self.bond, status=Status.CONVICTED)
        return reward_wei(self.bond.bond_wei)


def signers(domain: Domain, task: int, round_: int, kind: Kind, leaf: Leaf) -> list[str]:
    """Return who signed what a leaf of a kind that members sign says, of a vote under either rule."""
    old, new = divmod(int.from_bytes(leaf.value, "big"), 1 << 32)
    said: dict[Kind, list[Proposal | Commitment | Scores | Vote]] = {
        Kind.PROPOSAL: [Proposal(task, round_, leaf.value)],
        Kind.COMMITMENT: [Commitment(task, round_, leaf.motion, leaf.value)],
        Kind.VOTE: [Scores(task, round_, leaf.motion, leaf.value), Vote(task, round_, leaf.motion, old, new)],
    }
    found = []
    for message in said[kind]:
        try:
            found.append(message.recover(domain, leaf.signature))
        except SignatureInvalid:
            continue
    return found
