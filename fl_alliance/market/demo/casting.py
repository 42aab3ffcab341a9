"""Everybody's role in the task, from the cast."""

from collections.abc import Callable
from dataclasses import replace

from fl_alliance.arena.adversaries import (
    ColludingValidator,
    Forger,
    Forgery,
    LazyValidator,
    copied,
    in_turn,
    malformed,
    poisoned,
    untrained,
)
from fl_alliance.arena.creator import Creator, Draft, create_task
from fl_alliance.arena.delegator import Delegator
from fl_alliance.arena.node import TrainingNode
from fl_alliance.arena.role import Role, Stake
from fl_alliance.arena.task import Task
from fl_alliance.arena.training import Plan
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.rules.units import WAD
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.demo.cast import (
    ATTACKER,
    CAST,
    COLLUDING,
    COPIER,
    CREATOR,
    FREE_RIDER,
    LARGE,
    LAZY,
    SMALL,
    TERMS,
    Member,
    Part,
)
from fl_alliance.market.demo.scoring import Bench, SharedScorer
from fl_alliance.market.demo.stage import Stage
from fl_alliance.market.demo.subject import Subject

_CREATION = "creation"
_NOISE = 0.02


def create(stage: Stage, subject: Subject) -> Task:
    """Have the creator create the task, and the DAO verify it, so that the emission pays."""
    desk = stage.desk(CREATOR, _CREATION)
    terms = replace(TERMS, decay_wad=int(subject.decay * WAD))
    draft = Draft(
        subject.title, subject.options, terms, subject.suggested, subject.tolerance, datasets=subject.datasets
    )
    task = create_task(desk, subject.trade.kind, draft)
    stage.emission.verify(stage.deployment.arena, task.number)
    return task


def roles_of(stage: Stage, task: Task, subject: Subject, scorer: SharedScorer) -> dict[str, Role]:
    """Return everybody's role by name, in the order in which they act."""
    found: dict[str, Role] = {}
    makers: dict[Part, Callable[[Member], Role]] = {
        Part.CREATOR: lambda member: Creator(stage.desks[0], task),
        Part.NODE: lambda member: _node(stage, task, subject, member),
        Part.VALIDATOR: lambda member: _validator(stage, task, subject, scorer, member),
        Part.DELEGATOR: lambda member: _delegator(stage, task, member),
    }
    for member in CAST:
        if member.part is Part.VALIDATOR and _BENCH not in found:
            found[_BENCH] = Bench(stage.desks[0], task, subject.trade.kind, scorer)
        found[member.name] = makers[member.part](member)
    return found


_BENCH = "bench"


def _node(stage: Stage, task: Task, subject: Subject, member: Member) -> TrainingNode:
    desk, kind = stage.desk(member.name, _matter(task)), subject.trade.kind
    plans: dict[str, Plan] = {LARGE: subject.large, SMALL: subject.small}
    if member.name in plans:
        return TrainingNode(desk, task, _stake(member), kind, plans[member.name])
    forgeries: dict[str, Forgery] = {
        COPIER: in_turn(copied(), copied(_NOISE)),
        FREE_RIDER: untrained,
        ATTACKER: in_turn(poisoned, malformed),
    }
    return Forger(desk, task, _stake(member), kind, forgeries[member.name], subject.small)


def _validator(stage: Stage, task: Task, subject: Subject, scorer: SharedScorer, member: Member) -> Validator:
    desk, kind = stage.desk(member.name, _matter(task)), subject.trade.kind
    if member.name == LAZY:
        return LazyValidator(desk, task, _stake(member), kind, scorer)
    if member.name == COLLUDING:
        friends = [stage.senders[name].address for name in (COPIER, FREE_RIDER)]
        return ColludingValidator(desk, task, _stake(member), kind, scorer, friends)
    return Validator(desk, task, _stake(member), kind, scorer)


def _delegator(stage: Stage, task: Task, member: Member) -> Delegator:
    amounts = {stage.senders[name].address: amount * WEI_PER_FML for name, amount in member.behind.items()}
    return Delegator(stage.desk(member.name, _matter(task)), task, amounts)


def _stake(member: Member) -> Stake:
    return Stake(member.stake_fml * WEI_PER_FML, sigma_bps=member.sigma_bps)


def _matter(task: Task) -> str:
    return f"task {task.number}"
