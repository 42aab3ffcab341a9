"""What a person asks of a task: where it stands, what is theirs in it, and what to do next. Facts, and their words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fl_alliance.arena.calendar import Calendar
from fl_alliance.arena.claims import due
from fl_alliance.arena.errors import ArenaError
from fl_alliance.arena.events import fml
from fl_alliance.arena.task import Task, read_task
from fl_alliance.chain.arena_states import StakeState
from fl_alliance.chain.arena_types import Phase, Role
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.market.errors import TaskUnknown
from fl_alliance.market.moments import moment_of
from fl_alliance.market.parties import accounts_of, everybody
from fl_alliance.market.place import Place, Reading
from fl_alliance.market.settings import MarketSettings
from fl_alliance.market.units import duration


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task as it stands; times are seconds of the chain's clock."""

    task: int
    title: str
    kind: str
    phase: str
    day: int | None
    days: int
    finished_days: int
    moment: str
    until: int | None
    now: int
    daily_wei: int
    is_verified: bool
    staked_wei: int


@dataclass(frozen=True, slots=True)
class Part:
    """An account's part in a task; `due_wei` is what it and its delegators can claim, fees with it."""

    account: str
    role: str
    own_wei: int
    delegated_wei: int
    locked_until: int
    pool: str | None
    due_wei: int
    next: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """What an account has behind a delegate."""

    account: str
    delegate: str
    worth_wei: int
    requested_from: int | None
    requested_until: int | None
    next: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task, and what is one's own in it."""

    facts: TaskFacts
    parts: list[Part]
    delegations: list[Delegation]


@dataclass(frozen=True, slots=True)
class Overview:
    """Tasks of a market, as some accounts see them; `balances_wei` is what each holds."""

    chain: str
    chain_id: int
    balances_wei: dict[str, int]
    tasks: list[TaskView]


def overview(place: Place, settings: MarketSettings, number: int | None) -> Overview:
    """Return one task or all, with what is one's own in them; raises `TaskUnknown`."""
    count = place.arena.task_count
    if number is not None and number > count:
        raise TaskUnknown(number, count)
    accounts = accounts_of(place, settings.key)
    balances = {account: place.arena.token.balance_wei(account) for account in accounts}
    tasks = []
    for task in range(1, count + 1) if number is None else (number,):
        behind = delegations(place, task, accounts, everybody(place, task))
        tasks.append(TaskView(task_facts(place, task), parts(place, task, accounts), behind))
    return Overview(settings.chain.url, place.market.chain_id, balances, tasks)


def overview_words(found: Overview) -> list[str]:
    """Return it in lines."""
    lines = [f"chain {found.chain_id} at {found.chain}"]
    own = {part.account for task in found.tasks for part in task.parts}
    own |= {behind.account for task in found.tasks for behind in task.delegations}
    for account, balance_wei in found.balances_wei.items():
        if account in own or len(found.balances_wei) == 1:
            lines.append(f"{account} holds {fml(balance_wei)}")
    for task in found.tasks:
        lines += task_words(task.facts)
        for part in task.parts:
            lines += part_words(part)
        for behind in task.delegations:
            lines += delegation_words(behind)
        if task.facts.phase == "active" and not task.parts and not task.delegations:
            number = task.facts.task
            lines.append(f"    next: join with fl-alliance arena train {number}, or validate {number}")
    if not found.tasks:
        lines.append("no task yet; make one with: fl-alliance arena create classify")
    return lines


def plain(found: object) -> Any:
    """Return facts as JSON carries them: amounts as text, which no reader rounds."""
    return _plain("", asdict(found))  # type: ignore[call-overload]


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(name if name.endswith("_wei") else key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(name, inner) for inner in value]
    return str(value) if name.endswith("_wei") and isinstance(value, int) else value


def task_facts(place: Reading, number: int) -> TaskFacts:
    """Return where a task stands; a description that the store does not have leaves the title empty."""
    params, state, now = place.arena.params(number), place.arena.state(number), place.now()
    calendar = Calendar(params, place.emission.start_at)
    moment = moment_of(calendar, state.phase, now)
    try:
        title = read_task(place.arena, place.store, number).spec.title
    except ArenaError:
        title = ""
    return TaskFacts(
        task=number,
        title=title,
        kind=params.kind,
        phase=state.phase.name.lower(),
        day=moment.day,
        days=params.day_count,
        finished_days=state.finished_days,
        moment=moment.words(calendar, now),
        until=moment.until,
        now=now,
        daily_wei=params.daily_wei,
        is_verified=place.emission.is_verified(place.arena.address, number),
        staked_wei=state.staked_wei,
    )


