"""Random numbers that nobody can tell from noise who does not hold a node's secret: a keystream, made into draws.

The keystream is ChaCha20's (RFC 8439) under a key hashed from the secret and from what the draws are for. So one
request always meets the same noise, whoever repeats it and however often the process was started again, and cannot be
averaged away. In a simulation the secret follows from the seed: everybody can derive it, and nothing is hidden.
"""

import hashlib

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from numpy.typing import NDArray

_DOMAIN = b"fl-alliance/noise/1"
_MIXED = 4
_UNIT = 2.0**-53


class SecretStream:
    """Draws from a keystream.

    Parameters
    ----------
    secret : bytes
        What only this node knows; never used as a key itself.
    purpose : bytes
        What the draws are for; another purpose gives unrelated draws.
    """

    def __init__(self, secret: bytes, purpose: bytes) -> None:
        framed = b"".join(len(part).to_bytes(8, "big") + part for part in (secret, purpose))
        key = hashlib.sha256(_DOMAIN + framed).digest()
        self._cipher = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Return `count` draws, uniform on (0, 1) in steps of 2^-53."""
        words = np.frombuffer(self._cipher.update(bytes(8 * count)), "<u8")
        return ((words >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT

    def normal(self, count: int) -> NDArray[np.float64]:
        """Return `count` standard normal draws.

        Each is half the sum of four by Box and Muller, so that what a double cannot represent does not give a draw away
        (Holohan and Braghin 2021, "Secure Random Sampling in Differential Privacy", whose method Opacus uses too).
        """
        radius, angle = self.uniform(_MIXED * count), self.uniform(_MIXED * count)
        drawn = np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * angle)
        mixed: NDArray[np.float64] = drawn.reshape(_MIXED, count).sum(axis=0) / np.sqrt(_MIXED)
        return mixed

    def discrete_laplace(self, scale: float, count: int) -> NDArray[np.int64]:
        """Return `count` integers k, of probability proportional to exp(-|k| / scale): geometric draws' differences.

        The ratio of the probabilities of neighbouring integers is at most exp(1 / scale) (Ghosh et al. 2009,
        "Universally Utility-Maximizing Privacy Mechanisms").
        """
        drawn = np.floor(-scale * np.log(self.uniform(2 * count))).astype(np.int64)
        difference: NDArray[np.int64] = drawn[:count] - drawn[count:]
        return difference
