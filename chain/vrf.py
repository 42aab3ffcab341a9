"""A verifiable random function on secp256k1 whose proofs a contract verifies for about 19,000 gas.

ECVRF-SECP256K1-SHA256-TAI, in the layout of RFC 9381 with the private suite string 0xFE: the scheme of the RFC's P-256
suite on another curve, with one addition: a key's point has an even y, as in BIP 340, so that the key is its x.
Coordinates that `ecrecover` takes for scalars must be below the group order n; what is not (one in 2^128) is refused.

A secret scalar is only handed to libsecp256k1's constant-time functions. Python cannot erase memory: it stays in the
process until that ends.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Any, NoReturn, Self

from coincurve import PublicKey
from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]
from coincurve.context import GLOBAL_CONTEXT

from fl_alliance.chain.errors import VrfInvalid
from fl_alliance.chain.rules.words import hash_words

SUITE = b"\xfe"
MAX_CANDIDATES = 64
PI_BYTES = 81
_P = 2**256 - 2**32 - 977
_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Tag(IntEnum):
    """What an output is for; part of `alpha`, so that no proof serves two ends."""

    REGISTER = 0
    PROPOSERS = 1
    VOTERS = 2


def alpha(contract: str, chain_id: int, tag: Tag, task_id: int, round_: int, node: str, seed: bytes) -> bytes:
    """Return the 32-byte input of one evaluation, as `Vrf.alpha` derives it in the contract at `contract`."""
    return hash_words(contract, chain_id, tag, task_id, round_, node, seed)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as it is sent to a contract: with the points that spare it the curve arithmetic.

    With U = sG - cY and V = sH - c Gamma, the contract derives V from sH, c Gamma and the slope, the challenge c from
    U and V; three `ecrecover`s then confirm U, sH and c Gamma. Integers are uint256.

    Parameters
    ----------
    slope
        (sH.y + cGamma.y) / (sH.x - cGamma.x) mod p, of the line through sH and -c Gamma.
    hints
        For each rejected x of try-and-increment, the root of -(x^3 + 7) that is at most (p-1)/2: x^3 + 7 has none.
    """

    gamma_x: int
    gamma_odd: bool
    s: int
    u_x: int
    u_y: int
    sh_x: int
    sh_y: int
    cgamma_x: int
    slope: int
    hints: tuple[int, ...]

    def to_solidity(self) -> tuple[int | bool | tuple[int, ...], ...]:
        """Return the fields in the order of the contract's `Vrf.Proof`; `Proof(*fields)` is the way back."""
        return tuple(getattr(self, name) for name in self.__slots__)

    def encode(self, public_x: int, alpha: bytes) -> bytes:
        """Return RFC 9381's pi_string, Gamma | c | s, of a proof that holds."""
        h_string = _hash_to_curve(public_x, alpha)[0].format()
        return self._gamma + self._challenge(public_x, h_string)[16:] + _int32(self.s)

    @classmethod
    def decode(cls, public_x: int, alpha: bytes, pi: bytes) -> Self:
        """Return the proof that a pi_string stands for; `verify` says whether it holds.

        Raises
        ------
        VrfInvalid
            The octets are no proof: their length, a point that is not on the curve, a scalar out of range.
        """
        if len(pi) != PI_BYTES:
            raise VrfInvalid(f"a proof of {len(pi)} bytes", f"{PI_BYTES}")
        y = _lift(public_x)
        gamma, c, s = _parse(pi[:33]), pi[33:49].rjust(32, b"\0"), pi[49:]
        h, hints = _hash_to_curve(public_x, alpha)
        return cls._assemble(gamma, s, _u(y, c, s), _times(s, h), _times(c, gamma), hints)

    @classmethod
    def _assemble(
        cls, gamma: PublicKey, s: bytes, u: PublicKey, sh: PublicKey, cgamma: PublicKey, hints: tuple[int, ...]
    ) -> Self:
        (gamma_x, gamma_y), (sh_x, sh_y), (cgamma_x, cgamma_y) = gamma.point(), sh.point(), cgamma.point()
        if sh_x == cgamma_x:
            raise VrfInvalid("sH and c Gamma with one x", "two points that a line joins")
        slope = (sh_y + cgamma_y) * pow(sh_x - cgamma_x, -1, _P) % _P
        return cls(gamma_x, bool(gamma_y & 1), int.from_bytes(s), *u.point(), sh_x, sh_y, cgamma_x, slope, hints)

    @property
    def _gamma(self) -> bytes:
        return _compressed(self.gamma_x, self.gamma_odd)

    def _challenge(self, public_x: int, h_string: bytes) -> bytes:
        v_x = (self.slope**2 - self.sh_x - self.cgamma_x) % _P
        v_y = (self.slope * (self.sh_x - v_x) - self.sh_y) % _P
        u, v = _compressed(self.u_x, self.u_y & 1), _compressed(v_x, v_y & 1)
        return _challenge(_compressed(public_x), h_string, self._gamma, u, v)


