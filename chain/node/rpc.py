"""JSON-RPC over a node: the methods web3 uses and the development ones of anvil."""

from collections.abc import Callable
from typing import Any

from fl_alliance.chain.node import encode
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.clock import DevelopmentClock
from fl_alliance.chain.node.engine import Engine
from fl_alliance.chain.node.faults import INVALID_PARAMS, METHOD_NOT_FOUND, RpcFault
from fl_alliance.chain.node.logs import LogIndex
from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.params import address, block_number, data, hash32, items, members, quantity
from fl_alliance.chain.node.settings import DEV_ACCOUNTS
from fl_alliance.chain.node.transaction import Transaction

EMBEDDED, SERVED = "fl-alliance/embedded", "fl-alliance/served"
"""Client versions: of a chain whose clock is moved by request, and of one whose clock runs."""

_SERVED_REFUSES = "this chain is shared: its clock runs by itself and its blocks stay; wait for the time instead"
_TIP = 1_000_000_000
_MOST_FEES = 1_024
_TAGS = {"latest", "safe", "finalized"}


class Rpc:
    """Maps method names to answers. Blocks are final when sealed: latest, safe and finalized are one."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.logs = LogIndex(node)
        self._methods: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: EMBEDDED if isinstance(node.clock, DevelopmentClock) else SERVED,
            "net_version": lambda: str(node.settings.chain_id),
            "net_listening": lambda: True,
            "eth_chainId": lambda: hex(node.settings.chain_id),
            "eth_syncing": lambda: False,
            "eth_accounts": lambda: [encode.bytes_(account) for account in DEV_ACCOUNTS],
            "eth_blockNumber": lambda: hex(node.head.number),
            "eth_gasPrice": lambda: hex(node.settings.base_fee + _TIP),
            "eth_maxPriorityFeePerGas": lambda: hex(_TIP),
            "eth_feeHistory": self._fee_history,
            "eth_getBalance": self._state(lambda engine, who: hex(engine.balance(address(who)))),
            "eth_getTransactionCount": self._state(lambda engine, who: hex(engine.nonce(address(who)))),
            "eth_getCode": self._state(lambda engine, who: encode.bytes_(engine.code(address(who)))),
            "eth_getStorageAt": self._storage,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": lambda raw: encode.bytes_(node.send(data(raw))),
            "eth_sendTransaction": self._refuse_unsigned,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getTransactionByHash": self._transaction,
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getLogs": lambda query: self.logs.select(query),
            "eth_newFilter": lambda query: self.logs.new_filter(members(query, "a log query")),
            "eth_newBlockFilter": lambda: self.logs.new_filter(None),
            "eth_getFilterChanges": lambda name: self.logs.changes(name),
            "eth_getFilterLogs": lambda name: self.logs.all_of(name),
            "eth_uninstallFilter": lambda name: self.logs.drop(name),
            "evm_snapshot": lambda: hex(node.snapshot()),
            "evm_revert": lambda name: node.revert(quantity(name)),
            "evm_mine": self._mine,
            "evm_increaseTime": self._increase_time,
            "evm_setNextBlockTimestamp": self._set_next_timestamp,
        }

    def answer(self, method: str, params: Any) -> dict[str, Any]:
        """Return a JSON-RPC answer without envelope: a `result` or an `error`."""
        try:
            if method.startswith("evm_"):
                self._clock(method)
            function = self._methods.get(method)
            if function is None:
                raise RpcFault(METHOD_NOT_FOUND, f"Method not found: {method}")
            return {"result": function(*_positional(function, method, params))}
        except RpcFault as fault:
            return {"error": fault.as_json()}

    # blocks

    def _block(self, given: Any) -> Block | None:
        node = self.node
        if isinstance(given, dict):
            given = given.get("blockHash", given.get("blockNumber"))
        if given is None or (isinstance(given, str) and given in _TAGS):
            return node.head
        if given == "earliest":
            return node.blocks[0]
        if given == "pending":
            return node.pending()
        if isinstance(given, str | bytes) and len(data(given, odd=True)) == 32:
            return node.find(data(given))
        number = block_number(given)
        return node.blocks[number] if number <= node.head.number else None

    def _known_block(self, given: Any) -> Block:
        block = self._block(given)
        if block is None:
            text = f"BlockOutOfRangeError: block height is {self.node.head.number} but requested was {given}"
            raise RpcFault(INVALID_PARAMS, text)
        return block

    def _block_by_number(self, given: Any, full: bool = False) -> Any:
        block = self._block(given)
        return None if block is None else encode.block(block, full, self.node.settings.chain_id)

    def _block_by_hash(self, given: Any, full: bool = False) -> Any:
        block = self.node.find(hash32(given))
        if block is None or block.hash != hash32(given):
            return None
        return encode.block(block, full, self.node.settings.chain_id)

    # state

    def _state(self, read: Callable[[Engine, Any], str]) -> Callable[..., str]:
        def at(who: Any, given: Any = None) -> str:
            with self.node.at(self._known_block(given)) as engine:
                return read(engine, who)

        return at

    def _storage(self, who: Any, slot: Any, given: Any = None) -> str:
        with self.node.at(self._known_block(given)) as engine:
            return encode.word(engine.storage(address(who), quantity(slot)))

    def _call(self, call: Any, given: Any = None) -> str:
        block = self._known_block(given)
        return encode.bytes_(self.node.call(self._message(call, self.node.settings.gas_limit), block).output)

    def _estimate(self, call: Any, given: Any = None) -> str:
        block = self._known_block("pending" if given is None else given)
        return hex(self.node.estimate(self._message(call, self.node.settings.transaction_gas_cap), block))

    def _message(self, given: Any, most_gas: int) -> Transaction:
        """Build a call that pays no gas; nonce and signature do not matter to it."""
        call = members(given, "a call")
        return Transaction(
            sender=address(call["from"]) if call.get("from") else bytes(20),
            to=address(call["to"]) if call.get("to") else b"",
            data=data(call.get("input") or call.get("data") or "0x"),
            value=quantity(call.get("value") or 0),
            gas=min(quantity(call.get("gas") or most_gas), most_gas),
            nonce=self.node.engine.nonce(address(call["from"])) if call.get("from") else 0,
            chain_id=self.node.settings.chain_id,
            free=True,
        )

    # transactions

    def _refuse_unsigned(self, given: Any) -> None:
        call = members(given, "a transaction")
        text = "eth_sendTransaction: this node holds no keys; sign and use eth_sendRawTransaction"
        raise RpcFault(INVALID_PARAMS, f"{text} (No Signer available for {call.get('from')})")

    def _receipt(self, digest: Any) -> Any:
        block = self.node.find(hash32(digest))
        if block is None or block.transaction is None or block.transaction.hash != hash32(digest):
            return None
        return encode.receipt(block)

    def _transaction(self, digest: Any) -> Any:
        wanted = hash32(digest)
        block = self.node.find(wanted)
        if block is not None and block.transaction is not None and block.transaction.hash == wanted:
            return encode.transaction(block.transaction, block)
        waiting = (queued for queued in self.node.queue.values() if queued.hash == wanted)
        return next((encode.transaction(queued, None) for queued in waiting), None)

    def _fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
        last = min(self._known_block(newest).number, self.node.head.number)
        wanted = min(max(1, quantity(count)), _MOST_FEES)
        blocks = self.node.blocks[max(0, last + 1 - wanted) : last + 1]
        return encode.fee_history(blocks, len(items(percentiles, "percentiles", 100)))

    # development

    def _clock(self, method: str) -> DevelopmentClock:
        """Return the clock if requests may move it, and with it take blocks back."""
        clock = self.node.clock
        if not isinstance(clock, DevelopmentClock):
            raise RpcFault(METHOD_NOT_FOUND, f"{method}: {_SERVED_REFUSES}")
        return clock

    def _mine(self, timestamp: Any = None) -> str:
        if timestamp is not None:
            self._set_next_timestamp(timestamp)
        self.node.mine()
        return "0x0"

    def _increase_time(self, seconds: Any) -> int:
        self._clock("evm_increaseTime").increase(quantity(seconds))
        return quantity(seconds)

    def _set_next_timestamp(self, timestamp: Any) -> None:
        self._clock("evm_setNextBlockTimestamp").set(quantity(timestamp), self.node.head.timestamp)


def _positional(function: Callable[..., Any], method: str, params: Any) -> list[Any]:
    given = list(params or ())
    code = getattr(function, "__func__", function).__code__
    most = code.co_argcount - (1 if hasattr(function, "__func__") else 0)
    least = most - len(function.__defaults__ or ())
    if not least <= len(given) <= most:
        raise RpcFault(INVALID_PARAMS, f"{method}: given {len(given)} parameters, needed {least} to {most}")
    return given
