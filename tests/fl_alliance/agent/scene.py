"""A market with a DAO, a task with a node that takes delegators, and a listed model: where the agent's tests act."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import assembly
from bazaar import TERMS as MARKETPLACE
from fair import PARAMS
from web3 import Web3

from fl_alliance.agent.agent import Agent
from fl_alliance.agent.book import Book
from fl_alliance.agent.calling import LONGEST_TOKENS
from fl_alliance.agent.diary import Diary
from fl_alliance.agent.guards.limits import Limits, Terms
from fl_alliance.agent.proposers.parser import Parser
from fl_alliance.arena.store import open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_types import Role
from fl_alliance.chain.connect import advance_to
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.listings import Models
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.place import Place, place_of
from fl_alliance.marketplace.pricing import charge_wei

OWNER, ADA, EVE, HOST = assembly.LARGE, assembly.SMALL, assembly.RIVAL, assembly.STRANGER
"""OWNER's agent it is, who has locked FML. ADA is a training node of task 1 with a pool; EVE attacks."""
PRICE_WEI = WEI_PER_FML // 2
"""Of a call of model 1, or of a thousand tokens."""
ANSWER_WEI = charge_wei(PRICE_WEI, LONGEST_TOKENS)
"""What the agent pays for an answer of it by x402, which is paid before it is counted."""
FIRST_DAY = 20
NOW = 1_800_000_000


@dataclass
class Scene:
    """The chain, and agents on it."""

    w3: Web3
    deployment: Deployment
    folder: Path
    asked: list[Sequence[str]] = field(default_factory=list)

    @property
    def book(self) -> Book:
        book = Book(self.folder / "book.json")
        for name, key in (("ada", ADA), ("eve", EVE)):
            book.add(name, key.address)
        book.add("glucose-1", "task:1")
        book.add("nova", "model:1", "http://127.0.0.1:1/v1")
        return book

    def agent(
        self,
        says: Callable[[Sequence[str]], bool] = lambda _: True,
        now: Callable[[], int] = lambda: NOW,
        terms: Terms | None = None,
    ) -> Agent:
        folder = self.folder / "account"
        limits = Limits(folder)
        if terms is not None:
            limits.set(terms)

        def confirm(lines: Sequence[str]) -> bool:
            self.asked.append(lines)
            return says(lines)

        return Agent(self.place(OWNER), self.book, limits, Diary(folder, now), confirm, now)

    def parser(self) -> Parser:
        return Parser(self.book, OWNER.address)

    def place(self, key: NodeKey) -> Place:
        return place_of(self.w3, self.deployment, key, open_store(str(self.folder / "store"), {}), self.folder)

    def balance(self, key: NodeKey) -> int:
        return Fml(Sender(self.w3, OWNER), self.deployment.fml).balance_wei(key.address)

    def sent(self, key: NodeKey = OWNER) -> int:
        """How many transactions an account has in the chain."""
        return int(self.w3.eth.get_transaction_count(key.address))  # type: ignore[arg-type]

    def wait(self, seconds: int) -> None:
        advance_to(self.w3, self.w3.eth.get_block("latest")["timestamp"] + seconds)


@contextmanager
def set_up(folder: Path) -> Iterator[Scene]:
    """A scene with proposal 1 in its review, task 1, in which ADA is a node that takes delegators, and model 1."""
    with assembly.assembled() as market:
        deployment = market.deployment
        host = Models(Sender(market.w3, HOST), deployment)
        host.list(keccak(b"model"), keccak(b"card"), keccak(b"lineage"), PRICE_WEI, MARKETPLACE.host_stake_wei)
        creator, node = (Arena(Sender(market.w3, key), deployment.arena) for key in (HOST, ADA))
        creator.create_task(replace(PARAMS, first_day=FIRST_DAY, day_count=9))
        node.stake(1, Role.NODE, PARAMS.min_node_stake_wei)
        node.open_pool(1, 2_000)
        market.propose()
        yield Scene(market.w3, deployment, folder)
