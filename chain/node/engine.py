"""What the node needs from an EVM, so that another one can take py-evm's place."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from fl_alliance.chain.node.transaction import Transaction

GAS_CAP_OSAKA = 16_777_216  # EIP-7825


@dataclass(frozen=True, slots=True)
class Environment:
    """What the opcodes about the block answer. `ancestor(n)` is the hash of block n, or empty bytes."""

    chain_id: int
    number: int
    timestamp: int
    gas_limit: int
    base_fee: int
    coinbase: bytes
    prev_randao: bytes
    ancestor: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Log:
    """An event as the EVM emitted it; topics are 32 bytes each."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one transaction or call did.

    `failure` is empty on success, "revert" where REVERT was executed (then `output` is its data), else the
    name of what halted. `gas_used` is after refunds and the calldata floor, `gas_peak` what had to be in hand at once.
    """

    output: bytes
    failure: str
    gas_used: int
    gas_peak: int
    logs: tuple[Log, ...]
    created: bytes


class Engine(Protocol):
    """An EVM with its state. `apply` changes the open block; `seal` closes it and returns its net writes.

    `sealed` counts the blocks sealed or loaded; `unseal` takes the last one back, and with it what is open.
    """

    def interpret(self, is_on: bool) -> None:
        """Run contracts by the reference loop from now on, or by the fast one."""

    def decode(self, raw: bytes) -> Transaction: ...

    def apply(self, transaction: Transaction, environment: Environment) -> Outcome: ...

    def call(self, transaction: Transaction, environment: Environment) -> Outcome: ...

    def balance(self, address: bytes) -> int: ...

    def nonce(self, address: bytes) -> int: ...

    def code(self, address: bytes) -> bytes: ...

    def storage(self, address: bytes, slot: int) -> int: ...

    def endow(self, address: bytes, wei: int) -> None: ...

    def snapshot(self) -> int: ...

    def revert(self, mark: int) -> None: ...

    @property
    def sealed(self) -> int: ...

    def seal(self) -> bytes: ...

    def load(self, writes: bytes) -> None: ...

    def unseal(self) -> None: ...

    def rewound(self, blocks: int) -> AbstractContextManager[None]: ...

    def state_root(self) -> bytes: ...
