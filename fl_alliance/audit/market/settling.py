"""A day's settlement: the consensus on every place, its verdict, what validators earn by it, and slashes."""

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market.books import Day, Task, silent_places
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import Verdict
from fl_alliance.chain.commitments import day_times
from fl_alliance.chain.deploy import ARENA
from fl_alliance.chain.rules.arena_consensus import WORST, consensus
from fl_alliance.chain.rules.arena_pay import fits
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.delegation import slash_split
from fl_alliance.chain.rules.ranking import ranking
from fl_alliance.chain.types import WEI_PER_GWEI


def settled(step: Step) -> None:
    """The next places of a day, in order, and after them the validators, as many as were asked for."""
    args = step.called("settle")
    if args is None:
        task, number = _day_of(step)
        _require_over(step, task, number)
        _settle_told(step, task, number)
        step.sync(task)
        return
    task_number, number, count = args
    step.require(task_number in step.books.tasks, f"task {task_number}, needed one that was created")
    task = step.books.tasks[task_number]
    _require_over(step, task, number)
    _settle_next(step, task, number, count)
    if not any((call.source, call.name) == (ARENA, "settle") for call in step.reading.calls):
        # Contracts may have settled before what leaves no event: then this went further.
        _settle_told(step, task, number)
    step.sync(task)


def _settle_next(step: Step, task: Task, number: int, count: int) -> None:
    """Settle `count` places and validators, or all that are left."""
    day = task.day(number)
    places = min(count, len(day.places) - day.settled)
    for _ in range(places):
        _settle(step, task, number)
    for _ in range(min(count - places, len(day.seats) - day.judged)):
        _judge(step, task, number)


def _settle_told(step: Step, task: Task, number: int) -> None:
    """Settle as many as there are events of."""
    day = task.day(number)
    while _is_told(step, "SubmissionSettled", task, number):
        pass_silent(task, number)
        step.require(day.settled < len(day.places), "every place of the day is settled")
        _settle(step, task, number)
    while _is_told(step, "Slashed", task, number):
        pass_silent(task, number)
        step.require(day.settled == len(day.places), "a slash before every place is settled")
        pass_revealed(day)
        step.require(day.judged < len(day.seats), "a slash that follows from nothing")
        _judge(step, task, number)


def pass_silent(task: Task, number: int) -> None:
    """Settle the next places that nobody revealed; nothing tells of them, and their fee is kept."""
    day = task.day(number)
    for _ in list(silent_places(day)):
        task.keep_fee(number)
        day.settled += 1


def pass_revealed(day: Day) -> None:
    """Go past the next validators that revealed, of whom nothing is told either."""
    while day.judged < len(day.seats) and day.seats[day.judged].is_revealed:
        day.judged += 1


def _day_of(step: Step) -> tuple[Task, int]:
    """Return which day is settled; a pool that is slashed speaks before the Arena says for what."""
    event = step.head if step.head.source == ARENA else step.reading.ahead(ARENA, "Slashed")
    if event is None or event.values["task"] not in step.books.tasks:
        raise DoesNotHold(step.reading.where, "something is settled that is in no task")
    return step.books.tasks[event.values["task"]], event.values["day"]


def _require_over(step: Step, task: Task, number: int) -> None:
    """Refuse what comes before all windows are over."""
    step.active(task)
    step.require(number <= task.params.day_count, f"day {number}, needed at most {task.params.day_count}")
    times = day_times(task.params, step.books.addresses.start_at, number)
    step.require(step.now >= times.settle_at, f"settled at second {step.now}, needed {times.settle_at}")


def _settle(step: Step, task: Task, number: int) -> None:
    """One place: what its validators together say of it, and what follows from that."""
    day = task.day(number)
    where, place = day.settled, day.places[day.settled]
    day.settled += 1
    if place.verdict is Verdict.COMMITTED:
        task.keep_fee(number)
        return
    is_scored, score = (True, WORST) if place.verdict is Verdict.REFUSED else _judged(step, task, day, where)
    if not is_scored:
        place.verdict = Verdict.UNSCORED
    else:
        place.verdict = Verdict.WORST if score == WORST else Verdict.RANKED
    place.score = score
    step.arena(
        "SubmissionSettled",
        task=task.number,
        day=number,
        node=place.node,
        place=where,
        verdict=place.verdict,
        score=score,
    )
    if place.verdict is Verdict.WORST:
        task.keep_fee(number)
        _slash(step, task, number, place.node)
    if place.verdict is Verdict.RANKED:
        _rank(task, number, where)


def _judged(step: Step, task: Task, day: Day, where: int) -> tuple[bool, int]:
    """Return whether anybody scored a place, and the consensus; add what each of them earns by it."""
    judges = [seat for seat in day.seats if seat.is_revealed and where in seat.assigned]
    if not judges:
        return False, 0
    said = [seat.scores[where] for seat in judges]
    weights_wei = [seat.weight.weight_gwei * WEI_PER_GWEI for seat in judges]
    agreed = consensus(said, weights_wei)
    step.books.counts.consensuses += 1
    made = fits(said, agreed, weights_wei, task.params.decay_wad, task.params.power_halves)
    for seat, fit in zip(judges, made, strict=True):
        seat.fits_wad.append(fit)
    return True, agreed


def _rank(task: Task, number: int, where: int) -> None:
    """Rank all places of a day that are settled so far, and keep a node's best on dataset A for the B day."""
    day = task.day(number)
    ranked = [place.score if place.verdict is Verdict.RANKED else WORST for place in day.places]
    day.ranking = ranking(ranked, task.params.paid_nodes)
    place = day.places[where]
    account = task.account(place.node)
    if number < task.params.day_count and (account.best is None or place.score < account.best[0]):
        account.best = (place.score, number, where)


def _judge(step: Step, task: Task, number: int) -> None:
    """One validator, which loses for a commitment that it did not open."""
    day = task.day(number)
    seat = day.seats[day.judged]
    day.judged += 1
    if not seat.is_revealed:
        _slash(step, task, number, seat.validator)


def _is_told(step: Step, name: str, task: Task, number: int) -> bool:
    event = step.reading.peek()
    return event is not None and event.name == name and _day_of(step) == (task, number)


def _slash(step: Step, task: Task, number: int, address: str) -> None:
    """Take a part of all that is staked behind an account, its own stake first."""
    account, arena = task.account(address), step.books.addresses.arena
    loss = (account.own_wei + account.delegated_wei) * task.params.slash_bps // BPS
    own, delegated = slash_split(loss, account.own_wei, account.delegated_wei)
    account.change(step.now, own_wei=account.own_wei - own)
    task.pool_wei += loss
    if delegated and account.pool:
        left = step.books.money.held(account.pool) - delegated
        step.pool(account.pool, "Slashed", amountWei=delegated, assetsWei=left)
        step.transfer(account.pool, arena, delegated)
        account.change(step.now, delegated_wei=left)
    step.books.counts.slashes += 1
    step.arena("Slashed", task=task.number, day=number, account=address, ownWei=own, delegatedWei=delegated)
