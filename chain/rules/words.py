"""Solidity's `abi.encode` for static types, and keccak256: what every hashed rule is built from."""

from eth_hash.auto import keccak

Word = int | bytes | str

ZERO_ADDRESS = "0x" + "00" * 20
"""Nobody's: where minted tokens come from and burned ones go, and what stands for none."""
_WORD = 32


def word(value: Word) -> bytes:
    """Return one 32-byte ABI word.

    An `int` is a uint256, `bytes` must be a bytes32, a `str` is an address in hex.

    Raises
    ------
    OverflowError
        The integer is negative or does not fit 256 bits.
    ValueError
        The bytes are not 32, or the text is not a 20-byte hex address.
    """
    if isinstance(value, int):
        return value.to_bytes(_WORD, "big")
    if isinstance(value, bytes):
        if len(value) != _WORD:
            raise ValueError(f"a bytes32 word needs 32 bytes, given {len(value)}")
        return value
    return address_bytes(value).rjust(_WORD, b"\0")


def address_bytes(address: str) -> bytes:
    """Return the 20 bytes of a hex address, whatever its letter case."""
    raw = bytes.fromhex(address.removeprefix("0x"))
    if len(raw) != 20:
        raise ValueError(f"an address needs 20 bytes, given {len(raw)}")
    return raw


def label(text: str) -> bytes:
    """Return Solidity's `bytes32("text")`: ASCII, padded on the right; names the purpose of a hash."""
    raw = text.encode("ascii")
    if len(raw) > _WORD:
        raise ValueError(f"a label needs at most 32 characters, given {len(raw)}")
    return raw.ljust(_WORD, b"\0")


def hash_words(*values: Word) -> bytes:
    """Return `keccak256(abi.encode(values...))`, 32 bytes, for static values."""
    return keccak(b"".join(map(word, values)))


__all__ = ["Word", "address_bytes", "hash_words", "keccak", "label", "word"]
