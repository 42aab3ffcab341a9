"""The end of a day: its reward, who shares what of it, and the end of the task."""

from collections.abc import Sequence
from typing import NamedTuple

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market.books import Day, Place, Seat, Task
from fl_alliance.audit.market.emission import DAYS, NONE
from fl_alliance.audit.market.settling import pass_revealed, pass_silent
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import Phase, Verdict
from fl_alliance.chain.deploy import ARENA
from fl_alliance.chain.rules.arena_pay import held, paid, task_pools, validator_shares, validator_weight
from fl_alliance.chain.rules.ranking import node_shares
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.types import WEI_PER_GWEI


class Pools(NamedTuple):
    """R0 of a day, of which `drawn_wei` is the emission's, and what nodes and validators share now and later."""

    reward_wei: int = 0
    drawn_wei: int = 0
    nodes_now_wei: int = 0
    nodes_held_wei: int = 0
    validators_now_wei: int = 0
    validators_held_wei: int = 0


def finished(step: Step) -> None:
    """A day is finished: the emission is drawn, shares are fixed, and after the B day the task is completed."""
    told = step.reading.ahead(ARENA, "DayFinished")
    if told is None or told.values["task"] not in step.books.tasks:
        raise DoesNotHold(step.reading.where, "something is shared out or drawn, and no day of a task is finished")
    task = step.books.tasks[told.values["task"]]
    number = task.finished_days
    step.called("finishDay", task.number, number)
    _finishable(step, task, number)
    day = task.day(number)
    day.is_finished, task.finished_days = True, number + 1
    is_last, pools = number == task.params.day_count, Pools()
    if day.ranking:
        pools = _pools_of_b(task, day) if is_last else _pools_of_day(step, task, number)
        _fix(step, task, number, pools)
    step.books.counts.days += 1
    step.arena(
        "DayFinished",
        task=task.number,
        day=number,
        rewardWei=pools.reward_wei,
        drawnWei=pools.drawn_wei,
        nodesNowWei=pools.nodes_now_wei,
        nodesHeldWei=pools.nodes_held_wei,
        validatorsNowWei=pools.validators_now_wei,
        validatorsHeldWei=pools.validators_held_wei,
    )
    if is_last:
        _complete(step, task, fell_back=not day.ranking)
    step.sync(task)


def _finishable(step: Step, task: Task, number: int) -> None:
    step.active(task)
    over_at = task.day_at(number + 1)
    step.require(number <= task.params.day_count, f"day {number}, needed at most {task.params.day_count}")
    step.require(step.now >= over_at, f"finished at second {step.now}, needed {over_at}")
    day = task.day(number)
    pass_silent(task, number)
    if day.settled == len(day.places):
        pass_revealed(day)
    left = len(day.places) - day.settled + len(day.seats) - day.judged
    step.require(left == 0, f"{left} places and validators are not settled")


def staked_of(day: Day) -> tuple[int, int]:
    """Return the own stakes of nodes that are ranked and of validators that revealed, T and V, in gwei."""
    nodes = sum(place.weight.own_gwei for place in day.places if place.verdict is Verdict.RANKED)
    return nodes, sum(seat.weight.own_gwei for seat in day.seats if seat.is_revealed)


def _pools_of_day(step: Step, task: Task, number: int) -> Pools:
    """Reward A, and what is held for Reward B; until shares are fixed all of it is the task's pool."""
    params = task.params
    drawn = _draw(step, task, params.first_day + number)
    task.fund_wei -= params.daily_wei
    reward = drawn + params.daily_wei
    task.pool_wei += reward
    nodes, validators = _split(task, number, reward)
    return Pools(reward, drawn, *held(nodes, params.now_bps), *held(validators, params.now_bps))


def _split(task: Task, number: int, reward_wei: int) -> tuple[int, int]:
    nodes_gwei, validators_gwei = staked_of(task.day(number))
    return task_pools(reward_wei, nodes_gwei * WEI_PER_GWEI, validators_gwei * WEI_PER_GWEI, task.params.floor_bps)