class VrfKey:
    """A secret scalar whose point has an even y: its holder alone can evaluate, everyone can verify."""

    __slots__ = ("_secret", "public_x")

    public_x: int

    def __init__(self, secret: bytes | int) -> None:
        """Take a scalar in [1, n-1], an integer or 32 bytes big endian; where its point has an odd y, its negative.

        Raises
        ------
        VrfInvalid
            The secret is out of range, or its point cannot be used on chain; the message does not show it.
        """
        if isinstance(secret, int):
            secret = _int32(secret) if 0 < secret < _N else b""
        if len(secret) != 32 or not _is_scalar(secret):
            raise VrfInvalid("a secret out of range", "32 bytes in [1, n-1]")
        point = PublicKey.from_valid_secret(secret).format()
        self._secret = secret if point[0] == 2 else _negated(secret)
        self.public_x = int.from_bytes(point[1:])
        _lift(self.public_x)

    def __repr__(self) -> str:
        return f"VrfKey(public_x={self.public_x:#x})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a VRF key is not sent: send its public_x")

    def prove(self, alpha: bytes) -> Proof:
        """Evaluate at `alpha` (32 bytes where a contract verifies); the same input always gives the same proof.

        Raises
        ------
        VrfInvalid
            One input in 2^64 has no point among MAX_CANDIDATES.
        """
        h, hints = _hash_to_curve(self.public_x, alpha)
        h_string = h.format()
        k = _nonce(self._secret, h_string)
        gamma, u, v = _secret_times(self._secret, h), PublicKey.from_valid_secret(k), _secret_times(k, h)
        c = _challenge(_compressed(self.public_x), h_string, gamma.format(), u.format(), v.format())
        cgamma = _times(c, gamma)
        return Proof._assemble(gamma, _multiply_add(self._secret, c, k), u, _sum(v, cgamma), cgamma, hints)


def verify(public_x: int, alpha: bytes, proof: Proof) -> bytes:
    """Return the 32-byte output beta that `proof` shows key `public_x` to have at `alpha`.

    Accepts what the contract accepts, field by field, and nothing else.

    Raises
    ------
    VrfInvalid
        The key or any part of the proof does not hold.
    """
    y = _lift(public_x)
    if not all(0 <= word < 2**256 for word in (proof.u_x, proof.u_y, proof.sh_x, proof.sh_y, proof.cgamma_x)):
        raise VrfInvalid("a coordinate out of range", "a uint256")
    if not (0 < proof.s < _N and 0 <= proof.slope < _P and proof.sh_x != proof.cgamma_x):
        raise VrfInvalid("s or slope out of range, or one x of two points", "0 < s < n, slope < p, two points")
    h = _lift(_candidate_after(public_x, alpha, proof.hints))
    gamma, s = _lift(proof.gamma_x, proof.gamma_odd), _int32(proof.s)
    minus_cgamma_y = (proof.sh_y - proof.slope * (proof.sh_x - proof.cgamma_x)) % _P
    c = proof._challenge(public_x, h.format())
    _require_point("U", _u(y, c, s), proof.u_x, proof.u_y)
    _require_point("sH", _times(s, h), proof.sh_x, proof.sh_y)
    _require_point("c Gamma", _times(c, gamma), proof.cgamma_x, _P - minus_cgamma_y)
    return output(proof)


def output(proof: Proof) -> bytes:
    """Return beta of a proof that is known to hold (RFC 9381, proof_to_hash)."""
    return sha256(SUITE + b"\x03" + proof._gamma + b"\x00").digest()


def _candidates(public_x: int, alpha: bytes) -> Iterator[int]:
    prefix = SUITE + b"\x01" + _compressed(public_x) + alpha
    for counter in range(MAX_CANDIDATES):
        yield int.from_bytes(sha256(prefix + bytes((counter, 0))).digest())


def _hash_to_curve(public_x: int, alpha: bytes) -> tuple[PublicKey, tuple[int, ...]]:
    """Return the point of the first candidate on the curve, and a hint for each candidate before it."""
    hints: list[int] = []
    for x in _candidates(public_x, alpha):
        point = ffi.new("secp256k1_pubkey *")
        if lib.secp256k1_ec_pubkey_parse(GLOBAL_CONTEXT.ctx, point, _compressed(x), 33):
            return PublicKey(point), tuple(hints)
        root = _root(-(x**3 + 7))
        hints.append(min(root, _P - root))
    raise VrfInvalid(f"no point among {MAX_CANDIDATES} candidates", "another alpha")


def _root(square: int) -> int:
    """Return square^((p+1)/4): in binary, the exponent is 223 ones, a zero, 22 ones, 0000, 11, 00.

    An addition chain over runs of ones: a tenth faster than `pow`, and a third of the time of `prove`.
    """
    ones = {1: square % _P}
    for n, more in (
        (1, 1),
        (2, 1),
        (3, 3),
        (6, 3),
        (9, 2),
        (11, 11),
        (22, 22),
        (44, 44),
        (88, 88),
        (176, 44),
        (220, 3),
    ):
        ones[n + more] = pow(ones[n], 1 << more, _P) * ones[more] % _P
    return pow(pow(pow(ones[223], 1 << 23, _P) * ones[22], 1 << 6, _P) * ones[2], 4, _P)


