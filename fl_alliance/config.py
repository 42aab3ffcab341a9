"""The configuration of a job: typed, composed with hydra, validated before anything runs.

The command line, `flwr run --run-config 'overrides="..."'` and every ClientApp compose the same
configuration from one string of hydra overrides, so there is a single source of truth.
"""

import hashlib
import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from hydra import compose, initialize_config_module
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

WEI_PER_FML = 10**18
WEI_PER_GWEI = 10**9
MAX_FML = 10**9
MAX_MEMBERS = 1024


class ConfigError(ValueError):
    """The configuration cannot run; the message names the setting, its value and what is needed."""


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
    """The on-chain task. Amounts are FML as decimal text, rates are basis points, times are seconds."""

    proposers: int = 5
    voters: int = 5
    stake: str = "100"
    min_stake: str = "50"
    pool: str = "1000"
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


@dataclass
class ChainSettings:
    """Where the contracts live and who relays. An empty url is a chain file in the run folder.

    `relayer_key_env` names an environment variable that holds the relayer's key (hex, or the path of a
    keystore v3 whose password is in the variable of the same name with `_PASSWORD` behind it). Empty: the
    development key of the embedded chain.
    """

    url: str = ""
    chain_id: int = 31337
    relayer_key_env: str = ""


@dataclass
class RuntimeSettings:
    """How the ClientApps run: `local` (in this process) or `ray` (Flower's simulation)."""

    name: str = "local"
    timeout_s: float = 3600.0


@dataclass
class JobConfig:
    """Everything that decides a run's result, down to the last byte on the embedded chain."""

    nodes: int = 10
    rounds: int = 20
    seed: int = 1
    baselines: bool = True
    workload: WorkloadSettings = field(default_factory=WorkloadSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    strategy: dict[str, Any] = field(default_factory=dict)
    alliance: AllianceSettings = field(default_factory=AllianceSettings)
    chain: ChainSettings = field(default_factory=ChainSettings)
    runtime: RuntimeSettings = field(default_factory=RuntimeSettings)


ConfigStore.instance().store(name="job_schema", node=JobConfig)


def load_config(overrides: str | Sequence[str] = ()) -> JobConfig:
    """Compose `conf/config.yaml` with hydra overrides, given as words or as one shell-quoted string.

    Raises
    ------
    ConfigError
        An override that is unknown or of the wrong type, or a value outside its range.
    """
    words = split_overrides(overrides) if isinstance(overrides, str) else list(overrides)
    GlobalHydra.instance().clear()
    try:
        with initialize_config_module("fl_alliance.conf", version_base="1.3"):
            composed = compose("config", overrides=words)
        config = OmegaConf.to_object(composed)
    except (HydraException, OmegaConfBaseException, ValueError, TypeError) as error:
        # hydra lets the last two through where a config group is given something else than a name
        raise ConfigError(_explain(error, words)) from None
    assert isinstance(config, JobConfig)  # noqa: S101  the schema says so
    validate(config)
    return config


def split_overrides(text: str) -> list[str]:
    """Return the words of one shell-quoted string of overrides; raises `ConfigError` where a quote stays open."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"overrides {text.strip()!r}: {error}; needs words quoted as in a shell") from None


def to_yaml(config: JobConfig) -> str:
    """Return the resolved configuration as YAML; it holds no secret."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def config_digest(config: JobConfig) -> bytes:
    """Return sha256 of the resolved configuration as canonical JSON, without where the chain is.

    The digest is pinned on chain when the task is created; a run on another chain is the same task.
    """
    return _content_digest(OmegaConf.to_container(OmegaConf.structured(config)))


def yaml_digest(text: str) -> bytes:
    """Return `config_digest` of what `to_yaml` wrote.

    Raises
    ------
    ConfigError
        This is no such text.
    """
    try:
        return _content_digest(OmegaConf.to_container(OmegaConf.create(text)))
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"no configuration: {error}") from error


def _content_digest(content: Any) -> bytes:
    if not isinstance(content, dict):
        raise ConfigError(f"no configuration: holds a {type(content).__name__}, needs settings by name")
    kept = {name: value for name, value in content.items() if name not in ("chain", "runtime")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).digest()


