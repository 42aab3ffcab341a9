"""What voters find of groups, as the chain is told of it: member by member, alike within a group."""

from collections.abc import Mapping

import numpy as np
import pytest
from flwr.app import ConfigRecord, RecordDict
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.chain.batches import pack_contributions
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rules.candidates import MARK_BITS, OLD, PART_OF
from fl_alliance.chain.rules.pay import POINTS, next_average
from fl_alliance.strategies.contribution import points
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.masking.groups import draw_groups
from fl_alliance.strategies.menu import Candidates
from fl_alliance.strategies.rules import CandidateVoting, Groups
from fl_alliance.strategies.rules.candidates import MENU, CandidateMotion
from fl_alliance.strategies.rules.grouped import is_even, known_for, per_group, shared, surprised
from fl_alliance.strategies.wire import Place

SUSPECT_AT = 32
RULE = CandidateVoting(Candidates(), suspect_at=SUSPECT_AT)
OLD_MODEL = {"w": np.zeros(40, np.float32)}
MEMBERS = list(range(20, 40))


def motion_of(
    groups: Groups, members: list[int] = MEMBERS, averages: Mapping[int, int] | None = None, bad: int | None = None
) -> CandidateMotion:
    """Return the motion of groups whose members all pull the same way, but for a bad one, who pulls against it."""
    rng = np.random.default_rng(3)
    proposals = {}
    for first, group in groups.items():
        pulls = [np.ones(40) * (-1 if member == bad else 1) + rng.normal(0, 0.3, 40) for member in group]
        proposals[first] = {"w": np.mean(pulls, axis=0).astype(np.float32)}
    known = dict.fromkeys(members, 0) if averages is None else averages
    return RULE.motion(OLD_MODEL, proposals, next(iter(proposals.values())), members, known, groups)


def drawn(seed: bytes = bytes(32), members: list[int] = MEMBERS) -> Groups:
    return {group[0]: group for group in draw_groups(seed, members, 4)}


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_a_member_is_part_of_what_its_group_is_part_of_and_who_is_in_none_of_nothing(seed: bytes) -> None:
    groups = drawn(seed)
    lost = groups.pop(min(groups))
    motion = motion_of(groups, averages=dict.fromkeys(MEMBERS, -100))
    assert motion.members == tuple(MEMBERS)
    for row in motion.rows:
        assert len(row.marks) == len(MEMBERS)
        for group in groups.values():
            assert len({row.marks[MEMBERS.index(member)] & PART_OF for member in group}) == 1
        assert {row.marks[MEMBERS.index(member)] for member in lost} == {0}
    everyone = next(row for row, name in zip(motion.rows, motion.names, strict=False) if name.startswith("everyone"))
    assert {MEMBERS[at] for at in everyone.parts()} <= {member for group in groups.values() for member in group}
    assert len(everyone.parts()) >= 4


def test_only_the_worst_known_are_asked_about_each_by_its_own_mark() -> None:
    motion = motion_of(drawn(), averages={23: -300, 31: -200, 38: -150, 20: 300})
    assert all((row.reference, row.question) == (OLD, motion.choices) for row in motion.rows)
    for row in motion.rows:
        marks = {member: row.marks[at] & MARK_BITS for at, member in enumerate(MEMBERS)}
        assert (marks.pop(23), marks.pop(31), marks.pop(38)) == (76, 51, SUSPECT_AT - 1)
        assert set(marks.values()) == {0}


def test_the_question_is_what_the_suspect_seems_to_have_sent_and_not_its_groups_sum() -> None:
    motion = motion_of(drawn(), averages={23: -300}, bad=23)
    group = next(first for first, members in drawn().items() if 23 in members)
    assert motion.raw[group]["w"].mean() > 0.3
    question = motion.models[-1]["w"]
    assert question.mean() < 0
    assert np.linalg.norm(question) == pytest.approx(0.25 * np.linalg.norm(motion.proposals[group]["w"]), rel=1e-5)


@pytest.mark.parametrize("averages", [{}, {23: -100, 31: 500}])
def test_nobody_is_asked_about_who_is_not_known_for_harm(averages: dict[int, int]) -> None:
    motion = motion_of(drawn(), averages=averages)
    assert len(motion.models) == motion.choices
    assert all(row.reference == row.question and not row.suspects(SUSPECT_AT) for row in motion.rows)


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


@settings(deadline=None)
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


