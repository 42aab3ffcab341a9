"""What compiled bytecode calls: everything too long to be written out at each use.

Names are short because they stand in generated code: `S` stack of integers, `m` memory, `g` gas left, `f` the
running computation, `w` the world. Whoever charges gas returns what is left.
"""

from typing import Any

from eth.exceptions import FullStack, InsufficientStack, OutOfGas, Revert, WriteProtection
from eth_hash.auto import keccak

from fl_alliance.chain.node.recovery import ecrecover_output

MASK = (1 << 256) - 1
SIGN = 1 << 255
_COLD_SLOT, _WARM_SLOT, _SET, _RESET, _CLEARED = 2_100, 100, 20_000, 2_900, 4_800
_ECRECOVER_GAS, _DEEPEST = 3_000, 1_024
_MOST_MEMORY = 1 << 26  # more costs above 8 billion gas
_KNOWN_HASHES = 65_536
_hashes: dict[bytes, int] = {}


def spend(g: int, cost: int) -> int:
    if g < cost:
        raise OutOfGas(f"needed {cost}, left {g}")
    return g - cost


def broke(g: int) -> None:
    raise OutOfGas(f"{-g} gas short")


def off_stack(depth: int, needed: int) -> None:
    if depth < needed:
        raise InsufficientStack(f"stack holds {depth}, needed {needed}")
    raise FullStack("stack above 1024")


