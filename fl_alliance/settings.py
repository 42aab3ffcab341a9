"""The settings of a job as typed dataclasses, which are the schema of its hydra configuration."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class WorkloadSettings:
    """Which machine-learning problem is solved, and its options."""

    name: str = "glucose"
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class TrainSettings:
    """What a proposer does with its own data in a round; what is not set is the workload's own default."""

    local_epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None


@dataclass
class AllianceSettings:
    """The on-chain task. Amounts are FML as decimal text, rates are basis points, times are seconds.

    Who is slashed loses `slash_bps` of its balance and the fixed amount `slash` on top, at most what it has.
    `bond` is what the coordinator loses for a proven lie in what it posts of every round, `challenge_s` how long after
    the end it can be accused; with a bond of 0 nothing is posted.

    When `quorum`, a share of the proposers or voters, rounded up, has answered, the others have `grace_s` more, and as
    long again on chain, where they can still answer by themselves. With `grace_s` of 0 every window is waited out.
    """

    proposers: int = 5
    voters: int = 5
    stake: str = "100"
    min_stake: str = "50"
    pool: str = "1000"
    slash: str = "0"
    slash_bps: int = 1000
    absence_bps: int = 100
    bounty_bps: int = 1000
    tolerance_bps: int = 500
    registration_s: int = 3600
    leader_s: int = 60
    propose_s: int = 3600
    commit_s: int = 3600
    reveal_s: int = 600
    evidence_s: int = 600
    quorum: float = 0.5
    grace_s: int = 300
    bond: str = "100"
    challenge_s: int = 86_400


@dataclass
class RuleSettings:
    """How a round is judged and its proposers are paid.

    Attributes
    ----------
    name : str
        `candidates`: voters score a menu of models that everybody forms from the same proposals, and the contract
        adopts the best. `majority`, the published rule: they accept or reject the strategy's aggregate.
    reward : str
        What proposers are paid by: `contribution`, their share of the round's gain, or `stake`, as majority must.
    menu : dict
        `_target_` and options of the class that makes the menu; a `fl_alliance.strategies.rules.ConsensusRule`.
    override_bps : int
        Stake that must prefer the winner to the default candidate, else the default is adopted.
    convict_bps : int or None
        Stake that must find a model with the suspects in it worse, before their marks count as evidence. Not set it is
        8000, or 6666 with masks, where a suspect is known from many rounds and seen dimly in each.
    suspect_at, offset, slash_above : int
        In sixteenths of a robust z: who is a suspect, what of a mark does not count, and the evidence above which a
        conviction slashes.
    forgive : int or None
        What a round without conviction takes off, in the same. Not set it is 16, or 4 with masks.
    escrow_bps : int
        With contribution: share of a proposer's pay that is held back, a quarter of it released a round.
    score_epsilon : float
        Differential privacy of each round's scores, by Laplace noise; 0: no noise. For one held-out example, or with
        dp.unit=patient for one patient.
    """

    name: str = "candidates"
    reward: str = "contribution"
    menu: dict[str, Any] = field(default_factory=lambda: {"_target_": "fl_alliance.strategies.menu.Candidates"})
    override_bps: int = 5000
    convict_bps: int | None = None
    suspect_at: int = 32
    offset: int = 16
    forgive: int | None = None
    slash_above: int = 112
    escrow_bps: int = 5000
    score_epsilon: float = 0.0


@dataclass
class PrivacySettings:
    """What nobody learns of a site.

    Attributes
    ----------
    masks : bool
        Secure aggregation: coordinator and voters see means of groups of updates, and no single one.
    mask_group : int
        Proposers in a group.
    mask_absent : int
        How many of a group may be missing from its mean; three at least are in it.
    mask_range : float
        Largest change of a parameter in one round; a larger one is clipped to it by the node.
    """

    masks: bool = False
    mask_group: int = 4
    mask_absent: int = 1
    mask_range: float = 2.0


@dataclass
class DpSettings:
    """Differential privacy of what sites train; none by default.

    Attributes
    ----------
    unit : str
        Who is protected: `record`, one example; `patient`, all examples of one; `none`.
    epsilon, delta : float
        The most that training in this task spends at a site. Units are erased between neighbouring data sets; how many
        there are is told.
    clip : float
        L2 norm that a unit's gradient has at most.
    noise : float
        Noise on the sum of a step's clipped gradients, in units of `clip`; 0: the least with which a site can train in
        `rounds` rounds. With more than that noise it can train longer, with less it stops earlier.
    rate : float
        Probability with which each unit takes part in a step.
    steps : int
        Steps of a site in a round.
    rounds : int
        Rounds that a site is to train in; 0: all of the task's.
    """

    unit: str = "none"
    epsilon: float = 8.0
    delta: float = 1e-5
    clip: float = 1.0
    noise: float = 0.0
    rate: float = 1.0
    steps: int = 5
    rounds: int = 0


