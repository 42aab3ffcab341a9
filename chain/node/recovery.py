"""Public keys from signatures, straight on libsecp256k1."""

from coincurve import PublicKey
from eth_hash.auto import keccak

SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def recover(digest: bytes, y_parity: int, r_and_s: bytes) -> bytes:
    """Return the 20-byte address that signed `digest`, or nothing where no key makes this signature."""
    try:
        key = PublicKey.from_signature_and_message(r_and_s + bytes([y_parity]), digest, hasher=None)
    except ValueError:
        return b""
    return keccak(key.format(compressed=False)[1:])[12:]


def ecrecover_output(data: bytes) -> bytes:
    """Return what precompile 1 answers: the padded address or nothing.

    A high `s` is valid here, unlike in a transaction.
    """
    data = data[:128].ljust(128, b"\0")
    v, r, s = (int.from_bytes(data[at : at + 32]) for at in (32, 64, 96))
    if v not in (27, 28) or not 0 < r < SECP256K1_N or not 0 < s < SECP256K1_N:
        return b""
    address = recover(data[:32], v - 27, data[64:])
    return address.rjust(32, b"\0") if address else b""
