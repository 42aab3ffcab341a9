"""The emission, delegation pools and a market that does what a test says, on a chain of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from federation import DEPLOYER, FML, FORTUNE_TELLER, GAS, ONLOOKER, Refusal
from web3 import Web3

from fl_alliance.chain import artifacts
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import constructor, interface
from fl_alliance.chain.connect import advance_to, close, connect
from fl_alliance.chain.errors import RequestRefused
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.reverts import custom_errors
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.emission import POOL_WEI
from fl_alliance.chain.rules.words import address_bytes
from fl_alliance.chain.sender import Receipt, Sender

DAO, CREATOR, DELEGATOR = DEPLOYER, ONLOOKER, FORTUNE_TELLER
DELEGATE = NodeKey.derive(11, 0)
"""Acts only by being named: a training node that others delegate to."""
SUPPLY = 10**9 * FML - POOL_WEI
"""What exists before the emission: all that the cap leaves beside it."""
DAY = 86_400
DELAY = 7 * DAY
NEVER = 2**40
TASK, OTHER_TASK = 1, 2


def refusal_in(data: bytes) -> Refusal:
    """Return the custom error in revert data, addresses with their checksums."""
    found = custom_errors()[data[:4]]
    values = (value if not _is_address(value) else checksummed(address_bytes(value)) for value in found.values(data))
    return Refusal(found.name, tuple(values))


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith("0x")


@dataclass(frozen=True)
class Handle:
    """One contract at one address."""

    town: "Town"
    artifact: str
    address: str

    def encode(self, name: str, *args: Any) -> bytes:
        return interface(self.artifact).functions[name].encode(args)

    def send(self, name: str, *args: Any, by: NodeKey = DAO) -> Receipt:
        return self.town.sender(by).send(self.address, self.encode(name, *args), GAS, name)

    def read(self, name: str, *args: Any) -> Any:
        request = {"to": self.address, "data": "0x" + self.encode(name, *args).hex()}
        values = interface(self.artifact).functions[name].result(self.town.rpc.bytes("eth_call", request, "latest"))
        return values[0] if len(values) == 1 else values

    def refusal(self, name: str, *args: Any, by: NodeKey = DAO) -> Refusal:
        """Return the custom error of a call that must not succeed; nothing changes."""
        data = "0x" + self.encode(name, *args).hex()
        request = {"from": by.address, "to": self.address, "data": data, "gas": hex(GAS)}
        with pytest.raises(RequestRefused) as refused:
            self.town.rpc("eth_call", request, "latest")
        return refusal_in(refused.value.data)

    def events(self, receipt: Receipt, name: str) -> list[dict[str, Any]]:
        """Return this contract's events of one name in a receipt."""
        known = interface(self.artifact).events
        logs = [log for log in receipt.logs if log.address == self.address and log.topics[0] in known]
        return [known[log.topics[0]].values(log.topics, log.data) for log in logs if known[log.topics[0]].name == name]


