"""How tasks begin and end early, and how own stakes come in and go out."""

import rlp

from fl_alliance.audit.market.books import Pool, Task
from fl_alliance.audit.market.roles import as_dao
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import DAY_S, NO_POOL, Limits, Phase, Role, TaskParams
from fl_alliance.chain.arena_view import read_params
from fl_alliance.chain.deploy import ARENA
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.locks import MAX_LOCK_DAYS
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.types import WEI_PER_GWEI

_MAX_AHEAD = 1_800


def created(step: Step) -> None:
    """A creator stakes and pays the daily rewards in."""
    books, values = step.books, step.head.values
    creator, params = values["creator"], values["params"]
    args = step.called("createTask", by=creator)
    if args is not None:
        given = read_params(args[0])
        step.require(given == params, f"its event says {params}, the call of createTask {given}")
    task = _new_task(step, creator, params)
    books.tasks[task.number] = task
    step.arena("TaskCreated", task=task.number, creator=creator, params=params, fundWei=task.fund_wei)
    step.transfer(creator, books.addresses.arena, params.creator_stake_wei + task.fund_wei)


def _new_task(step: Step, creator: str, params: TaskParams) -> Task:
    books, today = step.books, step.books.emission.today(step.now)
    least = books.min_creator_stake_wei
    step.require(
        today < params.first_day <= today + _MAX_AHEAD, f"first day {params.first_day}, needed one after {today}"
    )
    step.require(params.creator_stake_wei >= least, f"creator's stake {params.creator_stake_wei}, needed {least}")
    step.require(books.limits.allow(params), f"{params}, needed within {books.limits}")
    step.running()
    begins_at = books.addresses.start_at + params.first_day * DAY_S
    task = Task(len(books.tasks) + 1, creator, params, begins_at, params.fund_wei)
    account = task.account(creator)
    account.role = Role.CREATOR
    account.change(step.now, own_wei=params.creator_stake_wei)
    return task


def cancelled(step: Step) -> None:
    """The creator ends a task before its day 0."""
    task = step.task()
    step.called("cancel", task.number, by=task.creator)
    step.active(task)
    step.require(step.now < task.begins_at, f"cancelled at second {step.now}, needed before {task.begins_at}")
    task.phase = Phase.CANCELLED
    step.arena("TaskCancelled", task=task.number)


def staked(step: Step) -> None:
    """An account stakes, or adds to its stake; a validator's first stake tells its key before that."""
    task = step.task()
    told = step.reading.ahead(ARENA, "Staked")
    step.require(told is not None and told.values["task"] == task.number, "a key without a stake")
    values = told.values if told else {}
    key = step.head.values["vrfX"] if step.head.name == "KeyRegistered" else 0
    if key:
        step.arena("KeyRegistered", task=task.number, validator=values["account"], vrfX=key)
    account, role, amount, lock_days = values["account"], values["role"], values["amountWei"], values["lockDays"]
    step.called("stake", task.number, role, amount, lock_days, key, by=account)
    own_wei = _add(step, task, account, role, amount, lock_days, key)
    step.arena(
        "Staked", task=task.number, account=account, role=role, amountWei=amount, ownWei=own_wei, lockDays=lock_days
    )
    step.transfer(account, step.books.addresses.arena, amount)
    step.sync(task)


def _add(step: Step, task: Task, address: str, role: Role, amount: int, lock_days: int, key: int) -> int:
    """Book a stake and return what the account's own stake is then."""
    account, params = task.account(address), task.params
    step.active(task)
    step.running()
    step.require(step.now < task.ends_at, f"staked at second {step.now}, needed before {task.ends_at}")
    step.require(role in (Role.NODE, Role.VALIDATOR), f"role {role.name}, needed NODE or VALIDATOR")
    step.require(account.role in (Role.NONE, role), f"role {role.name}, the account is {account.role.name}")
    step.require(
        account.lock_days <= lock_days <= MAX_LOCK_DAYS,
        f"locked for {lock_days} days, needed {account.lock_days} to {MAX_LOCK_DAYS}",
    )
    is_first = account.role is Role.NONE and role is Role.VALIDATOR
    step.require(is_first == bool(key), f"key {key:#x}, needed one at a validator's first stake and only then")
    own_wei = account.own_wei + amount
    least = params.min_node_stake_wei if role is Role.NODE else params.min_validator_stake_wei
    step.require(own_wei >= least, f"own stake {own_wei} wei, needed {least}")
    account.role = role
    account.vrf_x = key or account.vrf_x
    account.locked_until = max(account.locked_until, step.now + lock_days * DAY_S)
    account.change(step.now, own_wei=own_wei, lock_days=lock_days)
    return own_wei


def pool_opened(step: Step) -> None:
    """A delegate opens its pool, whose address follows from how many the Arena has opened."""
    task, values, arena = step.task(), step.head.values, step.books.addresses.arena
    delegate, sigma_bps = values["delegate"], values["sigmaBps"]
    step.called("openPool", task.number, sigma_bps, by=delegate)
    step.active(task)
    account = task.account(delegate)
    step.require(account.role is not Role.NONE and account.pool is None, f"{delegate} has no stake, or a pool already")
    step.require(sigma_bps <= BPS, f"sigma {sigma_bps}, needed at most {BPS}")
    pool = checksum("0x" + keccak(bytes(rlp.encode([address_bytes(arena), step.books.arena_pools + 1])))[-20:].hex())
    account.pool = pool
    step.books.pools[pool] = Pool(pool, task, delegate, [(step.now, sigma_bps)], arena)
    step.arena("PoolOpened", task=task.number, delegate=delegate, pool=pool, sigmaBps=sigma_bps)
    step.pool(pool, "SigmaSet", sigmaBps=sigma_bps, fromAt=step.now)
    step.pool(pool, "Initialized", version=1)


def unlocked(step: Step) -> None:
    """An account takes its stake out, a creator what is left of the daily rewards with it."""
    task, address = step.task(), step.head.values["account"]
    step.called("unlock", task.number, address)
    step.require(task.phase is not Phase.ACTIVE, f"task {task.number} is ACTIVE, needed COMPLETED or CANCELLED")
    account = task.account(address)
    if task.phase is Phase.COMPLETED:
        step.require(step.now >= account.locked_until, f"at second {step.now}, needed {account.locked_until}")
    amount = account.own_wei
    account.change(step.now, own_wei=0)
    if address == task.creator:
        amount += task.fund_wei
        task.fund_wei = 0
    step.require(amount > 0, "nothing to take out")
    step.arena("Unlocked", task=task.number, account=address, amountWei=amount)
    step.transfer(step.books.addresses.arena, address, amount)


def minimum_set(step: Step) -> None:
    """The DAO sets the least stake of creators."""
    least = step.head.values["minWei"]
    as_dao(step, ARENA, "setMinCreatorStake", least)
    step.books.min_creator_stake_wei = least
    step.arena("MinCreatorStakeSet", minWei=least)


def limits_set(step: Step) -> None:
    """The DAO sets what creators may fix."""
    given = step.head.values["limits"]
    as_dao(step, ARENA, "setLimits", given)
    step.books.limits = Limits(*given)
    step.arena("LimitsSet", limits=given)


def pool_of(task: Task, account: str) -> str:
    """Return the address of an account's pool as the contract tells it."""
    return task.account(account).pool or NO_POOL


def is_least(own_gwei: int, least_wei: int) -> bool:
    """Return whether an own stake is as large as it must be, in whole gwei."""
    return own_gwei >= least_wei // WEI_PER_GWEI
