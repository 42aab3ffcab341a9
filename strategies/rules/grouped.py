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


def known_for(members: Sequence[int], averages: Mapping[int, int], groups: Groups) -> dict[int, int]:
    """Return what members bring along into a round: by what the average of each is above its group's.

    Rounded toward zero, so a group's add up to about nothing. Of who is in no group whose sum could be read, what is
    held against it stays. Where all absolute values add up to more than half of the points, all are scaled down to
    that together, rounded toward zero.
    """
    known = {member: min(0, averages.get(member, 0)) for member in members}
    for group in groups.values():
        whole = sum(averages.get(member, 0) for member in group)
        known |= {m: quotient(len(group) * averages.get(m, 0) - whole, len(group)) for m in group}
    room = POINTS - ROUND_POINTS
    most = max(room, sum(map(abs, known.values())))
    return {member: quotient(room * points, most) for member, points in known.items()}


def surprised(
    equal: Sequence[int], members: Sequence[int], averages: Mapping[int, int], groups: Groups
) -> tuple[int, ...]:
    """Return what a voter tells of members: what they were known for, and the surprise in equal parts.

    Parameters
    ----------
    equal : sequence of int
        Equal parts of what groups did, in ten-thousandths, one for each of `members`; halved here, rounded toward zero.
    averages : mapping of int to int
        What members were known for: the contract's averages before this round.
    """
    known = known_for(members, averages, groups)
    return tuple(
        quotient(ROUND_POINTS * part, POINTS) + known[member] for part, member in zip(equal, members, strict=True)
    )


def is_even(told: Sequence[int], members: Sequence[int], averages: Mapping[int, int], groups: Groups) -> bool:
    """Return whether what a voter tells has the surprise in equal parts, as nobody can know better."""
    known = known_for(members, averages, groups)
    parts = {member: points - known[member] for member, points in zip(members, told, strict=True)}
    grouped = {member for group in groups.values() for member in group}
    return all(len({parts[member] for member in group}) == 1 for group in groups.values()) and not any(
        parts[member] for member in members if member not in grouped
    )


def quotient(dividend: int, divisor: int) -> int:
    """Return an integer quotient, rounded toward zero."""
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)