@dataclass
class AttackSettings:
    """Which nodes are malicious, and what they do; nobody and nothing by default.

    Attributes
    ----------
    share : float
        Share of the nodes, rounded down; the seed decides which.
    nodes : list of int
        Instead of a share: these sites.
    proposers, voters : float
        At most this share of a round's proposers poisons, and of its voters lies, rounded down; which of the
        malicious that were drawn, the seed decides. 1: all of them.
    update, vote, protocol : dict
        `_target_` and options of what changes how they train, how they judge, and what they answer at all.
    """

    share: float = 0.0
    nodes: list[int] = field(default_factory=list)
    proposers: float = 1.0
    voters: float = 1.0
    update: dict[str, Any] = field(default_factory=dict)
    vote: dict[str, Any] = field(default_factory=dict)
    protocol: dict[str, Any] = field(default_factory=dict)


@dataclass
class RecordSettings:
    """What a run keeps: `proposals` is `all`, for the audit to recompute every menu, or `none`."""

    proposals: str = "all"


@dataclass
class ChainSettings:
    """Where the contracts live and who relays. An empty url is a chain file in the run folder.

    `relayer_key_env` names an environment variable that holds the relayer's key (hex, or the path of a
    keystore v3 whose password is in the variable of the same name with `_PASSWORD` behind it). Empty: the
    development key, which signs on chain 31337 only. `token` is `fml`, or `points`: then stakes and pay are points
    that do not move between holders, which the relayer mints. `sites` is the address of the consortium's contract
    that approves what runs and knows whose SuperNodes are whose; empty: there is none. `patience_s` is how long a
    run waits for a chain elsewhere that stopped to answer, and for a transaction to get into a block.
    """

    url: str = ""
    chain_id: int = 31337
    relayer_key_env: str = ""
    token: str = "fml"  # noqa: S105  no secret
    sites: str = ""
    patience_s: float = 600.0


@dataclass
class MarketSettings:
    """Where the market is whose task a run starts from, and whether its emission pays the run's own task.

    `folder` holds `market.json` and, unless they are elsewhere, the chain (`chain.db`) and the store (`store/`);
    `url` is the chain's, `store` the store's as a path or URL. With `emission` the run's task is on that chain too.
    """

    folder: str = "market"
    url: str = ""
    store: str = ""
    emission: bool = False

    @property
    def manifest(self) -> Path:
        """Where the market's contracts are written down."""
        return Path(self.folder) / "market.json"

    @property
    def chain_url(self) -> str:
        """The market's chain."""
        return self.url or f"file://{(Path(self.folder) / 'chain.db').resolve()}"


@dataclass
class RuntimeSettings:
    """How the ClientApps run, and how long they are waited for.

    Attributes
    ----------
    name : str
        `local`, in this process; `ray`, Flower's simulation; `deployment`, hospitals join.
    timeout_s : float
        Longest wait for replies for which no window of the chain says how long there is: of hospitals that join, and
        all of them on a chain whose clock is moved, not waited for.
    policy : str
        A site policy's file that every simulated site keeps, each with a log of its own in the run's folder; hospitals
        bring their own (`fl-alliance join --policy`).
    """

    name: str = "local"
    timeout_s: float = 3600.0
    policy: str = ""


@dataclass
class JobConfig:
    """Everything that decides a run's result, down to the last byte on the embedded chain.

    `init` is where the model of round 0 comes from: `workload`, or `arena:TASK`, the winner of that task of `market`.
    """

    nodes: int = 10
    rounds: int = 20
    seed: int = 1
    baselines: bool = True
    init: str = "workload"
    workload: WorkloadSettings = field(default_factory=WorkloadSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    strategy: dict[str, Any] = field(default_factory=dict)
    alliance: AllianceSettings = field(default_factory=AllianceSettings)
    rule: RuleSettings = field(default_factory=RuleSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    dp: DpSettings = field(default_factory=DpSettings)
    attack: AttackSettings = field(default_factory=AttackSettings)
    chain: ChainSettings = field(default_factory=ChainSettings)
    market: MarketSettings = field(default_factory=MarketSettings)
    runtime: RuntimeSettings = field(default_factory=RuntimeSettings)
    records: RecordSettings = field(default_factory=RecordSettings)