EACH = st.fixed_dictionaries({member: st.integers(-3000, 3000) for member in MEMBERS})


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32), EACH, st.data())
def test_a_voter_tells_of_members_what_they_were_known_for_and_the_surprise_in_equal_parts(
    seed: bytes, averages: dict[int, int], data: st.DataObject
) -> None:
    groups = drawn(seed)
    equal = points(shared({first: data.draw(st.floats(-1, 1)) for first in groups}, groups), MEMBERS)
    told = surprised(equal, MEMBERS, averages, groups)
    assert sum(map(abs, told)) <= POINTS
    assert is_even(told, MEMBERS, averages, groups)
    of = dict(zip(MEMBERS, told, strict=True))
    for group in groups.values():
        by_fame = sorted(group, key=lambda member: averages[member])
        assert [of[member] for member in by_fame] == sorted(of[member] for member in group)
        assert sum(of[member] for member in group) == pytest.approx(
            len(group) * equal[MEMBERS.index(group[0])] / 2, abs=3 * len(group)
        )


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32), EACH, st.sampled_from(MEMBERS), st.sampled_from(MEMBERS))
def test_a_voter_that_favours_a_member_over_its_groupmate_is_seen(
    seed: bytes, averages: dict[int, int], friend: int, other: int
) -> None:
    groups = drawn(seed)
    told = dict(zip(MEMBERS, surprised((100,) * len(MEMBERS), MEMBERS, averages, groups), strict=True))
    told[friend] += 7
    told[other] -= 7
    assert is_even(list(told.values()), MEMBERS, averages, groups) is (friend == other)


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32), st.dictionaries(st.sampled_from(MEMBERS), st.integers(-200, 200)))
def test_what_members_are_known_for_tells_them_apart_as_their_averages_do(
    seed: bytes, averages: dict[int, int]
) -> None:
    groups = drawn(seed)
    known = known_for(MEMBERS, averages, groups)
    for first, group in groups.items():
        mean = sum(averages.get(member, 0) for member in group) / len(group)
        assert [known[member] for member in group] == pytest.approx([averages.get(m, 0) - mean for m in group], abs=1)
        assert per_group(averages, groups)[first] == pytest.approx(mean, abs=1)


def test_of_who_is_in_no_group_what_is_held_against_it_stays_and_nothing_else() -> None:
    groups = drawn()
    lost = groups.pop(min(groups))
    told = surprised((0,) * len(MEMBERS), MEMBERS, {lost[0]: -300, lost[1]: 400}, groups)
    assert [told[MEMBERS.index(member)] for member in lost] == [-300, 0, 0, 0]


def test_regrouping_tells_who_does_harm_from_everybody_that_it_was_with() -> None:
    harmful, rng = {3, 17, 25, 31}, np.random.default_rng(5)
    innocent = set(range(40)) - harmful
    known, alike = dict.fromkeys(range(40), 0), dict.fromkeys(range(40), 0)
    for number in range(60):
        proposers = sorted(rng.choice(40, 20, replace=False).tolist())
        groups = drawn(number.to_bytes(32, "big"), proposers)
        sums = {
            first: sum(-1.0 if member in harmful else 1.0 for member in group) + rng.normal(0, 1.5)
            for first, group in groups.items()
        }
        equal = points(shared(sums, groups), proposers)
        told = surprised(equal, proposers, known, groups)
        known |= {m: next_average(known[m], one) for m, one in zip(proposers, told, strict=True)}
        alike |= {m: next_average(alike[m], one) for m, one in zip(proposers, equal, strict=True)}
    assert max(known[member] for member in harmful) < 0 < np.mean([known[member] for member in innocent])
    assert max(known[member] for member in harmful) < min(known[member] for member in innocent)
    assert max(alike[member] for member in harmful) > min(alike[member] for member in innocent)


def test_a_vote_that_favours_a_member_over_its_groupmate_is_not_taken() -> None:
    motion, place = motion_of(drawn()), Place(Domain(31337, "0x" + "11" * 20), 1, 1)
    one, other = next(iter(drawn().values()))[:2]
    fields = {"scores": bytes(32), "contributions": pack_contributions([0] * len(MEMBERS))}
    assert motion.read(place, 1, ConfigRecord(fields), bytes(64))
    told = [{one: 5, other: -5}.get(member, 0) for member in MEMBERS]
    fields["contributions"] = pack_contributions(told)
    with pytest.raises(BadReply, match="tell members of one group apart"):
        motion.read(place, 1, ConfigRecord(fields), bytes(64))
