"""The engine over py-evm: its opcodes and gas rules, our flat state and our signature recovery."""

from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

from eth.abc import ComputationAPI
from eth.constants import GAS_ECRECOVER
from eth.exceptions import Revert
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState, PragueTransactionExecutor
from eth.vm.forks.prague.transactions import Authorization as _SignedDelegation

from fl_alliance.chain.node.engine import Environment, Log, Outcome
from fl_alliance.chain.node.machine import Compiled
from fl_alliance.chain.node.recovery import ecrecover_output
from fl_alliance.chain.node.root import state_root
from fl_alliance.chain.node.transaction import Transaction, decode_transaction
from fl_alliance.chain.node.world import World

# py-evm declares its seams in its own newtypes; past this line they are ours.
_BaseState: Any = PragueState
_BaseExecutor: Any = PragueTransactionExecutor
_Context: Any = ExecutionContext
_ECRECOVER = bytes(19) + b"\x01"
_HALTS = {
    "InvalidJumpDestination": "InvalidJump",
    "InsufficientStack": "StackUnderflow",
    "FullStack": "StackOverflow",
    "WriteProtection": "StateChangeDuringStaticCall",
}


def ecrecover(computation: ComputationAPI) -> ComputationAPI:
    """Precompile 1; py-evm's own goes through four layers of key objects."""
    computation.consume_gas(GAS_ECRECOVER, reason="ecrecover")
    computation.output = ecrecover_output(computation.msg.data_as_bytes)
    return computation


class ReferenceRules(PragueComputation):
    """Prague's opcodes and precompiles, run by py-evm's own loop: slow, and what the fast one is tested against."""

    _precompiles = {  # noqa: RUF012 - py-evm's own spelling
        **PragueComputation.get_precompiles(),
        _ECRECOVER: ecrecover,
    }


class PragueRules(Compiled, ReferenceRules):
    """The same rules through compiled traces."""


class EvmState(World, _BaseState):  # type: ignore[misc]
    """py-evm's view of our world. One object lives as long as the chain; each transaction sets its context."""

    def __init__(self, rules: type[PragueComputation]) -> None:
        World.__init__(self)
        self.computation_class = rules

    def enter(self, environment: Environment) -> None:
        """Start a transaction in this block."""
        self.begin_transaction()
        self.environment = environment
        self.execution_context = _Context(
            coinbase=environment.coinbase,
            timestamp=environment.timestamp,
            block_number=environment.number,
            difficulty=0,
            mix_hash=environment.prev_randao,
            gas_limit=environment.gas_limit,
            prev_hashes=(),
            chain_id=environment.chain_id,
            base_fee_per_gas=environment.base_fee,
            excess_blob_gas=0,
        )

    def is_address_warm(self, address: bytes) -> bool:
        # EIP-2929: a precompile costs the warm price from the first call on
        return address in self.computation_class.get_precompiles() or super().is_address_warm(address)

    def get_ancestor_hash(self, block_number: int) -> bytes:
        if not 0 < self.environment.number - block_number <= 256:
            return b""
        return self.environment.ancestor(block_number)

    def get_gas_price(self, transaction: Transaction) -> int:
        return transaction.price(self.environment.base_fee)

    def get_tip(self, transaction: Transaction) -> int:
        return 0 if transaction.free else self.get_gas_price(transaction) - self.environment.base_fee

    def get_transaction_context(self, transaction: Transaction) -> Any:
        return self.get_transaction_context_class()(
            gas_price=self.get_gas_price(transaction), origin=transaction.sender
        )

    def process_set_code_authorizations(self, transaction: Transaction) -> int:
        signed = [
            _SignedDelegation(a.chain_id, a.address, a.nonce, a.y_parity, a.r, a.s)
            for a in transaction.authorization_list
        ]
        refund: int = super().process_set_code_authorizations(SimpleNamespace(authorization_list=signed))
        return refund


class PyEvm:
    """An `Engine` that executes with py-evm under one hard fork's rules."""

    def __init__(
        self,
        chain_id: int,
        rules: type[PragueComputation] = PragueRules,
        reference: type[PragueComputation] = ReferenceRules,
    ) -> None:
        self.chain_id = chain_id
        self._rules, self._reference = rules, reference
        self.state = EvmState(rules)
        self._executor = _BaseExecutor(self.state)

    def interpret(self, is_on: bool) -> None:
        self.state.computation_class = self._reference if is_on else self._rules

    def decode(self, raw: bytes) -> Transaction:
        return decode_transaction(raw, self.chain_id)

    def apply(self, transaction: Transaction, environment: Environment) -> Outcome:
        """Execute inside the open block; a Python error on the way leaves no trace in the state."""
        mark = self.state.snapshot()
        try:
            self.state.enter(environment)
            return self._execute(transaction)
        except BaseException:
            self.state.revert(mark)
            raise

    def call(self, transaction: Transaction, environment: Environment) -> Outcome:
        """Execute and forget."""
        mark = self.state.snapshot()
        try:
            self.state.enter(environment)
            return self._execute(transaction)
        finally:
            self.state.revert(mark)

    def _execute(self, transaction: Transaction) -> Outcome:
        message = self._executor.build_evm_message(transaction)
        computation = self._executor.build_computation(message, transaction)
        spent = transaction.gas - computation.get_gas_remaining()
        refund = self._executor.calculate_gas_refund(computation, spent)
        self._executor.finalize_computation(transaction, computation)
        self.state.clear_transient_storage()
        return Outcome(
            output=computation.output,
            failure=_failure(computation),
            gas_used=spent - refund + computation.data_floor_gas,
            gas_peak=max(spent, transaction.least_gas),
            logs=tuple(
                Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), data)
                for address, topics, data in computation.get_log_entries()
            ),
            created=message.storage_address if not transaction.to and computation.is_success else b"",
        )

    def balance(self, address: bytes) -> int:
        return self.state.get_balance(address)

    def nonce(self, address: bytes) -> int:
        return self.state.get_nonce(address)

    def code(self, address: bytes) -> bytes:
        return self.state.get_code(address)

    def storage(self, address: bytes, slot: int) -> int:
        return self.state.get_storage(address, slot)

    def endow(self, address: bytes, wei: int) -> None:
        self.state.set_balance(address, wei)

    def snapshot(self) -> int:
        return self.state.snapshot()

    def revert(self, mark: int) -> None:
        self.state.revert(mark)

    @property
    def sealed(self) -> int:
        return len(self.state.history)

    def seal(self) -> bytes:
        return self.state.seal()

    def load(self, writes: bytes) -> None:
        self.state.load(writes)

    def unseal(self) -> None:
        self.state.unseal()

    def rewound(self, blocks: int) -> AbstractContextManager[None]:
        return self.state.rewound(blocks)

    def state_root(self) -> bytes:
        return state_root(self.state)


def _failure(computation: ComputationAPI) -> str:
    if computation.is_success:
        return ""
    if isinstance(computation.error, Revert):
        return "revert"
    name, text = type(computation.error).__name__, str(computation.error)
    if name == "InvalidInstruction":
        return "InvalidJump" if "Jump" in text else "InvalidFEOpcode" if "0xfe" in text else "OpcodeNotFound"
    return _HALTS.get(name, name)
