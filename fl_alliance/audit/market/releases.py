"""The emission's own events: which tasks count, what the DAO changes, and days closed, drawn and lapsed."""

from fl_alliance.audit.market import alliances
from fl_alliance.audit.market.emission import ALLIANCE, ARENA, DAYS, MAX_TASKS, Key, Record, at
from fl_alliance.audit.market.finishing import finished
from fl_alliance.audit.market.roles import GAUGE_ROLE, MARKET_ROLE, as_dao, has_role
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.deploy import EMISSION
from fl_alliance.chain.rules.emission import MAX_HALVES, MAX_PERCENT, WHOLE
from fl_alliance.chain.rules.words import ZERO_ADDRESS


def verified(step: Step) -> None:
    """The DAO lets a task's stake count."""
    emission, key = step.books.emission, _key(step)
    as_dao(step, EMISSION, "verify", *key)
    step.require(key not in emission.verified, "the task is verified already")
    step.require(len(emission.verified) < MAX_TASKS, f"{MAX_TASKS} tasks are verified, as many as there can be")
    kind = ARENA if has_role(step.books, EMISSION, MARKET_ROLE, key[0]) else ALLIANCE
    record = emission.records.setdefault(key, Record(kind))
    emission.verified.add(key)
    step.emission("TaskVerified", source=key[0], task=key[1], kind=record.kind)
    _write(step, key)


def unverified(step: Step) -> None:
    """The DAO lets it count no more."""
    emission, key = step.books.emission, _key(step)
    as_dao(step, EMISSION, "unverify", *key)
    step.require(key in emission.verified, "the task is not verified")
    emission.verified.remove(key)
    step.emission("TaskUnverified", source=key[0], task=key[1])
    if emission.write(key, 0, step.now):
        step.synced(key)


def synced(step: Step) -> None:
    """Somebody has a task's stake written down, which time alone may have changed."""
    key = _key(step)
    step.reading.called(EMISSION, "sync", *key)
    step.require(key in step.books.emission.verified, "the task is not verified")
    _write(step, key)


def _write(step: Step, key: Key) -> None:
    """Write a stake down; that of a task of a source which is none of the market's contracts is its word."""
    emission = step.books.emission
    if key[0] == step.books.addresses.arena:
        task = step.books.tasks.get(key[1])
        stake = task.stake_gwei(step.now) if task else 0
    elif step.books.alliance is not None and key[0] == step.books.alliance.address:
        stake = step.books.alliance.task(key[1]).stake_gwei
    else:
        event = step.reading.peek()
        is_told = event is not None and event.name == "TaskSynced" and _key(step) == key
        stake = event.values["stakeGwei"] if event is not None and is_told else emission.stake(key, DAYS)
    if emission.write(key, stake, step.now):
        step.synced(key)


def lowered(step: Step) -> None:
    """The DAO lowers what is left of the schedule."""
    emission, bps = step.books.emission, step.head.values["factorBps"]
    as_dao(step, EMISSION, "lower", bps)
    day = emission.today(step.now)
    current = at(emission.factors, day)
    step.require(bps < current, f"factor {bps}, needed below {current}")
    emission.factors[day] = bps
    step.emission("ScheduleLowered", day=day, factorBps=bps)


def power_set(step: Step) -> None:
    """The DAO sets by which power of its stake a task shares."""
    emission, halves = step.books.emission, step.head.values["halves"]
    as_dao(step, EMISSION, "setPower", halves)
    step.require(halves <= MAX_HALVES, f"{halves} halves, needed at most {MAX_HALVES}")
    day = emission.today(step.now)
    emission.powers[day] = halves
    step.emission("PowerSet", day=day, halves=halves)


