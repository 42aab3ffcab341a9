"""The messages that nodes sign off chain: typed data after EIP-712, signatures in 64 bytes after EIP-2098.

A relayer carries them to the contract, which checks every signature. `digest` is what is signed.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from coincurve import PublicKey

from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.rules.words import address_bytes, hash_words, keccak

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_PARITY_BIT = 1 << 255
_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


class Signer(Protocol):
    """Whatever signs a 32-byte digest: a key, or a process that guards one."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the 64-byte EIP-2098 signature of `digest`."""
        ...


@dataclass(frozen=True, slots=True)
class Domain:
    """The contract on the chain that a message is for; another one does not accept its signature."""

    chain_id: int
    contract: str
    name: str = "FL Alliance"
    version: str = "1"
    separator: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name, version = keccak(self.name.encode()), keccak(self.version.encode())
        separator = hash_words(_DOMAIN_TYPE, name, version, self.chain_id, self.contract)
        object.__setattr__(self, "separator", separator)


class Signed:
    """What every message can do once it names its type and its fields in order."""

    __slots__ = ()
    TYPE: ClassVar[bytes]

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        raise NotImplementedError

    def digest(self, domain: Domain) -> bytes:
        """Return the 32 bytes that are signed for this contract and chain."""
        return keccak(b"\x19\x01" + domain.separator + self.struct_hash())

    def sign(self, key: Signer, domain: Domain) -> bytes:
        """Return the 64-byte signature; the same key and message always give the same one (RFC 6979)."""
        return key.sign_digest(self.digest(domain))

    def recover(self, domain: Domain, signature: bytes) -> str:
        """Return the checksummed address that signed.

        Raises
        ------
        SignatureInvalid
            No key makes this signature, or its s is not the lower of the two.
        """
        return recover(self.digest(domain), signature)


@dataclass(frozen=True, slots=True)
class Proposal(Signed):
    """A proposer's update for a round; `update` is the sha256 digest of its content."""

    TYPE = keccak(b"Proposal(uint256 task,uint32 round,bytes32 update)")
    task: int
    round: int
    update: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.update)


@dataclass(frozen=True, slots=True)
class Vote(Signed):
    """A voter's scores, in micro-units, of the old model and of the candidate on its own held-out data.

    `motion` is the digest of what is judged: here of both models.
    """

    TYPE = keccak(b"Vote(uint256 task,uint32 round,bytes32 motion,uint32 scoreOld,uint32 scoreNew)")
    task: int
    round: int
    motion: bytes
    score_old: int
    score_new: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.motion, self.score_old, self.score_new)


@dataclass(frozen=True, slots=True)
class Scores(Signed):
    """A voter's scores of a menu, and what it says that each proposal contributed, by their `scores_content`."""

    TYPE = keccak(b"Scores(uint256 task,uint32 round,bytes32 motion,bytes32 content)")
    task: int
    round: int
    motion: bytes
    content: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.motion, self.content)


@dataclass(frozen=True, slots=True)
class Commitment(Signed):
    """A voter's promise of the vote whose signature hashes to `commitment`.

    It names the motion, so that nobody can hold it against the voter beside another one.
    """

    TYPE = keccak(b"Commitment(uint256 task,uint32 round,bytes32 motion,bytes32 commitment)")
    task: int
    round: int
    motion: bytes
    commitment: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.motion, self.commitment)


@dataclass(frozen=True, slots=True)
class MaskKey(Signed):
    """A proposer's X25519 key of one round, and its commitment to its own mask; `draw` names who is grouped with whom.

    The contract does not read it: it binds the key to the account, so that no coordinator sits between two members.
    """

    TYPE = keccak(b"MaskKey(uint256 task,uint32 round,bytes32 draw,bytes32 key,bytes32 commitment)")
    task: int
    round: int
    draw: bytes
    key: bytes
    commitment: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.draw, self.key, self.commitment)


@dataclass(frozen=True, slots=True)
class MaskSurvivors(Signed):
    """A proposer's word on whose updates its group's sum is of: the only such word that it gives in a round."""

    TYPE = keccak(b"MaskSurvivors(uint256 task,uint32 round,bytes32 draw,bytes32 survivors)")
    task: int
    round: int
    draw: bytes
    survivors: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.draw, self.survivors)


