"""The VRF in Python: RFC 9381's vectors test the slow reference, and the reference tests the fast instance."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.chain import vrf
from fl_alliance.chain.errors import VrfInvalid
from fl_alliance.chain.vrf import Proof, Tag, VrfKey

# RFC 9381, appendix B.1: secret, public key, alpha, pi, beta. The Ed25519 vectors of B.3 test another construction
# (Edwards points, little-endian octets, SHA-512, cofactor 8, nonces after RFC 8032): no step of ours is in it.
RFC_9381_B1 = [
    (
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
        b"sample",
        "035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4a53f0a46f018bc2c56e58d383f2305e0"
        "975972c26feea0eb122fe7893c15af376b33edf7de17c6ea056d4d82de6bc02f",
        "a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e",
    ),
    (
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
        b"test",
        "034dac60aba508ba0c01aa9be80377ebd7562c4a52d74722e0abae7dc3080ddb56c19e067b15a8a8174905b13617804534"
        "214f935b94c2287f797e393eb0816969d864f37625b443f30f1a5a33f2b3c854",
        "a284f94ceec2ff4b3794629da7cbafa49121972671b466cab4ce170aa365f26d",
    ),
    (
        "2ca1411a41b17b24cc8c3b089cfd033f1920202a6c0de8abb97df1498d50d2c8",
        "03596375e6ce57e0f20294fc46bdfcfd19a39f8161b58695b3ec5b3d16427c274d",
        b"Example using ECDSA key from Appendix L.4.2 of ANSI.X9-62-2005",
        "03d03398bf53aa23831d7d1b2937e005fb0062cbefa06796579f2a1fc7e7b8c667d091c00b0f5c3619d10ecea44363b5a5"
        "99cadc5b2957e223fec62e81f7b4825fc799a771a3d7334b9186bdbee87316b1",
        "90871e06da5caa39a3c61578ebb844de8635e27ac0b13e829997d0d95dd98c19",
    ),
]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 2**256 - 2**32 - 977

secrets = st.integers(1, ORDER - 1)
inputs = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize(("secret", "public", "alpha", "pi", "beta"), RFC_9381_B1)
def test_the_reference_gives_the_published_vectors(
    p256: Any, secret: str, public: str, alpha: bytes, pi: str, beta: str
) -> None:
    assert p256.public_key(int(secret, 16)).hex() == public
    assert p256.prove(int(secret, 16), alpha).hex() == pi
    assert p256.verify(bytes.fromhex(public), alpha, bytes.fromhex(pi)).hex() == beta


@settings(max_examples=25, deadline=None)
@given(secret=secrets, alpha=st.binary(max_size=80))
def test_a_proof_is_the_references_proof(reference: Any, even: Callable[[int], int], secret: int, alpha: bytes) -> None:
    key = VrfKey(secret)
    proof = key.prove(alpha)
    pi = reference.prove(even(secret), alpha)
    assert proof.encode(key.public_x, alpha) == pi
    assert Proof.decode(key.public_x, alpha, pi) == proof
    public = b"\x02" + key.public_x.to_bytes(32, "big")
    assert vrf.verify(key.public_x, alpha, proof) == reference.verify(public, alpha, pi) == vrf.output(proof)


@settings(max_examples=25, deadline=None)
@given(secret=secrets, alpha=inputs, position=st.integers(0, 80), flip=st.integers(1, 255))
def test_a_changed_octet_fails_here_and_in_the_reference(
    reference: Any, secret: int, alpha: bytes, position: int, flip: int
) -> None:
    key = VrfKey(secret)
    pi = bytearray(key.prove(alpha).encode(key.public_x, alpha))
    pi[position] ^= flip
    assert reference.verify(b"\x02" + key.public_x.to_bytes(32, "big"), alpha, bytes(pi)) is None
    with pytest.raises(VrfInvalid):
        vrf.verify(key.public_x, alpha, Proof.decode(key.public_x, alpha, bytes(pi)))


@given(secret=secrets)
def test_a_secret_and_its_negative_are_one_key(secret: int) -> None:
    assert VrfKey(secret).prove(b"input") == VrfKey(ORDER - secret).prove(b"input")
    assert VrfKey(secret.to_bytes(32, "big")).public_x == VrfKey(secret).public_x


@pytest.mark.parametrize("secret", [0, ORDER, ORDER + 1, -1, b"", b"\x00" * 32, b"\xff" * 32, b"\x01" * 31])
def test_a_secret_out_of_range_is_refused(secret: int | bytes) -> None:
    with pytest.raises(VrfInvalid, match="secret out of range"):
        VrfKey(secret)


def test_a_key_neither_shows_nor_sends_its_secret() -> None:
    key = VrfKey(0xC0FFEE)
    assert "c0ffee" not in repr(key).lower()
    assert str(0xC0FFEE) not in repr(key)
    assert not hasattr(key, "__dict__")
    with pytest.raises(TypeError, match="not sent"):
        pickle.dumps(key)


@pytest.mark.parametrize("public_x", [0, 5, -1, ORDER, ORDER + 1, FIELD, 2**256, 2**300])
def test_what_is_no_key_verifies_nothing(public_x: int) -> None:
    proof = VrfKey(7).prove(b"input")
    with pytest.raises(VrfInvalid):
        vrf.verify(public_x, b"input", proof)
    with pytest.raises(VrfInvalid):
        Proof.decode(public_x, b"input", b"\x02" + bytes(80))


@pytest.mark.parametrize("value", [-1, 0, ORDER, FIELD, 2**256 - 1, 2**256])
@pytest.mark.parametrize("field", [name for name in Proof.__slots__ if name not in ("hints", "gamma_odd")])
def test_a_field_out_of_range_is_refused(field: str, value: int) -> None:
    key, changed = VrfKey(7), {field: value}
    with pytest.raises(VrfInvalid):
        vrf.verify(key.public_x, b"input", replace(key.prove(b"input"), **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("pi", [b"", bytes(81), b"\x04" + bytes(80), b"\x02" + b"\xff" * 80, b"\x02" + bytes(81)])
def test_octets_that_are_no_proof_are_refused(pi: bytes) -> None:
    with pytest.raises(VrfInvalid):
        Proof.decode(VrfKey(7).public_x, b"input", pi)


def test_hints_disprove_each_rejected_candidate_and_no_other() -> None:
    key, seen = VrfKey(7), set()
    for alpha in (bytes([i]) for i in range(64)):
        proof = key.prove(alpha)
        seen.add(len(proof.hints))
        spoiled = [(*proof.hints, 1), (0, *proof.hints), proof.hints * 2 + (0,)]
        spoiled += [proof.hints[:-1], (FIELD - proof.hints[0], *proof.hints[1:])] if proof.hints else []
        spoiled += [(-1, *proof.hints[1:]), (0,) * 64, (0,) * 300]
        for hints in spoiled:
            with pytest.raises(VrfInvalid):
                vrf.verify(key.public_x, alpha, replace(proof, hints=hints))
    assert {0, 1, 2, 3} <= seen


def test_outputs_look_uniform() -> None:
    key = VrfKey(Random(1).randrange(1, ORDER))
    outputs = [vrf.output(key.prove(bytes([i]))) for i in range(256)]
    ones = sum(int.from_bytes(beta, "big").bit_count() for beta in outputs)
    assert abs(ones - 256 * 128) < 5 * 128  # five standard deviations of 256 * 256 coin flips
    assert len(set(outputs)) == 256


def test_inputs_differ_in_every_field() -> None:
    here, there = "0x" + "11" * 20, "0x" + "22" * 20
    fields: tuple[Any, ...] = (here, 1, Tag.PROPOSERS, 1, 1, here, bytes(32))
    others: tuple[Any, ...] = (there, 2, Tag.VOTERS, 2, 2, there, b"\x01" * 32)
    changed = [(*fields[:i], others[i], *fields[i + 1 :]) for i in range(len(fields))]
    assert len({vrf.alpha(*each) for each in (fields, *changed)}) == len(fields) + 1
