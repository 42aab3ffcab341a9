"""What voters find of groups, as the chain is told of it: member by member, alike within a group."""

import numpy as np
import pytest
from flwr.app import RecordDict
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.candidates import PART_OF
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.masking.groups import draw_groups
from fl_alliance.strategies.menu import Candidates
from fl_alliance.strategies.rules import CandidateVoting, Groups
from fl_alliance.strategies.rules.candidates import MENU, CandidateMotion
from fl_alliance.strategies.rules.grouped import per_group, shared

RULE = CandidateVoting(Candidates())
OLD = {"w": np.zeros(40, np.float32)}
MEMBERS = list(range(20, 40))


def motion_of(groups: Groups, members: list[int] = MEMBERS) -> CandidateMotion:
    rng = np.random.default_rng(3)
    proposals = {first: {"w": (rng.normal(size=40) + 0.5).astype(np.float32)} for first in groups}
    return RULE.motion(OLD, proposals, next(iter(proposals.values())), members, {m: 10 * m for m in members}, groups)


def drawn(seed: bytes = bytes(32), members: list[int] = MEMBERS) -> Groups:
    return {group[0]: group for group in draw_groups(seed, members, 4)}


@given(st.binary(min_size=32, max_size=32))
def test_marks_are_alike_within_a_group_and_who_is_in_none_has_the_mark_0(seed: bytes) -> None:
    groups = drawn(seed)
    lost = groups.pop(min(groups))
    motion = motion_of(groups)
    assert motion.members == tuple(MEMBERS)
    for row in motion.rows:
        assert len(row.marks) == len(MEMBERS)
        for group in groups.values():
            assert len({row.marks[MEMBERS.index(member)] for member in group}) == 1
        assert {row.marks[MEMBERS.index(member)] for member in lost} == {0}
    everyone = next(row for row, name in zip(motion.rows, motion.names, strict=False) if name.startswith("everyone"))
    parts = {MEMBERS[at] for at in everyone.parts()}
    assert parts <= {member for group in groups.values() for member in group}
    assert len(parts) >= 4
    assert all(mark & PART_OF for at, mark in enumerate(everyone.marks) if MEMBERS[at] in parts)


def test_a_voter_forms_the_same_motion_from_its_ballot() -> None:
    groups = drawn()
    motion = motion_of(groups)
    again = RULE.read(RecordDict(dict(motion.ballot())))
    assert again.digest == motion.digest
    assert again.groups == groups


def test_who_is_grouped_with_whom_is_part_of_what_is_voted_on() -> None:
    assert motion_of(drawn()).digest != motion_of({m: (m,) for m in list(drawn())}).digest


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grouped", [20, 21]),
        ("grouped", [*MEMBERS[:-1], 99]),
        ("groups", [20] * 19 + [21]),
        ("groups", [99] * 20),
        ("groups", [min(drawn())] * 20),
    ],
)
def test_a_ballot_whose_groups_do_not_fit_is_refused(name: str, value: list[int]) -> None:
    ballot = dict(motion_of(drawn()).ballot())
    ballot[MENU][name] = value
    with pytest.raises(BadReply, match="do not fit together"):
        RULE.read(RecordDict(ballot))


@given(st.binary(min_size=32, max_size=32), st.data())
def test_a_groups_contribution_is_shared_evenly_and_none_of_it_is_lost(seed: bytes, data: st.DataObject) -> None:
    groups = drawn(seed)
    shares = {first: data.draw(st.floats(-1, 1)) for first in groups}
    each = shared(shares, groups)
    assert set(each) == set(MEMBERS)
    for first, group in groups.items():
        assert len({each[member] for member in group}) == 1
        assert sum(each[member] for member in group) == pytest.approx(shares[first])


def test_a_groups_average_is_that_of_its_members_rounded_down() -> None:
    assert per_group({1: 5, 2: -2, 7: 1}, {1: (1, 2), 4: (4, 7, 9)}) == {1: 1, 4: 0}
    assert per_group({1: -1}, {1: (1, 2)}) == {1: -1}
