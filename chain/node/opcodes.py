"""What opcodes without effects compute, as Python expressions.

Each entry is (expression, gas). Operands are `a` (the top of the stack), `b` and `c`; the other names are those of
generated code, see `runtime`.
"""

from fl_alliance.chain.node.runtime import MASK, SIGN

_M, _S = hex(MASK), hex(SIGN)

PURE = {
    0x01: (f"(a + b) & {_M}", 3),
    0x02: (f"(a * b) & {_M}", 5),
    0x03: (f"(a - b) & {_M}", 3),
    0x04: ("a // b if b else 0", 5),
    0x05: ("sdiv(a, b)", 5),
    0x06: ("a % b if b else 0", 5),
    0x07: ("smod(a, b)", 5),
    0x08: ("(a + b) % c if c else 0", 8),
    0x09: ("(a * b) % c if c else 0", 8),
    0x0B: ("signextend(a, b)", 5),
    0x16: ("a & b", 3),
    0x17: ("a | b", 3),
    0x18: ("a ^ b", 3),
    0x19: (f"a ^ {_M}", 3),
    0x1A: ("(b >> (248 - 8 * a)) & 255 if a < 32 else 0", 3),
    0x1B: (f"(b << a) & {_M} if a < 256 else 0", 3),
    0x1C: ("b >> a if a < 256 else 0", 3),
    0x1D: ("sar(a, b)", 3),
    0x35: ("load(f.calldata, a)", 3),
    0x5C: ("int.from_bytes(w.get_transient_storage(f.owner, a))", 100),
}
CONDITIONS = {
    0x10: ("a < b", 3),
    0x11: ("a > b", 3),
    0x12: (f"(a ^ {_S}) < (b ^ {_S})", 3),
    0x13: (f"(a ^ {_S}) > (b ^ {_S})", 3),
    0x14: ("a == b", 3),
    0x15: ("a == 0", 3),
}
READS = {
    0x30: ("int.from_bytes(f.owner)", 2),
    0x32: ("int.from_bytes(f.transaction_context.origin)", 2),
    0x33: ("int.from_bytes(f.msg.sender)", 2),
    0x34: ("f.msg.value", 2),
    0x36: ("len(f.calldata)", 2),
    0x38: ("len(f.msg.code)", 2),
    0x3D: ("len(f.return_data)", 2),
    0x42: ("w.environment.timestamp", 2),
    0x43: ("w.environment.number", 2),
    0x46: ("w.environment.chain_id", 2),
    0x47: ("w.get_balance(f.owner)", 5),
    0x48: ("w.environment.base_fee", 2),
    0x59: ("len(m)", 2),
}
CLZ = {0x1E: ("leading_zeros(a)", 5)}


def uses(template: str, letter: str) -> bool:
    """Tell whether an expression has this operand."""
    return any(part == letter for part in _words(template))


def _words(template: str) -> list[str]:
    """Split into identifiers and the text between them."""
    words, word = [], ""
    for sign in template:
        if (sign.isalnum() or sign in "_.") == bool(word and (word[-1].isalnum() or word[-1] in "_.")):
            word += sign
        else:
            words.append(word)
            word = sign
    return [*words, word]


def filled(template: str, operands: dict[str, str]) -> str:
    """Write operands into an expression."""
    return "".join(operands.get(word, word) for word in _words(template))
