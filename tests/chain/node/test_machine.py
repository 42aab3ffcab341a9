"""Compiled traces do exactly what py-evm's own loop does: same output, same gas, same state, same failures."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fl_alliance.chain.node import machine
from fl_alliance.chain.node.compiler import compile_trace, jump_targets, trace_source
from fl_alliance.chain.node.engine import Environment, Outcome
from fl_alliance.chain.node.evm import PragueRules, PyEvm, ReferenceRules
from fl_alliance.chain.node.opcodes import CONDITIONS, PURE, READS
from fl_alliance.chain.node.osaka import OsakaReferenceRules, OsakaRules
from fl_alliance.chain.node.transaction import Transaction

PROBE = json.loads((Path(__file__).parent / "probe.json").read_text())
CALLER, TARGET, OTHER = b"\x11" * 20, b"\x22" * 20, b"\x33" * 20
ENVIRONMENT = Environment(
    chain_id=31337,
    number=7,
    timestamp=1_700_000_000,
    gas_limit=60_000_000,
    base_fee=10**9,
    coinbase=bytes(20),
    prev_randao=b"\x05" * 32,
    ancestor=lambda number: bytes([number]) * 32,
)
EDGES = [
    0,
    1,
    2,
    3,
    31,
    32,
    33,
    64,
    255,
    256,
    2**64,
    2**128 - 1,
    2**255 - 1,
    2**255,
    2**255 + 1,
    2**256 - 2,
    2**256 - 1,
]
pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT")
words = st.one_of(st.sampled_from(EDGES), st.integers(0, 2**256 - 1))


@pytest.fixture(autouse=True)
def _hot_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(machine, "_HOT", 1)
    machine._programs.clear()
    yield
    machine._programs.clear()


def engine(rules: Any, codes: dict[bytes, bytes]) -> PyEvm:
    made = PyEvm(31337, rules)
    for who in (CALLER, TARGET, OTHER):
        made.endow(who, 10**20)
    for who, code in codes.items():
        made.state.set_code(who, code)
    made.state.set_storage(TARGET, 1, 5)
    made.seal()
    return made


def call(data: bytes = b"", gas: int = 200_000, to: bytes = TARGET, value: int = 0) -> Transaction:
    return Transaction(sender=CALLER, to=to, data=data, value=value, gas=gas, chain_id=31337, free=True)


def seen(made: PyEvm, transaction: Transaction) -> tuple[Any, ...]:
    """Return all that a transaction leaves behind; halts are one kind, whatever came first."""
    outcome: Outcome = made.apply(transaction, ENVIRONMENT)
    failure = outcome.failure if outcome.failure in ("", "revert") else "halt"
    return (failure, outcome.output, outcome.gas_used, outcome.gas_peak, outcome.logs, outcome.created, made.seal())


def same(codes: dict[bytes, bytes], *transactions: Transaction) -> list[tuple[Any, ...]]:
    """Run on both; each transaction twice, so that warm code and changed storage are met as well."""
    slow, fast = engine(ReferenceRules, codes), engine(PragueRules, codes)
    results = []
    for transaction in transactions:
        for _ in range(2):
            expected, found = seen(slow, transaction), seen(fast, transaction)
            assert found == expected
            results.append(found)
    return results


# random programs

# opcode: operands it takes; memory positions and sizes among them are kept small, or all gas is gone at once
OPERANDS = {
    **dict.fromkeys(range(0x01, 0x08), 2),
    **dict.fromkeys((0x08, 0x09), 3),
    **dict.fromkeys((0x0A, 0x0B), 2),
    **dict.fromkeys(range(0x10, 0x1E), 2),
    **dict.fromkeys((0x15, 0x19, 0x31, 0x35, 0x3B, 0x3F, 0x40, 0x49, 0x50, 0x51, 0x54, 0x5C), 1),
    **dict.fromkeys((0x20, 0x52, 0x53, 0x55, 0x5D, 0xA0), 2),
    **dict.fromkeys((0x37, 0x39, 0x3E, 0x5E, 0xA1, 0xF0), 3),
    **dict.fromkeys((0x3C, 0xF5), 4),
    **dict.fromkeys((0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, *range(0x41, 0x49), 0x4A, 0x58, 0x59, 0x5A), 0),
    **{0x80 + index: index + 1 for index in range(16)},
    **{0x90 + index: index + 2 for index in range(16)},
}
SMALL = {0x20, 0x37, 0x39, 0x3C, 0x3E, 0x51, 0x52, 0x53, 0x54, 0x55, 0x5C, 0x5D, 0x5E, 0xA0, 0xA1, 0xF0, 0xF5}


def random_program(chance: random.Random) -> bytes:
    """Return code whose opcodes mostly find their operands, with jumps, calls, memory and storage traffic."""
    code = bytearray()
    for _ in range(chance.randrange(2, 50)):
        kind = chance.random()
        if kind < 0.10:
            code += b"\x5b"
        elif kind < 0.20:
            code += forward_jump(chance, len(code))
        elif kind < 0.22:
            code += push(chance.randrange(max(1, len(code)))) + bytes([chance.choice((0x56, 0x57))])
        elif kind < 0.24:
            code += (
                push(chance.randrange(70))
                + push(chance.randrange(70))
                + bytes([chance.choice((0xF3, 0xFD, 0xFE, 0xFF))])
            )
        elif kind < 0.34:
            code += random_call(chance)
        else:
            op = chance.choice(list(OPERANDS))
            missing = OPERANDS[op] if op < 0x80 or op > 0x9F else chance.choice((0, OPERANDS[op]))
            code += b"".join(push(chance.randrange(70) if op in SMALL else small(chance)) for _ in range(missing))
            code.append(op)
    return bytes(code)


def forward_jump(chance: random.Random, at: int) -> bytes:
    """Return a branch over some junk, taken on a condition that only run time knows."""
    junk = chance.randbytes(chance.randrange(3))
    condition = chance.choice((b"\x36", b"\x34", b"\x5f\x35", b"\x60\x01\x54", b"\x60\x01"))
    target = at + len(condition) + 4 + len(junk)
    return condition + b"\x61" + target.to_bytes(2) + b"\x57" + junk + b"\x5b"


def random_call(chance: random.Random) -> bytes:
    op = chance.choice((0xF1, 0xF2, 0xF4, 0xFA))
    to = chance.choice((TARGET, OTHER, OTHER, OTHER, b"\x44" * 20, bytes(19) + bytes([chance.randrange(1, 6)])))
    ranges = b"".join(push(chance.randrange(70)) for _ in range(4))
    value = push(chance.choice((0, 0, 7))) if op in (0xF1, 0xF2) else b""
    gas = chance.choice((b"\x5a", push(chance.randrange(30_000))))
    return ranges + value + b"\x73" + to + gas + bytes([op])


def small(chance: random.Random) -> int:
    kind = chance.random()
    if kind < 0.6:
        return chance.randrange(70)
    return chance.choice(EDGES) if kind < 0.8 else chance.getrandbits(chance.randrange(1, 257))


def push(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([0x5F + size]) + value.to_bytes(size)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_end_alike(seed: int) -> None:
    ended = {"": 0, "revert": 0, "halt": 0}
    chance = random.Random(seed)
    for _ in range(60):
        codes = {TARGET: random_program(chance), OTHER: random_program(chance)}
        data = chance.randbytes(chance.randrange(70))
        value = chance.choice((0, 0, 3))
        results = same(codes, call(data, chance.choice((25_000, 60_000, 200_000)), value=value))
        for result in results:
            ended[result[0]] += 1
    assert ended[""] >= 8
    assert ended["halt"] > 5


def operands_in_reach(seed: int) -> bytes:
    """Return straight code over a stack of edge values, every item of which is returned at the end."""
    chance = random.Random(seed)
    code = b"".join(push(chance.choice(EDGES)) for _ in range(20))
    depth = 20
    arithmetic = [*PURE, *CONDITIONS, 0x0A]
    for _ in range(25):
        op = chance.choice([*arithmetic, *range(0x80, 0x90), *range(0x90, 0xA0), *READS])
        code += bytes([op])
        depth += 1 if 0x80 <= op < 0x90 or op in READS else 0 if op >= 0x90 or op in (0x15, 0x19, 0x35, 0x5C) else -1
        depth -= op in (0x08, 0x09)
        if depth < 18:
            code += push(chance.choice(EDGES)) * 3
            depth += 3
    for index in range(depth):
        code += push(32 * index) + b"\x52"
    return code + push(32 * depth) + b"\x5f\xf3"


@pytest.mark.parametrize("seed", range(150))
def test_arithmetic_on_edge_values_is_the_same(seed: int) -> None:
    results = same({TARGET: operands_in_reach(seed)}, call(b"\x07" * 40))
    assert [result[0] for result in results] == ["", ""]


def test_every_computing_opcode_agrees_on_all_pairs_of_edge_values() -> None:
    """One program computes them all from calldata, so that it is compiled once."""
    ops = sorted([*PURE, *CONDITIONS, 0x0A])
    code = b"".join(
        b"\x60\x40\x35\x60\x20\x35\x5f\x35" + bytes([op]) + b"\x61" + (32 * index).to_bytes(2) + b"\x52"
        for index, op in enumerate(ops)
    )
    code += b"\x61" + (32 * len(ops)).to_bytes(2) + b"\x5f\xf3"
    data = [b"".join(item.to_bytes(32) for item in (a, b, 7)) for a in EDGES for b in EDGES]
    slow, fast = engine(ReferenceRules, {TARGET: code}), engine(PragueRules, {TARGET: code})
    for item in data:
        expected = slow.call(call(item), ENVIRONMENT)
        assert fast.call(call(item), ENVIRONMENT) == expected
        assert len(expected.output) == 32 * len(ops)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(op=st.sampled_from(sorted([*PURE, *CONDITIONS, 0x0A])), a=words, b=words, c=words, constant=st.booleans())
def test_every_computing_opcode_gives_the_same_word(op: int, a: int, b: int, c: int, constant: bool) -> None:
    """Operands once as constants, which are folded, and once from calldata, which are not."""
    items = [push(item) if constant else push(32 * index) + b"\x35" for index, item in enumerate((c, b, a))]
    code = b"".join(items) + bytes([op]) + b"\x5f\x52\x60\x20\x5f\xf3"
    data = b"".join(item.to_bytes(32) for item in (c, b, a))
    results = same({TARGET: code}, call(data))
    assert results[0][0] == ""


# a compiled contract


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


@pytest.fixture(scope="module")
def probe_code() -> bytes:
    made = PyEvm(31337, ReferenceRules)
    made.endow(CALLER, 10**20)
    init = bytes.fromhex(PROBE["bytecode"][2:]) + b"origin".ljust(32, b"\0")
    outcome = made.apply(call(init, 5_000_000, to=b""), ENVIRONMENT)
    return made.code(outcome.created)


def probe_calls() -> list[bytes]:
    def data(signature: str, *values: Any) -> bytes:
        types = signature[signature.index("(") + 1 : -1].split(",")
        return selector(signature) + (encode(types, values) if values else b"")

    return [
        data("work(uint256,uint256)", 12, 4),
        *(data("fail(uint256)", kind) for kind in range(6)),
        *(data("tryFail(uint256)", kind) for kind in range(6)),
        data("failAfterWriting()"),
        data("clear(uint256)", 3),
        data("dive(uint256)", 5),
        data("spawn(bytes32)", b"\1" * 32),
        data("pay(address,uint256)", "0x" + "44" * 20, 5),
        data("pay(address,uint256)", "0x" + "44" * 20, 10**30),
        data("digestOf(bytes)", b"x" * 77),
        data("where()"),
        data("recover(bytes32,uint8,bytes32,bytes32,uint256)", b"\1" * 32, 27, b"\2" * 32, b"\3" * 32, 3),
        *(data("arithmetic(uint256,uint256,uint256)", a, b, 7) for a in EDGES for b in (0, 3, 2**256 - 1)),
        b"",
        b"\xff" * 4,
        b"\x01",
    ]


def test_a_solidity_contract_behaves_the_same(probe_code: bytes) -> None:
    results = same({TARGET: probe_code}, *(call(data, 3_000_000) for data in probe_calls()))
    endings = [result[0] for result in results]
    assert endings.count("") > 100
    assert endings.count("revert") >= 12
    assert endings.count("halt") >= 2


def test_it_runs_out_of_gas_at_the_same_place(probe_code: bytes) -> None:
    chance = random.Random(1)
    data = selector("work(uint256,uint256)") + encode(["uint256", "uint256"], [5, 3])
    used = same({TARGET: probe_code}, call(data, 3_000_000))[0][3]
    short = 0
    for gas in sorted({used - 1, used, used + 1, *(chance.randrange(22_000, used + 50) for _ in range(80))}):
        short += same({TARGET: probe_code}, call(data, gas))[0][0] == "halt"
    assert short > 50


@pytest.mark.parametrize("hot", [1, 2, 3, 1_000_000])
def test_it_makes_no_difference_when_code_becomes_hot(
    hot: int, probe_code: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_HOT", hot)
    same({TARGET: probe_code}, *(call(data, 3_000_000) for data in probe_calls()[:22]))


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("5f545f55" + "5b" * 20, 25_395, 25_430),  # a store needs more than 2300 gas in hand, and costs 100
        ("5f5f5f5f60015afa5f5260205ff3", 24_080, 24_250),  # ecrecover gets 63/64 of what is left
        ("5a5f525a60205260405ff3", 21_000, 21_060),
        ("60aa5f5260015b600190038060055760205ff3", 21_000, 21_100),
    ],
)
def test_every_gas_limit_around_a_threshold_ends_alike(code: str, first: int, last: int) -> None:
    endings = {same({TARGET: bytes.fromhex(code)}, call(gas=gas))[0][:2] for gas in range(first, last)}
    assert len(endings) > 1


def test_deep_recursion_stops_at_the_same_depth() -> None:
    again = b"\x5f" * 5 + b"\x30" + b"\x5a\xf1\x60\x01\x54\x01\x60\x01\x55"
    assert same({TARGET: again}, call(gas=2_000_000))[0][0] == ""


@pytest.mark.parametrize(
    "code",
    [
        "5b5f56",  # endless loop
        "5b5f600056",  # endless loop that fills the stack
        "61ffff56",  # jump beyond the code
        "600456605b00",  # jump into a PUSH's data
        "5f355600",  # jump where calldata says, not a target
        "01",  # nothing on the stack
        "5f5f5f5f9f",  # SWAP16 without sixteen
        "7f",  # PUSH32 cut short
        "5f" * 1025,  # stack of 1025
        "5f" * 1024 + "50" * 1024,  # stack of 1024
        "67ffffffffffffffff51",  # memory nobody can pay
        "60ff67ffffffffffffffff20",  # a hash nobody can pay
        "5f5f67fffffffffffffffffd",  # revert data nobody can pay
        "6001600160026003600437",
        "365f5f37365ff3",  # echo
        "365f5f37365ffd",
        "5f545f5260205ff3",
        "6005600155600060015560055f5560016001556002600155",  # refunds up and down
        "60015f5d5f5c5f5260205ff3",
        "0c",
        "fe",
        "33ff",
        "5a5a035f5260205ff3",
        "595f52595f5260205ff3",
        "60405f5f39604060205f5e60605ff3",
        "60016002600857005b00",
        "6001155f1715600b57fe5b00",
        "5f5f5f5f5f6003612710f15f5260205ff3",  # call ripemd160
        "60015f5560015f5f5f5f5f30612710f1",
    ],
)
def test_corner_cases_end_alike(code: str) -> None:
    for data in (b"", b"\x01" * 40):
        for gas in (21_700, 25_000, 100_000):
            same({TARGET: bytes.fromhex(code)}, call(data, gas))


def test_a_static_call_may_not_write_in_either() -> None:
    for write in ("60015f55", "60015f5d", "5f5fa0", "5f5f5ff0"):
        static = bytes.fromhex("5f5f5f5f" + "73" + OTHER.hex() + "61fffffa5f5260205ff3")
        results = same({TARGET: static, OTHER: bytes.fromhex(write)}, call())
        assert results[0][1] == bytes(32)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gas=st.one_of(st.none(), st.integers(0, 9_000)),
    limit=st.sampled_from([24_600, 25_000, 26_000, 60_000]),
    at=st.integers(0, 100),
    size=st.integers(0, 140),
    to=st.integers(0, 300),
    room=st.integers(0, 64),
    op=st.sampled_from([0xFA, 0xFA, 0xF1]),
)
def test_calling_ecrecover_costs_and_answers_the_same(
    gas: int | None, limit: int, at: int, size: int, to: int, room: int, op: int
) -> None:
    signed = PrivateKey(b"\x09" * 32).sign_recoverable(b"\x01" * 32, hasher=None)
    data = b"\x01" * 32 + (27 + signed[64]).to_bytes(32) + signed[:64]
    arguments = push(room) + push(to) + push(size) + push(at) + (b"\x5f" if op == 0xF1 else b"") + b"\x60\x01"
    code = b"\x60\x80\x5f\x5f\x37" + arguments + (b"\x5a" if gas is None else push(gas)) + bytes([op])
    code += b"\x3d\x5f\x61\x02\x00\x3e\x61\x03\x00\x52\x59\x5f\xf3"
    same({TARGET: code}, call(data, limit))


# the compiler itself


def test_jump_targets_are_the_jumpdests_outside_push_data() -> None:
    assert jump_targets(bytes.fromhex("5b605b5b625b5b5b5b")) == {0, 3, 8}


def test_a_trace_follows_known_jumps_and_keeps_the_stack_in_variables() -> None:
    code = bytes.fromhex("6001600756fefe5b600201600055")
    source = trace_source(code, jump_targets(code), 0, False)
    assert "sstore(f, w, f.owner, 0x0, 0x3, g)" in source
    assert "S.append" not in source


def test_osaka_counts_leading_zeros_and_prague_does_not_know_how() -> None:
    code = bytes.fromhex("5f351e5f5260205ff3")
    for value, zeros in ((0, 256), (1, 255), (2**255, 0), (2**200, 55)):
        found = [
            engine(rules, {TARGET: code}).call(call(value.to_bytes(32)), ENVIRONMENT)
            for rules in (OsakaRules, OsakaReferenceRules)
        ]
        assert found[0] == found[1]
        assert int.from_bytes(found[0].output) == zeros
    assert engine(PragueRules, {TARGET: code}).call(call(), ENVIRONMENT).failure == "OpcodeNotFound"
    assert compile_trace(code, jump_targets(code), 0, True) is not None