def _pools_of_b(task: Task, day: Day) -> Pools:
    """Reward B: what was held for each role, and the task's pool split between them."""
    kept, nodes_held, validators_held = task.pool_wei, task.held_nodes_wei, task.held_validators_wei
    nodes, validators = _split(task, task.params.day_count, kept)
    task.held_nodes_wei = task.held_validators_wei = 0
    task.owed_wei -= nodes_held + validators_held
    task.pool_wei += nodes_held + validators_held
    return Pools(
        reward_wei=nodes_held + validators_held + kept,
        nodes_now_wei=nodes_held + nodes,
        validators_now_wei=validators_held + validators,
    )


def _draw(step: Step, task: Task, day: int) -> int:
    """The emission's part: nothing where the task was never verified, the schedule has ended or the time has passed."""
    emission, key = step.books.emission, step.books.key(task)
    if emission.kind(key) == NONE or day >= DAYS:
        return 0
    step.require(day < len(emission.days), f"the emission's day {day} is not closed")
    if not emission.drawable(key, day, step.now):
        return 0
    wei = emission.draw(key, day)
    step.books.counts.draws += 1
    step.emission("ShareDrawn", source=key[0], task=task.number, day=day, amountWei=wei)
    step.transfer(step.books.addresses.emission, step.books.addresses.arena, wei)
    return wei


def _fix(step: Step, task: Task, number: int, pools: Pools) -> None:
    """Fix everybody's share, and move what they add up to from the pool to what is owed."""
    day = task.day(number)
    day.nodes_now_wei, day.nodes_held_wei = pools.nodes_now_wei, pools.nodes_held_wei
    day.validators_now_wei, day.validators_held_wei = pools.validators_now_wei, pools.validators_held_wei
    nodes = _fix_nodes(step, task, number)
    validators = _fix_validators(step, task, number)
    nodes_held, validators_held = _owed(day.nodes_held_wei, nodes), _owed(day.validators_held_wei, validators)
    owed = _owed(day.nodes_now_wei, nodes) + _owed(day.validators_now_wei, validators) + nodes_held + validators_held
    task.pool_wei -= owed
    task.owed_wei += owed
    task.held_nodes_wei += nodes_held
    task.held_validators_wei += validators_held


def _owed(pool_wei: int, sharers: Sequence[Place | Seat]) -> int:
    return sum(paid(pool_wei, sharer.share_wad) for sharer in sharers)


def _fix_nodes(step: Step, task: Task, number: int) -> list[Place]:
    """Geometric shares by rank, times powered stakes."""
    day, params = task.day(number), task.params
    ranked = [day.places[place] for place in day.ranking]
    stakes = [place.weight.weight_gwei * WEI_PER_GWEI for place in ranked]
    for place, share in zip(ranked, node_shares(stakes, params.rank_wad, params.power_halves), strict=True):
        place.share_wad = share
        _tell(step, task, number, place.node, share)
    return ranked


def _fix_validators(step: Step, task: Task, number: int) -> list[Seat]:
    """Shares by the mean of F over what each scored: the best, and of equal ones the earlier."""
    seats = [seat for seat in task.day(number).seats if seat.fits_wad]
    weights = [validator_weight(seat.fits_wad) for seat in seats]
    shares = validator_shares(weights, task.params.paid_validators)
    best = sorted(range(len(seats)), key=lambda index: (-weights[index], index))[: task.params.paid_validators]
    if not any(weights[index] for index in best):
        return []
    for index in best:
        seats[index].share_wad = shares[index]
        _tell(step, task, number, seats[index].validator, shares[index])
    return [seats[index] for index in best]


def _tell(step: Step, task: Task, number: int, account: str, share_wad: int) -> None:
    step.books.counts.shares += 1
    step.arena("ShareFixed", task=task.number, day=number, account=account, shareWad=share_wad)


def _complete(step: Step, task: Task, fell_back: bool) -> None:
    """Stakes unlock, and what nobody can claim is burned."""
    burned = task.pool_wei
    task.pool_wei, task.phase, task.fell_back = 0, Phase.COMPLETED, fell_back
    step.arena("TaskCompleted", task=task.number, fellBack=fell_back, burnedWei=burned)
    if burned:
        step.transfer(step.books.addresses.arena, ZERO_ADDRESS, burned)
