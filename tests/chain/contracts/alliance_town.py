"""An Alliance whose tasks the emission pays: the real contracts, members with keys, and delegators, on one chain."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import federation as alliances
from emissions import CREATOR, DAO, DELAY, DELEGATOR, SUPPLY, Handle, Town
from federation import CANDIDATE, DEPLOYER, FML, PREVIOUS, Chain, Federation, Receipt

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.messages import checksummed
from fl_alliance.chain.rules.draw import MAX_LEADERS
from fl_alliance.chain.rules.words import address_bytes
from fl_alliance.chain.sender import Sender

GWEI = 10**9
ETHER = 10**18
STAKE = 20
"""FML of each member: two seats."""
TERMS = {"proposers": 2, "voters": 0, "rounds": 200, "absence_bps": 0}
"""Rounds that nobody judges, a day or more apart, in which leaders may be absent."""


@dataclass
class AllianceTown:
    """A town with an Alliance in it; `paid` is a verified task, `alone` one that its creator funds."""

    town: Town
    chain: Chain
    paid: Federation
    alone: Federation

    @property
    def market(self) -> Handle:
        return self.town.handle("AllianceMarket")

    @property
    def emission(self) -> Handle:
        return self.town.emission

    @property
    def task(self) -> int:
        return self.paid.task

    def verify(self) -> None:
        """Let the DAO verify the paid task."""
        self.emission.send("verify", self.market.address, self.task)

    def accept(self, federation: Federation | None = None) -> None:
        """Have a round accepted: in these tasks nobody judges."""
        f = federation or self.paid
        self.open(f)
        f.propose()
        self.chain.send("settle", f.task, PREVIOUS, CANDIDATE, b"")

    def open(self, federation: Federation) -> None:
        """Open a round, by the leader whose turn it is by now."""
        passed = self.town.now + 1 - federation.state["phase_at"]
        federation.open(min(passed // federation.params.leader_s, MAX_LEADERS - 1))

    def note(self, federation: Federation | None = None) -> Receipt:
        return self.market.send("note", (federation or self.paid).task, by=CREATOR)

    def open_pool(self, member: int = 0, sigma_bps: int = 0) -> Handle:
        """Have a member open its pool, which delegators may pay into."""
        key = self.paid.keys[member]
        self.town.sender(DAO).send(key.address, b"", 21_000, "gas money", ETHER)
        self.market.send("openPool", self.task, member, sigma_bps, by=key)
        pool = Handle(self.town, "DelegationPool", self.delegation(member)[0])
        for delegator in (DAO, CREATOR, DELEGATOR):
            self.town.fml.send("approve", pool.address, 2**256 - 1, by=delegator)
        return pool

    def delegation(self, member: int = 0) -> tuple[Any, ...]:
        """Return pool, member, counted wei, weight and claimed rewards."""
        address, *rest = self.market.read("delegationOf", self.task, self.paid.keys[member].address)
        return (checksummed(address_bytes(address)), *rest)

    def deposit(self, pool: Handle, amount_wei: int, by: NodeKey = DELEGATOR) -> None:
        pool.send("deposit", amount_wei, by.address, by=by)

    def draw(self, day: int = 0) -> dict[str, int]:
        """Close through a day that is over, draw the paid task's share of it, and return how it was parted."""
        self.town.close_through(day)
        receipt = self.emission.send("draw", self.market.address, self.task, day, by=CREATOR)
        [told] = self.market.events(receipt, "RewardSplit")
        return dict(told)

    def claim(self, member: int = 0) -> int:
        """Pay a member's delegators, and return what came to their pool."""
        pool = self.delegation(member)[0]
        before = self.town.balance(pool)
        self.market.send("claim", self.task, self.paid.keys[member].address, by=CREATOR)
        return self.town.balance(pool) - before

    def redeem_all(self, pool: Handle, by: NodeKey = DELEGATOR) -> int:
        """Ask for everything, wait, redeem, and return what came."""
        before = self.town.balance(by.address)
        pool.send("requestRedeem", pool.read("balanceOf", by.address), by=by)
        self.town.wait(DELAY)
        pool.send("redeem", pool.read("maxRedeem", by.address), by.address, by.address, by=by)
        return self.town.balance(by.address) - before

    def held_for_pools(self) -> int:
        """What of the market's FML is due to pools."""
        delegates = self.market.read("delegatesOf", self.task)
        return sum(self.market.read("claimableWei", self.task, delegate) for delegate in delegates)

    def is_conserved(self) -> bool:
        """Whether every wei is where it should be: at the emission, in the Alliance, due to a pool, or dust."""
        dust = self.town.balance(self.market.address) - self.held_for_pools()
        rewards = len(self.market.read("rewardsOf", self.task))
        pools = len(self.market.read("delegatesOf", self.task))
        return self.town.is_conserved_with(self.burned) and self.chain.is_conserved() and 0 <= dust <= rewards * pools

    @property
    def burned(self) -> int:
        """What the market burned of what it was paid."""
        logs = self.town.rpc(
            "eth_getLogs", {"address": self.town.fml.address, "fromBlock": "0x0", "topics": _burns_of(self.market)}
        )
        return sum(int(log["data"], 16) for log in logs)


def _burns_of(market: Handle) -> list[str]:
    transfer = interface("FML").event("Transfer")
    return ["0x" + transfer.topic.hex(), "0x" + bytes(12).hex() + market.address[2:].lower(), "0x" + bytes(32).hex()]


@contextmanager
def deployed_alliance_town() -> Iterator[AllianceTown]:
    """Emission from an hour on, an Alliance with two started tasks of five members, one verified, and their market."""
    w3 = connect("memory://")
    deployment = deploy(Sender(w3, DEPLOYER), SUPPLY)
    chain = Chain(w3, deployment)
    town = Town(w3, {"FML": deployment.fml}, chain.senders)
    emission = town.deploy("Emission", deployment.fml, town.now + 3_600, DAO.address)
    pools = town.deploy("DelegationPool", deployment.fml, DELAY)
    town.deploy("AllianceMarket", deployment.alliance, emission.address, pools.address)
    town.fml.send("grantRole", town.fml.read("MINTER_ROLE"), emission.address)
    for key in (CREATOR, DELEGATOR):
        town.fund(key.address, 1_000_000 * FML)
    tasks = [Federation.create(chain, **TERMS).start(*[STAKE] * 5) for _ in range(2)]
    made = AllianceTown(town, chain, *tasks)
    made.verify()
    yield made
    close(w3)


@contextmanager
def behind_snapshot(deployed: AllianceTown) -> Iterator[AllianceTown]:
    """The same, put back afterwards; by then every wei must be accounted for."""
    with alliances.behind_snapshot(deployed.paid) as chain:
        town = Town(chain.w3, dict(deployed.town.addresses), chain.senders)
        tasks = [Federation(chain, f.params, f.pool_wei, f.task, list(f.keys)) for f in (deployed.paid, deployed.alone)]
        made = AllianceTown(town, chain, *tasks)
        yield made
        assert made.is_conserved()