def _candidate_after(public_x: int, alpha: bytes, hints: tuple[int, ...]) -> int:
    """Return the candidate after as many as there are hints, each of which must disprove its own."""
    if len(hints) >= MAX_CANDIDATES:
        raise VrfInvalid(f"{len(hints)} hints", f"fewer than {MAX_CANDIDATES}")
    candidates = _candidates(public_x, alpha)
    for hint in hints:
        if not 0 <= hint <= _P // 2 or (hint**2 + next(candidates) ** 3 + 7) % _P:
            raise VrfInvalid("a hint that disproves nothing", "the smaller root of -(x^3 + 7)")
    return next(candidates)


def _challenge(*points: bytes) -> bytes:
    """Return the challenge of compressed Y, H, Gamma, U and V: 16 bytes, padded to a scalar."""
    return sha256(b"".join((SUITE, b"\x02", *points, b"\x00"))).digest()[:16].rjust(32, b"\0")


def _nonce(secret: bytes, h_string: bytes) -> bytes:
    """Return RFC 6979's k for the message `h_string` (RFC 9381, section 5.4.2.1)."""
    seed = secret + _int32(int.from_bytes(sha256(h_string).digest()) % _N)
    v, key = b"\x01" * 32, b"\x00" * 32
    for separator in (b"\x00", b"\x01"):
        key = hmac.digest(key, v + separator + seed, "sha256")
        v = hmac.digest(key, v, "sha256")
    while not _is_scalar(v := hmac.digest(key, v, "sha256")):
        key = hmac.digest(key, v + b"\x00", "sha256")
        v = hmac.digest(key, v, "sha256")
    return v


def _is_scalar(scalar: bytes) -> bool:
    return bool(lib.secp256k1_ec_seckey_verify(GLOBAL_CONTEXT.ctx, scalar))


def _negated(secret: bytes) -> bytes:
    result = ffi.new("unsigned char [32]", secret)
    lib.secp256k1_ec_seckey_negate(GLOBAL_CONTEXT.ctx, result)
    return bytes(ffi.buffer(result))


def _multiply_add(secret: bytes, factor: bytes, addend: bytes) -> bytes:
    """Return secret * factor + addend mod n, in constant time."""
    result = ffi.new("unsigned char [32]", secret)
    done = lib.secp256k1_ec_seckey_tweak_mul(GLOBAL_CONTEXT.ctx, result, factor)
    if not (done and lib.secp256k1_ec_seckey_tweak_add(GLOBAL_CONTEXT.ctx, result, addend)):
        raise VrfInvalid("a response of zero", "another alpha")
    return bytes(ffi.buffer(result))


@ffi.callback("int(unsigned char *, const unsigned char *, const unsigned char *, void *)")  # type: ignore[untyped-decorator]
def _copy_point(output: Any, x: Any, y: Any, _data: Any) -> int:
    ffi.memmove(output, x, 32)
    ffi.memmove(output + 32, y, 32)
    return 1


def _secret_times(scalar: bytes, point: PublicKey) -> PublicKey:
    """Multiply in constant time: libsecp256k1's ECDH, with a callback that keeps the point instead of hashing it."""
    product = ffi.new("unsigned char [64]")
    lib.secp256k1_ecdh(GLOBAL_CONTEXT.ctx, product, point.public_key, scalar, _copy_point, ffi.NULL)
    return PublicKey(b"\x04" + bytes(ffi.buffer(product)))


def _times(scalar: bytes, point: PublicKey) -> PublicKey:
    """Multiply by a public scalar, in variable time."""
    if not _is_scalar(scalar):
        raise VrfInvalid(f"scalar {scalar.hex()}", "a value in [1, n-1]")
    return point.multiply(scalar)


def _u(y: PublicKey, c: bytes, s: bytes) -> PublicKey:
    """Return sG - cY."""
    if not _is_scalar(s):
        raise VrfInvalid(f"s = {s.hex()}", "a value in [1, n-1]")
    return _sum(PublicKey.from_valid_secret(s), _times(_int32(_N - int.from_bytes(c)), y))


def _sum(a: PublicKey, b: PublicKey) -> PublicKey:
    try:
        return PublicKey.combine_keys([a, b])
    except ValueError as error:
        raise VrfInvalid("a sum at infinity", "a point") from error


def _lift(x: int, odd: bool = False) -> PublicKey:
    if not 0 < x < _N:
        raise VrfInvalid(f"x = {x:#x}", "a coordinate that ecrecover takes, in [1, n-1]")
    return _parse(_compressed(x, odd))


def _parse(compressed: bytes) -> PublicKey:
    try:
        return PublicKey(compressed)
    except ValueError as error:
        raise VrfInvalid(f"point {compressed.hex()}", "a point of the curve") from error


def _require_point(name: str, point: PublicKey, x: int, y: int) -> None:
    if point.point() != (x, y):
        raise VrfInvalid(f"another {name} than the one the scalars give", "the same point")


def _compressed(x: int, odd: int = 0) -> bytes:
    return (b"\x03" if odd else b"\x02") + _int32(x)


def _int32(value: int) -> bytes:
    return value.to_bytes(32)
