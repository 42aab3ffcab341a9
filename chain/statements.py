"""What a coordinator signs: the root of a round's transcript, and receipts for the messages that it took."""

from dataclasses import dataclass

from fl_alliance.chain.messages import Domain, Signed
from fl_alliance.chain.rules.evidence import Kind
from fl_alliance.chain.rules.words import hash_words, keccak


@dataclass(frozen=True, slots=True)
class Transcript(Signed):
    """A round's transcript by the root of its tree (`rules.evidence.Tree`)."""

    TYPE = keccak(b"Transcript(uint256 task,uint32 round,bytes32 root)")
    task: int
    round: int
    root: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.root)


@dataclass(frozen=True, slots=True)
class Receipt(Signed):
    """A member's message that the coordinator took: `value` is what a leaf of this kind holds of it."""

    TYPE = keccak(b"Receipt(uint256 task,uint32 round,uint8 kind,uint16 member,bytes32 value)")
    task: int
    round: int
    kind: Kind
    member: int
    value: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.kind, self.member, self.value)


def evidence_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of what a coordinator signs for the Evidence contract."""
    return Domain(chain_id, contract, name="FL Alliance Evidence")
