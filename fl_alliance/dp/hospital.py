"""How a site gets its ledger, and what is put in the place of plain training and judging."""

import os
import tempfile
from functools import cache
from pathlib import Path

from fl_alliance.behaviour import Judge, Trainer
from fl_alliance.chain.accounts import SigningKey
from fl_alliance.config import ConfigError, JobConfig
from fl_alliance.dp.account import Account, Promise
from fl_alliance.dp.identity import data_digest
from fl_alliance.dp.judge import BoundedJudge
from fl_alliance.dp.ledgers import Ledgers
from fl_alliance.dp.trainer import PrivateTrainer, check_private_training, make_plan
from fl_alliance.workloads.base import HasLosses, Site, Workload

VARIABLE = "FL_ALLIANCE_PRIVACY"
"""Environment variable with the folder of a hospital's ledgers, where that is not beside its home."""
FOLDER = "privacy"


def hospital_ledgers(home: Path, address: str) -> Path:
    """Return where a hospital's ledgers are: the same for all its tasks, whose homes differ."""
    given = os.environ.get(VARIABLE, "").strip()
    return Path(given).expanduser() if given else home.resolve().parent / FOLDER / address


def simulated_ledgers(run_dir: str, site: int) -> Path | None:
    """Return where a simulated site's ledger is: in its run's folder; None where the run does not say where that is."""
    return Path(run_dir) / FOLDER / f"site-{site}" if Path(run_dir).is_absolute() else None


def open_account(config: JobConfig, data: Site, ledgers: Path | None) -> Account | None:
    """Return a site's account, its ledger opened; None where the configuration has nothing to count.

    Raises
    ------
    PrivacyError
        The data is unknown in a folder that knows others, or the ledger counts in another unit.
    """
    promise = Promise.of(config)
    if promise is None:
        return None
    digest = data_digest(data)
    # What leaves no folder behind has no past to be mistaken about: other data in this process is another task's.
    root = ledgers or Path(_passing().name) / str(data.node) / digest
    return Account(Ledgers(root).opened(digest, promise.unit), promise)


def private_trainer(config: JobConfig, workload: Workload, data: Site, key: SigningKey, account: Account) -> Trainer:
    """Return how a site trains with differential privacy."""
    return PrivateTrainer(workload, data, make_plan(config), key, account)


def private_judge(workload: Workload, data: Site, promise: Promise) -> Judge:
    """Return how a site judges where its scores are to be blurred.

    Raises
    ------
    ConfigError
        The workload does not know the losses of single examples.
    """
    if not isinstance(workload, HasLosses):
        raise ConfigError(
            f"rule.score_epsilon: workload {workload.name} has no method losses(arrays, examples), needed"
        )
    return BoundedJudge(workload, data, promise.unit)


def check_privacy(config: JobConfig, workload: Workload, data: Site) -> None:
    """Refuse a promise that cannot be kept, before anything runs; raises `ConfigError`."""
    promise = Promise.of(config)
    if promise is None:
        return
    if config.dp.unit != "none":
        check_private_training(config, workload, data)
    if config.rule.score_epsilon:
        private_judge(workload, data, promise)


@cache
def _passing() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder that goes with this process."""
    return tempfile.TemporaryDirectory(prefix="fl-alliance-privacy-")