def grow(m: bytearray, end: int, g: int) -> int:
    """Extend memory to hold byte `end - 1`, in words of 32."""
    if end > _MOST_MEMORY:
        raise OutOfGas(f"memory of {end} bytes")
    new, old = (end + 31) // 32, len(m) // 32
    g = spend(g, 3 * (new - old) + new * new // 512 - old * old // 512)
    m.extend(bytes(32 * (new - old)))
    return g


def sha3(m: bytearray, at: int, size: int) -> int:
    """Hash memory; mapping slots are hashed over and over, so short inputs are remembered."""
    data = bytes(m[at : at + size])
    if size > 64:
        return int.from_bytes(keccak(data))
    known = _hashes.get(data)
    if known is None:
        if len(_hashes) >= _KNOWN_HASHES:
            _hashes.clear()
        known = _hashes[data] = int.from_bytes(keccak(data))
    return known


def sha3_any(m: bytearray, at: int, size: int, g: int) -> tuple[int, int]:
    """Charge and hash where the size is known only now."""
    g = spend(g, 6 * ((size + 31) // 32))
    if size and at + size > len(m):
        g = grow(m, at + size, g)
    return sha3(m, at, size) if size else sha3(m, 0, 0), g


def copy(m: bytearray, to: int, at: int, size: int, source: bytes, g: int) -> int:
    """Copy from code or calldata, zeros beyond its end."""
    if not size:
        return g
    g = spend(g, 3 * ((size + 31) // 32))
    if to + size > len(m):
        g = grow(m, to + size, g)
    m[to : to + size] = source[at : at + size].ljust(size, b"\0")
    return g


def mcopy(m: bytearray, to: int, at: int, size: int, g: int) -> int:
    if not size:
        return g
    g = spend(g, 3 * ((size + 31) // 32))
    if max(to, at) + size > len(m):
        g = grow(m, max(to, at) + size, g)
    m[to : to + size] = m[at : at + size]
    return g


def take(m: bytearray, at: int, size: int, g: int) -> tuple[bytes, int]:
    """Return memory as bytes, for RETURN and REVERT."""
    if not size:
        return b"", g
    if at + size > len(m):
        g = grow(m, at + size, g)
    return bytes(m[at : at + size]), g


def leave(f: Any, m: bytearray, at: int, size: int, g: int) -> int:
    f._output, g = take(m, at, size, g)
    return g


def revert(f: Any, m: bytearray, at: int, size: int, g: int) -> None:
    f._output, g = take(m, at, size, g)
    f._gas_meter.gas_remaining = g
    raise Revert(f._output)


def sload(w: Any, owner: bytes, slot: int, g: int) -> tuple[int, int]:
    if (owner, slot) in w.warm:
        g = spend(g, _WARM_SLOT)
    else:
        w.mark_storage_warm(owner, slot)
        g = spend(g, _COLD_SLOT)
    slots = w.slots.get(owner)
    return (slots.get(slot, 0) if slots is not None else 0), g


def sstore(f: Any, w: Any, owner: bytes, slot: int, value: int, g: int) -> int:
    """Store by the net metering of EIP-2200 with the prices of EIP-2929 and EIP-3529."""
    if f.msg.is_static:
        raise WriteProtection("SSTORE in a static call")
    if g <= 2_300:
        raise OutOfGas("SSTORE with the call stipend only")
    if (owner, slot) not in w.warm:
        w.mark_storage_warm(owner, slot)
        g = spend(g, _COLD_SLOT)
    current = w.get_storage(owner, slot)
    original = w.get_storage(owner, slot, False)
    g = spend(g, _store_cost(original, current, value))
    f._gas_meter.gas_refunded += _store_refund(original, current, value)
    w.set_storage(owner, slot, value)
    return g


def _store_cost(original: int, current: int, value: int) -> int:
    if current == value or original != current:
        return _WARM_SLOT
    return _RESET if original else _SET


def _store_refund(original: int, current: int, value: int) -> int:
    if current == value:
        return 0
    refund = 0
    if original:
        refund = _CLEARED * ((value == 0) - (current == 0))
    if original == value:
        refund += (_RESET if original else _SET) - _WARM_SLOT
    return refund


def tstore(f: Any, w: Any, owner: bytes, slot: int, value: int) -> None:
    if f.msg.is_static:
        raise WriteProtection("TSTORE in a static call")
    w.set_transient_storage(owner, slot, value.to_bytes(32))


def ecrecover_call(f: Any, S: list[Any], m: bytearray, g: int) -> int:  # noqa: N803 - its name in generated code
    """Do a STATICCALL of precompile 1 without a frame for it; return -1, nothing done, where it is another call."""
    if len(S) < 6 or S[-2] != 1 or f.msg.depth >= _DEEPEST:
        return -1
    gas, _, at, size, to, room = reversed(S[-6:])
    data, g = take(m, at, size, g)
    if room and to + room > len(m):
        g = grow(m, to + room, g)
    g = spend(g, _WARM_SLOT)
    paid = g - g // 64 >= _ECRECOVER_GAS <= gas
    g -= _ECRECOVER_GAS if paid else min(gas, g - g // 64)
    f.return_data = ecrecover_output(data) if paid else b""
    written = min(room, len(f.return_data))
    m[to : to + written] = f.return_data[:written]
    S[-6:] = (int(paid),)
    return g


def sdiv(a: int, b: int) -> int:
    if not b:
        return 0
    negative = (a ^ b) & SIGN
    quotient = _size(a) // _size(b)
    return -quotient & MASK if negative else quotient & MASK


def smod(a: int, b: int) -> int:
    if not b:
        return 0
    rest = _size(a) % _size(b)
    return -rest & MASK if a & SIGN else rest


def _size(a: int) -> int:
    return (1 << 256) - a if a & SIGN else a


def signextend(size: int, a: int) -> int:
    if size > 30:
        return a
    sign = 1 << (8 * size + 7)
    return (a & (sign - 1)) | (MASK ^ (sign - 1)) if a & sign else a & (sign - 1)


def sar(shift: int, a: int) -> int:
    if not a & SIGN:
        return a >> shift if shift < 256 else 0
    return (a - (1 << 256) >> shift) & MASK if shift < 256 else MASK


def leading_zeros(a: int) -> int:
    return 256 - a.bit_length()


def exp(a: int, b: int, g: int) -> tuple[int, int]:
    g = spend(g, 50 * ((b.bit_length() + 7) // 8))
    return pow(a, b, 1 << 256), g


def load(data: bytes, at: int) -> int:
    """Return a word of calldata, zeros beyond its end."""
    return int.from_bytes(data[at : at + 32].ljust(32, b"\0"))


def plain(S: list[Any]) -> None:  # noqa: N803 - its name in generated code
    """Make the top an integer: py-evm's own opcodes push bytes as well."""
    if S and type(S[-1]) is not int:
        S[-1] = int.from_bytes(S[-1]) if isinstance(S[-1], bytes) else int(S[-1])
