"""A market on a chain of its own in memory, a store and a task, and everybody who could take part in it."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fl_alliance.arena.clock import SimulatedClock
from fl_alliance.arena.creator import Creator, Draft, create_task
from fl_alliance.arena.delegator import Delegator
from fl_alliance.arena.errors import SubmissionRefused
from fl_alliance.arena.events import Event
from fl_alliance.arena.keeper import Keeper
from fl_alliance.arena.kinds.base import WORST, Budget
from fl_alliance.arena.kinds.networks import NetworkKind
from fl_alliance.arena.node import TrainingNode
from fl_alliance.arena.role import Desk, Role, Stake, open_desk
from fl_alliance.arena.store import Store, open_store
from fl_alliance.arena.task import Task
from fl_alliance.arena.terms import Terms
from fl_alliance.arena.training import Plan
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.sender import Sender
from fl_alliance.learners import network_kind

if TYPE_CHECKING:
    from web3 import Web3

FML = 10**18
BANK = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
"""Deploys the market, is the DAO, and hands out what the others stake."""
LARGE, SMALL = Budget(200, 8, 0.1), Budget(40, 8, 0.02)
TERMS = Terms(day_count=2, daily_wei=200 * FML)


@dataclass
class Village:
    """What the roles of one task share; their journals lie in folders of their own."""

    w3: "Web3"
    deployment: Deployment
    folder: Path
    kind: NetworkKind
    told: list[Event] = field(default_factory=list)
    journals: Path | None = None
    """Where journals are, where that is not the folder."""
    entropy: Callable[[int], bytes] = field(default_factory=lambda: random.Random(7).randbytes)
    """The same in every run, so that datasets are, and with them who learns how much."""
    accounts: dict[str, Sender] = field(default_factory=dict)
    desks: list[Desk] = field(default_factory=list)

    @property
    def bank(self) -> Sender:
        return self.accounts["bank"]

    @property
    def clock(self) -> SimulatedClock:
        return SimulatedClock(self.w3)

    @property
    def store(self) -> Store:
        return open_store(self.folder / "store")

    @property
    def token(self) -> Fml:
        return Fml(self.bank, self.deployment.fml)

    def account(self, name: str, amount_fml: int = 10_000) -> Sender:
        """Return somebody's account; it gets gas and FML when it is first named."""
        if name not in self.accounts:
            sender = self.accounts[name] = Sender(self.w3, NodeKey.derive(51, len(self.accounts)))
            self.bank.send(sender.address, b"", 21_000, "gas", 10**18)
            self.token.transfer(sender.address, amount_fml * FML)
        return self.accounts[name]

    def desk(self, name: str, matter: str) -> Desk:
        """Return somebody's desk."""
        folder = (self.journals or self.folder) / name
        desk = open_desk(
            self.account(name),
            self.deployment.arena,
            self.store,
            self.clock,
            folder,
            matter,
            self.told.append,
            self.entropy,
        )
        self.desks.append(desk)
        return desk

    def close(self) -> None:
        """Let go of all journals, as a process does that ends."""
        for desk in self.desks:
            desk.journal.close()
        self.desks.clear()

    def create(self, terms: Terms = TERMS, is_verified: bool = True) -> Task:
        """Create a task, which the DAO verifies."""
        desk = self.desk("creator", "creation")
        task = create_task(desk, self.kind, Draft("tumours", {"workload": "breast_cancer"}, terms, LARGE))
        if is_verified:
            Emission(self.bank, self.deployment.emission).verify(self.deployment.arena, task.number)
        desk.journal.close()
        return task

    @contextmanager
    def behind_snapshot(self, folder: Path) -> Iterator["Village"]:
        """Yield a village like this in another folder; what happens in it is undone on the chain."""
        mark = self.bank.rpc("evm_snapshot")
        found = Village(self.w3, self.deployment, folder, self.kind, accounts={"bank": Sender(self.w3, BANK)})
        yield found
        found.close()
        self.bank.rpc("evm_revert", mark)

    # --- roles

    def creator(self, task: Task) -> Creator:
        return Creator(self.desk("creator", "creation"), task)

    def node(
        self, task: Task, name: str, budget: Budget = LARGE, sigma_bps: int | None = None, pieces: int = 1
    ) -> TrainingNode:
        plan, stake = Plan(budget, seed=len(name), pieces=pieces), Stake(1_000 * FML, sigma_bps=sigma_bps)
        return TrainingNode(self.desk(name, f"task {task.number}"), task, stake, self.kind, plan)

    def validator(self, task: Task, name: str, stake_fml: int = 1_000) -> Validator:
        desk = self.desk(name, f"task {task.number}")
        return Validator(desk, task, Stake(stake_fml * FML), self.kind, self.score)

    def keeper(self, task: Task, name: str = "keeper", *beneficiaries: str) -> Keeper:
        return Keeper(self.desk(name, f"task {task.number}"), task, beneficiaries)

    def delegator(self, task: Task, name: str, amounts_wei: Mapping[str, int]) -> Delegator:
        return Delegator(self.desk(name, f"task {task.number}"), task, amounts_wei)

    def score(self, artifact: bytes, data: bytes) -> int:
        """Score in this process: a sandbox takes seconds to start, and one test has it."""
        try:
            return self.kind.score(self.kind.load(artifact), data)
        except SubmissionRefused:
            return WORST

    # --- what is known

    def words_of(self, role: Role) -> list[str]:
        return [event.words for event in self.told if event.account == role.me]

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def balance(self, name: str) -> int:
        return self.token.balance_wei(self.accounts[name].address)


@contextmanager
def village(folder: Path) -> Iterator[Village]:
    """A market whose day 0 begins in an hour."""
    w3 = connect("memory://")
    bank = Sender(w3, BANK)
    begins = int(w3.eth.get_block("latest")["timestamp"]) + 3_600
    deployment = deploy_market(bank, begins)
    found = Village(w3, deployment, folder, network_kind("classify", "breast_cancer"), accounts={"bank": bank})
    found.clock.wait_until(begins)
    yield found
    found.close()
    close(w3)
