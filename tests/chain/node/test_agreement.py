"""The embedded chain and anvil charge the same gas, emit the same logs and fail alike, on both hard forks."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError, Web3RPCError

from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.errors import AnvilMissing
from fl_alliance.chain.node.anvil import find_anvil

pytestmark = pytest.mark.anvil
DIGEST = b"\x0b" * 32


@pytest.fixture(scope="module", params=["prague", "osaka"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Web3, Web3]]:
    try:
        find_anvil()
    except AnvilMissing as missing:
        pytest.skip(str(missing))
    chains = connect(f"memory://?hardfork={request.param}"), connect(f"anvil://?hardfork={request.param}")
    yield chains
    for chain in chains:
        close(chain)


def figures(receipt: Any) -> tuple[Any, ...]:
    logs = [(log["address"], [bytes(topic) for topic in log["topics"]], bytes(log["data"])) for log in receipt["logs"]]
    return receipt["status"], receipt["gasUsed"], receipt["contractAddress"], logs, bytes(receipt["logsBloom"])


def test_receipts_agree(pair: tuple[Web3, Web3], sender_on: Any, proposer: Any, voter: LocalAccount) -> None:
    signed = proposer.unsafe_sign_hash(DIGEST)
    recover = (DIGEST, signed.v, signed.r.to_bytes(32), signed.s.to_bytes(32), 3)
    seen = []
    for w3 in pair:
        sender = sender_on(w3)
        probe = sender.deploy()
        calls: list[tuple[Any, ...]] = [
            ("work", 10, 4),
            ("work", 10, 6),
            ("clear", 6),
            ("failAfterWriting",),
            ("dive", 6),
            ("spawn", b"\1" * 32),
            ("spawn", b"\1" * 32),
            ("fail", 4),
            ("recover", *recover),
            ("digestOf", b"model" * 20),
            ("arithmetic", 2**256 - 5, 3, 11),
            ("tryFail", 1),
        ]
        receipts = [sender.call(probe, *call, gas=900_000) for call in calls]
        receipts += [sender.call(probe, "work", 10, 4, gas=gas) for gas in range(30_000, 120_000, 7_001)]
        receipts.append(sender.send(to=probe.address, value=77))
        receipts.append(sender.call(probe, "pay", voter.address, 7))
        receipts.append(sender.send(to=voter.address, data=b"\0\1" * 300))
        seen.append([figures(receipt) for receipt in receipts])
    assert seen[0] == seen[1]
    statuses = [receipt[0] for receipt in seen[0]]
    assert statuses.count(1) > 10
    assert statuses.count(0) > 10


def test_calls_and_estimates_agree(pair: tuple[Web3, Web3], sender_on: Any) -> None:
    seen: list[list[Any]] = []
    for w3 in pair:
        probe, found = sender_on(w3).deploy(), []
        for name, arguments in (
            ("work", (7, 2)),
            ("clear", (0,)),
            ("digestOf", (b"x",)),
            ("fail", (9,)),
            ("fail", (1,)),
        ):
            call = probe.functions[name](*arguments)
            try:
                found.append((call.call(), call.estimate_gas()))
            except (ContractLogicError, ContractCustomError) as refused:
                found.append((type(refused).__name__, str(refused.data)))
        seen.append(found)
    for mine, other in zip(*seen, strict=True):
        assert mine[0] == other[0]
        assert mine[1] == other[1] or 0.98 < mine[1] / other[1] < 1.02


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("5f351e5f5260205ff3", b"\0" * 31 + b"\1"),  # CLZ
        ("365f5f3760205f365f6101005afa5f5260605ff3", b"\1" * 160),  # secp256r1 verification
        (
            "365f5f3760205f365f60055afa5f5260605ff3",
            b"".join(size.to_bytes(32) for size in (64, 40, 64)) + b"\x07" * 168,
        ),
        (
            "365f5f3760205f365f60055afa5f5260605ff3",
            b"".join(size.to_bytes(32) for size in (1025, 1, 1)) + b"\x07" * 200,
        ),
    ],
)
def test_what_osaka_changes_agrees(pair: tuple[Web3, Web3], sender_on: Any, code: str, data: bytes) -> None:
    seen = []
    for w3 in pair:
        sender, size = sender_on(w3), len(code) // 2
        target = sender.send(data=bytes.fromhex(f"60{size:02x}600a5f3960{size:02x}5ff3" + code))["contractAddress"]
        receipt = sender.send(to=target, data=data)
        answer = bytes(w3.eth.call({"to": target, "data": HexBytes(data)})) if receipt["status"] else b""
        seen.append((receipt["status"], receipt["gasUsed"], answer))
    assert seen[0] == seen[1]


def test_the_gas_cap_agrees(pair: tuple[Web3, Web3], sender_on: Any, voter: LocalAccount) -> None:
    outcomes = []
    for w3 in pair:
        sender = sender_on(w3)
        assert sender.send(to=voter.address, gas=16_777_216)["status"] == 1
        try:
            outcomes.append(sender.send(to=voter.address, gas=16_777_217)["status"])
        except Web3RPCError:
            outcomes.append("refused")
    assert outcomes[0] == outcomes[1]
