"""A member's secrets of one round, and what they give: X25519 for pairs, HKDF-SHA256 for keys, ChaCha20 for masks."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fl_alliance.strategies.masking.fixed_point import Ring
from fl_alliance.strategies.masking.sharing import PRIME, SHARE_BYTES

KEY_BYTES = 32
SEALED_BYTES = SHARE_BYTES + 16
"""A share under ChaCha20-Poly1305."""
_ONCE = bytes(12)
"""Every key seals one share, so its nonce need not vary."""


@dataclass(frozen=True)
class RoundSecret:
    """All that a member keeps to itself in one round.

    Parameters
    ----------
    root : bytes
        32 secret bytes of this member and, where its keys must not outlive the round, of this round alone.
    draw : bytes
        Digest of the round's `Draw`: with another draw everything is another.
    """

    root: bytes = field(repr=False)
    draw: bytes

    @cached_property
    def _private(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self._derived(b"x25519"))

    @cached_property
    def public(self) -> bytes:
        """The X25519 public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @cached_property
    def own(self) -> int:
        """What the member's own mask comes from; shared among the others of its group."""
        return int.from_bytes(self._derived(b"own mask"), "big") % PRIME

    @property
    def entropy(self) -> bytes:
        """What the sharing of `own` is drawn from."""
        return self._derived(b"sharing")

    def pair(self, peer: bytes) -> bytes:
        """Return the seed of the mask that the two of a pair have in common; raises `BadKey`."""
        return self._agreed(peer, b"pair mask" + b"".join(sorted((self.public, peer))))

    def seal(self, peer: bytes, share: int) -> bytes:
        """Return a share that this peer alone can read; raises `BadKey`."""
        cipher = ChaCha20Poly1305(self._agreed(peer, b"share" + self.public + peer))
        return cipher.encrypt(_ONCE, share.to_bytes(SHARE_BYTES, "big"), self.draw)

    def unseal(self, peer: bytes, sealed: bytes) -> int | None:
        """Return the share that a peer sealed, None where it did not; raises `BadKey`."""
        cipher = ChaCha20Poly1305(self._agreed(peer, b"share" + peer + self.public))
        try:
            return int.from_bytes(cipher.decrypt(_ONCE, sealed, self.draw), "big")
        except InvalidTag:
            return None

    def _agreed(self, peer: bytes, purpose: bytes) -> bytes:
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(peer))
        except ValueError as error:
            raise BadKey(f"X25519 key {peer.hex()[:16]}...: {error}") from error
        return HKDF(SHA256(), KEY_BYTES, self.draw, b"fl-alliance/masks/1/" + purpose).derive(shared)

    def _derived(self, purpose: bytes) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, self.draw, b"fl-alliance/masks/1/" + purpose).derive(self.root)


class BadKey(ValueError):
    """A public key that agrees with every private one on the same secret, or is none."""


def require_key(public: bytes) -> None:
    """Refuse a public key of low order, with which nobody can share a secret; raises `BadKey`."""
    RoundSecret(bytes(KEY_BYTES), bytes(KEY_BYTES)).pair(public)


def commit_own(own: int) -> bytes:
    """Return the commitment to what an own mask comes from: who recovers it knows that it is the right one."""
    return hashlib.sha256(b"fl-alliance/masks/1/commitment" + own.to_bytes(SHARE_BYTES, "big")).digest()


def own_seed(own: int) -> bytes:
    """Return the seed of a member's own mask."""
    return HKDF(SHA256(), KEY_BYTES, None, b"fl-alliance/masks/1/own seed").derive(own.to_bytes(SHARE_BYTES, "big"))


def mask(seed: bytes, length: int) -> Ring:
    """Return `length` numbers modulo 2^32: ChaCha20's key stream under a seed that is used for nothing else."""
    stream = Cipher(algorithms.ChaCha20(seed, bytes(16)), mode=None).encryptor()
    return np.frombuffer(stream.update(bytes(4 * length)), dtype="<u4").astype(np.uint32, copy=False)
