"""Whom a round of hidden updates suspects, and what it asks the voters about.

A group's sum cannot convict: three honest members hide what the fourth has sent. What the chain knows of each member
from all groups that it was in can be right or wrong about it, so the worst of them are put to the test in a round
that they propose in: what they seem to have sent, which is their group's sum without what members usually send.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fl_alliance.chain.rules.candidates import MARK_LIMIT, MARKS_PER_Z, MAX_ENTRIES, OLD, PART_OF, Row
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.geometry import TINY, Shapes, mean_of, norms
from fl_alliance.strategies.menu import Menu
from fl_alliance.strategies.rules.base import Groups
from fl_alliance.strategies.rules.grouped import ROUND_POINTS, per_group, quotient

HARMS_PER_PART = 4
"""How many z an average has that is as far below 0 as that of all who contribute alike is above it."""
STEP = 0.25
"""The question is whether this share of a group's step, taken the way its suspect seems to pull, makes things worse."""
ASKED = 2
"""How many members a round asks about at most, the worst, together."""
NAME = "question: a step with the suspects"


def spread(
    menu: Menu,
    prepared: Mapping[int, Arrays],
    groups: Groups,
    members: Sequence[int],
    averages: Mapping[int, int],
    suspect_at: int,
) -> Menu:
    """Return the menu of groups as one of all members who proposed, with marks and a question of its own.

    A member is part of what its group is part of. Its mark is how harmful it is known to be, in sixteenths of a z; only
    the worst are asked about, the others' stay below `suspect_at`. Who is in no group is part of nothing and has the
    mark 0. Marks that the menu had of groups are dropped: they would be held against all in them.

    Parameters
    ----------
    menu : Menu
        Of the groups' means.
    prepared : mapping of int to Arrays
        The groups' means within the limits, by the member that they go by.
    averages : mapping of int to int
        What members are known for, as the chain has it; empty where the task does not ask.
    """
    place = {member: at for at, first in enumerate(menu.members) for member in groups[first]}
    marks = {member: _mark(averages.get(member, 0), len(members)) if member in place else 0 for member in members}
    worst = sorted(members, key=lambda member: (-marks[member], averages.get(member, 0), member))[:ASKED]
    marks |= {member: min(mark, suspect_at - 1) for member, mark in marks.items() if member not in worst}
    suspects = tuple(member for member in worst if marks[member] >= suspect_at)
    count = len(menu.rows)
    names, models, about = menu.names[:count], menu.models[:count], (OLD, OLD)
    if suspects and count < MAX_ENTRIES and len(groups) > 1:
        names, about = (*names, NAME), (OLD, count)
        models = (*models, question(menu.models[OLD], prepared, groups, averages, suspects))
    rows = tuple(
        Row(bytes(marks[m] | (row.marks[place[m]] & PART_OF if m in place else 0) for m in members), *about)
        for row in menu.rows
    )
    return replace(menu, names=names, models=models, members=tuple(members), rows=rows)


def question(
    old: Arrays, prepared: Mapping[int, Arrays], groups: Groups, averages: Mapping[int, int], suspects: Sequence[int]
) -> dict[str, NDArray[np.floating]]:
    """Return the old model after a small step the way that suspects seem to pull, in the mean.

    Of a suspect's group's sum is taken off what the others of it would have sent if they were like the better half of
    the other groups, by what their members are known for. A pull's length is the group's own, times `STEP`.
    """
    shapes = Shapes.of(old)
    base, order, known = shapes.flat(old), sorted(groups), per_group(averages, groups)
    updates = np.array([shapes.flat(prepared[first]) - base for first in order])
    by_trust = sorted(range(len(order)), key=lambda at: (-known[order[at]], order[at]))
    pulls = []
    for suspect in suspects:
        own = next(at for at, first in enumerate(order) if suspect in groups[first])
        others = [at for at in by_trust if at != own]
        usual = mean_of(updates, sorted(others[: (len(others) + 1) // 2]))
        size = len(groups[order[own]])
        pull = size * updates[own] - (size - 1) * usual
        length, whole = norms(np.array([updates[own], pull]))
        pulls.append(pull * (STEP * length / (whole + TINY)))
    return shapes.arrays(base + mean_of(np.array(pulls), range(len(pulls))))


def _mark(average: int, proposers: int) -> int:
    """Return an average's mark, 0 to 96: what is not below 0 has none."""
    return min(MARK_LIMIT, max(0, quotient(-average * proposers * HARMS_PER_PART * MARKS_PER_Z, ROUND_POINTS)))
