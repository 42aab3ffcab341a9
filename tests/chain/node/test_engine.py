"""The state keeps its promises: undo, canonical writes, Merkle root, precompiles, Osaka's additions."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from eth.precompiles.ecrecover import ecrecover as slow_ecrecover
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.chain.node.evm import ecrecover
from fl_alliance.chain.node.osaka import modexp_gas, verify_p256
from fl_alliance.chain.node.recovery import SECP256K1_N
from fl_alliance.chain.node.root import state_root
from fl_alliance.chain.node.world import World

ADDRESSES = [bytes([index]) * 20 for index in range(1, 5)]


def shown(world: World) -> tuple[Any, ...]:
    slots = {address: dict(items) for address, items in world.slots.items() if items}
    return dict(world.balances), dict(world.nonces), dict(world.codes), slots


def change(world: World, chance: random.Random) -> None:
    who = chance.choice(ADDRESSES)
    kind = chance.randrange(7)
    if kind == 0:
        world.set_balance(who, chance.choice((0, 1, 10**18)))
    elif kind == 1:
        world.increment_nonce(who)
    elif kind == 2:
        world.set_code(who, chance.choice((b"", b"\x00", b"\x60" * 40)))
    elif kind == 3:
        world.delete_account(who)
    else:
        world.set_storage(who, chance.randrange(5), chance.choice((0, 1, 2**256 - 1)))


@pytest.mark.parametrize("seed", range(20))
def test_reverting_brings_back_exactly_what_was(seed: int) -> None:
    world, chance, marks = World(), random.Random(seed), []
    reverted = 0
    for _ in range(200):
        kind = chance.random()
        if kind < 0.15:
            marks.append((world.snapshot(), shown(world)))
        elif kind < 0.25 and marks:
            mark, before = marks.pop(chance.randrange(len(marks)))
            world.revert(mark)
            marks = [(at, state) for at, state in marks if at <= mark]
            assert shown(world) == before
            reverted += 1
        else:
            change(world, chance)
    assert reverted > 3


@pytest.mark.parametrize("seed", range(20))
def test_writes_rebuild_the_state_and_blocks_can_be_undone_and_looked_back_at(seed: int) -> None:
    world, copy, chance, states = World(), World(), random.Random(seed), []
    for _ in range(12):
        for _ in range(chance.randrange(12)):
            change(world, chance)
        writes = world.seal()
        copy.load(writes)
        states.append(shown(world))
        assert shown(copy) == states[-1]
        assert state_root(copy) == state_root(world)
    for back in range(12):
        with world.rewound(back):
            assert shown(world) == states[-1 - back]
        assert shown(world) == states[-1]
    for state in reversed(states[:-1]):
        world.unseal()
        assert shown(world) == state


def test_the_order_of_changes_does_not_show_in_the_writes() -> None:
    one, other = World(), World()
    changes: list[Callable[[World], None]] = [
        lambda world: world.set_balance(ADDRESSES[0], 5),
        lambda world: world.set_storage(ADDRESSES[1], 3, 4),
        lambda world: world.set_nonce(ADDRESSES[2], 9),
        lambda world: world.set_code(ADDRESSES[1], b"code"),
    ]
    for apply in changes:
        apply(one)
    for apply in reversed(changes):
        apply(other)
    other.set_balance(ADDRESSES[3], 7)
    other.set_balance(ADDRESSES[3], 0)
    assert one.seal() == other.seal()


@pytest.mark.parametrize("writes", ["05", "01" + "00" * 19, "04" + "11" * 52, "03" + "11" * 20 + "000000ff00", "00"])
def test_bytes_that_are_no_writes_are_refused(writes: str) -> None:
    with pytest.raises(ValueError, match="record"):
        World().load(bytes.fromhex(writes))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_merkle_root_is_py_evm_s(seed: int) -> None:
    world, chance = World(), random.Random(seed)
    for _ in range(30):
        change(world, chance)
    for who in ADDRESSES:  # py-evm keeps storage without an account; here, as on a chain, there is none
        world.set_nonce(who, 1)
    other: Any = AccountDB(AtomicDB())
    for who in ADDRESSES:
        other.set_balance(who, world.get_balance(who))
        other.set_nonce(who, world.get_nonce(who))
        other.set_code(who, world.get_code(who))
        for slot, value in world.slots.get(who, {}).items():
            other.set_storage(who, slot, value)
    assert state_root(world) == other.make_state_root()


# precompiles


class Frame:
    """What a precompile sees of a call."""

    def __init__(self, data: bytes) -> None:
        self.msg = self
        self.data_as_bytes = data
        self.output = b""
        self.gas = 0

    def consume_gas(self, amount: int, reason: str) -> None:
        self.gas += amount


def answer(precompile: Any, data: bytes) -> tuple[bytes, int]:
    frame = Frame(data)
    precompile(frame)
    return frame.output, frame.gas


def test_ecrecover_is_py_evm_s_on_valid_broken_and_short_input() -> None:
    chance, recovered = random.Random(3), 0
    for _ in range(200):
        digest = chance.randbytes(32)
        signed = PrivateKey(chance.randbytes(32)).sign_recoverable(digest, hasher=None)
        r, s = int.from_bytes(signed[:32]), int.from_bytes(signed[32:64])
        v = 27 + signed[64]
        if chance.random() < 0.2:
            s, v = SECP256K1_N - s, 55 - v
        fields = [int.from_bytes(digest), v, r, s]
        if chance.random() < 0.5:
            fields[chance.randrange(4)] = chance.choice((0, 1, 26, 29, SECP256K1_N, SECP256K1_N - 1, 2**256 - 1, r ^ 1))
        data = b"".join(value.to_bytes(32) for value in fields)
        data = data[: chance.choice((128, 128, 128, 100, 64, 0))] + b"\xff" * chance.choice((0, 0, 9)) * (
            len(data) == 128
        )
        assert answer(ecrecover, data) == answer(slow_ecrecover, data)
        recovered += bool(answer(ecrecover, data)[0])
    assert 40 < recovered < 190


def test_osaka_verifies_secp256r1_signatures() -> None:
    key = ec.derive_private_key(12345, ec.SECP256R1())
    digest = b"\x0b" * 32
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256()))))
    point = key.public_key().public_numbers()
    data = digest + b"".join(value.to_bytes(32) for value in (r, s, point.x, point.y))
    assert answer(verify_p256, data) == ((1).to_bytes(32), 6_900)
    for at in range(0, 160, 7):
        broken = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert answer(verify_p256, broken)[0] == b""
    assert answer(verify_p256, data[:-1])[0] == b""
    assert answer(verify_p256, data + b"\0")[0] == b""


@pytest.mark.parametrize(
    ("base", "exponent", "modulus", "gas"),
    [(32, 1, 32, 500), (33, 1, 33, 500), (64, 64, 64, 98_176), (1024, 32, 1024, 8_355_840)],
)
def test_osaka_prices_modexp_by_eip_7883(base: int, exponent: int, modulus: int, gas: int) -> None:
    sizes = b"".join(size.to_bytes(32) for size in (base, exponent, modulus))
    assert modexp_gas(sizes + b"\xff" * (base + exponent + modulus)) == gas


def test_osaka_refuses_modexp_above_1024_bytes() -> None:
    with pytest.raises(Exception, match="above 1024"):
        modexp_gas(b"".join(size.to_bytes(32) for size in (1025, 1, 1)))
