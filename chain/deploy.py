"""Putting the contracts on a chain, and the manifest by which everybody else finds and checks them."""

import json
from collections.abc import Container
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from fl_alliance.chain import artifacts
from fl_alliance.chain.calls import CANDIDATES, MAJORITY
from fl_alliance.chain.codec import constructor
from fl_alliance.chain.errors import CodeMismatch, ManifestUnusable, WrongChain
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

TOKEN = "FML"  # noqa: S105  a contract, no secret
RULES = {"majority": MAJORITY, "candidates": CANDIDATES}
"""The contract of each rule, by artifact; a deployment has one of them."""
CAP_WEI = 10**9 * WEI_PER_FML
"""FML's hard cap; a simulation mints all of it to the deployer, who hands out the stakes."""

_GAS_BASE, _GAS_PER_BYTE = 1_000_000, 300


@dataclass(frozen=True, slots=True)
class Contract:
    """Where a contract or library is, and keccak256 of the code that was found there after its deployment."""

    address: str
    code_hash: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """The contracts of one chain, in the order of their deployment; `block` is the last one's."""

    chain_id: int
    block: int
    contracts: dict[str, Contract]

    @property
    def fml(self) -> str:
        """The token's address."""
        return self.contracts[TOKEN].address

    @property
    def contract(self) -> str:
        """The Alliance's contract, by artifact: one of `RULES`."""
        return _contract(self.contracts)

    @property
    def rule(self) -> str:
        """How its tasks' rounds are judged: a key of `RULES`."""
        return next(rule for rule, contract in RULES.items() if contract == self.contract)

    @property
    def alliance(self) -> str:
        """The Alliance's address."""
        return self.contracts[self.contract].address

    def save(self, path: Path) -> None:
        """Write the manifest, by custom `deployments/<chain id>.json`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a manifest.

        Raises
        ------
        ManifestUnusable
            No such file, or not a manifest.
        """
        try:
            found = json.loads(path.read_text())
            contracts = {str(name): Contract(**entry) for name, entry in found["contracts"].items()}
            deployment = cls(int(found["chain_id"]), int(found["block"]), contracts)
            for contract in (contracts[TOKEN], contracts[_contract(contracts)]):
                address_bytes(contract.address)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as reason:
            raise ManifestUnusable(str(path), f"{type(reason).__name__}: {reason}") from reason
        return deployment

    def check(self, rpc: Rpc) -> None:
        """Refuse a chain that is not this one, or that has other code at these addresses.

        Raises
        ------
        WrongChain, CodeMismatch
        """
        found = rpc.number("eth_chainId")
        if found != self.chain_id:
            raise WrongChain("deployment manifest", found, self.chain_id)
        for name, contract in self.contracts.items():
            code_hash = _code_hash(rpc, contract.address)
            if code_hash != contract.code_hash:
                raise CodeMismatch(name, contract.address, code_hash, contract.code_hash)


def _contract(contracts: Container[str]) -> str:
    """Return which of the rules' contracts is among these; raises `KeyError` if none or several are."""
    found = [name for name in RULES.values() if name in contracts]
    if len(found) != 1:
        raise KeyError(" or ".join(RULES.values()))
    return found[0]


def deploy(sender: Sender, supply_wei: int = CAP_WEI, rule: str = "majority") -> Deployment:
    """Deploy FML, minting `supply_wei` to the sender, and the Alliance of a rule of `RULES` with its libraries.

    Raises
    ------
    TransactionError
        A deployment failed.
    """
    contracts: dict[str, Contract] = {}
    _deploy(sender, TOKEN, (supply_wei,), contracts)
    block = _deploy(sender, RULES[rule], (contracts[TOKEN].address,), contracts)
    return Deployment(sender.chain_id, block, contracts)


def _deploy(sender: Sender, name: str, args: tuple[Any, ...], contracts: dict[str, Contract]) -> int:
    """Deploy one contract after the libraries that it links to, note where they are, and return the block."""
    artifact = artifacts.load(name)
    libraries = sorted({library for unit in artifact.link_references.values() for library in unit})
    for library in libraries:
        if library not in contracts:
            _deploy(sender, library, (), contracts)
    init = bytes.fromhex(_linked(artifact, contracts).removeprefix("0x")) + constructor(name, args)
    receipt = sender.send(None, init, _GAS_BASE + _GAS_PER_BYTE * len(init), f"deploy {name}")
    if receipt.contract is None:
        raise CodeMismatch(name, "nowhere", "no contract", "the deployed contract")
    contracts[name] = Contract(receipt.contract, _code_hash(sender.rpc, receipt.contract))
    return receipt.block


def _linked(artifact: artifacts.Artifact, contracts: dict[str, Contract]) -> str:
    """Return the artifact's bytecode with the addresses of its libraries in place."""
    code = artifact.bytecode.removeprefix("0x")
    for unit in artifact.link_references.values():
        for library, places in unit.items():
            address = address_bytes(contracts[library].address).hex()
            for place in places:
                start = 2 * place["start"]
                code = code[:start] + address + code[start + len(address) :]
    return code


def _code_hash(rpc: Rpc, address: str) -> str:
    return "0x" + keccak(rpc.bytes("eth_getCode", address, "latest")).hex()
