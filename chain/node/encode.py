"""Blocks, transactions, receipts and logs as JSON-RPC shows them."""

from collections.abc import Sequence
from typing import Any

import rlp
from eth_hash.auto import keccak

from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.engine import Log
from fl_alliance.chain.node.transaction import Transaction

_NO_UNCLES = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
_NO_WITHDRAWALS = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
_NO_REQUESTS = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_ZERO_ADDRESS = "0x" + "00" * 20
_ZERO_HASH = "0x" + "00" * 32


def bytes_(value: bytes) -> str:
    return "0x" + value.hex()


def word(value: int) -> str:
    return f"0x{value:064x}"


def block(sealed: Block, full: bool, chain_id: int) -> dict[str, Any]:
    header, transaction_ = sealed.header, sealed.transaction
    shown: list[Any] = []
    if transaction_ is not None:
        shown = [transaction(transaction_, sealed) if full else bytes_(transaction_.hash)]
    return {
        "hash": bytes_(sealed.hash) if sealed.encoded else None,
        "parentHash": bytes_(header.parent_hash),
        "sha3Uncles": _NO_UNCLES,
        "miner": _ZERO_ADDRESS,
        "stateRoot": bytes_(header.state_digest),
        "transactionsRoot": bytes_(header.transactions_root),
        "receiptsRoot": bytes_(header.receipts_root),
        "logsBloom": bytes_(header.bloom),
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "number": hex(header.number),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "extraData": bytes_(header.extra_data),
        "mixHash": bytes_(header.prev_randao),
        "nonce": "0x0000000000000000",
        "baseFeePerGas": hex(header.base_fee),
        "withdrawalsRoot": _NO_WITHDRAWALS,
        "blobGasUsed": "0x0",
        "excessBlobGas": "0x0",
        "parentBeaconBlockRoot": _ZERO_HASH,
        "requestsHash": _NO_REQUESTS,
        "size": hex(len(sealed.encoded) + (len(transaction_.raw) if transaction_ else 0)),
        "uncles": [],
        "transactions": shown,
        "withdrawals": [],
    }


def transaction(sent: Transaction, sealed: Block | None) -> dict[str, Any]:
    base_fee = sealed.header.base_fee if sealed is not None else 0
    shown: dict[str, Any] = {
        "type": hex(sent.type_id),
        "chainId": hex(sent.chain_id),
        "nonce": hex(sent.nonce),
        "gas": hex(sent.gas),
        "gasPrice": hex(sent.price(base_fee) if sealed is not None else sent.max_fee_per_gas),
        "to": bytes_(sent.to) if sent.to else None,
        "value": hex(sent.value),
        "input": bytes_(sent.data),
        "r": hex(sent.r),
        "s": hex(sent.s),
        "v": hex(sent.y_parity if sent.type_id else 35 + 2 * sent.chain_id + sent.y_parity),
        "hash": bytes_(sent.hash),
        "from": bytes_(sent.sender),
        "blockHash": bytes_(sealed.hash) if sealed is not None else None,
        "blockNumber": hex(sealed.number) if sealed is not None else None,
        "transactionIndex": "0x0" if sealed is not None else None,
    }
    return shown | _typed_fields(sent)


def _typed_fields(sent: Transaction) -> dict[str, Any]:
    if sent.type_id == 0:
        return {}
    accesses = [{"address": bytes_(a), "storageKeys": [word(slot) for slot in slots]} for a, slots in sent.access_list]
    shown: dict[str, Any] = {"accessList": accesses, "yParity": hex(sent.y_parity)}
    if sent.type_id >= 2:
        shown["maxFeePerGas"] = hex(sent.max_fee_per_gas)
        shown["maxPriorityFeePerGas"] = hex(sent.max_priority_fee_per_gas)
    if sent.type_id == 4:
        shown["authorizationList"] = [
            {
                "chainId": hex(entry.chain_id),
                "address": bytes_(entry.address),
                "nonce": hex(entry.nonce),
                "yParity": hex(entry.y_parity),
                "r": hex(entry.r),
                "s": hex(entry.s),
            }
            for entry in sent.authorization_list
        ]
    return shown


def receipt(sealed: Block) -> dict[str, Any]:
    """Show the receipt of a block's transaction; the block must have one."""
    sent, done = sealed.transaction, sealed.receipt
    if sent is None or done is None:
        raise ValueError(f"receipt: block {sealed.number} has no transaction")
    created = None if sent.to or not done.status else bytes_(keccak(rlp.encode([sent.sender, sent.nonce]))[12:])
    return {
        "type": hex(sent.type_id),
        "status": hex(done.status),
        "cumulativeGasUsed": hex(done.gas_used),
        "gasUsed": hex(done.gas_used),
        "effectiveGasPrice": hex(sent.price(sealed.header.base_fee)),
        "logs": [log(entry, index, sealed) for index, entry in enumerate(done.logs)],
        "logsBloom": bytes_(done.bloom),
        "transactionHash": bytes_(sent.hash),
        "transactionIndex": "0x0",
        "blockHash": bytes_(sealed.hash),
        "blockNumber": hex(sealed.number),
        "from": bytes_(sent.sender),
        "to": bytes_(sent.to) if sent.to else None,
        "contractAddress": created,
    }


def log(entry: Log, index: int, sealed: Block) -> dict[str, Any]:
    return {
        "address": bytes_(entry.address),
        "topics": [bytes_(topic) for topic in entry.topics],
        "data": bytes_(entry.data),
        "blockHash": bytes_(sealed.hash),
        "blockNumber": hex(sealed.number),
        "blockTimestamp": hex(sealed.timestamp),
        "transactionHash": bytes_(sealed.transaction.hash) if sealed.transaction is not None else None,
        "transactionIndex": "0x0",
        "logIndex": hex(index),
        "removed": False,
    }


def fee_history(blocks: Sequence[Block], percentiles: int) -> dict[str, Any]:
    """Show base fees of `blocks` and the next; the tip paid is the same at every percentile of one transaction."""
    base_fees = [hex(sealed.header.base_fee) for sealed in blocks]
    tips = [
        0 if sealed.transaction is None else sealed.transaction.price(sealed.header.base_fee) - sealed.header.base_fee
        for sealed in blocks
    ]
    shown: dict[str, Any] = {
        "oldestBlock": hex(blocks[0].number),
        "baseFeePerGas": [*base_fees, base_fees[-1]],
        "gasUsedRatio": [sealed.header.gas_used / sealed.header.gas_limit for sealed in blocks],
    }
    if percentiles:
        shown["reward"] = [[hex(tip)] * percentiles for tip in tips]
    return shown