@dataclass(frozen=True, slots=True)
class MaskReveal(Signed):
    """What a proposer tells so that its group's sum, of these survivors, can be read; `content` is a digest of it."""

    TYPE = keccak(b"MaskReveal(uint256 task,uint32 round,bytes32 draw,bytes32 survivors,bytes32 content)")
    task: int
    round: int
    draw: bytes
    survivors: bytes
    content: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task, self.round, self.draw, self.survivors, self.content)


@dataclass(frozen=True, slots=True)
class Leave(Signed):
    """A member's wish to leave the task with its balance."""

    TYPE = keccak(b"Leave(uint256 task)")
    task: int

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        return hash_words(self.TYPE, self.task)


@dataclass(frozen=True, slots=True)
class StakeTransfer(Signed):
    """ERC-3009 leave to move FML from the signer into `recipient`, who alone can use it; signed for FML's domain.

    `value` is in wei; valid strictly after `valid_after` and strictly before `valid_before` (seconds); `nonce` is
    32 bytes used once.
    """

    TYPE = keccak(
        b"ReceiveWithAuthorization(address from,address to,uint256 value,"
        b"uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    )
    sender: str
    recipient: str
    value: int
    valid_after: int
    valid_before: int
    nonce: bytes

    def struct_hash(self) -> bytes:
        """Return EIP-712's `hashStruct` of this message."""
        span = (self.valid_after, self.valid_before)
        return hash_words(self.TYPE, self.sender, self.recipient, self.value, *span, self.nonce)


def stake_nonce(task: int, vrf_x: int, salt: bytes) -> bytes:
    """Return the ERC-3009 nonce that binds a stake to one task and one VRF key."""
    return hash_words(task, vrf_x, salt)


def majority_motion(previous: bytes, candidate: bytes) -> bytes:
    """Return what votes on a candidate name: it binds the model, adopted last, that it is compared with."""
    return hash_words(previous, candidate)


def scores_content(word: int, contributions: bytes) -> bytes:
    """Return what `Scores` signs of a word of scores and packed contributions (`batches.pack_contributions`)."""
    return keccak(word.to_bytes(32, "big") + contributions)


def commitment(signature: bytes) -> bytes:
    """Return the commitment to the vote with this signature, which is secret until the vote is revealed."""
    return keccak(signature)


def fml_domain(chain_id: int, token: str) -> Domain:
    """Return the domain of the FML token's own messages."""
    return Domain(chain_id, token, name="FML")


def long_signature(signature: bytes) -> bytes:
    """Return a 64-byte signature (EIP-2098) in the 65 bytes r, s, v of OpenZeppelin's ECDSA and of wallets."""
    tail = int.from_bytes(signature[32:], "big")
    return signature[:32] + (tail & ~_PARITY_BIT).to_bytes(32, "big") + bytes([27 + (tail >> 255)])


def recover(digest: bytes, signature: bytes) -> str:
    """Return the checksummed address whose key made the 64-byte EIP-2098 signature of `digest`.

    Raises
    ------
    SignatureInvalid
        Not 64 bytes, r or s out of range, s the higher of the two, or no such key.
    """
    if len(signature) != 64:
        raise SignatureInvalid(f"given {len(signature)} bytes, needed 64")
    tail = int.from_bytes(signature[32:], "big")
    s = tail & ~_PARITY_BIT
    if not 0 < s <= CURVE_ORDER // 2:
        raise SignatureInvalid("s is zero or the higher of the two")
    full = signature[:32] + s.to_bytes(32, "big") + bytes([tail >> 255])
    try:
        public = PublicKey.from_signature_and_message(full, digest, hasher=None)
    except Exception as reason:
        # coincurve raises bare Exception for what libsecp256k1 refuses; all of it means this one thing.
        raise SignatureInvalid("no key makes it") from reason
    return public_address(public)


def public_address(public: PublicKey) -> str:
    """Return the checksummed address (EIP-55) of a public key."""
    return checksummed(keccak(public.format(compressed=False)[1:])[12:])


def checksummed(address: bytes) -> str:
    """Return 20 bytes as the hex text whose letter case is its checksum (EIP-55)."""
    text = address.hex()
    cases = keccak(text.encode()).hex()
    return "0x" + "".join(c.upper() if case >= "8" else c for c, case in zip(text, cases, strict=False))


def checksum(address: str) -> str:
    """Return an address given as hex text of any letter case, with the case that is its checksum (EIP-55)."""
    return checksummed(address_bytes(address))
