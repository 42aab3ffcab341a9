"""The demonstration's models: a task of the Arena, and a run of FL Alliance."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fl_alliance.arena.creator import Creator, Draft, create_task
from fl_alliance.arena.epoch import run_task
from fl_alliance.arena.node import TrainingNode
from fl_alliance.arena.role import Stake
from fl_alliance.arena.sandbox import Limits
from fl_alliance.arena.store import open_store
from fl_alliance.arena.task import Task
from fl_alliance.arena.terms import Terms
from fl_alliance.arena.training import Plan
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.demo.subject import choose
from fl_alliance.market.kinds import LM
from fl_alliance.market.settings import STATE, STORE
from fl_alliance.market.units import losses
from fl_alliance.marketplace.demo.town import CREATOR, NODE, RIVAL, VALIDATOR, Town
from fl_alliance.records import RunFolder

_STAKE = Stake(1_000 * WEI_PER_FML)
_TERMS = Terms(day_count=1, daily_wei=100 * WEI_PER_FML, creator_stake_wei=1_000 * WEI_PER_FML)
_STEPS, _FEW = 200, 20
RUN = ("rounds=3", "nodes=4", "alliance.proposers=2", "alliance.voters=2", "baselines=false")
"""A short run: its model is worse than that of the default one, and real."""


def arena_task(town: Town, tell: Callable[[str], None]) -> int:
    """Play a task of one day and the hidden one, plain words to a tool call on the tiny base; return its number."""
    subject = choose(LM, "tiny", 0, open_store(town.folder / STORE), town.folder / STATE)
    kind, scorer = subject.trade.kind, subject.trade.scorer(Limits())
    draft = Draft(subject.title, subject.options, _TERMS, subject.suggested, subject.tolerance, None, subject.datasets)
    creation = town.desk(CREATOR, "creation")
    task = create_task(creation, kind, draft)
    large = Plan(replace(subject.suggested, steps=_STEPS), seed=1)
    few = Plan(replace(subject.suggested, steps=_FEW), seed=2)
    matter = f"task {task.number}"
    roles = [
        Creator(creation, task),
        TrainingNode(town.desk(NODE, matter), task, _STAKE, kind, large),
        TrainingNode(town.desk(RIVAL, matter), task, _STAKE, kind, few),
        Validator(town.desk(VALIDATOR, matter), task, _STAKE, kind, scorer),
    ]
    run_task(roles, town.clock)
    _tell_scores(town, task, tell)
    return task.number


def alliance_run(folder: Path, tell: Callable[[str], None]) -> RunFolder:
    """Run FL Alliance on glucose in a folder of its own."""
    from fl_alliance.config import load_config
    from fl_alliance.flower_log import flower_log_in
    from fl_alliance.job import run

    found = RunFolder(folder)
    folder.mkdir(parents=True)
    with flower_log_in(folder / "flower.log"):
        summary = run(load_config(list(RUN)), found, listener=lambda _: None, overrides=list(RUN))
    rounds = sum(1 for _ in found.rounds())
    tell(f"  {rounds} rounds of 4 hospitals: RMSE {summary.metrics['rmse']:.2f} mg/dL half an hour ahead")
    return found


def _tell_scores(town: Town, task: Task, tell: Callable[[str], None]) -> None:
    arena = town.desks[0].arena
    day = task.params.day_count
    for rank, place in enumerate(arena.ranking(task.number, day), start=1):
        found = arena.submission(task.number, day, place)
        tell(f"  rank {rank}: {found.node[:10]}, {losses(task.spec, found.score)} on data that nobody had seen")
