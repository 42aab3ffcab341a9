"""JSON-RPC parameters to Python values; each refuses what it does not understand."""

from typing import Any

from fl_alliance.chain.node.faults import INVALID_PARAMS, RpcFault


def data(given: Any, odd: bool = False) -> bytes:
    """Return bytes from 0x-hex or bytes; `odd` lets an odd number of digits pass, as quantities have."""
    if isinstance(given, bytes | bytearray):
        return bytes(given)
    if not isinstance(given, str) or not given.startswith(("0x", "0X")):
        raise RpcFault(INVALID_PARAMS, f"invalid value: {given!r}, expected a 0x-prefixed hex string")
    digits = given[2:]
    try:
        return bytes.fromhex("0" + digits if odd and len(digits) % 2 else digits)
    except ValueError as broken:
        raise RpcFault(INVALID_PARAMS, f"invalid value: {given!r}, expected a hex string ({broken})") from broken


def quantity(given: Any) -> int:
    """Return a non-negative integer from hex, bytes or an integer."""
    if isinstance(given, str):
        given = data(given, odd=True)
    value = int.from_bytes(given, "big") if isinstance(given, bytes | bytearray) else given
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 256:
        raise RpcFault(INVALID_PARAMS, f"invalid value: {given!r}, expected a quantity from 0 to 2**256 - 1")
    return value


def block_number(given: Any) -> int:
    return quantity(given)


def address(given: Any) -> bytes:
    return _sized(given, 20, "an address")


def hash32(given: Any) -> bytes:
    return _sized(given, 32, "a hash")


def members(given: Any, what: str) -> dict[str, Any]:
    """Return an object's members; `what` names it where it is none."""
    if not isinstance(given, dict):
        raise RpcFault(INVALID_PARAMS, f"invalid value: {str(given)[:100]!r}, expected {what}, an object")
    return given


def items(given: Any, what: str, most: int) -> list[Any] | tuple[Any, ...]:
    """Return a list of at most `most` items; None is an empty one."""
    if given is None:
        return []
    if not isinstance(given, list | tuple) or len(given) > most:
        raise RpcFault(
            INVALID_PARAMS, f"invalid value: {str(given)[:100]!r}, expected {what}, a list of at most {most}"
        )
    return given


def _sized(given: Any, size: int, what: str) -> bytes:
    value = data(given)
    if len(value) != size:
        raise RpcFault(INVALID_PARAMS, f"invalid value: {len(value)} bytes, expected {what} of {size} bytes")
    return value
