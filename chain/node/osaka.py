"""What Osaka adds to Prague inside a transaction; py-evm stops at Prague.

EIP-7939 (CLZ), EIP-7951 (secp256r1 verification), EIP-7823 and EIP-7883 (modexp bounds and price). EIP-7825, the
gas cap, is enforced where transactions are admitted. The blob and block-size rules concern nothing here.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from eth.abc import ComputationAPI
from eth.exceptions import OutOfGas
from eth.precompiles.modexp import modexp
from eth.vm.opcode import as_opcode

from fl_alliance.chain.node.evm import ReferenceRules
from fl_alliance.chain.node.machine import Compiled

_CLZ, _GAS_CLZ = 0x1E, 5
_MODEXP, _P256 = bytes(19) + b"\x05", bytes(18) + b"\x01\x00"
_GAS_P256 = 6_900
_MODEXP_MAX_BYTES, _MODEXP_MIN_GAS = 1_024, 500
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def clz(computation: ComputationAPI) -> None:
    """Push the number of leading zero bits of a word, 256 for zero."""
    value: int = computation.stack_pop1_int()
    computation.stack_push_int(256 - value.bit_length())


def modexp_gas(data: bytes) -> int:
    """Return the EIP-7883 price; lengths above 1024 bytes fail (EIP-7823)."""
    base_size, exponent_size, modulus_size = (int.from_bytes(data[at : at + 32].ljust(32, b"\0")) for at in (0, 32, 64))
    if max(base_size, exponent_size, modulus_size) > _MODEXP_MAX_BYTES:
        raise OutOfGas(f"modexp: operand above {_MODEXP_MAX_BYTES} bytes")
    longest = max(base_size, modulus_size)
    complexity = 16 if longest <= 32 else 2 * ((longest + 7) // 8) ** 2
    start = 96 + base_size
    head = data[start : start + min(exponent_size, 32)].ljust(min(exponent_size, 32), b"\0")
    iterations = max(int.from_bytes(head).bit_length() - 1, 0) + 16 * max(exponent_size - 32, 0)
    return max(_MODEXP_MIN_GAS, complexity * max(iterations, 1))


def verify_p256(computation: ComputationAPI) -> ComputationAPI:
    """Answer 1 for a valid secp256r1 signature over a digest, else nothing."""
    computation.consume_gas(_GAS_P256, reason="secp256r1 verification")
    data = computation.msg.data_as_bytes
    if len(data) == 160 and _p256_holds(data):
        computation.output = (1).to_bytes(32)
    return computation


def _p256_holds(data: bytes) -> bool:
    r, s, x, y = (int.from_bytes(data[at : at + 32]) for at in (32, 64, 96, 128))
    if not (0 < r < P256_N and 0 < s < P256_N):
        return False
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(utils.encode_dss_signature(r, s), data[:32], ec.ECDSA(utils.Prehashed(SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


class OsakaReferenceRules(ReferenceRules):
    """Osaka's opcodes and precompiles by py-evm's own loop."""

    opcodes = {  # noqa: RUF012 - py-evm's own spelling
        **ReferenceRules.opcodes,
        _CLZ: as_opcode(clz, "CLZ", _GAS_CLZ),
    }
    _precompiles = {  # noqa: RUF012
        **ReferenceRules.get_precompiles(),
        _MODEXP: modexp(gas_calculator=modexp_gas),
        _P256: verify_p256,
    }


class OsakaRules(Compiled, OsakaReferenceRules):
    """The same rules through compiled traces."""

    has_clz = True
