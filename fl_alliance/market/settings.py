"""The settings of the Arena's commands as typed dataclasses; `conf/market.yaml` has the defaults and says more."""

from dataclasses import dataclass, field
from typing import Any

MANIFEST, CHAIN, STORE, STATE = "market.json", "chain.db", "store", "state"
"""What a market's folder holds: where its contracts are, its embedded chain's file, its store, accounts' journals."""


@dataclass
class Chain:
    """Where the market's contracts are; an empty manifest is `market.json` in the folder."""

    url: str = ""
    manifest: str = ""


@dataclass
class Store:
    """Where datasets and models are; empty is `store` in the folder. `options` go to fsspec."""

    url: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Key:
    """Who acts: a keystore file, an environment variable, or one of the development chain's accounts."""

    env: str = ""
    keystore: str = ""
    development: int | None = None


@dataclass
class Stake:
    """What a node or validator stakes, in FML as decimal text; empty is the least that the task takes."""

    amount: str = ""
    lock_days: int = 0


@dataclass
class Delegation:
    """Whether others can delegate to the account, and what it keeps of their earnings, of 10,000."""

    accept: bool = False
    sigma_bps: int = 0


@dataclass
class Training:
    """How a node trains: a preset, or steps of one's own."""

    preset: str = ""
    steps: int | None = None
    threads: int = 0
    pieces: int = 0
    start: str = ""


@dataclass
class Scoring:
    """What a stranger's model may use while it is scored."""

    memory_mib: int = 0
    cpu_s: int = 0
    wall_s: float = 0.0
    need_no_network: bool = True


@dataclass
class Network:
    """How long to go on without an answer, and how often to look at the chain, in seconds."""

    give_up_s: float = 0.0
    look_s: float = 0.0


@dataclass
class Task:
    """What a creator fixes for good; amounts are FML as decimal text."""

    title: str = ""
    days: int = 0
    daily: str = ""
    stake: str = ""
    fee: str = ""
    node_stake: str = ""
    validator_stake: str = ""
    submit_s: int = 0
    reveal_s: int = 0
    score_s: int = 0
    reveal_scores_s: int = 0
    paid_nodes: int = 0
    paid_validators: int = 0
    validator_limit: int = 0
    slash_bps: int = 0
    floor_bps: int = 0
    now_bps: int = 0
    delegated_bps: int = 0
    power_halves: int = 0
    rank: float = 0.0
    decay: float | None = None
    workload: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    base: str = ""


@dataclass
class Market:
    """What `deploy` fixes for good; amounts are FML as decimal text."""

    supply: str = ""
    starts_in_s: int | None = None
    creator_stake: str = ""
    withdrawal_delay_s: int = 0
    development_fml: str = ""


@dataclass
class MarketSettings:
    """Everything that the commands of `fl-alliance arena` can be told."""

    folder: str = ""
    state: str = ""
    chain: Chain = field(default_factory=Chain)
    store: Store = field(default_factory=Store)
    key: Key = field(default_factory=Key)
    stake: Stake = field(default_factory=Stake)
    delegation: Delegation = field(default_factory=Delegation)
    training: Training = field(default_factory=Training)
    scoring: Scoring = field(default_factory=Scoring)
    network: Network = field(default_factory=Network)
    task: Task = field(default_factory=Task)
    market: Market = field(default_factory=Market)
