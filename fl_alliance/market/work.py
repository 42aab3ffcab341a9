"""Taking part in a task: the desk of an account, its role, and going on until the task is over."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from pathlib import Path

from fl_alliance.arena.clock import ChainClock
from fl_alliance.arena.creator import Creator
from fl_alliance.arena.epoch import run_task
from fl_alliance.arena.errors import FundsMissing
from fl_alliance.arena.events import Listener, fml
from fl_alliance.arena.keeper import Keeper
from fl_alliance.arena.node import TrainingNode
from fl_alliance.arena.patience import NO_ANSWER, Patience
from fl_alliance.arena.role import Desk, Role, Stake, Staker, open_desk
from fl_alliance.arena.sandbox import Limits
from fl_alliance.arena.task import Task, TaskSpec, read_task
from fl_alliance.arena.training import Plan, Start
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.alliance_refusals import UnknownTask
from fl_alliance.chain.arena_types import Phase
from fl_alliance.chain.arena_types import Role as StakeRole
from fl_alliance.market.bookkeeper import Bookkeeper
from fl_alliance.market.config import PRESETS, wei
from fl_alliance.market.errors import SettingRefused, TaskClosed, TaskUnknown
from fl_alliance.market.kinds import trade_of
from fl_alliance.market.money import in_words, require_gas
from fl_alliance.market.place import Place
from fl_alliance.market.settings import MarketSettings, Scoring, Training
from fl_alliance.market.vote_following import VoteFollower

_MIB = 2**20


def open_task(place: Place, number: int) -> Task:
    """Return a task; raises `TaskUnknown`, and what `read_task` does."""
    try:
        return read_task(place.arena, place.store, number)
    except UnknownTask:
        raise TaskUnknown(number, place.arena.task_count) from None


def desk_folder(place: Place, task: int) -> Path:
    """Return where the account's journal of a task is, unless it created the task."""
    return place.state / f"task-{task}-{place.me.lower()}"


@contextmanager
def desk_in(place: Place, settings: MarketSettings, folder: Path, tell: Listener) -> Iterator[Desk]:
    """Open the account's desk; its journal is this process's meanwhile, in `folder`, which is named for its matter."""
    clock = ChainClock(place.rpc, poll_s=settings.network.look_s)
    patience = Patience(in_all_s=settings.network.give_up_s)
    arena, matter = place.arena.address, folder.name
    desk = open_desk(place.sender, arena, place.store, clock, folder, matter, tell, patience=patience)
    try:
        yield desk
    finally:
        desk.journal.close()


def training_node(place: Place, desk: Desk, task: Task, settings: MarketSettings) -> TrainingNode:
    """Return the account as a training node of a task."""
    stake = _stake(settings, task.params.min_node_stake_wei)
    kind = trade_of(task.spec.kind, task.spec.options, place.store, place.state).kind
    return TrainingNode(desk, task, stake, kind, plan_of(settings.training, task.spec))


def validator(place: Place, desk: Desk, task: Task, settings: MarketSettings) -> Validator:
    """Return the account as a validator of a task, whose scorer runs in a sandbox."""
    stake = _stake(settings, task.params.min_validator_stake_wei)
    trade = trade_of(task.spec.kind, task.spec.options, place.store, place.state)
    return Validator(desk, task, stake, trade.kind, trade.scorer(limits_of(settings.scoring)))


def staker(role: StakeRole, place: Place, desk: Desk, task: Task, settings: MarketSettings) -> Staker:
    """Return the account as a training node or a validator of a task."""
    return (training_node if role is StakeRole.NODE else validator)(place, desk, task, settings)


def keeper(desk: Desk, task: Task, is_creator: bool) -> Keeper:
    """Return who keeps the task's days going; its creator also shows dataset B."""
    return Creator(desk, task) if is_creator else Keeper(desk, task)


def plan_of(training: Training, spec: TaskSpec) -> Plan:
    """Return how a node trains: steps of its own, or the task's times the preset's factor, rounded up."""
    steps = training.steps or ceil(spec.budget.steps * PRESETS[training.preset])
    budget = replace(spec.budget, steps=steps, threads=training.threads)
    return Plan(budget, start=Start(training.start), pieces=training.pieces)


def limits_of(scoring: Scoring) -> Limits:
    """Return what a stranger's model may use."""
    return Limits(
        memory_bytes=scoring.memory_mib * _MIB,
        cpu_s=scoring.cpu_s,
        wall_s=scoring.wall_s,
        require_no_network=scoring.need_no_network,
    )


def check_joinable(place: Place, task: Task, role: StakeRole) -> None:
    """Refuse a task that cannot be joined any more, unless the account is in it.

    Raises
    ------
    TaskClosed
        It is over, cancelled, or on its last day.
    AccountShort
        The account cannot pay for a transaction.
    """
    require_gas(place.rpc, place.me, place.market.chain_id)
    mine, state = place.arena.my(task.number), place.arena.state(task.number)
    if mine.role is not StakeRole.NONE:
        if mine.role is not role:
            found = f"{place.me} is {mine.role.name.lower()} in task {task.number}"
            raise TaskClosed(f"{found} and cannot be {role.name.lower()} too; act as another account: key.env=VARIABLE")
        return
    if state.phase is not Phase.ACTIVE:
        raise TaskClosed(f"task {task.number} is {state.phase.name.lower()}; `fl-alliance arena status` lists others")
    if place.now() >= place.arena.ends_at(task.number):
        raise TaskClosed(
            f"task {task.number} is on its last day, nobody can join; `fl-alliance arena status` lists others"
        )


def take_part(place: Place, desk: Desk, role: Role) -> None:
    """Do a role's part until the task is over, however often chain and store are away meanwhile.

    Raises
    ------
    AccountShort
        The account has less FML than it is to stake.
    ArenaError, ChainError
        What the role cannot go on from; silence, for longer than there is patience.
    """
    follower = Bookkeeper if isinstance(role, Staker) else VoteFollower
    roles = [role, follower(desk, role.task, place.market)]
    waiting = desk.waiting(role.number)
    while True:
        began = time.monotonic()
        try:
            return run_task(roles, desk.clock)
        except FundsMissing as missing:
            raise in_words(missing, place.market.chain_id) from None
        except NO_ANSWER as error:  # between two steps: a step itself is repeated where it is
            if time.monotonic() - began > desk.patience.longest_s:
                waiting.renew()
            waiting.pause(error)


def _stake(settings: MarketSettings, least_wei: int) -> Stake:
    amount_wei = wei(settings.stake.amount, "stake.amount") if settings.stake.amount else least_wei
    if amount_wei < least_wei:
        raise SettingRefused(f"stake.amount={settings.stake.amount}: needs at least the task's {fml(least_wei)}")
    sigma_bps = settings.delegation.sigma_bps if settings.delegation.accept else None
    return Stake(amount_wei, settings.stake.lock_days, sigma_bps)