def weighed(step: Step) -> None:
    """A task weighs more or less by the word of who holds the role for it; our gauges tell of ballots first."""
    key, percent = _key(step), step.head.values["percent"]
    call = step.reading.call(EMISSION, "weigh", *key, percent)
    if call is not None:
        is_held = has_role(step.books, EMISSION, GAUGE_ROLE, call.sender)
        step.require(is_held, f"{call.sender} does not hold the gauges' role")
    else:
        holders = step.books.roles.get((EMISSION, GAUGE_ROLE), {})
        ours = step.books.polls.at.gauges if step.books.polls is not None else None
        others = [account for account, is_held in holders.items() if is_held and account != ours]
        step.require(bool(others), f"{percent} percent, by no ballots")
    step.require(percent != _percent(step, key), f"the task weighs {percent} percent already")
    weigh(step, key, percent)


def weigh(step: Step, key: Key, percent: int) -> None:
    """Let a task's powered stake weigh so much of 100, which leaves an event where that is another weight."""
    emission = step.books.emission
    step.require(key in emission.records, "the task was never verified")
    step.require(WHOLE <= percent <= MAX_PERCENT, f"{percent} percent, needed {WHOLE} to {MAX_PERCENT}")
    if not emission.weigh(key, percent, step.now):
        return
    day = emission.today(step.now)
    powered = emission.totals(emission.kind(key), day)[1]
    step.emission("TaskWeighed", source=key[0], task=key[1], day=day, percent=percent, poweredTotal=powered)


def _percent(step: Step, key: Key) -> int | None:
    emission = step.books.emission
    return at(emission.records[key].percents, emission.today(step.now)) if key in emission.records else None


def closed(step: Step) -> None:
    """A day is minted and split; what no task can earn of it is burned at once."""
    emission, address = step.books.emission, step.books.addresses.emission
    step.reading.called(EMISSION, "closeDay")
    step.running()
    day = len(emission.days)
    over_at = emission.start_at + (day + 1) * DAY_S
    step.require(day < DAYS and step.now >= over_at, f"day {day} closed at second {step.now}, needed {over_at}")
    books = emission.close(step.now)
    step.emission(
        "DayClosed",
        day=day,
        mintedWei=books.minted_wei,
        arenaWei=books.arena_wei,
        allianceWei=books.alliance_wei,
        burnedWei=books.unearned_wei,
    )
    step.books.money.minted_wei += books.minted_wei
    step.books.counts.emission_days += 1
    step.transfer(ZERO_ADDRESS, address, books.minted_wei)
    step.transfer(address, ZERO_ADDRESS, books.unearned_wei)


def drawn(step: Step) -> None:
    """A share of a closed day is paid: to the Arena as it finishes a day, to an Alliance whenever anybody asks."""
    key, day = _key(step), step.head.values["day"]
    if key[0] == step.books.addresses.arena:
        finished(step)
        return
    emission = step.books.emission
    step.reading.called(EMISSION, "draw", *key, day)
    step.running()
    step.require(key in emission.records and day < len(emission.days), "the task or the day earns nothing")
    until = emission.drawn_until(day, step.now)
    step.require(step.now < until and day not in emission.records[key].drawn, f"drawn before, or after {until}")
    wei = emission.draw(key, day)
    step.books.counts.draws += 1
    step.emission("ShareDrawn", source=key[0], task=key[1], day=day, amountWei=wei)
    step.transfer(step.books.addresses.emission, key[0], wei)
    if step.books.alliance is not None and key[0] == step.books.alliance.address:
        alliances.drawn(step, key[1], day, wei)


def lapsed(step: Step) -> None:
    """What nobody drew of a day is burned."""
    emission, day = step.books.emission, step.head.values["day"]
    step.reading.called(EMISSION, "lapse", day)
    step.require(day < len(emission.days), f"day {day} is not closed")
    from_at = emission.drawn_until(day, step.now)
    step.require(step.now >= from_at, f"lapsed at second {step.now}, needed {from_at}")
    wei = emission.lapse(day)
    step.require(wei > 0, "nothing is left of the day")
    step.emission("DayLapsed", day=day, burnedWei=wei)
    step.transfer(step.books.addresses.emission, ZERO_ADDRESS, wei)


def _key(step: Step) -> Key:
    values = step.head.values
    return values["source"], values["task"]
