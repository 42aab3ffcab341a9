"""Shamir's secret sharing (Shamir 1979, "How to share a secret") of one number among a group's members."""

from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PRIME = 2**256 - 189
"""The largest prime below 2^256: shares are 32 bytes."""
SHARE_BYTES = 32


def split(secret: int, threshold: int, holders: Sequence[int], entropy: bytes) -> dict[int, int]:
    """Return a share for each holder: any `threshold` of them give the secret, fewer say nothing of it.

    Parameters
    ----------
    secret : int
        0 to `PRIME` - 1.
    holders : sequence of int
        Member indexes, from 0.
    entropy : bytes
        Secret, 32 bytes, of this one sharing: the polynomial's coefficients follow from it.
    """
    drawn = (HKDF(SHA256(), 48, None, b"coefficient %d" % power).derive(entropy) for power in range(1, threshold))
    polynomial = [secret, *(int.from_bytes(raw, "big") % PRIME for raw in drawn)]
    return {holder: _at(polynomial, holder + 1) for holder in holders}


def join(shares: Mapping[int, int]) -> int:
    """Return the secret that so many shares, at least the threshold, are of: Lagrange's polynomial at 0."""
    total = 0
    for holder, share in shares.items():
        numerator = denominator = 1
        for other in shares:
            if other != holder:
                numerator = numerator * (other + 1) % PRIME
                denominator = denominator * (other - holder) % PRIME
        total += share * numerator * pow(denominator, -1, PRIME)
    return total % PRIME


def _at(polynomial: Sequence[int], point: int) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = (value * point + coefficient) % PRIME
    return value
