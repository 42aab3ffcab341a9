"""A coordinator that says of some that they are missing although their masked updates came, and works with members.

Everything that it can ask for is tried: each honest member is told one set of survivors, any that it accepts, or
nothing; accomplices give away all their secrets and sign whatever helps. What the coordinator then holds is turned into
every sum of honest updates that it can be turned into.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masked_group import Round

from fl_alliance.strategies.masking.keys import mask, own_seed
from fl_alliance.strategies.masking.member import NotSafe, Reveal, threshold
from fl_alliance.strategies.masking.sharing import PRIME, join

Survivors = tuple[int, ...]
Told = Mapping[int, Sequence[Survivors]]
"""The sets of survivors that each honest member acts on: none or one, since its journal refuses a second."""


@dataclass
class Coordinator:
    """Holds all masked updates of a group, and what accomplices know."""

    there: Round
    accomplices: Survivors
    shares: dict[int, dict[int, int]] = field(default_factory=dict)
    pairs: dict[frozenset[int], bytes] = field(default_factory=dict)
    answers: dict[object, Reveal | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.group = self.there.draw.groups[0]
        self.honest = tuple(member for member in self.group if member not in self.accomplices)
        self.adverts = self.there.adverts()
        self.hidden, self.sealed = self.there.hidden(self.adverts)
        for one, other in product(self.accomplices, self.group):
            if one != other:
                secret = self.there.members[one].secret
                self.pairs[frozenset((one, other))] = secret.pair(self.adverts[other].key)
                share = secret.unseal(self.adverts[other].key, self.sealed[other][one])
                assert share is not None
                self.shares.setdefault(other, {})[one] = share

    def ask(self, told: Told) -> int:
        """Tell members who survived, first for their signatures; return how many then told what they know."""
        heard = 0
        for member in self.honest:
            for survivors in told[member]:
                signers = tuple(m for m in survivors if m in self.accomplices or survivors in told[m])
                reveal = self._answer(member, survivors, signers)
                if reveal is not None:
                    heard += 1
                    self._learn(member, reveal)
        return heard

    def twin(self) -> "Coordinator":
        """Return a coordinator of the same group that has asked nothing yet; answers that are known are kept."""
        other = copy(self)
        other.shares = {member: dict(shares) for member, shares in self.shares.items()}
        other.pairs = dict(self.pairs)
        return other

    def sums(self) -> Iterator[Survivors]:
        """Yield every set of honest members whose updates' sum it can read; it is compared with the true one."""
        for count in range(1, len(self.honest) + 1):
            for chosen in combinations(self.honest, count):
                found = self._sum(chosen)
                if found is not None:
                    assert (found == self.there.plain(chosen)).all()
                    yield chosen

    def _sum(self, chosen: Survivors) -> np.ndarray | None:
        length, needed = self.there.length, threshold(self.there.draw, self.group)
        total = np.zeros(length, np.uint32)
        for member in chosen:
            shares = self.shares.get(member, {})
            if len(shares) < needed:
                return None
            total = total + self.hidden[member] - mask(own_seed(join(shares)), length)
            for other in self.group:
                if other in chosen:
                    continue
                seed = self.pairs.get(frozenset((member, other)))
                if seed is None:
                    return None
                common = mask(seed, length)
                total = total - common if member < other else total + common
        return total

    def _learn(self, member: int, reveal: Reveal) -> None:
        for other, share in reveal.shares.items():
            assert share < PRIME
            self.shares.setdefault(other, {})[member] = share
        for other, seed in reveal.seeds.items():
            self.pairs[frozenset((member, other))] = seed

    def _answer(self, member: int, survivors: Survivors, signers: Survivors) -> Reveal | None:
        """Return what a member tells when these have signed who survived, None where it refuses."""
        if (asked := (member, survivors, signers)) not in self.answers:
            agreements = {m: self.there.members[m].agree(self.adverts, survivors) for m in signers}
            sealed = {s: self.sealed[s][member] for s in survivors if s != member}
            try:
                told = self.there.members[member].reveal(self.adverts, survivors, sealed, agreements)
            except NotSafe:
                told = None
            self.answers[asked] = told
        return self.answers[asked]


