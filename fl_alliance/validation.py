"""What a configuration must hold before anything runs."""

import math
import re
from decimal import Decimal, InvalidOperation

from fl_alliance.chain.rules.evidence import MAX_WINDOW_S, MIN_WINDOW_S
from fl_alliance.chain.rules.params import MAX_GRACE_S
from fl_alliance.settings import JobConfig
from fl_alliance.strategies.masking.groups import FEWEST, group_count

WEI_PER_FML = 10**18
WEI_PER_GWEI = 10**9
MAX_FML = 10**9
MAX_MEMBERS = 1024
MAX_JUDGED = 64
"""Proposers, and voters, that a round of candidates can have: their marks and scores are judged on chain."""

LEAST_NOISE = 0.2
"""The smallest noise multiplier: with less an epsilon is of no meaning."""
MAX_STEPS = 10_000

_ARENA_TASK = re.compile(r"arena:([1-9][0-9]{0,17})")
_SIXTEENTHS = (("suspect_at", 1, 127), ("offset", 0, 127), ("forgive", 0, 255), ("slash_above", 0, 65_535))
"""Settings in sixteenths of a robust z, with the contract's bounds."""


class ConfigError(ValueError):
    """The configuration cannot run; the message names the setting, its value and what is needed."""


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


def arena_task(init: str) -> int | None:
    """Return the number in `arena:NUMBER`, None of `workload`; raises `ConfigError` of anything else."""
    found = _ARENA_TASK.fullmatch(init)
    if found is None and init != "workload":
        raise ConfigError(f"init={init}: needs workload, or arena:TASK with a task's number")
    return int(found[1]) if found else None


def validate(config: JobConfig) -> None:
    """Refuse a configuration that cannot run, naming the setting, its value and what is needed."""
    _validate_size(config)
    _validate_alliance(config)
    _validate_rule(config)
    _validate_masks(config)
    _validate_dp(config)
    _validate_attack(config)
    arena_task(config.init)
    for name in ("local_epochs", "batch_size", "learning_rate"):
        value = getattr(config.train, name)
        _require(value is None or 0 < value < math.inf, f"train.{name}={value}: needs more than 0, and finite")
    chain, market = config.chain.url, config.market
    _require(
        not (market.emission and chain and market.url) or chain == market.url,
        f"chain.url={chain}: needs market.url={market.url} with market.emission=true, which pays on its own chain",
    )
    _require("_target_" in config.strategy, "strategy: needs a _target_, the class of a Flower strategy")
    patience = config.chain.patience_s
    _require(0 <= patience < math.inf, f"chain.patience_s={patience}: needs 0 seconds or more")
    timeout = config.runtime.timeout_s
    _require(0 < timeout < math.inf, f"runtime.timeout_s={timeout}: needs more than 0 seconds")
    _require_one_of("runtime.name", config.runtime.name, "local", "ray", "deployment")
    _require_one_of("chain.token", config.chain.token, "fml", "points")
    _require(
        config.chain.token == "fml" or not config.market.emission,  # noqa: S105  no secret
        "chain.token=points: needs market.emission=false; an emission releases FML",
    )
    _require_one_of("records.proposals", config.records.proposals, "all", "none")


def _validate_size(config: JobConfig) -> None:
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


def _validate_alliance(config: JobConfig) -> None:
    alliance = config.alliance
    fml_to_wei(alliance.slash, "alliance.slash")
    stake = fml_to_wei(alliance.stake, "alliance.stake")
    min_stake = fml_to_wei(alliance.min_stake, "alliance.min_stake")
    _require(min_stake > 0, f"alliance.min_stake={alliance.min_stake}: needs more than 0")
    _require(
        stake >= min_stake,
        f"alliance.stake={alliance.stake}: is below the minimum stake alliance.min_stake={alliance.min_stake}",
    )
    bond = fml_to_wei(alliance.bond, "alliance.bond")
    needed = config.nodes * stake + fml_to_wei(alliance.pool, "alliance.pool") + bond
    _require(
        needed <= MAX_FML * WEI_PER_FML,
        f"{config.nodes} stakes of {alliance.stake}, a pool of {alliance.pool} and a bond of {alliance.bond}: needs at "
        f"most {MAX_FML} FML in all",
    )
    _require(
        MIN_WINDOW_S <= alliance.challenge_s <= MAX_WINDOW_S,
        f"alliance.challenge_s={alliance.challenge_s}: needs {MIN_WINDOW_S} to {MAX_WINDOW_S} seconds",
    )
    for name in ("slash_bps", "absence_bps", "bounty_bps", "tolerance_bps"):
        _require_bps(f"alliance.{name}", getattr(alliance, name))
    for name in ("registration_s", "leader_s", "propose_s", "commit_s", "reveal_s", "evidence_s"):
        value = getattr(alliance, name)
        _require(0 < value < 2**32, f"alliance.{name}={value}: needs at least 1 second")
    quorum, grace = alliance.quorum, alliance.grace_s
    _require(0 < quorum <= 1, f"alliance.quorum={quorum}: needs a share over 0 and at most 1")
    _require(0 <= grace <= MAX_GRACE_S, f"alliance.grace_s={grace}: needs 0 to {MAX_GRACE_S} seconds")


