"""What only the embedded chain promises: determinism, any chain id, a fixed base fee, history, threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import Web3RPCError

from fl_alliance.chain.connect import advance_to, close, connect, connected

SenderOn = Callable[[Web3], Any]


def head_hash(w3: Web3) -> str:
    return HexBytes(w3.eth.get_block("latest")["hash"]).hex()


def busy(sender: Any) -> Any:
    """Do a little of everything; returns the contract."""
    probe = sender.deploy()
    for count in range(1, 6):
        sender.call(probe, "work", count, 2)
    sender.call(probe, "failAfterWriting")
    sender.call(probe, "spawn", b"\1" * 32)
    sender.send(to=probe.address, value=9)
    advance_to(sender.w3, sender.w3.eth.get_block("latest")["timestamp"] + 60)
    sender.call(probe, "clear", 1)
    return probe


def test_the_same_transactions_give_the_same_head_hash(sender_on: SenderOn, tmp_path: Any) -> None:
    heads = []
    for url in ("memory://", f"file://{tmp_path}/chain.db", "memory://"):
        with connected(url) as w3:
            busy(sender_on(w3))
            heads.append(head_hash(w3))
    assert heads[0] == heads[1] == heads[2]


@pytest.mark.parametrize("parameters", ["chain_id=5", "genesis_time=1800000000", "hardfork=osaka"])
def test_other_settings_give_another_chain(parameters: str) -> None:
    with connected("memory://") as usual, connected(f"memory://?{parameters}") as other:
        assert head_hash(usual) != head_hash(other)


def test_any_chain_id_is_served_and_enforced(sender_on: SenderOn, voter: LocalAccount) -> None:
    with connected("memory://?chain_id=987654321") as w3:
        sender = sender_on(w3)
        assert w3.eth.chain_id == 987654321
        assert sender.send(to=voter.address)["status"] == 1
        with pytest.raises(Web3RPCError, match="given 31337, needed 987654321"):
            w3.eth.send_raw_transaction(HexBytes(sender.sign(to=voter.address, chainId=31337)))


def test_a_signature_for_no_chain_at_all_is_refused(
    w3_alone: Web3, proposer: LocalAccount, voter: LocalAccount
) -> None:
    fields: Any = {"nonce": 0, "gas": 21_000, "gasPrice": 10**10, "to": voter.address, "value": 1, "data": b""}
    raw = proposer.sign_transaction(fields).raw_transaction
    with pytest.raises(Web3RPCError, match="no EIP-155"):
        w3_alone.eth.send_raw_transaction(raw)


def test_calldata_below_its_floor_is_refused(w3_alone: Web3, sender_on: SenderOn, voter: LocalAccount) -> None:
    raw = sender_on(w3_alone).sign(to=voter.address, data=b"\1" * 100, gas=24_999)
    with pytest.raises(Web3RPCError, match="given 24999, needed 25000"):
        w3_alone.eth.send_raw_transaction(HexBytes(raw))


def test_each_block_is_one_second_after_its_parent_and_the_base_fee_stays(
    w3_alone: Web3, sender_on: SenderOn, voter: LocalAccount
) -> None:
    first = w3_alone.eth.get_block(0)
    for _ in range(3):
        sender_on(w3_alone).send(to=voter.address)
    blocks = [w3_alone.eth.get_block(number) for number in range(4)]
    assert [block["timestamp"] - first["timestamp"] for block in blocks] == [0, 1, 2, 3]
    assert {block["baseFeePerGas"] for block in blocks} == {10**9}
    assert w3_alone.eth.gas_price == 2 * 10**9


def test_any_past_state_can_be_read_and_called(w3_alone: Web3, sender_on: SenderOn) -> None:
    sender = sender_on(w3_alone)
    probe = sender.deploy()
    blocks = [sender.call(probe, "work", 2, 1)["blockNumber"] for _ in range(4)]
    who = sender.account.address
    rounds = [probe.functions.entries(who).call(block_identifier=block)[1] for block in [*blocks, *reversed(blocks)]]
    assert rounds == [1, 2, 3, 4, 4, 3, 2, 1]
    assert w3_alone.eth.get_code(probe.address, 0) == HexBytes("0x")
    assert w3_alone.eth.get_transaction_count(who, 1) == 1
    assert probe.functions.where().call(block_identifier=blocks[1])[1] == blocks[1]
    assert probe.functions.entries(who).call()[1] == 4


def test_a_call_sees_the_hashes_of_past_blocks(w3_alone: Web3, sender_on: SenderOn) -> None:
    probe = busy(sender_on(w3_alone))
    answer = probe.functions.where().call()
    assert answer[1] == w3_alone.eth.block_number
    assert answer[4] == bytes(w3_alone.eth.get_block(answer[1] - 1)["hash"])


def test_reverting_a_snapshot_in_a_file_survives_reopening(sender_on: SenderOn, ask: Any, tmp_path: Any) -> None:
    url = f"file://{tmp_path}/chain.db"
    with connected(url) as w3:
        probe = busy(sender_on(w3))
        kept, anchor = head_hash(w3), ask(w3, "evm_snapshot")
        sender_on(w3).call(probe, "work", 2, 2)
        ask(w3, "evm_revert", anchor)
        assert head_hash(w3) == kept
    with connected(url) as w3:
        assert head_hash(w3) == kept


def test_threads_share_a_connection(w3_alone: Web3, sender_on: SenderOn, voter: LocalAccount) -> None:
    sender = sender_on(w3_alone)
    raws = [sender.sign(to=voter.address, value=1, nonce=nonce) for nonce in range(60)]
    with ThreadPoolExecutor(6) as pool:
        digests = list(pool.map(lambda raw: w3_alone.eth.send_raw_transaction(HexBytes(raw)), reversed(raws)))
    assert all(sender.receipt(digest)["status"] == 1 for digest in digests)
    assert w3_alone.eth.block_number == 60


def test_two_chains_in_one_process_do_not_meet(sender_on: SenderOn, voter: LocalAccount) -> None:
    one, other = connect("memory://"), connect("memory://")
    sender_on(one).send(to=voter.address)
    assert (one.eth.block_number, other.eth.block_number) == (1, 0)
    close(one)
    close(other)


def test_osaka_caps_a_transaction_at_16777216_gas(sender_on: SenderOn, voter: LocalAccount) -> None:
    with connected("memory://?hardfork=osaka") as w3:
        sender = sender_on(w3)
        assert sender.send(to=voter.address, gas=16_777_216)["status"] == 1
        with pytest.raises(Web3RPCError, match="needed at most 16777216"):
            w3.eth.send_raw_transaction(HexBytes(sender.sign(to=voter.address, gas=16_777_217)))
    with connected("memory://") as w3:
        assert sender_on(w3).send(to=voter.address, gas=16_777_217)["status"] == 1
