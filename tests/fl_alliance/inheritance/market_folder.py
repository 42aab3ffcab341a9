"""A market in a folder, whose task has run to its end with two training nodes and a validator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.store import Store, open_store
from fl_alliance.arena.task import TaskSpec
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.arena import (
    Arena,
    dataset_b_commitment,
    day_times,
    scores_commitment,
    submission_commitment,
)
from fl_alliance.chain.arena_types import Role, TaskParams
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.learners import network_kind

CREATOR = NodeKey(DEVELOPMENT_SECRET, is_public=True)
TRAINED, UNTRAINED, VALIDATOR = (NodeKey.derive(77, index) for index in range(3))
SALT = bytes(range(32))
WINDOW_S = 3600
BUDGET = Budget(steps=400, batch_size=32, learning_rate=0.3)


@dataclass
class MarketFolder:
    """Where the market is, and what its nodes submitted."""

    root: Path
    artifacts: dict[str, bytes] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return open_store(self.root / "store")


@dataclass
class _Market:
    w3: Any
    deployment: Deployment

    def sender(self, key: NodeKey) -> Sender:
        return Sender(self.w3, key)

    def arena(self, key: NodeKey) -> Arena:
        return Arena(self.sender(key), self.deployment.arena)

    def wait(self, second: int) -> None:
        advance_to(self.w3, second)


def make_market(
    root: Path, kind: str = "classify", options: Mapping[str, Any] | None = None, ends: str = "completed"
) -> MarketFolder:
    """Play a whole task of one day and its B day; `ends` may also be `active`, or `fell-back` without a B day."""
    spec_options = options if options is not None else {"workload": "digits", "options": {"hidden": 4}}
    judge = network_kind("classify", "digits", hidden=4)
    folder = MarketFolder(root)
    root.mkdir(parents=True)
    sets, base = judge.datasets(7), judge.initial(1)
    folder.artifacts = {
        TRAINED.address: judge.train(judge.initial(2), sets.train, BUDGET, 2),
        UNTRAINED.address: judge.initial(3),
    }
    train, a, b = (folder.store.put(data).digest for data in (sets.train, sets.a, sets.b))
    spec = TaskSpec(
        title="digits",
        kind=kind,
        options=spec_options,
        train=train,
        dataset_a=a,
        dataset_b=dataset_b_commitment(b, SALT),
        base_model=folder.store.put(base).digest,
        budget=BUDGET,
        max_parameters=judge.limits.parameters,
        max_bytes=judge.limits.file_bytes,
    )
    folder.store.put(spec.encode())
    for artifact in folder.artifacts.values():
        folder.store.put(artifact)
    with connected(f"file://{root.resolve()}/chain.db") as w3:
        _play(w3, root, spec, folder, {0: sets.a, 1: sets.b}, b, ends)
    return folder


def _play(
    w3: Any, root: Path, spec: TaskSpec, folder: MarketFolder, sets: Mapping[int, bytes], b: bytes, ends: str
) -> None:
    now = w3.eth.get_block("latest")["timestamp"]
    start_at = now + 60
    market = _Market(w3, deploy_market(Sender(w3, CREATOR), start_at))
    market.deployment.save(root / "market.json")
    creator = market.arena(CREATOR)
    for key in (TRAINED, UNTRAINED, VALIDATOR):
        market.sender(CREATOR).send(key.address, b"", 21_000, "gas", 10**18)
        creator.token.transfer(key.address, 1_000 * WEI_PER_FML)
    market.wait(start_at)
    params = task_params(spec)
    task = creator.create_task(params)
    for key, role in ((TRAINED, Role.NODE), (UNTRAINED, Role.NODE), (VALIDATOR, Role.VALIDATOR)):
        market.arena(key).stake(task, role, 800 * WEI_PER_FML)
    if ends == "active":
        return
    _play_day(market, task, params, start_at, 0, folder, sets[0], spec)
    times = day_times(params, start_at, 1)
    market.wait(times.submit_at)
    if ends == "completed":
        creator.reveal_dataset_b(task, b, SALT)
        creator.enter_final(task, [TRAINED.address, UNTRAINED.address])
    _score(market, task, params, start_at, 1, folder, sets[1], spec)
    _finish(market, task, params, start_at, 1)


def task_params(spec: TaskSpec) -> TaskParams:
    return TaskParams(
        kind=spec.kind,
        spec_digest=spec.digest,
        dataset_a=spec.dataset_a,
        dataset_b=spec.dataset_b,
        base_model=spec.base_model,
        first_day=1,
        day_count=1,
        submit_s=WINDOW_S,
        reveal_s=WINDOW_S,
        score_s=WINDOW_S,
        reveal_scores_s=WINDOW_S,
        paid_nodes=10,
        paid_validators=10,
        validator_limit=50,
        slash_bps=1_000,
        power_halves=2,
        min_node_stake_wei=100 * WEI_PER_FML,
        min_validator_stake_wei=100 * WEI_PER_FML,
        floor_bps=0,
        now_bps=1_000,
        delegated_bps=10_000,
        submission_fee_wei=WEI_PER_FML,
        daily_wei=10 * WEI_PER_FML,
        max_parameters=spec.max_parameters,
        rank_wad=85 * 10**16,
        decay_wad=5 * 10**18,
        creator_stake_wei=100 * WEI_PER_FML,
    )


def _play_day(
    market: _Market,
    task: int,
    params: TaskParams,
    start_at: int,
    day: int,
    folder: MarketFolder,
    data: bytes,
    spec: TaskSpec,
) -> None:
    times, nodes = day_times(params, start_at, day), (UNTRAINED, TRAINED)
    judge = network_kind("classify", "digits", hidden=4)
    digests = {key: folder.store.put(folder.artifacts[key.address]).digest for key in nodes}
    sizes = {key: judge.parameters(judge.load(folder.artifacts[key.address])) for key in nodes}
    market.wait(times.submit_at)
    for key in nodes:
        sealed = submission_commitment(task, day, key.address, digests[key], sizes[key], SALT)
        market.arena(key).commit_submission(task, sealed)
    market.wait(times.reveal_at)
    for key in nodes:
        market.arena(key).reveal_submission(task, digests[key], sizes[key], SALT)
    _score(market, task, params, start_at, day, folder, data, spec)
    _finish(market, task, params, start_at, day)


def _score(
    market: _Market,
    task: int,
    params: TaskParams,
    start_at: int,
    day: int,
    folder: MarketFolder,
    data: bytes,
    spec: TaskSpec,
) -> None:
    times, arena = day_times(params, start_at, day), market.arena(VALIDATOR)
    judge = network_kind("classify", "digits", hidden=4)
    found = arena.submissions(task, day)
    if not found:
        return
    scores = [judge.score(judge.load(folder.artifacts[one.node]), data) for one in found]
    market.wait(times.score_at)
    arena.commit_scores(task, scores_commitment(task, day, VALIDATOR.address, scores, SALT))
    market.wait(times.reveal_scores_at)
    arena.reveal_scores(task, arena.prove(task, day), scores, SALT)


def _finish(market: _Market, task: int, params: TaskParams, start_at: int, day: int) -> None:
    times, arena = day_times(params, start_at, day), market.arena(CREATOR)
    market.wait(times.over_at)
    arena.settle_all(task, day)
    emission = Emission(market.sender(CREATOR), market.deployment.emission)
    emission.catch_up(times.over_at)
    arena.finish_day(task, day)