def _validate_rule(config: JobConfig) -> None:
    rule, alliance, epsilon = config.rule, config.alliance, config.rule.score_epsilon
    _require_one_of("rule.name", rule.name, "majority", "candidates")
    _require_one_of("rule.reward", rule.reward, "stake", "contribution")
    if rule.name == "majority":
        _require(
            rule.reward == "stake",
            "rule.reward=contribution: needs rule=candidates; with rule.name=majority set rule.reward=stake "
            "(rule=majority sets both)",
        )
        _require(epsilon == 0, f"rule.score_epsilon={epsilon}: needs rule=candidates; other votes carry no noise")
        return
    for name in ("proposers", "voters"):
        value = getattr(alliance, name)
        _require(
            1 <= value <= MAX_JUDGED,
            f"alliance.{name}={value}: needs 1 to {MAX_JUDGED} with rule=candidates; rule=majority has no such limit",
        )
    _require("_target_" in rule.menu, "rule.menu: needs a _target_, the class that makes the menu of candidates")
    for name in ("override_bps", "convict_bps", "escrow_bps"):
        if (share := getattr(rule, name)) is not None:
            _require_bps(f"rule.{name}", share)
    for name, least, most in _SIXTEENTHS:
        value = getattr(rule, name)
        _require(value is None or least <= value <= most, f"rule.{name}={value}: needs {least} to {most} sixteenths")
    _require(0 <= epsilon < math.inf, f"rule.score_epsilon={epsilon}: needs 0 (no noise) or more, and finite")
    _require(
        epsilon == 0 or rule.reward == "stake",
        f"rule.score_epsilon={epsilon}: needs rule.reward=stake; what voters say of contributions carries no noise",
    )


def _validate_masks(config: JobConfig) -> None:
    privacy, proposers = config.privacy, config.alliance.proposers
    if not privacy.masks:
        return
    size, absent = privacy.mask_group, privacy.mask_absent
    _require(
        FEWEST <= size <= MAX_JUDGED,
        f"privacy.mask_group={size}: needs {FEWEST} to {MAX_JUDGED}, of fewer updates a sum hides too little",
    )
    _require(0 <= absent <= size - 2, f"privacy.mask_absent={absent}: needs 0 to privacy.mask_group - 2 = {size - 2}")
    _require(
        FEWEST <= proposers <= MAX_JUDGED,
        f"alliance.proposers={proposers}: needs {FEWEST} to {MAX_JUDGED} with privacy.masks=true",
    )
    _require(
        0 < privacy.mask_range < math.inf, f"privacy.mask_range={privacy.mask_range}: needs more than 0, and finite"
    )
    _require(
        config.rule.reward == "stake" or group_count(proposers, size) > 1,
        f"alliance.proposers={proposers}: makes one group of privacy.mask_group={size}, and nothing tells its members "
        f"apart; needs {2 * size} for rule.reward=contribution, or a smaller group, or rule.reward=stake, which pays "
        "all alike and suspects nobody",
    )


def _validate_dp(config: JobConfig) -> None:
    dp = config.dp
    _require_one_of("dp.unit", dp.unit, "none", "record", "patient")
    for name in ("epsilon", "clip"):
        value = getattr(dp, name)
        _require(0 < value < math.inf, f"dp.{name}={value}: needs more than 0, and finite")
    _require(0 < dp.delta < 1, f"dp.delta={dp.delta}: needs more than 0 and less than 1, far less than 1 / units")
    _require(
        dp.noise == 0 or LEAST_NOISE <= dp.noise < math.inf,
        f"dp.noise={dp.noise}: needs 0 (as little as epsilon allows) or at least {LEAST_NOISE}",
    )
    _require(0 < dp.rate <= 1, f"dp.rate={dp.rate}: needs more than 0, and at most 1")
    _require(1 <= dp.steps <= MAX_STEPS, f"dp.steps={dp.steps}: needs 1 to {MAX_STEPS}")
    _require(0 <= dp.rounds <= config.rounds, f"dp.rounds={dp.rounds}: needs 0 (all) to the {config.rounds} rounds")
    if dp.unit != "none":
        unused = [name for name in ("local_epochs", "batch_size") if getattr(config.train, name) is not None]
        _require(
            not unused, f"train.{', train.'.join(unused)}: mean nothing with dp.unit={dp.unit}; set dp.steps, dp.rate"
        )


def _validate_attack(config: JobConfig) -> None:
    attack = config.attack
    for name in ("share", "proposers", "voters"):
        share = getattr(attack, name)
        _require(0 <= share <= 1, f"attack.{name}={share}: needs 0 to 1")
    _require(
        all(0 <= node < config.nodes for node in attack.nodes),
        f"attack.nodes={attack.nodes}: needs sites from 0 to {config.nodes - 1}",
    )
    for name in ("update", "vote", "protocol"):
        given = getattr(attack, name)
        _require(not given or "_target_" in given, f"attack.{name}: needs a _target_, the class of an attack")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ConfigError(message)


def _require_one_of(name: str, given: str, *known: str) -> None:
    _require(given in known, f"{name}={given}: needs one of {', '.join(known)}")


def _require_bps(name: str, value: int) -> None:
    _require(0 <= value <= 10_000, f"{name}={value}: needs 0 to 10000 basis points")