@dataclass
class Town:
    """Everything deployed, and the accounts that act."""

    w3: Web3
    addresses: dict[str, str] = field(default_factory=dict)
    senders: dict[str, Sender] = field(default_factory=dict)
    strays_wei: int = 0
    """What a test sent to the emission for nothing."""

    @cached_property
    def rpc(self) -> Rpc:
        return Rpc(self.w3)

    def sender(self, key: NodeKey) -> Sender:
        return self.senders.setdefault(key.address, Sender(self.w3, key))

    def deploy(self, name: str, *args: Any) -> "Handle":
        init = bytes.fromhex(artifacts.load(name).bytecode.removeprefix("0x")) + constructor(name, args)
        receipt = self.sender(DAO).send(None, init, GAS, f"deploy {name}")
        assert receipt.contract is not None
        self.addresses[name] = receipt.contract
        return Handle(self, name, receipt.contract)

    def handle(self, name: str) -> Handle:
        return Handle(self, name, self.addresses[name])

    @property
    def fml(self) -> Handle:
        return self.handle("FML")

    @property
    def emission(self) -> Handle:
        return self.handle("Emission")

    @property
    def market(self) -> Handle:
        return self.handle("MarketHarness")

    @property
    def alliance(self) -> Handle:
        return self.handle("AllianceSourceHarness")

    # --- time

    @property
    def now(self) -> int:
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @cached_property
    def start(self) -> int:
        return int(self.emission.read("startAt"))

    def wait(self, seconds: int) -> None:
        advance_to(self.w3, self.now + seconds)

    def to_day(self, day: int, second: int = 0) -> None:
        """Move to a second of a day of the emission."""
        advance_to(self.w3, self.start + day * DAY + second)

    # --- the emission

    def verify(self, task: int, stake_wei: int) -> None:
        """Let the DAO verify one of the Arena's tasks, with a stake."""
        self.market.send("setStake", task, stake_wei)
        self.emission.send("verify", self.market.address, task)

    def verify_alliance(self, task: int, stake_wei: int) -> None:
        self.alliance.send("setStake", task, stake_wei)
        self.emission.send("verify", self.alliance.address, task)

    def close_through(self, day: int) -> None:
        """Close every day up to this one, which is over."""
        while self.emission.read("closedDays") <= day:
            self.emission.send("closeDay", by=ONLOOKER)

    def balance(self, account: str) -> int:
        return int(self.fml.read("balanceOf", account))

    def is_conserved(self) -> bool:
        """Whether all that was minted is paid, burned, or held for a day that has not lapsed."""
        return self.is_conserved_with(0)

    def is_conserved_with(self, burned_later: int) -> bool:
        """The same where a source burned so much of what it was paid."""
        minted, paid, burned = self.emission.read("books")
        left = sum(self.emission.read("dayOf", day)[2] for day in range(self.emission.read("closedDays")))
        held = self.balance(self.emission.address) - self.strays_wei
        supply = self.fml.read("totalSupply")
        return minted == paid + burned + held and left == held and supply == SUPPLY + minted - burned - burned_later

    def brake(self) -> None:
        """Wire the brake, whose guardian and DAO are one account here."""
        self.emission.send("setBrake", self.handle("Brake").address)

    # --- pools

    def pool(self, task: int = TASK, delegate: NodeKey = DELEGATE, sigma_bps: int = 4_000) -> Handle:
        """Make the pool of a delegate in a task."""
        self.market.send("openPool", task, delegate.address, sigma_bps)
        pool = Handle(self, "DelegationPool", self.market.read("poolOf", task, delegate.address))
        for key in (DAO, CREATOR, DELEGATOR):
            self.fml.send("approve", pool.address, 2**256 - 1, by=key)
        return pool

    def fund(self, account: str, amount_wei: int) -> None:
        self.fml.send("transfer", account, amount_wei)


@contextmanager
def deployed_town() -> Iterator[Town]:
    """FML, the emission from an hour on, a market and an Alliance's source, and the pools' code."""
    w3 = connect("memory://")
    town = Town(w3)
    fml = town.deploy("FML", SUPPLY)
    emission = town.deploy("Emission", fml.address, town.now + 3_600, DAO.address)
    pools = town.deploy("DelegationPool", fml.address, DELAY)
    market = town.deploy("MarketHarness", emission.address, pools.address)
    town.deploy("AllianceSourceHarness")
    town.deploy("Brake", DAO.address, DAO.address)
    fml.send("grantRole", fml.read("MINTER_ROLE"), emission.address)
    emission.send("grantRole", emission.read("MARKET_ROLE"), market.address)
    emission.send("grantRole", emission.read("GAUGE_ROLE"), DAO.address)
    for task in (TASK, OTHER_TASK):
        market.send("setEnd", task, NEVER)
    for key in (CREATOR, DELEGATOR):
        town.fund(key.address, 1_000_000 * FML)
    yield town
    close(w3)


@contextmanager
def behind_snapshot(deployed: Town) -> Iterator[Town]:
    """The town as deployed, put back afterwards; by then the emission's books must be even."""
    mark = deployed.rpc("evm_snapshot")
    town = Town(deployed.w3, dict(deployed.addresses))
    yield town
    assert town.is_conserved()
    deployed.rpc("evm_revert", mark)