def parts(place: Place, number: int, accounts: Sequence[str]) -> list[Part]:
    """Return what these accounts are in a task, without those that are nothing."""
    found = [(account, place.arena.stake_of(number, account)) for account in accounts]
    return [
        _part(place, number, account, stake, _acting(accounts, account))
        for account, stake in found
        if stake.role is not Role.NONE
    ]


def delegations(place: Place, number: int, accounts: Sequence[str], delegates: Sequence[str]) -> list[Delegation]:
    """Return what these accounts have behind these delegates, without what is nothing."""
    found = []
    for delegate in delegates:
        stake = place.arena.stake_of(number, delegate)
        if not stake.has_pool:
            continue
        pool = DelegationPool(place.sender, stake.pool)
        for account in accounts:
            pool.me = account
            if pool.shares:
                found.append(_delegation(place, number, pool, account, delegate, _acting(accounts, account)))
    return found


def _acting(accounts: Sequence[str], account: str) -> str:
    """Return what lets a command act as this account: nothing for the only one, else its number (`accounts_of`)."""
    return f" key.development={accounts.index(account)}" if len(accounts) > 1 else ""


def due_wei(place: Place, number: int, account: str) -> int:
    """Return what an account and its delegators can claim of all finished days of a task."""
    finished = place.arena.state(number).finished_days
    return sum(due(place.arena, number, day, account) for day in range(finished))


def heading(place: Place, task: Task) -> str:
    """Return a task's title and where it stands, for whoever begins to work."""
    facts = task_facts(place, task.number)
    return f"task {task.number}, {facts.title} ({facts.kind}); {facts.moment}"


def task_words(facts: TaskFacts) -> list[str]:
    """Return a task's facts in lines."""
    daily = f"{fml(facts.daily_wei)} a day" if facts.daily_wei else ""
    pays = " and ".join(filter(None, [daily, "the emission's share" if facts.is_verified else ""])) or "nothing"
    return [
        f"task {facts.task}: {facts.title or 'its description is not in this store'} ({facts.kind})",
        f"  {facts.moment}",
        f"  {facts.finished_days} of {facts.days + 1} days finished; pays {pays}; {fml(facts.staked_wei)} staked",
    ]


def part_words(part: Part) -> list[str]:
    """Return an account's part in lines."""
    behind = f" and {fml(part.delegated_wei)} delegated" if part.delegated_wei else ""
    return [
        f"  {part.account}, {part.role}: {fml(part.own_wei)} staked{behind}, {fml(part.due_wei)} to claim",
        f"    next: {part.next}",
    ]


def delegation_words(found: Delegation) -> list[str]:
    """Return a delegation in lines."""
    return [
        f"  {found.account}: {fml(found.worth_wei)} delegated to {found.delegate}",
        f"    next: {found.next}",
    ]


def _part(place: Place, number: int, account: str, stake: StakeState, acting: str) -> Part:
    pending, phase = due_wei(place, number, account), place.arena.state(number).phase
    return Part(
        account=account,
        role=stake.role.name.lower(),
        own_wei=stake.own_wei,
        delegated_wei=stake.delegated_wei,
        locked_until=stake.locked_until,
        pool=stake.pool if stake.has_pool else None,
        due_wei=pending,
        next=_next(number, stake, pending, phase, place.now(), acting),
    )


def _next(number: int, stake: StakeState, pending_wei: int, phase: Phase, now: int, acting: str) -> str:
    if phase is Phase.ACTIVE:
        command = {Role.CREATOR: "keep", Role.NODE: "train", Role.VALIDATOR: "validate"}[stake.role]
        return f"leave running: fl-alliance arena {command} {number}{acting}"
    if pending_wei or (stake.own_wei and now >= stake.locked_until):
        return f"take what is yours: fl-alliance arena claim {number}{acting}"
    if stake.own_wei:
        return f"wait {duration(stake.locked_until - now)} until the stake is free"
    return "nothing, it is over"


def _delegation(
    place: Place, number: int, pool: DelegationPool, account: str, delegate: str, acting: str
) -> Delegation:
    asked, now = pool.redemption(), place.now()
    take = f"fl-alliance arena undelegate {number} {delegate}{acting}"
    if not asked.shares or now >= asked.until_at:
        then, asked_from, asked_until = f"it earns; to take it back: {take}", None, None
    else:
        asked_from, asked_until = asked.from_at, asked.until_at
        wait = f"in {duration(asked.from_at - now)}, " if now < asked.from_at else ""
        then = f"take it back {wait}within {duration(asked.until_at - max(now, asked.from_at))}: {take}"
    return Delegation(account, delegate, pool.worth_wei, asked_from, asked_until, then)
