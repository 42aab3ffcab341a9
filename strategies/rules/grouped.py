"""What is found of a group's mean, told of its members: the contract knows of members alone.

Everybody in a group has the same part in candidates and the same contribution, so a round cannot tell them apart. The
next rounds can: groups are drawn anew, and a member that does harm takes the harm along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fl_alliance.chain.rules.candidates import Row
from fl_alliance.strategies.menu import Menu
from fl_alliance.strategies.rules.base import Groups


def per_group(averages: Mapping[int, int], groups: Groups) -> dict[int, int]:
    """Return the mean of what each group's members contributed before, rounded down, by the member that it goes by."""
    return {first: sum(averages.get(m, 0) for m in group) // len(group) for first, group in groups.items()}


def shared(shares: Mapping[int, float], groups: Groups) -> dict[int, float]:
    """Return what members contributed, given what groups did: equal parts."""
    return {member: shares.get(first, 0.0) / len(group) for first, group in groups.items() for member in group}


def spread(menu: Menu, groups: Groups, members: Sequence[int]) -> Menu:
    """Return the menu of groups as one of all members who proposed; who is in no group has the mark 0."""
    position = {member: at for at, first in enumerate(menu.members) for member in groups[first]}
    return replace(
        menu,
        members=tuple(members),
        rows=tuple(
            Row(bytes(row.marks[position[m]] if m in position else 0 for m in members), row.reference, row.question)
            for row in menu.rows
        ),
    )
