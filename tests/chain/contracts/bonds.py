"""A task whose coordinator has a bond: real rounds, honest and false transcripts of them, and the model beside."""

from dataclasses import dataclass, field
from typing import Any

from federation import ACCEPT, CANDIDATE, DEPLOYER, FML, MOTION, PARAMS, Chain, Federation

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.deploy import EVIDENCE
from fl_alliance.chain.evidence import EvidenceBond, Posted, add_evidence
from fl_alliance.chain.evidence_model import BondModel, TaskFacts
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.rules.evidence import Fact, Kind, Leaf, Place, Tree
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.statements import Receipt, Transcript
from fl_alliance.chain.types import Phase

BOND = 100 * FML + 1
WINDOW_S = 86_400
COORDINATOR = DEPLOYER
"""Who relays for the task."""


@dataclass
class Bonded:
    """A federation's coordinator, with what it said of its rounds."""

    federation: Federation
    bond: EvidenceBond
    model: BondModel
    trees: dict[int, Tree] = field(default_factory=dict)
    batches: list[tuple[int, tuple[bytes, ...]]] = field(default_factory=list)

    @classmethod
    def beside(cls, federation: Federation) -> "Bonded":
        chain = federation.chain
        sender = chain.senders.setdefault(DEPLOYER.address, Sender(chain.w3, DEPLOYER))
        chain.deployment = add_evidence(sender, chain.deployment)
        bond = EvidenceBond(sender, chain.deployment.address(EVIDENCE))
        return cls(federation, bond, BondModel(bond.domain, chain.domain, federation.task))

    @property
    def chain(self) -> Chain:
        return self.federation.chain

    def by(self, key: NodeKey) -> EvidenceBond:
        """The contract as another account uses it."""
        return EvidenceBond(self.chain.senders.setdefault(key.address, Sender(self.chain.w3, key)), self.bond.address)

    @property
    def facts(self) -> TaskFacts:
        state = self.federation.state
        nodes = tuple(member[0] for member in self.federation.members)
        finished = state["phase"] is Phase.FINISHED
        return TaskFacts(COORDINATOR.address, PARAMS.rounds, state["round"], finished, _checksummed(nodes))

    def play(self) -> int:
        """Play a round in which everybody acts, transcribe it honestly, and return its number."""
        federation = self.federation
        number = federation.round
        voters = federation.to_votes()
        proposers = federation.drawn_proposers
        leaves: dict[Place, Leaf] = {}
        for member in proposers:
            record = federation.proposal(member)
            leaves[Kind.PROPOSAL, member] = Leaf(record[2:34], signature=record[34:])
        for member in voters:
            vote = federation.vote(member)
            value = (ACCEPT[0] << 32 | ACCEPT[1]).to_bytes(32, "big")
            leaves[Kind.VOTE, member] = Leaf(value, MOTION, vote)
            signature = b"".join(federation.commitment(member))
            leaves[Kind.COMMITMENT, member] = Leaf(keccak(vote), MOTION, signature)
        leaves[Kind.FACT, Fact.MODEL] = Leaf(CANDIDATE)
        leaves[Kind.FACT, Fact.TRANSCRIPT] = Leaf(keccak(b"file %d" % number))
        votes = federation.ballots([ACCEPT] * len(voters))
        federation.commit(votes)
        federation.settle(federation.records(votes))
        self.trees[number] = Tree(leaves)
        return number

    def open(self) -> None:
        self.bond.open(self.federation.task, BOND, WINDOW_S)
        self.model.open(self.facts, COORDINATOR.address, BOND, WINDOW_S)

    def post(self, *rounds: int) -> Any:
        """Post the roots of these rounds as one batch."""
        roots = tuple(self.trees[number].root for number in rounds)
        receipt = self.bond.post(self.federation.task, rounds[0], roots)
        self.model.post(self.facts, COORDINATOR.address, rounds[0], roots)
        self.batches.append((rounds[0], roots))
        return receipt

    def close(self, model: bytes = CANDIDATE) -> None:
        """Finish the task and name its final model."""
        self.federation.finish_by_abandoning()
        self.bond.close(self.federation.task, model)
        self.model.close(self.facts, COORDINATOR.address, model, self.chain.now)

    def posted(self, number: int) -> Posted:
        """Where the root of a round was posted."""
        for batch, (first, roots) in enumerate(self.batches):
            if first <= number < first + len(roots):
                return Posted(batch, first, roots, number)
        return Posted(0, 1, (bytes(32),), number)

    def change(self, number: int, place: Place, leaf: Leaf | None) -> None:
        """Make the coordinator say something else of a round before it posts it."""
        leaves = {known: said for known, said in self.trees[number].leaves.items() if known != place}
        self.trees[number] = Tree(leaves if leaf is None else leaves | {place: leaf})

    def receipt(self, number: int, place: Place, value: bytes, key: NodeKey = COORDINATOR) -> bytes:
        return Receipt(self.federation.task, number, *place, value).sign(key, self.bond.domain)

    def signed_root(self, number: int, root: bytes, key: NodeKey = COORDINATOR) -> bytes:
        return Transcript(self.federation.task, number, root).sign(key, self.bond.domain)

    def place_of(self, number: int, kind: Kind) -> Place:
        return next(place for place in sorted(self.trees[number].leaves) if place[0] is kind)


def _checksummed(nodes: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(checksummed(address_bytes(node)) for node in nodes)
