"""How long a plan takes, told before it runs from one training and one score of each of its data sets."""

import time
from collections.abc import Callable
from dataclasses import replace

from fl_alliance.chain.rules.candidates import MAX_ENTRIES
from fl_alliance.config import JobConfig, load_config
from fl_alliance.insider import enter
from fl_alliance.lab.methods import RULES
from fl_alliance.lab.plan import Plan
from fl_alliance.training import train_config

_MEMBER_S = 0.003
"""What Flower's messages and the chain take for one member of a round's committee."""
_START_S = 0.5
"""What contracts and registration take before the first round."""
_GRADIENTS = 9
"""What a voter's three gradients for contributions take, in scores."""


def seconds_of(plan: Plan) -> float:
    """Return about how long all runs take one after the other on this machine; right within a factor of two or three.

    The attackers' own sums are not in it.
    """
    measured: dict[str, tuple[float, float]] = {}
    kinds: dict[tuple[str, str], float] = {}
    total = 0.0
    for cell in plan.cells():
        if (kind := (cell.data, cell.method)) not in kinds:
            config = load_config(cell.overrides)
            if cell.data not in measured:
                measured[cell.data] = _measured(config)
            kinds[kind] = _run_s(config, cell.method, *measured[cell.data])
        total += kinds[kind]
    return total


def _run_s(config: JobConfig, method: str, train_s: float, score_s: float) -> float:
    """Return what one run takes, given what one training and one score do."""
    alliance, rule = config.alliance, config.rule
    training = alliance.proposers * (train_s + _MEMBER_S)
    if method not in RULES:
        return config.rounds * training
    scores = 2 if rule.name == "majority" else MAX_ENTRIES
    scores += _GRADIENTS if rule.reward == "contribution" else 0
    return _START_S + config.rounds * (training + alliance.voters * (scores * score_s + _MEMBER_S))


def _measured(config: JobConfig) -> tuple[float, float]:
    """Return how long one site trains, and how long it scores one model."""
    site = enter(replace(config, attack=type(config.attack)()), 0)
    model = site.workload.initial_arrays(config.seed)
    settings = train_config(config, site.workload, 1)
    return (
        _timed(lambda: site.workload.train(model, site.data, settings)),
        _timed(lambda: site.workload.score(model, site.data)),
    )


def _timed(work: Callable[[], object]) -> float:
    """Return the seconds of the second call; the first one warms up."""
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