def acceptable(group: Survivors, least: int, member: int) -> list[Survivors]:
    """Return every set of survivors that a member would act on."""
    return [s for count in range(least, len(group) + 1) for s in combinations(group, count) if member in s]


@cache
def smallest_sums(size: int, absent: int, accomplices: int) -> tuple[int, int, int]:
    """Try all lies; return (lies, lies by which some sum was read, fewest honest updates in any of those sums)."""
    there = Round(proposers=size, size=size, absent=absent, length=3)
    group = there.draw.groups[0]
    fresh = Coordinator(there, group[-accomplices:] if accomplices else ())
    least = there.draw.least(group)
    options = [[(), *((survivors,) for survivors in acceptable(group, least, m))] for m in fresh.honest]
    lies = read = 0
    fewest = size
    for told in product(*options):
        coordinator = fresh.twin()
        coordinator.ask(dict(zip(fresh.honest, told, strict=True)))
        sizes = [len(chosen) for chosen in coordinator.sums()]
        lies += 1
        read += bool(sizes)
        fewest = min([fewest, *sizes])
    return lies, read, fewest


def test_alone_it_never_reads_a_sum_of_fewer_than_three_whatever_it_says_of_who_is_missing() -> None:
    lies, read, fewest = smallest_sums(4, 1, 0)
    assert (lies, fewest) == (5**4, 3)
    assert read > 0


def test_with_one_accomplice_of_four_no_lie_reads_a_single_update() -> None:
    lies, read, fewest = smallest_sums(4, 1, 1)
    assert (lies, fewest) == (5**3, 2)
    assert read > 0


def test_with_two_accomplices_of_four_and_nobody_said_to_be_missing_two_updates_stay_hidden_in_their_sum() -> None:
    there = Round(length=3)
    coordinator = Coordinator(there, (2, 3))
    coordinator.ask({member: [(0, 1, 2, 3)] for member in coordinator.honest})
    assert list(coordinator.sums()) == [(0, 1)]


def test_with_two_accomplices_of_four_a_lie_reads_a_single_update() -> None:
    assert smallest_sums(4, 1, 2)[2] == 1


@pytest.mark.parametrize(("size", "absent"), [(4, 0), (5, 1)])
def test_two_accomplices_read_no_single_update_where_nobody_may_be_missing_or_groups_are_larger(
    size: int, absent: int
) -> None:
    assert smallest_sums(size, absent, 2)[2] == 2


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_lie_reads_a_sum_of_fewer_than_must_be_there_less_the_accomplices(data: st.DataObject) -> None:
    size = data.draw(st.integers(4, 7))
    there = Round(proposers=size, size=size, absent=data.draw(st.integers(0, size - 3)), length=2)
    group = there.draw.groups[0]
    least = there.draw.least(group)
    accomplices = data.draw(st.integers(0, least - 2))
    coordinator = Coordinator(there, group[size - accomplices :])
    told: dict[int, list[Survivors]] = {}
    # Sets that all honest members in them act on are those that say something; who is left is told that all survived.
    for _ in range(data.draw(st.integers(0, 2))):
        free = [member for member in coordinator.honest if member not in told]
        if len(free) + accomplices >= least:
            chosen = data.draw(st.lists(st.sampled_from(free), min_size=least - accomplices, unique=True))
            survivors = tuple(sorted((*chosen, *coordinator.accomplices)))
            told |= {member: [survivors] for member in chosen}
    for member in coordinator.honest:
        told.setdefault(member, [group] if data.draw(st.booleans()) else [])
    coordinator.ask(told)
    assert all(len(chosen) >= least - accomplices for chosen in coordinator.sums())


def test_three_accomplices_of_four_know_the_fourth_as_in_any_sum() -> None:
    assert smallest_sums(4, 0, 3)[2] == 1


def test_a_member_that_acted_on_two_sets_of_survivors_would_be_read() -> None:
    coordinator = Coordinator(Round(length=3), (3,))
    everybody, without = (0, 1, 2, 3), (1, 2, 3)
    assert coordinator.ask({0: [everybody], 1: [everybody, without], 2: [everybody, without]}) == 5
    assert (0,) in list(coordinator.sums())
