"""The rule of judging that a configuration asks for."""

from fl_alliance.config import JobConfig
from fl_alliance.strategies.rules import Majority, Rule


def make_rule(config: JobConfig) -> Rule:
    """Return the rule that `config.rule` names."""
    return Majority()
