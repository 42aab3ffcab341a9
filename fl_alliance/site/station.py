"""Where a site's policy is: in a deployment the hospital's terms name it, in a simulation the run does."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fl_alliance.code_digest import code_digest
from fl_alliance.config import JobConfig, config_digest
from fl_alliance.deployment.terms import Terms
from fl_alliance.dp.account import Promise
from fl_alliance.folders import FolderError
from fl_alliance.records import write_whole
from fl_alliance.site.errors import PolicyInvalid
from fl_alliance.site.guard import Station
from fl_alliance.site.request import Facts
from fl_alliance.workloads.base import Examples

MEMBERS = "members"
"""In a hospital's home: how many members the task has, as the hospital's own endpoint of the chain says."""
SITES, LOG = "sites", "decisions.jsonl"
WAIT_S = 10.0
"""How long a node waits for its hospital to have seen on chain that the task has as many members as it asks for."""
_POLL_S = 0.2


def hospital(home: Path, config: Callable[[], JobConfig], train: Callable[[], Examples]) -> Station | None:
    """Return a hospital's station, None where it joined without a policy; raises `PolicyInvalid` where nobody knows."""
    try:
        terms = Terms.load(home)
    except FolderError as error:
        raise PolicyInvalid(str(error)) from error
    if not terms.policy:
        return None
    return Station(
        policy=Path(terms.policy),
        log=None,
        name=terms.address,
        facts=lambda: facts_of(config()),
        examples=lambda: len(train()),
        patients=lambda: patients_in(train()),
        members=lambda least: read_members(home, least),
    )


def simulated(config: JobConfig, run_dir: str, site: int, train: Callable[[], Examples]) -> Station:
    """Return a simulated site's station; raises `PolicyInvalid` where the run does not say where its folder is."""
    if not Path(run_dir).is_absolute():
        raise PolicyInvalid(f"runtime.policy: run-dir={run_dir}, needed an absolute path: sites keep their logs there")
    return Station(
        policy=Path(config.runtime.policy),
        log=Path(run_dir) / SITES / f"site-{site}" / LOG,
        name=f"site-{site}",
        facts=lambda: facts_of(config),
        examples=lambda: len(train()),
        patients=lambda: patients_in(train()),
        members=lambda _: config.nodes,
    )


def write_members(home: Path, members: int) -> None:
    """Write down how many members the task has; from the hospital's own chain endpoint alone."""
    write_whole(home / MEMBERS, str(members).encode())


def read_members(home: Path, least: int = 0, wait_s: float | None = None) -> int:
    """Return how many members the task has, 0 where that is not known.

    A task that has just begun is at work before every hospital has looked at the chain again: where there are fewer
    than `least` the hospital is waited for, for `wait_s` seconds, `WAIT_S` by default.
    """
    end = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
    while (found := _members_in(home)) < least and time.monotonic() < end:
        time.sleep(_POLL_S)
    return found


def _members_in(home: Path) -> int:
    try:
        return int((home / MEMBERS).read_text())
    except (OSError, ValueError):
        return 0


def patients_in(examples: Examples) -> int:
    """Return of how many patients the examples are, 0 where nobody knows."""
    return 0 if examples.patients is None else len(np.unique(examples.patients))


def facts_of(config: JobConfig) -> Facts:
    """Return what a task's settings say that a policy asks about."""
    promise = Promise.of(config) if config.dp.unit != "none" else None
    return Facts(
        code=code_digest().hex(),
        config=config_digest(config).hex(),
        unit=config.dp.unit,
        epsilon=promise.epsilon if promise else math.inf,
        delta=promise.delta if promise else 1.0,
        masks=config.privacy.masks,
        score_epsilon=config.rule.score_epsilon,
        asks_contributions=config.rule.name == "candidates" and config.rule.reward == "contribution",
    )
