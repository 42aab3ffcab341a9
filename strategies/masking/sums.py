"""From a round's masked updates and its transcript to one model for each group: for the coordinator and the audit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.geometry import Shapes
from fl_alliance.strategies.masking.fixed_point import FixedPoint, Ring
from fl_alliance.strategies.masking.groups import Draw
from fl_alliance.strategies.masking.transcript import Transcript
from fl_alliance.strategies.masking.unmasking import NotRead, unmasked
from fl_alliance.strategies.wire import Place


@dataclass(frozen=True, slots=True)
class GroupSums:
    """What a round's groups come to.

    Attributes
    ----------
    models : mapping of int to Arrays
        The old model with a group's mean update added, by the lowest member that is in it, ascending.
    members : mapping of int to tuple of int
        Who is in each, by the same.
    unread : mapping of int to str
        Members whose update came and is in no sum, and why.
    """

    models: Mapping[int, Arrays]
    members: Mapping[int, tuple[int, ...]]
    unread: Mapping[int, str]


def read_sums(
    place: Place,
    draw: Draw,
    transcript: Transcript,
    numbers: FixedPoint,
    old: Arrays,
    hidden: Mapping[int, Arrays],
) -> GroupSums:
    """Return the groups' models.

    Parameters
    ----------
    hidden : mapping of int to Arrays
        The masked updates by member, of who survived: in the form of `masked_form`.
    """
    shapes = Shapes.of(old)
    base = shapes.flat(old)
    models: dict[int, Arrays] = {}
    members: dict[int, tuple[int, ...]] = {}
    unread: dict[int, str] = {}
    for group in draw.groups:
        there = {member: flat_ring(hidden[member]) for member in group if member in hidden}
        adverts = {
            member: transcript.adverts[member]
            for member in group
            if member in transcript.adverts and transcript.adverts[member].is_of(draw.members[member], place, draw)
        }
        try:
            total = unmasked(place, draw, group, adverts, there, transcript.reveals)
        except NotRead as reason:
            unread |= dict.fromkeys(there, f"its group's sum cannot be read: {reason}")
            continue
        models[min(there)] = shapes.arrays(base + numbers.mean(total, len(there)))
        members[min(there)] = tuple(sorted(there))
    return GroupSums(dict(sorted(models.items())), dict(sorted(members.items())), unread)


def masked_form(old: Arrays) -> Arrays:
    """Return arrays of the names and shapes that a masked update has for a model: whole numbers of 32 bits."""
    return {name: np.zeros(array.shape, np.uint32) for name, array in old.items()}


def flat_ring(arrays: Arrays) -> Ring:
    """Return masked arrays as one vector, in their order."""
    return np.concatenate([np.asarray(array, np.uint32).ravel() for array in arrays.values()])


def ring_arrays(vector: Ring, old: Arrays) -> dict[str, Ring]:
    """Return a masked vector as arrays of a model's names and shapes."""
    made, start = {}, 0
    for name, array in old.items():
        made[name] = vector[start : start + array.size].reshape(array.shape)
        start += array.size
    return made
