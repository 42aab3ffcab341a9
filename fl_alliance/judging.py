"""The strategy and the rule of judging that a configuration asks for."""

import inspect
from typing import Any

from flwr.serverapp.strategy import Strategy
from hydra.utils import get_class, instantiate

from fl_alliance.config import ConfigError, JobConfig, explain_class
from fl_alliance.strategies.rules import CandidateVoting, Majority, Rule
from fl_alliance.workloads import get
from fl_alliance.workloads.base import HasGradient


def make_strategy(config: JobConfig) -> Strategy:
    """Return the Flower strategy that `config.strategy` names.

    Raises
    ------
    ConfigError
        No such class, other parameters than it has, or not a strategy.
    """
    try:
        strategy = instantiate(config.strategy)
    except Exception as error:
        raise ConfigError(f"strategy {config.strategy['_target_']}: {explain_class(error)}") from error
    if not isinstance(strategy, Strategy):
        raise ConfigError(f"strategy {config.strategy['_target_']}: is not a flwr.serverapp.strategy.Strategy")
    return strategy


def make_rule(config: JobConfig) -> Rule:
    """Return the rule that `config.rule` names.

    Raises
    ------
    ConfigError
        The class that makes the menu cannot be made with what it was given, or lacks a method of `ConsensusRule`.
    """
    if config.rule.name == "majority":
        return Majority()
    name = config.rule.menu["_target_"]
    try:
        consensus = instantiate(_options(config))
    except Exception as error:
        raise ConfigError(f"rule.menu {name}: {explain_class(error)}") from error
    missing = [method for method in ("menu", "prepare") if not callable(getattr(consensus, method, None))]
    if missing:
        raise ConfigError(f"rule.menu {name}: lacks {', '.join(missing)}; needed: the methods of ConsensusRule")
    asks_shares = config.rule.reward == "contribution"
    return CandidateVoting(consensus, asks_shares, config.rule.suspect_at)


def check_rule(config: JobConfig) -> None:
    """Refuse a rule that cannot be made, or that asks of the workload what it has not; raises `ConfigError`."""
    make_rule(config)
    workload = get(config.workload.name, **config.workload.options)
    if config.rule.reward == "contribution" and not isinstance(workload, HasGradient):
        raise ConfigError(
            f"rule.reward=contribution: workload {workload.name} has no gradient; needed one of: rule.reward=stake, "
            "rule=majority, or a method gradient(arrays, site) in its class"
        )


def _options(config: JobConfig) -> dict[str, Any]:
    """Return what the menu's class is made with; where it takes `suspect_at`, it is the task's unless given."""
    given = dict(config.rule.menu)
    try:
        takes = "suspect_at" in inspect.signature(get_class(given["_target_"])).parameters
    except (ImportError, ValueError, TypeError):
        return given  # making it will say what is wrong
    return {"suspect_at": config.rule.suspect_at, **given} if takes else given
