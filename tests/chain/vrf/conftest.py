"""A second ECVRF, written from RFC 9381 for any short Weierstrass curve, slow and without shortcuts.

It shares no line with `fl_alliance.chain.vrf`: the RFC's P-256 vectors test it, and it tests the secp256k1 instance.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.middleware import SignAndSendRawMiddlewareBuilder

from fl_alliance.chain import artifacts
from fl_alliance.chain.connect import close, connect

Point = tuple[int, int] | None

FUNDED = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@dataclass(frozen=True)
class Curve:
    """y^2 = x^3 + ax + b over p = 3 mod 4, with a generator of prime order n and cofactor 1."""

    p: int
    a: int
    b: int
    n: int
    g: tuple[int, int]

    def add(self, left: Point, right: Point) -> Point:
        if left is None or right is None:
            return left or right
        (x1, y1), (x2, y2) = left, right
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        if left == right:
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p) % self.p
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p) % self.p
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def multiply(self, scalar: int, point: Point) -> Point:
        total = None
        for bit in bin(scalar % self.n)[2:]:
            total = self.add(total, total)
            if bit == "1":
                total = self.add(total, point)
        return total

    def negate(self, point: Point) -> Point:
        return point and (point[0], -point[1] % self.p)

    def decode(self, octets: bytes) -> Point:
        """RFC 9381's string_to_point: None stands for INVALID."""
        x = int.from_bytes(octets[1:], "big")
        square = (x**3 + self.a * x + self.b) % self.p
        y = pow(square, (self.p + 1) // 4, self.p)
        if octets[0] not in (2, 3) or x >= self.p or y * y % self.p != square:
            return None
        return x, y if y % 2 == octets[0] - 2 else self.p - y

    def encode(self, point: Point) -> bytes:
        assert point is not None
        return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


@dataclass(frozen=True)
class Ecvrf:
    """ECVRF with SHA-256 and try-and-increment, section by section of the RFC."""

    curve: Curve
    suite: bytes

    def public_key(self, secret: int) -> bytes:
        return self.curve.encode(self.curve.multiply(secret, self.curve.g))

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Point:
        for counter in range(256):
            octets = self.suite + b"\x01" + salt + alpha + bytes([counter]) + b"\x00"
            point = self.curve.decode(b"\x02" + hashlib.sha256(octets).digest())
            if point is not None:
                return point
        raise AssertionError("no point among 256 candidates")

    def nonce(self, secret: int, message: bytes) -> int:
        """RFC 6979, section 3.2."""
        h1 = int.from_bytes(hashlib.sha256(message).digest(), "big") % self.curve.n
        data = secret.to_bytes(32, "big") + h1.to_bytes(32, "big")
        v, k = b"\x01" * 32, b"\x00" * 32
        k = hmac.new(k, v + b"\x00" + data, hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()
        k = hmac.new(k, v + b"\x01" + data, hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()
        while True:
            v = hmac.new(k, v, hashlib.sha256).digest()
            if 1 <= int.from_bytes(v, "big") < self.curve.n:
                return int.from_bytes(v, "big")
            k = hmac.new(k, v + b"\x00", hashlib.sha256).digest()
            v = hmac.new(k, v, hashlib.sha256).digest()

    def challenge(self, *points: Point) -> int:
        octets = self.suite + b"\x02" + b"".join(map(self.curve.encode, points)) + b"\x00"
        return int.from_bytes(hashlib.sha256(octets).digest()[:16], "big")

    def prove(self, secret: int, alpha: bytes) -> bytes:
        curve, y = self.curve, self.curve.multiply(secret, self.curve.g)
        h = self.encode_to_curve(curve.encode(y), alpha)
        gamma = curve.multiply(secret, h)
        k = self.nonce(secret, curve.encode(h))
        c = self.challenge(y, h, gamma, curve.multiply(k, curve.g), curve.multiply(k, h))
        s = (k + c * secret) % curve.n
        return curve.encode(gamma) + c.to_bytes(16, "big") + s.to_bytes(32, "big")

    def verify(self, public_key: bytes, alpha: bytes, pi: bytes) -> bytes | None:
        curve, y, gamma = self.curve, self.curve.decode(public_key), self.curve.decode(pi[:33])
        c, s = int.from_bytes(pi[33:49], "big"), int.from_bytes(pi[49:], "big")
        if len(pi) != 81 or y is None or gamma is None or s >= curve.n:
            return None
        h = self.encode_to_curve(public_key, alpha)
        u = curve.add(curve.multiply(s, curve.g), curve.negate(curve.multiply(c, y)))
        v = curve.add(curve.multiply(s, h), curve.negate(curve.multiply(c, gamma)))
        return self.beta(pi) if u and v and c == self.challenge(y, h, gamma, u, v) else None

    def beta(self, pi: bytes) -> bytes:
        return hashlib.sha256(self.suite + b"\x03" + pi[:33] + b"\x00").digest()


SECP256K1 = Curve(
    p=2**256 - 2**32 - 977,
    a=0,
    b=7,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    g=(
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    ),
)
P256 = Curve(
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    a=-3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    g=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)


@pytest.fixture(scope="session")
def p256() -> Ecvrf:
    """RFC 9381's suite 0x01."""
    return Ecvrf(P256, b"\x01")


@pytest.fixture(scope="session")
def reference() -> Ecvrf:
    """The same scheme on the curve and with the suite string of `fl_alliance.chain.vrf`."""
    return Ecvrf(SECP256K1, b"\xfe")


@pytest.fixture(scope="session")
def even() -> Callable[[int], int]:
    """The one of a secret and its negative whose point has an even y."""

    def choose(secret: int) -> int:
        point = SECP256K1.multiply(secret, SECP256K1.g)
        assert point is not None
        return secret if point[1] % 2 == 0 else SECP256K1.n - secret

    return choose


@pytest.fixture(scope="session")
def caller() -> LocalAccount:
    account: LocalAccount = Account.from_key(FUNDED)
    return account


@pytest.fixture(scope="session", params=["prague", "osaka"])
def harness(request: pytest.FixtureRequest, caller: LocalAccount) -> Iterator[Contract]:
    """The verifier, deployed under each hard fork's rules; nothing that is called changes its state."""
    w3 = connect(f"memory://?hardfork={request.param}")
    yield deploy_harness(w3, caller)
    close(w3)


def deploy_harness(w3: Web3, caller: LocalAccount) -> Contract:
    w3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(caller), layer=0)
    artifact = artifacts.load("VrfHarness")
    creation = w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode).constructor()
    receipt = w3.eth.wait_for_transaction_receipt(creation.transact({"from": caller.address}))
    return w3.eth.contract(abi=artifact.abi)(receipt["contractAddress"])
