"""A market on a chain of its own, deployed and used through the typed clients alone, and a small task on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from web3 import Web3

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.arena import (
    Arena,
    dataset_b_commitment,
    day_times,
    scores_commitment,
    submission_commitment,
)
from fl_alliance.chain.arena_types import Role, TaskParams
from fl_alliance.chain.commitments import DayTimes
from fl_alliance.chain.connect import advance_to, close, connect
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import MarketTerms, deploy_market
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML as FML

DAO = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
"""Deploys, and holds the DAO's roles."""
CREATOR, DELEGATOR, OUTSIDER = (NodeKey.derive(51, index) for index in range(3))
NODES = tuple(NodeKey.derive(52, index) for index in range(2))
VALIDATORS = tuple(NodeKey.derive(53, index) for index in range(2))
EVERYBODY = (CREATOR, DELEGATOR, OUTSIDER, *NODES, *VALIDATORS)
PURSE_WEI = 10_000 * FML
SUPPLY_WEI = 1_000_000 * FML
TERMS = MarketTerms(min_creator_stake_wei=100 * FML, withdrawal_delay_s=3 * 86_400)
SALT, DATASET_B = keccak(b"salt"), keccak(b"dataset B")
PARAMS = TaskParams(
    kind="tabular",
    spec_digest=keccak(b"spec"),
    dataset_a=keccak(b"dataset A"),
    dataset_b=dataset_b_commitment(DATASET_B, SALT),
    base_model=keccak(b"base"),
    first_day=1,
    day_count=1,
    submit_s=21_600,
    reveal_s=3_600,
    score_s=21_600,
    reveal_scores_s=3_600,
    paid_nodes=10,
    paid_validators=10,
    validator_limit=50,
    slash_bps=1_000,
    power_halves=2,
    min_node_stake_wei=100 * FML,
    min_validator_stake_wei=250 * FML,
    floor_bps=0,
    now_bps=1_000,
    delegated_bps=10_000,
    submission_fee_wei=2 * FML,
    daily_wei=200 * FML,
    max_parameters=1_000_000,
    rank_wad=85 * 10**16,
    decay_wad=5 * 10**18,
    creator_stake_wei=1_000 * FML,
)


@dataclass
class Fair:
    """A deployed market, and everybody's clients: one sender a key, for its transactions are numbered."""

    w3: Web3
    deployment: Deployment
    start_at: int
    senders: dict[str, Sender] = field(default_factory=dict)

    @property
    def rpc(self) -> Rpc:
        return Rpc(self.w3)

    @property
    def now(self) -> int:
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @property
    def head(self) -> int:
        return self.rpc.number("eth_blockNumber")

    def sender(self, key: NodeKey) -> Sender:
        return self.senders.setdefault(key.address, Sender(self.w3, key))

    def arena(self, key: NodeKey) -> Arena:
        return Arena(self.sender(key), self.deployment.arena)

    def emission(self, key: NodeKey = OUTSIDER) -> Emission:
        return Emission(self.sender(key), self.deployment.emission)

    def fml(self, key: NodeKey) -> Fml:
        return Fml(self.sender(key), self.deployment.fml)

    def pool(self, key: NodeKey, address: str) -> DelegationPool:
        return DelegationPool(self.sender(key), address)

    def wait_until(self, second: int) -> None:
        advance_to(self.w3, second)

    def balances(self) -> dict[str, int]:
        return {key.address: self.fml(DAO).balance_wei(key.address) for key in EVERYBODY}


@dataclass
class Task:
    """One task of the fair, and what its nodes and validators do on a day."""

    fair: Fair
    number: int
    params: TaskParams

    @classmethod
    def created(cls, fair: Fair, params: TaskParams = PARAMS) -> "Task":
        """Create it, and let every node and validator stake 1,000 FML."""
        task = cls(fair, fair.arena(CREATOR).create_task(params), params)
        for node in NODES:
            fair.arena(node).stake(task.number, Role.NODE, 1_000 * FML)
        for validator in VALIDATORS:
            fair.arena(validator).stake(task.number, Role.VALIDATOR, 1_000 * FML)
        return task

    def times(self, day: int) -> DayTimes:
        return day_times(self.params, self.fair.start_at, day)

    def model(self, node: NodeKey) -> bytes:
        return keccak(b"model of " + address_bytes(node.address))

    def commit(self, node: NodeKey, day: int = 0, digest: bytes | None = None, parameters: int = 1_000) -> int:
        digest = digest or self.model(node)
        commitment = submission_commitment(self.number, day, node.address, digest, parameters, SALT)
        return self.fair.arena(node).commit_submission(self.number, commitment)

    def reveal(self, node: NodeKey, digest: bytes | None = None, parameters: int = 1_000) -> bool:
        digest = digest or self.model(node)
        return self.fair.arena(node).reveal_submission(self.number, digest, parameters, SALT)

    def submit(self, day: int = 0) -> None:
        """Commit and reveal every node's model."""
        self.fair.wait_until(self.times(day).submit_at)
        assert [self.commit(node, day) for node in NODES] == [0, 1]
        self.fair.wait_until(self.times(day).reveal_at)
        assert all(self.reveal(node) for node in NODES)

    def score(self, day: int, *scores: int) -> None:
        """Commit and reveal the same scores, by place, by every validator."""
        self.fair.wait_until(self.times(day).score_at)
        for validator in VALIDATORS:
            self.commit_scores(validator, day, *scores)
        self.fair.wait_until(self.times(day).reveal_scores_at)
        for validator in VALIDATORS:
            self.reveal_scores(validator, day, *scores)

    def commit_scores(self, validator: NodeKey, day: int, *scores: int) -> int:
        commitment = scores_commitment(self.number, day, validator.address, scores, SALT)
        return self.fair.arena(validator).commit_scores(self.number, commitment)

    def reveal_scores(self, validator: NodeKey, day: int, *scores: int) -> None:
        arena = self.fair.arena(validator)
        arena.reveal_scores(self.number, arena.prove(self.number, day), scores, SALT)

    def settle(self, day: int) -> int:
        self.fair.wait_until(self.times(day).settle_at)
        return self.fair.arena(OUTSIDER).settle_all(self.number, day)

    def close(self, day: int) -> Any:
        """Let the day pass, have the emission's day closed, and finish it."""
        self.fair.wait_until(self.times(day).over_at)
        self.fair.emission().catch_up(self.fair.now)
        return self.fair.arena(OUTSIDER).finish_day(self.number, day)


@contextmanager
def deployed_fair() -> Iterator[Fair]:
    """A market whose emission begins in an hour, and everybody with gas and 10,000 FML."""
    w3 = connect("memory://")
    dao = Sender(w3, DAO)
    start_at = int(Rpc(w3)("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 3_600
    fair = Fair(w3, deploy_market(dao, start_at, SUPPLY_WEI, TERMS), start_at, {DAO.address: dao})
    for key in EVERYBODY:
        dao.send(key.address, b"", 21_000, "gas", 10**18)
        fair.fml(DAO).transfer(key.address, PURSE_WEI)
    yield fair
    close(w3)
