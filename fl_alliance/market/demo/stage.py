"""Where the demonstration plays: a chain in a file with a market on it, a store, and an account for everybody.

All follows from the seed, to the hash of the last block: keys, salts, data, models. Everybody can derive these keys,
so they sign on the development chain only.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.arena.clock import SimulatedClock
from fl_alliance.arena.events import Event
from fl_alliance.arena.role import Desk, open_desk
from fl_alliance.arena.store import Store, open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.demo.cast import Member
from fl_alliance.market.keys import development_key
from fl_alliance.market.settings import CHAIN, MANIFEST, STATE, STORE

if TYPE_CHECKING:
    from web3 import Web3

BANK = "deployer"
_GAS_WEI, _GAS_TRANSFER = 10**18, 21_000
_HOUR_S = 3_600


@dataclass
class Stage:
    """A market and those in it; `told` is all that roles tell, in its order."""

    w3: "Web3"
    deployment: Deployment
    folder: Path
    seed: int
    senders: dict[str, Sender]
    told: list[Event] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)

    @property
    def bank(self) -> Sender:
        """Who deployed the market; it is the DAO, too."""
        return self.senders[BANK]

    @property
    def clock(self) -> SimulatedClock:
        """The chain's clock, which waiting moves."""
        return SimulatedClock(self.w3)

    @property
    def store(self) -> Store:
        """Datasets and models."""
        return open_store(self.folder / STORE)

    @property
    def emission(self) -> Emission:
        """The emission, as the DAO uses it."""
        return Emission(self.bank, self.deployment.emission)

    @property
    def token(self) -> Fml:
        """FML."""
        return Fml(self.bank, self.deployment.fml)

    def name_of(self, address: str) -> str:
        """Return what to call an account."""
        return next((name for name, sender in self.senders.items() if sender.address == address), address)

    def desk(self, name: str, matter: str) -> Desk:
        """Return somebody's desk; its journal is closed when the stage is."""
        folder, arena = self.folder / STATE / name, self.deployment.arena
        entropy = entropy_of(self.seed, name)
        desk = open_desk(self.senders[name], arena, self.store, self.clock, folder, matter, self.told.append, entropy)
        self.desks.append(desk)
        return desk


@contextmanager
def stage(folder: Path, members: Sequence[Member], seed: int) -> Iterator[Stage]:
    """Deploy a market on a new chain in `folder`, and give everybody gas and what it begins with.

    FML that exists before the emission is just what they begin with.
    """
    with connected(f"file://{folder.resolve() / CHAIN}") as w3:
        bank = Sender(w3, development_key(0))
        begins_at = int(w3.eth.get_block("latest")["timestamp"]) + _HOUR_S
        supply_wei = sum(member.purse_fml for member in members) * WEI_PER_FML
        deployment = deploy_market(bank, begins_at, supply_wei)
        deployment.save(folder / MANIFEST)
        keys = {member.name: NodeKey.derive(seed, index) for index, member in enumerate(members)}
        found = Stage(
            w3, deployment, folder, seed, {BANK: bank} | {name: Sender(w3, key) for name, key in keys.items()}
        )
        for member in members:
            address = found.senders[member.name].address
            bank.send(address, b"", _GAS_TRANSFER, "gas", _GAS_WEI)
            found.token.transfer(address, member.purse_fml * WEI_PER_FML)
        try:
            found.clock.wait_until(begins_at)
            yield found
        finally:
            for desk in found.desks:
                desk.journal.close()


def entropy_of(seed: int, name: str) -> Callable[[int], bytes]:
    """Return what gives an account of a demonstration its salts: always the same ones."""
    number = count()

    def entropy(size: int) -> bytes:
        return hashlib.shake_256(f"fl-alliance-demo|{seed}|{name}|{next(number)}".encode()).digest(size)

    return entropy
