"""What a node signs of the privacy that its update spent: an attestation, not a proof.

The signature says who states it, of which update and on which state of its ledger, so that a false statement can be
held against its author. Nothing shows that the noise was added.
"""

from dataclasses import dataclass

from fl_alliance.chain.messages import Signed
from fl_alliance.chain.rules.words import hash_words, keccak

MICRO = 10**6
ATTO = 10**18


@dataclass(frozen=True, slots=True)
class SpentBudget(Signed):
    """The budget that a site had spent when this update left, the update's own share in it.

    Attributes
    ----------
    update : bytes
        The update's digest, as in its `Proposal`.
    ledger : bytes
        Head of the site's privacy ledger.
    unit : str
        Who is protected: `record` or `patient`.
    epsilon_micro, total_micro : int
        Epsilon spent by this task, and on the same data by all tasks, in millionths, rounded up.
    delta_atto : int
        The delta at which both hold, in 1e-18, rounded up.
    """

    TYPE = keccak(
        b"SpentBudget(uint256 task,uint32 round,bytes32 update,bytes32 ledger,string unit,uint64 epsilonMicro,"
        b"uint64 totalMicro,uint64 deltaAtto)"
    )
    task: int
    round: int
    update: bytes
    ledger: bytes
    unit: str
    epsilon_micro: int
    total_micro: int
    delta_atto: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        numbers = (self.epsilon_micro, self.total_micro, self.delta_atto)
        unit = keccak(self.unit.encode())
        return hash_words(self.TYPE, self.task, self.round, self.update, self.ledger, unit, *numbers)
