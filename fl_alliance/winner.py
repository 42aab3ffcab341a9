"""The winner of an Arena task: found by what the chain says, fetched from the store, read by the strict loader only."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fl_alliance import workloads
from fl_alliance.arena.card import Lineage, Score
from fl_alliance.arena.scorecards import scores_of
from fl_alliance.arena.store import Store, name_content, open_store
from fl_alliance.arena.task import Task, read_task
from fl_alliance.chain.arena_states import Submission
from fl_alliance.chain.arena_types import Phase
from fl_alliance.chain.arena_view import ArenaView
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.commitments import day_times
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import EMISSION, Deployment
from fl_alliance.chain.errors import ManifestUnusable
from fl_alliance.chain.rpc import Rpc
from fl_alliance.config import ConfigError, JobConfig
from fl_alliance.learners import KINDS, network_kind
from fl_alliance.market.settings import STORE


@dataclass(frozen=True, slots=True)
class Winner:
    """A winning submission, byte for byte, and where it comes from."""

    artifact: bytes
    lineage: Lineage


def fetch_winner(config: JobConfig, number: int) -> Winner:
    """Return the winner of an Arena task, for a run to start from.

    It is the first of the final ranking: that of the B day, or of the last day that has one where the B day came to
    nothing. Its digest is the chain's, and the store's content is checked against it.

    Raises
    ------
    ConfigError
        No market there; the task is not completed, ranks nobody, or is of another kind, workload or options.
    ChainError
        The chain does not answer, is another one, or has no such task.
    ArenaError
        The store lacks the model or holds another under its digest; or it is no model of this workload.
    """
    market = config.market
    try:
        deployment = Deployment.load(market.manifest)
    except ManifestUnusable as error:
        raise ConfigError(f"init=arena:{number}: {error}; where the market is: market.folder=FOLDER") from None
    store = open_store(market.store or Path(market.folder) / STORE)
    with connected(market.chain_url, chain_id=deployment.chain_id) as w3:
        rpc = Rpc(w3)
        deployment.check(rpc)
        view = ArenaView(rpc, deployment.arena)
        return _winner(view, store, number, config, deployment)


def _winner(view: ArenaView, store: Store, number: int, config: JobConfig, deployment: Deployment) -> Winner:
    state = view.state(number)
    if state.phase is not Phase.COMPLETED:
        raise ConfigError(f"init={config.init}: the task is {state.phase.name.lower()}, needed a completed one")
    task = read_task(view, store, number)
    _require_same(task, config)
    day, place = first_ranked(view, task, state.fell_back)
    submission = view.submission(number, day, place)
    kind = network_kind(task.spec.kind, config.workload.name, **config.workload.options)
    artifact = store.get(submission.digest, kind.limits.file_bytes)
    size = kind.parameters(kind.load(artifact))
    begins = int(ContractReader(view.rpc, EMISSION, view.emission).read("startAt"))
    scores = scores_of(view, number, day, place, day_times(task.params, begins, day))
    name = f"{deployment.chain_id}:{deployment.arena}:{number}"
    return Winner(artifact, winner_lineage(name, task, day, submission, artifact, size, kind.loss_unit, scores))


def winner_lineage(
    name: str,
    task: Task,
    day: int,
    submission: Submission,
    artifact: bytes,
    parameters: int,
    unit: str,
    scores: tuple[Score, ...],
) -> Lineage:
    content = name_content(artifact)
    return Lineage(
        task=name,
        kind=task.spec.kind,
        node=submission.node,
        day=day,
        digest=content.digest.hex(),
        cid=content.cid,
        size=content.size,
        parameters=parameters,
        parents=(task.spec.base_model.hex(),),
        dataset=task.spec.train.hex(),
        loss_unit=unit,
        loss=submission.score,
        scores=scores,
    )


def first_ranked(view: ArenaView, task: Task, fell_back: bool) -> tuple[int, int]:
    """Return day and place of the first of the final ranking."""
    last = task.params.day_count
    for day in range(last - 1, -1, -1) if fell_back else [last]:
        if ranking := view.ranking(task.number, day):
            return day, ranking[0]
    raise ConfigError(f"init=arena:{task.number}: no submission of the task was ranked, needed a winner")


def _require_same(task: Task, config: JobConfig) -> None:
    """Refuse a task of another kind, or another workload or options, than the run's; raises `ConfigError`."""
    if task.spec.kind not in KINDS:
        needed = " or ".join(KINDS)
        raise ConfigError(f"init=arena:{task.number}: the task is of kind {task.spec.kind}, needed {needed}")
    theirs, own = task.spec.options, config.workload
    if theirs.get("workload") != own.name:
        raise ConfigError(
            f"init=arena:{task.number}: the task trains workload {theirs.get('workload')}, the run {own.name}; "
            "needed the same"
        )
    found = workloads.arguments(own.name, **_mapping(theirs.get("options", {})))
    given = workloads.arguments(own.name, **own.options)
    for name in given:
        if found[name] != given[name]:
            raise ConfigError(
                f"init=arena:{task.number}: the task has workload.options.{name}={found[name]}, the run "
                f"{given[name]}; needed the same"
            )


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
