"""The same chain three times: in memory, in a file, and a real anvil process."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract

from fl_alliance.chain.connect import advance_to, close, connect, connected
from fl_alliance.chain.errors import AnvilMissing
from fl_alliance.chain.node.anvil import find_anvil

PROBE = json.loads((Path(__file__).parent / "probe.json").read_text())
MNEMONIC = "test test test test test test test test test test test junk"


def _account(index: int) -> LocalAccount:
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return account


@pytest.fixture(scope="session")
def proposer() -> LocalAccount:
    return _account(0)


@pytest.fixture(scope="session")
def voter() -> LocalAccount:
    return _account(1)


@pytest.fixture(scope="session")
def stranger() -> LocalAccount:
    """Holds nothing."""
    account: LocalAccount = Account.from_key(b"\x07" * 32)
    return account


@pytest.fixture(scope="module", params=["memory", "file", pytest.param("anvil", marks=pytest.mark.anvil)])
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web3]:
    """One connection a module; tests use `w3`, which forgets what they did."""
    if request.param == "anvil":
        try:
            find_anvil()
        except AnvilMissing as missing:
            pytest.skip(str(missing))
    path = tmp_path_factory.mktemp("chain") / "chain.db"
    w3 = connect({"memory": "memory://", "file": f"file://{path}", "anvil": "anvil://"}[request.param])
    yield w3
    close(w3)


@pytest.fixture
def w3(chain: Web3) -> Iterator[Web3]:
    anchor = rpc(chain, "evm_snapshot")
    yield chain
    assert rpc(chain, "evm_revert", anchor) is True


@pytest.fixture
def w3_alone() -> Iterator[Web3]:
    """A fresh embedded chain, for what only the embedded chain promises."""
    w3 = connect("memory://")
    yield w3
    close(w3)


def rpc(w3: Web3, method: str, *params: Any) -> Any:
    return w3.manager.request_blocking(method, list(params))  # type: ignore[arg-type]


@dataclass
class Sender:
    """Signs and sends as one account, waiting for each receipt."""

    w3: Web3
    account: LocalAccount
    defaults: dict[str, Any] = field(
        default_factory=lambda: {"gas": 1_000_000, "maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9, "value": 0}
    )

    def sign(self, **fields: Any) -> bytes:
        known = {"chainId": self.w3.eth.chain_id, "nonce": self.w3.eth.get_transaction_count(self.account.address)}
        if "gasPrice" in fields:
            known |= {"gas": 1_000_000, "value": 0}
        else:
            known |= self.defaults
        return bytes(self.account.sign_transaction(known | fields).raw_transaction)

    def send(self, **fields: Any) -> Any:
        return self.receipt(self.w3.eth.send_raw_transaction(self.sign(**fields)))

    def receipt(self, digest: Any) -> Any:
        return self.w3.eth.wait_for_transaction_receipt(digest, timeout=20, poll_latency=0.01)

    def deploy(self) -> Any:
        factory = self.w3.eth.contract(abi=PROBE["abi"], bytecode=PROBE["bytecode"])
        receipt = self.send(data=factory.constructor(b"origin".ljust(32, b"\0")).data_in_transaction, gas=3_000_000)
        assert receipt["status"] == 1
        return self.w3.eth.contract(receipt["contractAddress"], abi=PROBE["abi"])

    def call(self, contract: Contract, name: str, *arguments: Any, **fields: Any) -> Any:
        return self.send(to=contract.address, data=contract.encode_abi(name, list(arguments)), **fields)


@pytest.fixture
def sender_on(proposer: LocalAccount) -> Callable[[Web3], Sender]:
    return lambda w3: Sender(w3, proposer)


@pytest.fixture
def sender(w3: Web3, proposer: LocalAccount) -> Sender:
    return Sender(w3, proposer)


@pytest.fixture
def probe(sender: Sender) -> Any:
    return sender.deploy()


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Send one raw JSON-RPC request through web3."""
    return rpc


@pytest.fixture(scope="session")
def write_chain(proposer: LocalAccount) -> Callable[[str, int], None]:
    """Fill a chain file with deployments, calls, a revert, an empty block and transfers."""

    def write(url: str, rounds: int) -> None:
        with connected(url) as w3:
            sender = Sender(w3, proposer)
            probe = sender.deploy()
            for index in range(rounds):
                sender.call(probe, "work", 12, 3)
                sender.call(probe, "failAfterWriting")
                sender.call(probe, "spawn", index.to_bytes(32))
                sender.send(to=probe.address, value=index)
                advance_to(w3, w3.eth.get_block("latest")["timestamp"] + 30)

    return write