def fml_to_wei(amount: str, name: str) -> int:
    """Return a decimal FML amount in wei.

    Raises
    ------
    ConfigError
        Not a number, negative, more than there can be, or finer than one gwei (1e-9 FML), the contract's smallest unit.
    """
    try:
        fml = Decimal(amount)
    except InvalidOperation:
        raise ConfigError(f"{name}={amount!r}: needs an amount of FML, such as 64 or 0.5") from None
    if fml.is_finite() and fml > MAX_FML:  # before anything is computed: decimals have their limits too
        raise ConfigError(f"{name}={amount!r}: needs at most {MAX_FML}, all the FML that there can be")
    wei = fml * WEI_PER_FML
    if not wei.is_finite() or wei < 0 or wei % WEI_PER_GWEI:
        raise ConfigError(f"{name}={amount!r}: needs a non-negative amount of FML with at most nine decimals")
    return int(wei)


def validate(config: JobConfig) -> None:
    """Refuse a configuration that cannot run, naming the setting, its value and what is needed."""
    alliance = config.alliance
    _require(1 <= config.rounds <= 65_535, f"rounds={config.rounds}: needs 1 to 65535")
    _require(1 <= config.nodes <= MAX_MEMBERS, f"nodes={config.nodes}: needs 1 to {MAX_MEMBERS}")
    _require(0 <= config.seed < 2**63, f"seed={config.seed}: needs 0 to 2^63 - 1")
    _require(alliance.proposers >= 1, f"alliance.proposers={alliance.proposers}: needs at least 1")
    _require(alliance.voters >= 0, f"alliance.voters={alliance.voters}: needs 0 (nobody judges) or more")
    committee = alliance.proposers + alliance.voters
    _require(
        committee <= config.nodes,
        f"alliance.proposers + alliance.voters = {committee}: a committee cannot be larger than the "
        f"{config.nodes} nodes; lower one of them or raise nodes",
    )
    stake = fml_to_wei(alliance.stake, "alliance.stake")
    min_stake = fml_to_wei(alliance.min_stake, "alliance.min_stake")
    _require(min_stake > 0, f"alliance.min_stake={alliance.min_stake}: needs more than 0")
    _require(
        stake >= min_stake,
        f"alliance.stake={alliance.stake}: is below the minimum stake alliance.min_stake={alliance.min_stake}",
    )
    needed = config.nodes * stake + fml_to_wei(alliance.pool, "alliance.pool")
    _require(
        needed <= MAX_FML * WEI_PER_FML,
        f"{config.nodes} stakes of {alliance.stake} and a pool of {alliance.pool}: needs at most {MAX_FML} FML in all",
    )
    for name in ("slash_bps", "absence_bps", "bounty_bps", "tolerance_bps"):
        value = getattr(alliance, name)
        _require(0 <= value <= 10_000, f"alliance.{name}={value}: needs 0 to 10000 basis points")
    for name in ("registration_s", "leader_s", "propose_s", "commit_s", "reveal_s", "evidence_s"):
        value = getattr(alliance, name)
        _require(0 < value < 2**32, f"alliance.{name}={value}: needs at least 1 second")
    for name in ("local_epochs", "batch_size", "learning_rate"):
        value = getattr(config.train, name)
        _require(value is None or 0 < value < math.inf, f"train.{name}={value}: needs more than 0, and finite")
    _require("_target_" in config.strategy, "strategy: needs a _target_, the class of a Flower strategy")
    timeout = config.runtime.timeout_s
    _require(0 < timeout < math.inf, f"runtime.timeout_s={timeout}: needs more than 0 seconds")
    runtimes = ("local", "ray")
    _require(config.runtime.name in runtimes, f"runtime.name={config.runtime.name}: needs one of {', '.join(runtimes)}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ConfigError(message)


def _explain(error: Exception, words: Sequence[str]) -> str:
    """Return hydra's message in one line, with the nearest setting that exists for an unknown one."""
    text = " ".join(str(error).split())
    known = _setting_names(OmegaConf.to_container(OmegaConf.structured(JobConfig)))
    for word in words:
        name = word.lstrip("+~").split("=", 1)[0]
        if name in text and name not in known and (near := get_close_matches(name, known, n=1)):
            return f"override {word!r}: {text} Did you mean {near[0]!r}?"
    return text


def _setting_names(content: Any, prefix: str = "") -> list[str]:
    if not isinstance(content, dict):
        return [prefix]
    names = [prefix] if prefix else []
    for key, value in content.items():
        names += _setting_names(value, f"{prefix}.{key}" if prefix else str(key))
    return names
