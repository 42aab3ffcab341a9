"""Claims: what an account is paid for a day, by the sigma of that day, and what its delegators get in one transfer."""

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market.books import Day, Place, Seat, Task
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import Role, Verdict
from fl_alliance.chain.rules.arena_pay import paid
from fl_alliance.chain.rules.delegation import delegate_keeps
from fl_alliance.chain.types import WEI_PER_GWEI

_RETURNED = (Verdict.RANKED, Verdict.UNSCORED)


def claimed(step: Step) -> None:
    """An account is paid what it earned on a day and has not been paid yet."""
    task, number, address = step.task(), step.head.values["day"], step.head.values["account"]
    step.called("claim", task.number, number, address)
    day = task.days.get(number, Day())
    step.require(day.is_finished, f"day {number} is not finished")
    entry = _entry(step, task, day, address)
    earned, fee = _due(task, number, day, entry)
    step.require(earned + fee > 0, "nothing is left to pay")
    task.owed_wei -= earned + fee
    _pay(step, task, number, entry, earned, fee)
    step.sync(task)


def _entry(step: Step, task: Task, day: Day, address: str) -> Place | Seat:
    if task.account(address).role is Role.NODE:
        place = day.place_of(address)
        entry: Place | Seat | None = None if place is None else day.places[place]
    else:
        entry = day.seat_of(address)
    if entry is None:
        raise DoesNotHold(step.reading.where, f"{address} is paid for a day in which it took no part")
    return entry


def _due(task: Task, number: int, day: Day, entry: Place | Seat) -> tuple[int, int]:
    """Return what was earned and not paid, and the fee that goes back; both are paid by that."""
    is_node = isinstance(entry, Place)
    now_wei, held_wei = (
        (day.nodes_now_wei, day.nodes_held_wei) if is_node else (day.validators_now_wei, day.validators_held_wei)
    )
    earned = fee = 0
    on_a = number < task.params.day_count
    if not entry.is_claimed_now:
        entry.is_claimed_now = True
        earned = paid(now_wei, entry.share_wad)
        if isinstance(entry, Place) and entry.verdict in _RETURNED and on_a:
            fee = task.params.submission_fee_wei
    if task.fell_back and on_a and not entry.is_claimed_held:
        entry.is_claimed_held = True
        waited = paid(held_wei, entry.share_wad)
        earned += waited
        if is_node:
            task.held_nodes_wei -= waited
        else:
            task.held_validators_wei -= waited
    return earned, fee


def _pay(step: Step, task: Task, number: int, entry: Place | Seat, earned: int, fee: int) -> None:
    address = entry.node if isinstance(entry, Place) else entry.validator
    account, arena = task.account(address), step.books.addresses.arena
    pool = step.books.pools.get(account.pool or "")
    keeps = earned
    if pool is not None and pool.supply > 0:  # without shares a reward would be nobody's
        weight = entry.weight
        own, delegated = weight.own_gwei * WEI_PER_GWEI, weight.delegated_gwei * WEI_PER_GWEI
        keeps = delegate_keeps(earned, entry.sigma_bps, own, delegated)
    pushed = earned - keeps
    if pushed:
        account.change(step.now, delegated_wei=account.delegated_wei + pushed)
    step.books.counts.claims += 1
    step.arena("Claimed", task=task.number, day=number, account=address, paidWei=keeps, feeWei=fee, pushedWei=pushed)
    if keeps + fee:
        step.transfer(arena, address, keeps + fee)
    if pool is not None and pushed:
        step.transfer(arena, pool.address, pushed)
