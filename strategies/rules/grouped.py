"""What is found of groups' means, told of their members: the contract knows of members alone.

A round says the same of everybody in a group: that their sum did well or badly. Regrouping tells members apart, if what
is found of a group is compared with what its members were known for. The difference, the surprise, is shared evenly,
and each keeps what it was known for: a member that does harm takes the surprise along into every group, and who was
with it once is made up for in the next. So a linear system is solved one equation at a time (Kaczmarz 1937; as a filter
the least mean squares of Widrow and Hoff 1960), with the contract's moving averages as its state.
"""

from collections.abc import Mapping, Sequence

from fl_alliance.chain.rules.pay import POINTS
from fl_alliance.strategies.rules.base import Groups

ROUND_POINTS = POINTS // 2
"""What a round's groups contribute in all, signs aside; the other half of the points is room for what is known."""


def per_group(averages: Mapping[int, int], groups: Groups) -> dict[int, int]:
    """Return the mean of what each group's members contributed before, rounded down, by the member that it goes by."""
    return {first: sum(averages.get(m, 0) for m in group) // len(group) for first, group in groups.items()}


def shared(shares: Mapping[int, float], groups: Groups) -> dict[int, float]:
    """Return what members contributed, given what groups did: equal parts."""
    return {member: shares.get(first, 0.0) / len(group) for first, group in groups.items() for member in group}


def surprised(
    equal: Sequence[int], members: Sequence[int], averages: Mapping[int, int], groups: Groups
) -> tuple[int, ...]:
    """Return what a voter tells of members: what they were known for, and the surprise in equal parts.

    Within a group each has half of its equal part and, on top, what its average is above the group's, rounded toward
    zero: that adds up to nothing, so the group keeps what it did. Of who is in no group whose sum could be read, what
    is held against it stays. Where all absolute values add up to more than a voter may say, all are scaled down
    together, rounded toward zero.

    Parameters
    ----------
    equal : sequence of int
        Equal parts, in ten-thousandths, one for each of `members`.
    averages : mapping of int to int
        What members were known for: the contract's averages before this round.
    """
    known = {member: min(0, averages.get(member, 0)) for member in members}
    for group in groups.values():
        whole = sum(averages.get(member, 0) for member in group)
        known |= {m: quotient(len(group) * averages.get(m, 0) - whole, len(group)) for m in group}
    told = [quotient(ROUND_POINTS * part, POINTS) + known[member] for part, member in zip(equal, members, strict=True)]
    most = max(POINTS, sum(map(abs, told)))
    return tuple(quotient(POINTS * points, most) for points in told)


def quotient(dividend: int, divisor: int) -> int:
    """Return an integer quotient, rounded toward zero."""
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)
