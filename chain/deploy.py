"""Putting the contracts on a chain, and the manifest by which everybody else finds and checks them."""

import json
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from fl_alliance.chain import artifacts, strict_json
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.calls import CANDIDATES, MAJORITY
from fl_alliance.chain.codec import constructor
from fl_alliance.chain.errors import CodeMismatch, ContractMissing, ManifestUnusable, TransactionReverted, WrongChain
from fl_alliance.chain.gas import MOST, TOKEN_CALL
from fl_alliance.chain.reverts import explained
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

TOKEN = "FML"  # noqa: S105  a contract, no secret
RULES = {"majority": MAJORITY, "candidates": CANDIDATES}
"""The contract of each rule, by artifact; a deployment has one of them at most."""
EMISSION, POOLS, ARENA = "Emission", "DelegationPool", "Arena"
POINTS = "Points"
"""In the place of FML, where a consortium wants no token; its calls are FML's as far as the protocol makes them."""
TOKENS = {"fml": TOKEN, "points": POINTS}
SITES = "Sites"
"""The consortium's contract; may be missing."""
EVIDENCE = "Evidence"
"""Coordinators' transcripts and bonds; may be missing."""
ALLIANCE_MARKET = "AllianceMarket"
"""What pays the Alliance's tasks from the emission; only where there are both, and may be missing."""
DAO, TIMELOCK, VOTES, TREASURY, BRAKE = "Dao", "Timelock", "VoteLock", "Treasury", "Brake"
"""The DAO's contracts; may be missing."""
MODELS, REVENUE, DOCUMENTS = "Models", "Revenue", "Documents"
"""The marketplace's contracts; may be missing."""
GAUGES = "Gauges"
"""Where holders of locked FML say which tasks and models incentives go to; may be missing."""
MARKET = (EMISSION, POOLS, ARENA)
"""The market's contracts; a deployment has all of them or none. Pools are clones of the second."""
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
    """The contracts of one chain, in the order of their deployment; no task of theirs is older than `block`.

    Beside the token they are an Alliance, a market, or both. What is not there has no address: `ContractMissing`.
    """

    chain_id: int
    block: int
    contracts: dict[str, Contract]

    @property
    def fml(self) -> str:
        """The token's address, also where that is points."""
        return self.contracts[_token_in(self.contracts)].address

    @property
    def has_points(self) -> bool:
        """Whether stakes and pay are points, which have no transfers between holders."""
        return POINTS in self.contracts

    @property
    def sites(self) -> str:
        """The address of the consortium's contract."""
        return self.address(SITES)

    @property
    def has_sites(self) -> bool:
        """Whether there is a consortium's contract."""
        return SITES in self.contracts

    @property
    def contract(self) -> str:
        """The Alliance's contract, by artifact: one of `RULES`."""
        found = _rules_in(self.contracts)
        if not found:
            raise ContractMissing(" or ".join(RULES.values()), tuple(self.contracts))
        return found[0]

    @property
    def rule(self) -> str:
        """How its tasks' rounds are judged: a key of `RULES`."""
        return next(rule for rule, contract in RULES.items() if contract == self.contract)

    @property
    def alliance(self) -> str:
        """The Alliance's address."""
        return self.contracts[self.contract].address

    @property
    def has_alliance(self) -> bool:
        """Whether an Alliance is there."""
        return bool(_rules_in(self.contracts))

    @property
    def has_evidence(self) -> bool:
        """Whether coordinators put up bonds here."""
        return EVIDENCE in self.contracts

    @property
    def has_market(self) -> bool:
        """Whether the market's contracts are there."""
        return ARENA in self.contracts

    @property
    def arena(self) -> str:
        """The Arena's address."""
        return self.address(ARENA)

    @property
    def emission(self) -> str:
        """The emission's address."""
        return self.address(EMISSION)

    def address(self, name: str) -> str:
        """Return where the contract of an artifact is; raises `ContractMissing`."""
        if name not in self.contracts:
            raise ContractMissing(name, tuple(self.contracts))
        return self.contracts[name].address

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
            found = strict_json.parse(path.read_bytes())
            contracts = {str(name): Contract(**entry) for name, entry in found["contracts"].items()}
            deployment = cls(int(found["chain_id"]), int(found["block"]), contracts)
            for name in _main_contracts(contracts):
                address_bytes(contracts[name].address)
        except FileNotFoundError as reason:
            raise ManifestUnusable(str(path), "no such file") from reason
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as reason:
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
            code_hash = hash_of_code(rpc, contract.address)
            if code_hash != contract.code_hash:
                raise CodeMismatch(name, contract.address, code_hash, contract.code_hash)


def _rules_in(contracts: Container[str]) -> list[str]:
    """Return which of the rules' contracts are among these."""
    return [name for name in RULES.values() if name in contracts]


