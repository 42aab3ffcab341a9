"""Paying accounts what they are due, and their stakes when a task is over; anybody may."""

from collections.abc import Callable, Sequence

from fl_alliance.arena.claims import due
from fl_alliance.arena.events import fml
from fl_alliance.chain.arena_types import Phase, Role
from fl_alliance.chain.refusals import Refused
from fl_alliance.market.money import require_gas
from fl_alliance.market.place import Place


def claim(place: Place, task: int, accounts: Sequence[str], tell: Callable[[str], None]) -> int:
    """Have accounts paid all that is due to them in a task, and return how much that was, in wei.

    An account of which somebody else claims at the same time may be paid by them; then it is passed over.
    """
    total_wei = 0
    for account in accounts:
        total_wei += _rewards(place, task, account, tell)
        total_wei += _stake(place, task, account, tell)
    return total_wei


def _rewards(place: Place, task: int, account: str, tell: Callable[[str], None]) -> int:
    arena, total_wei = place.arena, 0
    for day in range(arena.state(task).finished_days):
        if not due(arena, task, day, account):
            continue
        require_gas(place.rpc, place.me, place.market.chain_id)
        try:
            paid = arena.claim(task, day, account)
        except Refused:
            if due(arena, task, day, account):
                raise
            continue
        total_wei += paid.total_wei
        behind = f", {fml(paid.pushed_wei)} to its delegators" if paid.pushed_wei else ""
        fee = f", a fee of {fml(paid.fee_wei)} back" if paid.fee_wei else ""
        tell(f"{account}, day {day}: {fml(paid.paid_wei)}{behind}{fee}")
    return total_wei


def _stake(place: Place, task: int, account: str, tell: Callable[[str], None]) -> int:
    arena = place.arena
    state, mine = arena.state(task), arena.stake_of(task, account)
    is_creators_rest = mine.role is Role.CREATOR and state.fund_wei > 0
    is_free = state.phase is Phase.CANCELLED or (state.phase is Phase.COMPLETED and place.now() >= mine.locked_until)
    if not is_free or not (mine.own_wei or is_creators_rest):
        return 0
    require_gas(place.rpc, place.me, place.market.chain_id)
    amount_wei = arena.unlock(task, account)
    tell(f"{account}: {fml(amount_wei)} of stake came out")
    return amount_wei
