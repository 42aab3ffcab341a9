"""Where the demonstration plays: a chain in a file with a market, its DAO and a marketplace, and who takes part."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.arena.clock import SimulatedClock
from fl_alliance.arena.events import Event
from fl_alliance.arena.role import Desk, open_desk
from fl_alliance.arena.store import Store, open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.dao import VoteLock
from fl_alliance.chain.dao_deploy import add_dao, hand_over
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.marketplace import add_marketplace
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.keys import development_key
from fl_alliance.market.place import place_of
from fl_alliance.market.settings import CHAIN, MANIFEST, STATE, STORE
from fl_alliance.marketplace.caller import Caller
from fl_alliance.marketplace.purse import Purse
from fl_alliance.marketplace.stall import Stall

if TYPE_CHECKING:
    from web3 import Web3

BANK, HOST, HOLDER, CREATOR, NODE, RIVAL, VALIDATOR, ASKER, CONTRIBUTOR, GUARDIAN = map(development_key, range(10))
PAYER = NodeKey.derive(402, 0)
"""Pays by x402: holds FML, and none of the chain's own coin."""
PURSE_WEI = 50_000 * WEI_PER_FML
LOCKED_WEI = 20_000 * WEI_PER_FML
PAYER_WEI = 10 * WEI_PER_FML
_SOON_S = 3_600


@dataclass
class Town:
    """A marketplace with those in it."""

    w3: "Web3"
    folder: Path
    deployment: Deployment
    senders: dict[str, Sender] = field(default_factory=dict)
    desks: list[Desk] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """Datasets, models and documents."""
        return open_store(self.folder / STORE)

    @property
    def clock(self) -> SimulatedClock:
        """The chain's clock, which waiting moves."""
        return SimulatedClock(self.w3)

    @property
    def fml(self) -> Fml:
        """The token."""
        return Fml(self.sender(BANK), self.deployment.fml)

    def sender(self, key: NodeKey) -> Sender:
        """Return what sends as an account."""
        return self.senders.setdefault(key.address, Sender(self.w3, key))

    def stall(self, key: NodeKey) -> Stall:
        """Return the marketplace as an account stands in it."""
        return Stall.at(place_of(self.w3, self.deployment, key, self.store, self.folder / STATE))

    def caller(self, key: NodeKey, url: str) -> Caller:
        """Return an account as it calls models."""
        stall = self.stall(key)
        return Caller(stall, key, url, Purse(stall.folder("purse") / "signed.json"))

    def desk(self, key: NodeKey, matter: str) -> Desk:
        """Return an account's desk in the Arena."""
        folder, arena = self.folder / STATE / key.address.lower(), self.deployment.arena
        desk = open_desk(self.sender(key), arena, self.store, self.clock, folder, matter, self.told.append)
        self.desks.append(desk)
        return desk


@contextmanager
def founded(folder: Path) -> Iterator[Town]:
    """Deploy a market, a DAO that owns it and a marketplace, and give everybody FML."""
    with connected(f"file://{folder.resolve() / CHAIN}") as w3:
        bank = Sender(w3, BANK)
        begins_at = bank.rpc.second() + _SOON_S
        market = add_dao(bank, deploy_market(bank, begins_at), GUARDIAN.address)
        deployment = add_marketplace(bank, market)
        deployment.save(folder / MANIFEST)
        town = Town(w3, folder, deployment, {BANK.address: bank})
        hand_over(bank, deployment)
        for key in (HOST, HOLDER, CREATOR, NODE, RIVAL, VALIDATOR, ASKER, CONTRIBUTOR):
            town.fml.transfer(key.address, PURSE_WEI)
        town.fml.transfer(PAYER.address, PAYER_WEI)
        VoteLock(town.sender(HOLDER), deployment).lock(LOCKED_WEI)
        try:
            town.clock.wait_until(begins_at)
            yield town
        finally:
            for desk in town.desks:
                desk.journal.close()