def _token_in(contracts: Container[str]) -> str:
    return POINTS if POINTS in contracts else TOKEN


def _main_contracts(contracts: Container[str]) -> tuple[str, ...]:
    """Return the names that a deployment with these contracts is used by; raises `KeyError` if some are missing."""
    alliances = _rules_in(contracts)
    market = MARKET if ARENA in contracts else ()
    if len(alliances) > 1 or not (alliances or market):
        raise KeyError(f"one of {' and '.join(RULES.values())}, or a market")
    sites = (SITES,) if SITES in contracts else ()
    return (_token_in(contracts), *alliances, *market, *sites)


def deploy(
    sender: Sender, supply_wei: int = CAP_WEI, rule: str = "majority", *, has_points: bool = False
) -> Deployment:
    """Deploy FML, minting `supply_wei` to the sender, and the Alliance of a rule of `RULES` with its libraries.

    With points there is no supply: the sender can mint, and names this Alliance as the only contract they move through.

    Raises
    ------
    TransactionError
        A deployment failed.
    """
    contracts: dict[str, Contract] = {}
    if has_points:
        deploy_contract(sender, POINTS, (), contracts)
    else:
        deploy_contract(sender, TOKEN, (supply_wei,), contracts)
    token = contracts[_token_in(contracts)].address
    block = deploy_contract(sender, RULES[rule], (token,), contracts)
    if has_points:
        _open_points(BoundContract(sender, POINTS, token), contracts[RULES[rule]].address)
    return Deployment(sender.chain_id, block, contracts)


def _open_points(points: BoundContract, alliance: str) -> None:
    """Let points move through the Alliance, and the sender, who has just deployed both, mint."""
    points.send(TOKEN_CALL, "grantRole", points.read("PROTOCOL_ROLE"), alliance)
    points.send(TOKEN_CALL, "grantRole", points.read("MINTER_ROLE"), points.sender.address)


def add_alliance(sender: Sender, deployment: Deployment, rule: str) -> Deployment:
    """Deploy the Alliance of a rule of `RULES` over the token of a deployment, and return it with both.

    Raises
    ------
    ValueError
        There is an Alliance already.
    TransactionError
        A deployment failed.
    """
    if deployment.has_alliance:
        raise ValueError(f"add_alliance: given a deployment with one at {deployment.alliance}, needed one without")
    contracts = dict(deployment.contracts)
    deploy_contract(sender, RULES[rule], (deployment.fml,), contracts)
    return Deployment(deployment.chain_id, deployment.block, contracts)


def deploy_contract(
    sender: Sender, name: str, args: tuple[Any, ...], contracts: dict[str, Contract], gas: int = 0
) -> int:
    """Deploy one contract after the libraries that it links to, note where they are, and return the block.

    `gas` is what its construction may use beyond what its size explains.

    Raises
    ------
    TransactionError
        The deployment failed; a contract that refused its arguments says so with its own `Refused`.
    """
    artifact = artifacts.load(name)
    libraries = sorted({library for unit in artifact.link_references.values() for library in unit})
    for library in libraries:
        if library not in contracts:
            deploy_contract(sender, library, (), contracts)
    init = creation_code(name, args, contracts)
    label = f"deploy {name}"
    try:
        receipt = sender.send(None, init, min(MOST, gas + _GAS_BASE + _GAS_PER_BYTE * len(init)), label)
    except TransactionReverted as reverted:
        raise explained(reverted, label) from reverted
    if receipt.contract is None:
        raise CodeMismatch(name, "nowhere", "no contract", "the deployed contract")
    contracts[name] = Contract(receipt.contract, hash_of_code(sender.rpc, receipt.contract))
    return receipt.block


def creation_code(name: str, args: tuple[Any, ...], contracts: Mapping[str, Contract]) -> bytes:
    """Return what creates a contract, linked to the libraries among `contracts`, with its constructor's arguments."""
    return bytes.fromhex(_linked(artifacts.load(name), contracts)) + constructor(name, args)


def _linked(artifact: artifacts.Artifact, contracts: Mapping[str, Contract]) -> str:
    """Return the artifact's bytecode with the addresses of its libraries in place."""
    code = artifact.bytecode.removeprefix("0x")
    for unit in artifact.link_references.values():
        for library, places in unit.items():
            address = address_bytes(contracts[library].address).hex()
            for place in places:
                start = 2 * place["start"]
                code = code[:start] + address + code[start + len(address) :]
    return code


def hash_of_code(rpc: Rpc, address: str) -> str:
    """Return keccak256 of the code at an address, as a manifest has it."""
    return "0x" + keccak(rpc.bytes("eth_getCode", address, "latest")).hex()
