"""Tasks of an Alliance that the emission pays: acceptances noted, stakes counted, days' shares split, pools paid."""

from collections.abc import Iterable
from typing import Any

import rlp

from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.market.alliance_books import MOST_STEPS, AllianceBooks, AllianceTask, Delegated, Paid
from fl_alliance.audit.market.books import Pool
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.deploy import ALLIANCE_MARKET, POOLS
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.history import Call
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.alliance_pay import delegated_weight, reward_parts
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.words import ZERO_ADDRESS, address_bytes, keccak
from fl_alliance.chain.steps import Fund
from fl_alliance.chain.types import WEI_PER_GWEI


def follow(books: AllianceBooks, calls: Iterable[Call], where: Where) -> list[tuple[int, int]]:
    """Let the Alliance's model take calls; return what the market itself paid into pools of tasks, task and gwei.

    Raises
    ------
    DoesNotHold
        The rules refuse what the chain took, or an event of it says something else.
    """
    funded = []
    for call in calls:
        try:
            for taken, _ in books.models.follow(call):
                if isinstance(taken.step, Fund) and taken.sender == books.address:
                    funded.append((taken.step.task, taken.step.amount_wei // WEI_PER_GWEI))
        except ChainError as refusal:
            raise DoesNotHold(where, f"the Alliance: {refusal}") from refusal
    return funded


def pool_opened(step: Step) -> None:
    """A member with a seat opens its pool, whose address follows from how many the market has opened."""
    books, task, values = _books(step), _task(step), step.head.values
    delegate, member, sigma_bps = values["delegate"], values["member"], values["sigmaBps"]
    _called(step, "openPool", task.number, member, sigma_bps, by=delegate)
    nodes = task.model.roster.nodes
    is_seated = member < len(nodes) and nodes[member].address == delegate and task.seated_gwei(member) > 0
    step.require(is_seated, f"{delegate} is not member {member} with a seat")
    step.require(delegate not in task.delegations, f"{delegate} has a pool already")
    step.require(sigma_bps <= BPS, f"sigma {sigma_bps}, needed at most {BPS}")
    if not task.delegations:
        task.first_day = step.books.emission.today(step.now)
    books.pools += 1
    pool = checksum("0x" + keccak(bytes(rlp.encode([address_bytes(books.address), books.pools])))[-20:].hex())
    task.delegations[delegate] = Delegated(pool, member, len(task.rewards))
    step.books.pools[pool] = Pool(pool, task, delegate, [(step.now, sigma_bps)], books.address)
    _need(step, "PoolOpened", task=task.number, delegate=delegate, pool=pool, member=member, sigmaBps=sigma_bps)
    step.pool(pool, "SigmaSet", sigmaBps=sigma_bps, fromAt=step.now)
    step.pool(pool, "Initialized", version=1)


def noted(step: Step) -> None:
    """Somebody has it written down that a round was accepted."""
    task = _task(step)
    _called(step, "note", task.number)
    day = _day_to_note(step, task)
    if day is None:
        raise DoesNotHold(step.reading.where, "an acceptance is noted, and there is none that was not")
    task.accepted_at[day] = task.model.accepted_at
    _need(step, "AcceptanceNoted", task=task.number, day=day, acceptedAt=task.model.accepted_at)
    sync(step, task)


def note_left_nothing(step: Step, values: tuple[Any, ...]) -> None:
    """Verify a call of `note` that left no event of its own: there was nothing to write down."""
    task, emission = _books(step).task(values[0]), step.books.emission
    step.require(_day_to_note(step, task) is None, "a call of note left no event, an acceptance was due")
    key = (_books(step).address, task.number)
    is_written = key not in emission.verified or not emission.write(key, task.stake_gwei, step.now)
    step.require(is_written, f"a call of note left no event, a stake of {task.stake_gwei} gwei was due")


def reported(step: Step) -> None:
    """A pool tells what it holds, by itself or because somebody has it tell."""
    task, delegate = _task(step), step.head.values["delegate"]
    step.require(delegate in task.delegations, f"a delegation to {delegate}, who has no pool")
    step.reading.called(POOLS, "report")
    pool = step.books.pools[task.delegations[delegate].pool]
    count(step, pool, task, step.books.money.held(pool.address))


def report(step: Step, pool: Pool, task: AllianceTask) -> None:
    """Take what follows where a pool's assets or shares changed; who comes in finds nothing due to others."""
    delegated = task.delegations[pool.delegate]
    if pool.supply > delegated.supply:
        _require_nothing_due(step, task, delegated)
    delegated.supply = pool.supply
    count(step, pool, task, step.books.money.held(pool.address))


def count(step: Step, pool: Pool, task: AllianceTask, assets_wei: int) -> None:
    """Let a pool's assets count from today on, if its delegate has a seat, by the sigma of the day's begin."""
    emission, delegated = step.books.emission, task.delegations[pool.delegate]
    day = emission.today(step.now)
    delegated.counted_wei = assets_wei if task.seated_gwei(delegated.member) else 0
    sigma_bps = pool.sigma_at(emission.start_at + day * DAY_S)
    delegated.weights[day] = delegated_weight(delegated.counted_wei, sigma_bps)
    delegated.supply = pool.supply
    told = {"assetsWei": assets_wei, "weight": delegated.weights[day]}
    _need(step, "DelegationCounted", task=task.number, delegate=pool.delegate, day=day, **told)
    sync(step, task)


def sync(step: Step, task: AllianceTask) -> None:
    """Write a task's stake down with the emission, where it is verified."""
    key, emission = (_books(step).address, task.number), step.books.emission
    if key in emission.verified and emission.write(key, task.stake_gwei, step.now):
        step.synced(key)


def drawn(step: Step, number: int, day: int, share_wei: int) -> None:
    """A day's share has come: it is parted between the task's pool and its members' delegators."""
    books, emission = _books(step), step.books.emission
    task, key = books.task(number), (_books(step).address, number)
    step.require(books.is_accepted(task, day, emission), f"day {day} is drawn, and no round was accepted on it")
    if not share_wei:
        return
    weight = task.weight_at(day)
    parts = reward_parts(share_wei, emission.stake(key, day), weight)
    if parts.delegated_wei:
        task.rewards.append(Paid(day, parts.delegated_wei, weight))
        books.owed_wei += parts.delegated_wei
    funded = 0 if task.is_finished else parts.pool_wei
    told = {"amountWei": share_wei, "fundedWei": funded, "delegatedWei": parts.delegated_wei}
    _need(step, "RewardSplit", task=number, day=day, **told)
    if funded:
        books.funded.append((number, funded // WEI_PER_GWEI))
        step.transfer(books.address, books.alliance, funded)
    elif parts.pool_wei:
        step.transfer(books.address, ZERO_ADDRESS, parts.pool_wei)


def claimed(step: Step) -> None:
    """A member's delegators are paid what is due, in one transfer; burned where nobody has a share any more."""
    books, task, delegate = _books(step), _task(step), step.head.values["delegate"]
    _called(step, "claim", task.number, delegate)
    step.require(delegate in task.delegations, f"{delegate} has no pool")
    delegated = task.delegations[delegate]
    pool = step.books.pools[delegated.pool]
    due = _claim(task, delegated)
    step.require(due > 0, "nothing is due")
    is_burned = not pool.supply
    books.owed_wei -= due
    step.books.counts.claims += 1
    _need(step, "RewardClaimed", task=task.number, delegate=delegate, amountWei=due, burned=is_burned)
    step.transfer(books.address, ZERO_ADDRESS if is_burned else pool.address, due)
    if not is_burned:
        count(step, pool, task, step.books.money.held(pool.address))


def claim_left_nothing(step: Step, values: tuple[Any, ...]) -> None:
    """Verify a call of `claim` that left no event: nothing was due."""
    task, delegate = _books(step).task(values[0]), values[1]
    due = _claim(task, task.delegations[delegate])
    step.require(due == 0, f"a call of claim left no event, {due} wei were due")


def _claim(task: AllianceTask, delegated: Delegated) -> int:
    end = min(len(task.rewards), delegated.claimed + MOST_STEPS)
    due = delegated.due_wei(task.rewards, end)
    delegated.claimed = end
    return due


def _require_nothing_due(step: Step, task: AllianceTask, delegated: Delegated) -> None:
    emission = step.books.emission
    for day in range(task.first_day, emission.today(step.now)):
        is_due = _books(step).is_due(task, day, emission, step.now)
        step.require(not is_due, f"a deposit while what others earned on day {day} is due")
    unclaimed = len(task.rewards) - delegated.claimed
    step.require(unclaimed == 0, f"a deposit while {unclaimed} rewards are not claimed")


def _day_to_note(step: Step, task: AllianceTask) -> int | None:
    """Return the day of the last acceptance, None where that is noted or was before day 0."""
    emission, second = step.books.emission, task.model.accepted_at
    day = emission.today(second)
    return None if second < emission.start_at or day in task.accepted_at else day


def _books(step: Step) -> AllianceBooks:
    books = step.books.alliance
    if books is None:
        raise ValueError("the market pays no tasks of an Alliance")
    return books


def _task(step: Step) -> AllianceTask:
    return _books(step).task(step.head.values["task"])


def _called(step: Step, name: str, *args: object, by: str | None = None) -> None:
    step.books.counts.unseen += step.reading.called(ALLIANCE_MARKET, name, *args, by=by) is None


def _need(step: Step, name: str, **values: object) -> None:
    step.reading.need(ALLIANCE_MARKET, _books(step).address, name, values)
