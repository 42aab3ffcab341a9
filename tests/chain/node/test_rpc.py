"""What a web3 user sees is the same on the embedded chains and on anvil."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import (
    BlockNotFound,
    ContractCustomError,
    ContractLogicError,
    ContractPanicError,
    TransactionNotFound,
    Web3RPCError,
)

Ask = Callable[..., Any]
ETHER = 10**18


def test_the_development_chain_has_id_31337_and_funded_accounts(w3: Any, proposer: LocalAccount) -> None:
    assert w3.eth.chain_id == 31337
    assert w3.net.version == "31337"
    assert w3.is_connected()
    assert w3.eth.get_balance(proposer.address) == 10_000 * ETHER
    assert proposer.address in [Web3.to_checksum_address(account) for account in w3.eth.accounts]


def test_a_transfer_moves_the_value_and_charges_21000_gas(w3: Any, sender: Any, voter: LocalAccount) -> None:
    before = w3.eth.get_balance(sender.account.address)
    receipt = sender.send(to=voter.address, value=5, gas=21_000)
    assert (receipt["status"], receipt["gasUsed"], receipt["contractAddress"]) == (1, 21_000, None)
    assert w3.eth.get_balance(voter.address) == 10_000 * ETHER + 5
    fee = receipt["gasUsed"] * receipt["effectiveGasPrice"]
    assert w3.eth.get_balance(sender.account.address) == before - 5 - fee


def test_receipt_transaction_and_block_name_each_other(w3: Any, sender: Any, voter: LocalAccount) -> None:
    receipt = sender.send(to=voter.address, value=5, data=b"note")
    sent = w3.eth.get_transaction(receipt["transactionHash"])
    block = w3.eth.get_block(receipt["blockNumber"])
    full = w3.eth.get_block(receipt["blockHash"], full_transactions=True)
    assert (sent["blockHash"], sent["from"], sent["to"]) == (block["hash"], sender.account.address, voter.address)
    assert (sent["input"], sent["value"], sent["type"]) == (HexBytes(b"note"), 5, 2)
    assert block["transactions"] == [receipt["transactionHash"]]
    assert full["transactions"][0]["hash"] == receipt["transactionHash"]
    assert block["parentHash"] == w3.eth.get_block(receipt["blockNumber"] - 1)["hash"]


@pytest.mark.parametrize("fields", [{"gasPrice": 3 * 10**9}, {"gasPrice": 3 * 10**9, "accessList": []}])
def test_older_transaction_types_are_taken(w3: Any, sender: Any, voter: LocalAccount, fields: dict[str, Any]) -> None:
    receipt = sender.send(to=voter.address, value=5, gas=30_000, **fields)
    sent = w3.eth.get_transaction(receipt["transactionHash"])
    assert receipt["type"] == sent["type"] == len(fields) - 1
    assert sent["gasPrice"] == receipt["effectiveGasPrice"] == 3 * 10**9


def test_an_access_list_is_charged_and_kept(w3: Any, sender: Any, probe: Contract) -> None:
    slots = ["0x" + "00" * 31 + "07"]
    access = [{"address": probe.address, "storageKeys": slots}]
    receipt = sender.call(probe, "clear", 0, accessList=access)
    plain = sender.call(probe, "clear", 0)
    assert receipt["gasUsed"] - plain["gasUsed"] == 2_400 + 1_900
    kept = w3.eth.get_transaction(receipt["transactionHash"])["accessList"]
    assert [HexBytes(key) for key in kept[0]["storageKeys"]] == [HexBytes(slots[0])]


def test_set_code_runs_a_contract_for_a_key(w3: Any, sender: Any, probe: Contract, voter: LocalAccount) -> None:
    grant = voter.sign_authorization(
        {"chainId": 31337, "address": probe.address, "nonce": w3.eth.get_transaction_count(voter.address)}
    )
    sender.send(to=voter.address, authorizationList=[grant], gas=200_000)
    assert w3.eth.get_code(voter.address) == HexBytes("0xef0100") + HexBytes(probe.address)
    assert w3.eth.contract(voter.address, abi=probe.abi).functions.origin().call() == b"origin".ljust(32, b"\0")


def test_the_pending_nonce_is_the_next_one(w3: Any, sender: Any, voter: LocalAccount) -> None:
    before = w3.eth.get_transaction_count(sender.account.address)
    sender.send(to=voter.address)
    for block in ("latest", "pending"):
        assert w3.eth.get_transaction_count(sender.account.address, block) == before + 1


@pytest.mark.parametrize("tag", ["latest", "safe", "finalized", "pending", "earliest"])
def test_every_block_tag_is_answered(w3: Any, tag: Any) -> None:
    assert w3.eth.get_block(tag)["number"] >= 0


def test_what_is_not_there_is_not_found(w3: Any) -> None:
    with pytest.raises(BlockNotFound):
        w3.eth.get_block(10**6)
    with pytest.raises(BlockNotFound):
        w3.eth.get_block(HexBytes(b"\x11" * 32))
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction(HexBytes(b"\x11" * 32))
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt(HexBytes(b"\x11" * 32))
    with pytest.raises(Web3RPCError):
        w3.eth.get_balance("0x" + "11" * 20, 10**6)


def test_a_contract_is_deployed_called_and_read(w3: Any, sender: Any, probe: Contract) -> None:
    receipt = sender.call(probe, "work", 10, 2)
    assert receipt["status"] == 1
    stake, round_number, is_open = probe.functions.entries(sender.account.address).call()
    assert (round_number, is_open) == (1, True)
    assert stake == probe.functions.values(0).call() > 0
    assert w3.eth.get_storage_at(probe.address, 2) == HexBytes(b"\0" * 31 + b"\x01")
    assert len(w3.eth.get_code(probe.address)) > 1_000
    assert probe.functions.where().call()[0] == 31337


# refused before they enter a block


def refusal(w3: Any, raw: bytes) -> dict[str, Any]:
    with pytest.raises(Web3RPCError) as refused:
        w3.eth.send_raw_transaction(HexBytes(raw))
    assert refused.value.rpc_response is not None
    return dict(refused.value.rpc_response["error"])


def test_another_chain_s_signature_is_refused(w3: Any, sender: Any, voter: LocalAccount) -> None:
    error = refusal(w3, sender.sign(to=voter.address, chainId=1))
    assert error["code"] == -32003
    assert "invalid chain id" in error["message"]


def test_a_used_nonce_is_refused(w3: Any, sender: Any, voter: LocalAccount) -> None:
    raw = sender.sign(to=voter.address)
    sender.receipt(w3.eth.send_raw_transaction(HexBytes(raw)))
    for again in (
        raw,
        sender.sign(to=voter.address, value=2, nonce=w3.eth.get_transaction_count(sender.account.address) - 1),
    ):
        error = refusal(w3, again)
        assert error["code"] == -32003
        assert "nonce too low" in error["message"] or "already imported" in error["message"]


def test_a_nonce_too_high_waits_for_the_gap_to_close(w3: Any, sender: Any, voter: LocalAccount) -> None:
    nonce = w3.eth.get_transaction_count(sender.account.address)
    late = w3.eth.send_raw_transaction(HexBytes(sender.sign(to=voter.address, nonce=nonce + 1)))
    assert w3.eth.get_transaction(late)["blockNumber"] is None
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt(late)
    assert w3.eth.get_transaction_count(sender.account.address, "pending") == nonce
    sender.send(to=voter.address, nonce=nonce)
    assert sender.receipt(late)["status"] == 1
    assert w3.eth.get_transaction_count(sender.account.address) == nonce + 2


def test_a_value_above_the_balance_is_refused(w3: Any, sender: Any, voter: LocalAccount) -> None:
    error = refusal(w3, sender.sign(to=voter.address, value=10_001 * ETHER))
    assert error["code"] == -32003
    assert "Insufficient funds" in error["message"]


def test_too_little_gas_to_begin_is_refused(w3: Any, sender: Any, voter: LocalAccount) -> None:
    error = refusal(w3, sender.sign(to=voter.address, gas=20_999))
    assert error["code"] == -32000
    assert "intrinsic gas too low" in error["message"]


def test_calldata_must_pay_its_floor(w3: Any, sender: Any, voter: LocalAccount) -> None:
    note, floor = b"\x01" * 100, 21_000 + 100 * 40
    assert sender.send(to=voter.address, data=note, gas=floor)["gasUsed"] == floor


def test_a_fee_below_the_base_fee_is_refused(w3: Any, sender: Any, voter: LocalAccount) -> None:
    error = refusal(w3, sender.sign(to=voter.address, maxFeePerGas=1, maxPriorityFeePerGas=0))
    assert error["code"] == -32003
    assert "max fee per gas less than block base fee" in error["message"]


@pytest.mark.parametrize("raw", [b"", b"\xde\xad\xbe\xef", b"\x02\xc0", b"\xc0", b"\x02" + b"\xff" * 80, b"\x03\xc0"])
def test_bytes_that_are_no_transaction_are_refused(w3: Any, raw: bytes) -> None:
    assert refusal(w3, raw)["code"] == -32602


def test_a_forged_signature_is_refused_or_pays_from_another_account(w3: Any, sender: Any, voter: LocalAccount) -> None:
    raw = bytearray(sender.sign(to=voter.address, value=7))
    raw[-1] ^= 1
    before = w3.eth.get_balance(voter.address)
    refusal(w3, bytes(raw))
    assert w3.eth.get_balance(voter.address) == before


def test_an_unsigned_transaction_is_refused(w3: Any, stranger: LocalAccount, voter: LocalAccount) -> None:
    with pytest.raises(Web3RPCError, match="No Signer available"):
        w3.eth.send_transaction(
            {"from": stranger.address, "to": voter.address, "value": 1, "gas": 21_000, "gasPrice": 1}
        )


def test_an_unknown_method_and_missing_parameters_are_refused(w3: Any, ask: Ask) -> None:
    for method, code in (("eth_inventStake", -32601), ("eth_getBalance", -32602)):
        with pytest.raises((Web3RPCError, ValueError)) as refused:
            ask(w3, method)
        assert str(code) in str(refused.value) or "Method" in str(refused.value)


# reverts


def test_a_reason_string_reaches_the_caller(w3: Any, probe: Contract) -> None:
    with pytest.raises(ContractLogicError, match="stake too low") as refused:
        probe.functions.fail(0).call()
    assert str(refused.value.data).startswith("0x08c379a0")


def test_a_custom_error_reaches_the_caller_with_its_data(w3: Any, probe: Contract) -> None:
    with pytest.raises(ContractCustomError) as refused:
        probe.functions.fail(1).call()
    selector = Web3.keccak(text="RoundNotOpen(uint256,uint64,bytes32)")[:4]
    expected = selector + (7).to_bytes(32) + (3).to_bytes(32) + Web3.keccak(text="model")
    assert HexBytes(str(refused.value.data)) == expected


def test_a_panic_reaches_the_caller(w3: Any, probe: Contract) -> None:
    with pytest.raises(ContractPanicError, match="underflow or overflow"):
        probe.functions.fail(2).call()
    with pytest.raises(ContractPanicError, match="out of bounds"):
        probe.functions.fail(9).call()


def test_a_bare_revert_reaches_the_caller(w3: Any, probe: Contract) -> None:
    with pytest.raises(ContractLogicError):
        probe.functions.fail(3).call()


def test_an_invalid_opcode_reaches_the_caller(w3: Any, probe: Contract) -> None:
    with pytest.raises(Web3RPCError, match="EVM error InvalidFEOpcode"):
        probe.functions.fail(4).call()


def test_an_estimate_reverts_like_the_call(w3: Any, probe: Contract, proposer: LocalAccount) -> None:
    with pytest.raises(ContractCustomError):
        probe.functions.failAfterWriting().estimate_gas({"from": proposer.address})
    with pytest.raises(ContractCustomError):
        probe.functions.failAfterWriting().build_transaction({"from": proposer.address})


def test_a_reverted_transaction_is_in_a_block_with_status_0_and_no_effect(
    w3: Any, sender: Any, probe: Contract
) -> None:
    nonce = w3.eth.get_transaction_count(sender.account.address)
    receipt = sender.call(probe, "failAfterWriting")
    assert (receipt["status"], receipt["logs"]) == (0, [])
    assert receipt["gasUsed"] < 70_000
    assert w3.eth.get_transaction_count(sender.account.address) == nonce + 1
    assert w3.eth.get_storage_at(probe.address, 2) == HexBytes(b"\0" * 32)


def test_out_of_gas_takes_all_of_it(w3: Any, sender: Any, probe: Contract) -> None:
    receipt = sender.call(probe, "work", 200, 200, gas=300_000)
    assert (receipt["status"], receipt["gasUsed"]) == (0, 300_000)


def test_a_caught_revert_hands_its_data_to_the_caller(w3: Any, probe: Contract) -> None:
    caught = probe.functions.tryFail(1).call()
    assert caught[:4] == Web3.keccak(text="RoundNotOpen(uint256,uint64,bytes32)")[:4]
    assert probe.functions.tryFail(0).call()[:4] == bytes.fromhex("08c379a0")


# gas


def test_an_estimate_is_enough_and_one_gas_less_is_not(w3: Any, sender: Any, probe: Contract) -> None:
    call = probe.functions.work(20, 3)
    estimate = call.estimate_gas({"from": sender.account.address})
    receipt = sender.call(probe, "work", 20, 3, gas=estimate)
    assert (receipt["status"], receipt["gasUsed"]) == (1, estimate)


def test_an_estimate_pays_for_what_inner_calls_hold_back(w3: Any, sender: Any, probe: Contract) -> None:
    estimate = probe.functions.dive(12).estimate_gas({"from": sender.account.address})
    receipt = sender.call(probe, "dive", 12, gas=estimate)
    assert receipt["status"] == 1
    assert receipt["gasUsed"] < estimate < receipt["gasUsed"] * 1.4


def test_an_estimate_covers_a_refund_paid_only_afterwards(w3: Any, sender: Any, probe: Contract) -> None:
    sender.call(probe, "work", 5, 5)
    estimate = probe.functions.clear(5).estimate_gas({"from": sender.account.address})
    receipt = sender.call(probe, "clear", 5, gas=estimate)
    assert receipt["status"] == 1
    assert receipt["gasUsed"] < estimate


def test_an_estimate_leaves_a_store_the_gas_it_wants_in_hand(w3: Any, sender: Any) -> None:
    code = "6001545060056001555b600560015500"  # the second store changes nothing and costs 100, but wants 2301
    created = sender.send(data=bytes.fromhex(f"60{len(code) // 2:02x}600a5f3960{len(code) // 2:02x}5ff3" + code))
    call = {"from": sender.account.address, "to": created["contractAddress"]}
    estimate = w3.eth.estimate_gas(call)
    assert sender.send(to=call["to"], gas=estimate)["status"] == 1


def test_built_transactions_can_be_signed_and_sent(w3: Any, sender: Any, probe: Contract) -> None:
    fields = probe.functions.work(3, 1).build_transaction(
        {"from": sender.account.address, "nonce": w3.eth.get_transaction_count(sender.account.address)}
    )
    raw = sender.account.sign_transaction(fields).raw_transaction
    assert sender.receipt(w3.eth.send_raw_transaction(raw))["status"] == 1


# logs


def test_logs_are_found_by_address_topic_and_range(w3: Any, sender: Any, probe: Contract) -> None:
    other = sender.deploy()
    first = sender.call(probe, "work", 1, 0)
    sender.call(other, "work", 1, 0)
    last = sender.call(probe, "work", 2, 0)
    event = probe.events.Worked
    found = event.get_logs(from_block=0)
    assert [entry["blockNumber"] for entry in found] == [first["blockNumber"], last["blockNumber"]]
    assert (found[1]["args"]["round"], found[1]["args"]["note"]) == (2, "settled")
    assert [e["blockNumber"] for e in event.get_logs(from_block=0, argument_filters={"round": 2})] == [
        last["blockNumber"]
    ]
    assert len(event.get_logs(from_block=first["blockNumber"] + 1, to_block=last["blockNumber"] + 5)) == 1
    topic = w3.keccak(text="Worked(address,uint256,bytes32,string)")
    everyone = w3.eth.get_logs({"fromBlock": first["blockNumber"], "topics": [[topic, b"\x01" * 32]]})
    assert [entry["logIndex"] for entry in everyone] == [0, 0, 0]
    by_hash = w3.eth.get_logs({"blockHash": last["blockHash"], "address": [probe.address, other.address]})
    assert [entry["transactionHash"] for entry in by_hash] == [last["transactionHash"]]
    assert last["logs"][0]["data"] == by_hash[0]["data"]


def test_a_filter_reports_what_is_new_since_it_was_asked(w3: Any, sender: Any, probe: Contract) -> None:
    works, blocks = probe.events.Worked.create_filter(from_block="latest"), w3.eth.filter("latest")
    assert works.get_new_entries() == []
    receipt = sender.call(probe, "work", 1, 0)
    assert [entry["transactionHash"] for entry in works.get_new_entries()] == [receipt["transactionHash"]]
    assert works.get_new_entries() == []
    assert receipt["blockHash"] in blocks.get_new_entries()
    assert len(works.get_all_entries()) == 1


# the clock and snapshots


def test_time_moves_as_told(w3: Any, ask: Ask, sender: Any, probe: Contract) -> None:
    start = w3.eth.get_block("latest")["timestamp"]
    ask(w3, "evm_setNextBlockTimestamp", start + 500)
    block = sender.call(probe, "clear", 0)["blockNumber"]
    assert w3.eth.get_block(block)["timestamp"] == start + 500
    ask(w3, "evm_increaseTime", 1_000)
    ask(w3, "evm_mine")
    assert w3.eth.get_block("latest")["timestamp"] >= start + 1_500
    assert probe.functions.where().call()[2] == w3.eth.get_block("latest")["timestamp"]
    with pytest.raises(Web3RPCError, match="Timestamp error"):
        ask(w3, "evm_setNextBlockTimestamp", start)


def test_reverting_to_a_snapshot_undoes_blocks_state_and_logs(w3: Any, ask: Ask, sender: Any, probe: Contract) -> None:
    sender.call(probe, "work", 2, 2)
    head, entry = w3.eth.get_block("latest"), probe.functions.entries(sender.account.address).call()
    anchor = ask(w3, "evm_snapshot")
    lost = [sender.call(probe, "work", 3, 3), sender.call(probe, "clear", 2)]
    assert ask(w3, "evm_revert", anchor) is True
    assert w3.eth.get_block("latest")["hash"] == head["hash"]
    assert probe.functions.entries(sender.account.address).call() == entry
    assert len(probe.events.Worked.get_logs(from_block=0)) == 1
    for receipt in lost:
        with pytest.raises(TransactionNotFound):
            w3.eth.get_transaction_receipt(receipt["transactionHash"])
    assert ask(w3, "evm_revert", anchor) is False
    assert sender.call(probe, "work", 1, 1)["status"] == 1


def test_a_batch_is_answered_in_order(w3: Any, proposer: LocalAccount, stranger: LocalAccount) -> None:
    with w3.batch_requests() as batch:
        batch.add(w3.eth.get_balance(proposer.address))
        batch.add(w3.eth.get_balance(stranger.address))
        batch.add(w3.eth.get_block("latest"))
        answers = batch.execute()
    assert answers[0] > 0 == answers[1]
    assert answers[2]["number"] == w3.eth.block_number


def test_raw_transactions_can_be_sent_in_a_batch(w3: Any, sender: Any, voter: LocalAccount) -> None:
    nonce = w3.eth.get_transaction_count(sender.account.address)
    requests = [
        ("eth_sendRawTransaction", [HexBytes(sender.sign(to=voter.address, nonce=nonce + i)).to_0x_hex()])
        for i in range(5)
    ]
    answers = w3.provider.make_batch_request(requests)
    receipts = [sender.receipt(answer["result"]) for answer in answers]
    assert [receipt["status"] for receipt in receipts] == [1] * 5


def test_precompiles_and_arithmetic_answer(w3: Any, probe: Contract, proposer: Any) -> None:
    signed = proposer.unsafe_sign_hash(b"\x05" * 32)
    r, s = signed.r.to_bytes(32), signed.s.to_bytes(32)
    assert probe.functions.recover(b"\x05" * 32, signed.v, r, s, 3).call() == proposer.address
    zero = "0x" + "00" * 20
    assert probe.functions.recover(b"\x05" * 32, 29, r, s, 1).call() == zero
    assert probe.functions.recover(b"\x05" * 32, signed.v, b"\xff" * 32, s, 1).call() == zero
    hashes = probe.functions.digestOf(b"model").call()
    assert hashes[0] == Web3.keccak(b"model")
    top = 2**256 - 1
    answers = probe.functions.arithmetic(top - 4, 3, 7).call()
    assert answers[:3] == [(top - 4) * 3 & top, (top - 4) // 3, (-5 // 3 + 1) & top]
    assert answers[4:6] == [(top - 1) % 7, (top - 4) * 3 % 7]


def test_create2_puts_a_child_where_it_was_foretold(w3: Any, sender: Any, probe: Contract) -> None:
    salt = b"\x09" * 32
    child = probe.functions.spawn(salt).call({"from": sender.account.address})
    receipt = sender.call(probe, "spawn", salt)
    assert receipt["status"] == 1
    assert len(w3.eth.get_code(child)) > 40
    assert sender.call(probe, "spawn", salt)["status"] == 0


def test_value_sent_on_by_a_contract_arrives(w3: Any, sender: Any, probe: Contract, stranger: LocalAccount) -> None:
    sender.send(to=probe.address, value=100)
    assert sender.call(probe, "pay", stranger.address, 60)["status"] == 1
    assert w3.eth.get_balance(stranger.address) == 60
    assert w3.eth.get_balance(probe.address) == 40
    assert sender.call(probe, "pay", stranger.address, 60)["status"] == 0
