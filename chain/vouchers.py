"""What a site signs for the contract of its consortium (EIP-712); anybody can then send it.

Each but an anchor carries the number of the site's next signature and the last second at which it counts.
"""

from dataclasses import dataclass
from enum import IntEnum

from fl_alliance.chain.messages import Domain, Signed
from fl_alliance.chain.rules.words import hash_words, keccak

NAME = "FL Alliance Sites"


class Change(IntEnum):
    """What a consortium decides with the support of N of its members; `account` and `value` say whom and what.

    `REVOKE` ends a site's binding for good, `RELEASE` leaves the key to be bound by its owner.
    """

    ADMIT = 0
    EXPEL = 1
    THRESHOLD = 2
    REVOKE = 3
    RELEASE = 4
    MINT = 5


def sites_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of the messages for a consortium's contract."""
    return Domain(chain_id, contract, name=NAME)


@dataclass(frozen=True, slots=True)
class Bind(Signed):
    """The SuperNode's key, by sha256, is the signer's from now on, instead of `previous` (zero: none)."""

    TYPE = keccak(b"Bind(bytes32 key,bytes32 proof,bytes32 previous,uint256 nonce,uint256 deadline)")
    key: bytes
    proof: bytes
    previous: bytes
    nonce: int
    deadline: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.key, self.proof, self.previous, self.nonce, self.deadline)


@dataclass(frozen=True, slots=True)
class Revoke(Signed):
    """The key is the signer's no longer."""

    TYPE = keccak(b"Revoke(bytes32 key,uint256 nonce,uint256 deadline)")
    key: bytes
    nonce: int
    deadline: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.key, self.nonce, self.deadline)


@dataclass(frozen=True, slots=True)
class JudgeBundle(Signed):
    """The signer approves that this code runs under these settings, or takes that back."""

    TYPE = keccak(b"JudgeBundle(bytes32 codeDigest,bytes32 configDigest,bool approves,uint256 nonce,uint256 deadline)")
    code_digest: bytes
    config_digest: bytes
    approves: bool
    nonce: int
    deadline: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        said = int(self.approves)
        return hash_words(self.TYPE, self.code_digest, self.config_digest, said, self.nonce, self.deadline)


@dataclass(frozen=True, slots=True)
class JudgeChange(Signed):
    """The signer supports a change of the consortium of this epoch, or takes that back."""

    TYPE = keccak(
        b"JudgeChange(uint8 change,address account,uint256 value,bool supports,"
        b"uint256 epoch,uint256 nonce,uint256 deadline)"
    )
    change: Change
    account: str
    value: int
    supports: bool
    epoch: int
    nonce: int
    deadline: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        asked = (int(self.change), self.account, self.value, int(self.supports), self.epoch)
        return hash_words(self.TYPE, *asked, self.nonce, self.deadline)


@dataclass(frozen=True, slots=True)
class AnchorLog(Signed):
    """The signer's decision log has `length` entries, and the hash of the last is `head`."""

    TYPE = keccak(b"Anchor(bytes32 head,uint64 length,uint256 deadline)")
    head: bytes
    length: int
    deadline: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.head, self.length, self.deadline)


@dataclass(frozen=True, slots=True)
class Voucher:
    """Who acts and, where somebody else sends it, its signature.

    Attributes
    ----------
    actor : str
        The site.
    deadline : int
        Last second at which the signature counts.
    signature : bytes
        64 bytes after EIP-2098; zeros where the actor sends itself.
    """

    actor: str
    deadline: int = 0
    signature: bytes = bytes(64)

    @property
    def values(self) -> tuple[str, int, bytes, bytes]:
        """The fields as the contract takes them."""
        return self.actor, self.deadline, self.signature[:32], self.signature[32:]
