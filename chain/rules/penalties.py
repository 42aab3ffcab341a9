"""What a member loses outside a settlement: as a leader who stays away, by two messages for one, by leaving accused."""

from collections.abc import Sequence

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.draw import leader
from fl_alliance.chain.rules.settlement import Line, Reason, Why, slash_amount
from fl_alliance.chain.types import Standing
from fl_alliance.chain.vrf import Tag


def absent_leaders(seed: bytes, tag: Tag, ranks: int, seats: Sequence[int]) -> tuple[int, ...]:
    """Return the distinct members who led at the first `ranks` ranks and let it pass, in order of their first rank.

    Who leads at a later rank too and acts then has still let its earlier turn pass.
    """
    return tuple(dict.fromkeys(leader(seed, tag, rank, seats) for rank in range(ranks)))


def absence_line(member: int, balance_gwei: int, absence_bps: int) -> Line:
    """Return the line of a leader who let its turn pass; all of it goes to the pool."""
    loss = slash_amount(balance_gwei, absence_bps)
    reason = Reason(Why.ABSENT_LEADER, balance_gwei=balance_gwei, rate_bps=absence_bps)
    return Line(member, Standing.NONE, -loss, reason)


def equivocation_line(member: int, standing: Standing, balance_gwei: int, escrow_gwei: int = 0) -> Line:
    """Return the line of a member who signed two different messages for one round: it loses everything."""
    reason = Reason(Why.EQUIVOCATED, balance_gwei=balance_gwei, rate_bps=BPS, escrow_gwei=escrow_gwei)
    return Line(member, standing, -balance_gwei, reason, -escrow_gwei)


def leaving_line(member: int, escrow_gwei: int) -> Line:
    """Return the line of a member who leaves a running task with evidence against it: its escrow goes to the pool."""
    return Line(member, Standing.NONE, 0, Reason(Why.LEFT_ACCUSED, escrow_gwei=escrow_gwei), -escrow_gwei)
