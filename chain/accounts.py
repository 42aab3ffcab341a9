"""A node's keys: one secret that signs, and the VRF secret that follows from it.

In a federation the key lives with the client, in a keystore or in an environment variable. In a simulation each
node's key follows from the run's seed: everybody can derive it, so it signs on the development chain only.
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, Self

from coincurve import PrivateKey

from fl_alliance.chain import strict_json
from fl_alliance.chain.errors import DevelopmentKey, KeyUnusable
from fl_alliance.chain.messages import CURVE_ORDER, Domain, StakeTransfer, public_address, stake_nonce
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.vrf import Proof, VrfKey

DEVELOPMENT_CHAIN = 31337
"""The chain id that development chains share; keys known to everybody sign nowhere else."""

WELL_KNOWN = frozenset(
    {
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
        "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
        "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
        "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
        "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
    }
)
"""Accounts of the mnemonic that every development chain starts with."""

_NODE_DOMAIN = b"fl-alliance/node/v1"
_VRF_DOMAIN = b"fl-alliance/vrf/v1"


class Prover(Protocol):
    """Whatever evaluates a VRF: a key, or a process that guards one."""

    @property
    def public_x(self) -> int:
        """The public key's x; its y is even."""

    def prove(self, alpha: bytes) -> Proof:
        """Evaluate at `alpha`; the same input always gives the same proof."""


class SigningKey(Protocol):
    """What a node signs and proves with; its secret may be in this process or in another one."""

    @property
    def address(self) -> str:
        """The account's checksummed address."""

    @property
    def vrf(self) -> Prover:
        """The account's VRF key."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the 64-byte EIP-2098 signature of a 32-byte digest."""


@dataclass(frozen=True)
class NodeKey:
    """One node's secret key; neither its repr nor any error of this module shows it.

    Parameters
    ----------
    secret : bytes
        32 bytes, 1..n-1 as a big-endian integer.
    is_public : bool
        Whether anybody can derive this key, which limits it to the development chain.

    Raises
    ------
    KeyUnusable
        The secret is not a private key of secp256k1.
    """

    secret: bytes = field(repr=False)
    is_public: bool = False

    def __post_init__(self) -> None:
        if len(self.secret) != 32 or not 0 < int.from_bytes(self.secret, "big") < CURVE_ORDER:
            raise KeyUnusable("memory", f"{len(self.secret)} bytes out of range", "32 bytes, 1..n-1")

    def __reduce__(self) -> str:
        raise TypeError("a node's key does not travel: send its address")

    @classmethod
    def derive(cls, seed: int, index: int) -> Self:
        """Return the key of simulated node `index` in the run with this seed; anybody can do the same."""
        return cls(_scalar(_NODE_DOMAIN, str(seed).encode(), str(index).encode()), is_public=True)

    @classmethod
    def from_keystore(cls, path: Path, password: str) -> Self:
        """Return the key in a keystore v3 file.

        Raises
        ------
        KeyUnusable
            No such file, not a keystore, or the wrong password.
        """
        from eth_keyfile.keyfile import decode_keyfile_json

        try:
            content = strict_json.parse(path.read_bytes())
        except FileNotFoundError:
            raise KeyUnusable(str(path), "no such file", "a readable keystore v3 file") from None
        except (OSError, ValueError) as reason:
            raise KeyUnusable(str(path), type(reason).__name__, "a readable keystore v3 file") from None
        try:
            return cls(bytes(decode_keyfile_json(content, password.encode())))
        except (ValueError, KeyError, TypeError, NotImplementedError):
            # The reason's own text could quote the file, so it is not chained.
            raise KeyUnusable(str(path), "a keystore that did not open", "its right password") from None

    @classmethod
    def from_env(cls, name: str) -> Self:
        """Return the key in environment variable `name`: 64 hex digits, or a keystore's path.

        For a keystore the password is in the variable `name` + "_PASSWORD", or in the first line of the file that
        `name` + "_PASSWORD_FILE" names: a path in an environment gives nothing away.

        Raises
        ------
        KeyUnusable
            The variable is unset, or holds neither.
        """
        value = os.environ.get(name, "").strip()
        if not value:
            raise KeyUnusable(f"${name}", "an unset variable", "64 hex digits or a keystore's path")
        secret = _from_hex(value)
        if secret is not None:
            return cls(secret)
        password = os.environ.get(f"{name}_PASSWORD")
        if password is None and (file := os.environ.get(f"{name}_PASSWORD_FILE")):
            password = first_line(Path(file).expanduser())
        if password is None:
            raise KeyUnusable(f"${name}", f"no 64 hex digits and no ${name}_PASSWORD", "a key, or a keystore with both")
        return cls.from_keystore(Path(value).expanduser(), password)

    @cached_property
    def address(self) -> str:
        """The account's checksummed address."""
        return public_address(self._key.public_key)

    @cached_property
    def vrf(self) -> VrfKey:
        """The VRF key, bound to the secret by a hash, so that one backup restores both."""
        return VrfKey(_scalar(_VRF_DOMAIN, self.secret))

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the 64-byte EIP-2098 signature of a 32-byte digest; always the same one (RFC 6979)."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        tail = int.from_bytes(signature[32:64], "big") | signature[64] << 255
        return signature[:32] + tail.to_bytes(32, "big")

    def check_chain(self, chain_id: int) -> None:
        """Refuse to sign with a key that everybody knows where it could lose something of value.

        Raises
        ------
        DevelopmentKey
            The key is derived or well known, and `chain_id` is not the development chain's.
        """
        if (self.is_public or self.address in WELL_KNOWN) and chain_id != DEVELOPMENT_CHAIN:
            raise DevelopmentKey(self.address, chain_id, DEVELOPMENT_CHAIN)

    @cached_property
    def _key(self) -> PrivateKey:
        return PrivateKey(self.secret)


@dataclass(frozen=True, slots=True)
class StakeAuthorization:
    """A node's signed stake: with it anybody can register the node, for this task and VRF key only.

    `amount_wei` moves from the node to the Alliance between `valid_after` and `valid_before`, seconds of chain time.
    """

    node: str
    amount_wei: int
    valid_after: int
    valid_before: int
    salt: bytes
    signature: bytes


def authorize_stake(
    key: SigningKey, fml: Domain, alliance: str, task: int, amount_wei: int, valid_before: int, salt: bytes
) -> StakeAuthorization:
    """Return the node's signature that binds `amount_wei` to its registration in `task` with its VRF key.

    `salt` is 32 bytes; a fresh one for each authorization that may stand beside another.
    """
    nonce = stake_nonce(task, key.vrf.public_x, salt)
    transfer = StakeTransfer(key.address, alliance, amount_wei, 0, valid_before, nonce)
    return StakeAuthorization(key.address, amount_wei, 0, valid_before, salt, transfer.sign(key, fml))


def _scalar(*parts: bytes) -> bytes:
    """Return 32 bytes, 1..n-1, that follow from the parts; two lists of parts never run together."""
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return (int.from_bytes(keccak(framed), "big") % (CURVE_ORDER - 1) + 1).to_bytes(32, "big")


def first_line(path: Path) -> str:
    """Return a password file's first line; raises `KeyUnusable` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as reason:
        raise KeyUnusable(str(path), type(reason).__name__, "a readable file with a password") from None


def _from_hex(text: str) -> bytes | None:
    digits = text.removeprefix("0x")
    try:
        return bytes.fromhex(digits) if len(digits) == 64 else None
    except ValueError:
        return None
