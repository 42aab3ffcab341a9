"""A site from the inside, and how a configured attack takes the place of what an honest node does there.

Malicious nodes are Flower clients like the others: nothing outside of a client's own app knows of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flwr.app import Context, Message
from hydra.utils import instantiate

from fl_alliance.attacks.memory import remembering
from fl_alliance.behaviour import HonestJudge, HonestTrainer, Judge, Trainer
from fl_alliance.chain.accounts import NodeKey, SigningKey
from fl_alliance.coalition import coalition
from fl_alliance.config import ConfigError, JobConfig, explain_class
from fl_alliance.dp.account import Account
from fl_alliance.dp.hospital import open_account, private_judge, private_trainer
from fl_alliance.node import Node
from fl_alliance.turns import JudgesInTurn, TrainsInTurn
from fl_alliance.workloads import get
from fl_alliance.workloads.base import HasOwnData, Site, Workload
from fl_alliance.workloads.errors import WorkloadError

Answer = Callable[[Message, Context], Message]
Mod = Callable[[Message, Context, Answer], Message]
"""Answers a message in a node's place, or passes it on to the app behind: a Flower mod."""


@dataclass(frozen=True, slots=True)
class Insider:
    """All that a site's own app works with, and so all that an attack on its side knows.

    Attributes
    ----------
    site : int
        The site's number, from 0.
    data : Site
        Its private data. Who wants to know what accomplices hold loads it as this site's was loaded.
    ledgers : Path or None
        Folder of its privacy ledgers; None: what is spent is forgotten when the process ends, as only a simulation may.
    """

    site: int
    config: JobConfig
    key: SigningKey
    workload: Workload
    data: Site
    ledgers: Path | None = None

    @property
    def coalition(self) -> tuple[int, ...]:
        """The malicious sites, this one among them where it is one."""
        return coalition(self.config)


def make_node(insider: Insider) -> Node:
    """Return a site's node as the configuration has it, honest or malicious.

    Raises
    ------
    ConfigError
        An attack cannot be made with what it was given.
    PrivacyError
        The site's data cannot be counted in its ledger.
    """
    account = open_account(insider.config, insider.data, insider.ledgers)
    trainer, judge = _honest(insider, account)
    attack = insider.config.attack
    if attack.update and insider.site in insider.coalition:
        malicious = _made("attack.update", attack.update, honest=trainer, insider=insider)
        trainer = TrainsInTurn(insider.config, insider.site, trainer, malicious)
    if attack.vote and insider.site in insider.coalition:
        liar = _made("attack.vote", attack.vote, honest=judge, insider=insider)
        judge = JudgesInTurn(insider.config, insider.site, judge, liar)
    return Node(insider.key, insider.site, trainer, judge, insider.config.rule.score_epsilon, account)


def _honest(insider: Insider, account: Account | None) -> tuple[Trainer, Judge]:
    """Return how an honest site trains and judges: with noise where the configuration asks for it."""
    config, workload, data = insider.config, insider.workload, insider.data
    trainer: Trainer = HonestTrainer(workload, data)
    judge: Judge = HonestJudge(workload, data)
    if account and config.dp.unit != "none":
        trainer = private_trainer(config, workload, data, insider.key, account)
    if account and config.rule.score_epsilon:
        judge = private_judge(workload, data, account.promise)
    return trainer, judge


def make_mod(insider: Insider) -> Mod | None:
    """Return what answers in the place of a malicious site's app, None where nothing does; raises as `make_node`."""
    attack = insider.config.attack
    if not attack.protocol or insider.site not in insider.coalition:
        return None
    mod: Mod = _made("attack.protocol", attack.protocol, insider=insider)
    return mod


def check_attack(config: JobConfig) -> None:
    """Refuse an attack that cannot be made, before anything runs; raises as `make_node`."""
    for site in coalition(config)[:1]:
        insider = enter(config, site)
        make_node(insider)
        make_mod(insider)


def enter(
    config: JobConfig, site: int, key: SigningKey | None = None, own: Path | None = None, ledgers: Path | None = None
) -> Insider:
    """Load a site: its data and its key, where none is given that of a simulation, which is derived from the seed.

    Parameters
    ----------
    own : Path, optional
        A folder with the site's own data, instead of its part of the workload's.
    ledgers : Path, optional
        The folder of its privacy ledgers; see `Insider`.

    Raises
    ------
    WorkloadError
        The data cannot be read, or the workload reads none of a hospital's own.
    """
    workload = get(config.workload.name, **config.workload.options)
    if config.attack.update:
        workload = remembering(workload)  # who attacks knows what all others train
    data = workload.load(site, config.nodes, config.seed) if own is None else load_own(workload, own)
    return Insider(site, config, key or NodeKey.derive(config.seed, site), workload, data, ledgers)


def load_own(workload: Workload, folder: Path) -> Site:
    """Return a hospital's own data; raises `WorkloadError` as `enter` does."""
    if not isinstance(workload, HasOwnData):
        raise WorkloadError(f"workload {workload.name}: reads no data of a hospital's own; needed: --site, not --data")
    return workload.load_own(folder)


def _made(name: str, settings: Mapping[str, Any], **given: Any) -> Any:
    try:
        # Not converted: what is given is passed on as it is.
        return instantiate({**settings, "_partial_": True})(**given)
    except Exception as error:
        raise ConfigError(f"{name} {settings.get('_target_')}: {explain_class(error)}") from error
