"""What a member of a group refuses, whoever asks."""

from dataclasses import replace

import pytest
from masked_group import PLACE, Round

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.strategies.masking.keys import RoundSecret
from fl_alliance.strategies.masking.member import Member, NotSafe
from fl_alliance.strategies.wire import Place


def coordinators_key(there: Round, victim: int) -> Member:
    """Return the coordinator in a member's place, with a key and an account of its own."""
    own = NodeKey.derive(99, 0)
    return Member(own, victim, there.place, there.draw, RoundSecret(bytes([99]) * 32, there.draw.digest))


def test_a_coordinator_cannot_put_a_key_of_its_own_between_two_members() -> None:
    there = Round()
    adverts = there.adverts()
    adverts[2] = coordinators_key(there, 2).advertise()
    with pytest.raises(NotSafe, match="member 2 is not one that"):
        there.members[0].hide(adverts, there.updates[0])


@pytest.mark.parametrize(
    "place",
    [
        Place(PLACE.domain, PLACE.task, PLACE.round + 1),
        Place(PLACE.domain, PLACE.task + 1, PLACE.round),
        Place(replace(PLACE.domain, chain_id=1), PLACE.task, PLACE.round),
    ],
)
def test_a_key_of_another_round_task_or_chain_is_refused(place: Place) -> None:
    there = Round()
    adverts = there.adverts()
    adverts[1] = replace(there.members[1], place=place).advertise()
    with pytest.raises(NotSafe, match="member 1"):
        there.members[0].hide(adverts, there.updates[0])


def test_a_key_for_another_grouping_is_refused() -> None:
    there, other = Round(), Round(seed=bytes(32))
    adverts = there.adverts() | {1: other.members[1].advertise()}
    with pytest.raises(NotSafe, match="member 1"):
        there.members[0].hide(adverts, there.updates[0])


def test_a_commitment_that_was_changed_on_the_way_is_refused() -> None:
    there = Round()
    adverts = there.adverts()
    adverts[1] = replace(adverts[1], commitment=bytes(32))
    with pytest.raises(NotSafe, match="member 1"):
        there.members[0].hide(adverts, there.updates[0])


def test_a_key_with_which_there_is_no_secret_is_refused_although_it_is_signed() -> None:
    there = Round()

    class Careless(RoundSecret):
        @property
        def public(self) -> bytes:  # type: ignore[override]
            return bytes(32)

    adverts = there.adverts()
    adverts[1] = replace(there.members[1], secret=Careless(bytes(32), there.draw.digest)).advertise()
    with pytest.raises(NotSafe, match="member 1"):
        there.members[0].hide(adverts, there.updates[0])


def test_a_member_hides_its_update_among_its_own_group_only() -> None:
    there = Round(proposers=8)
    group = there.draw.groups[0]
    stranger = there.draw.groups[1][0]
    with pytest.raises(NotSafe, match="needed those of"):
        there.members[group[0]].hide(there.adverts([*group[:3], stranger]), there.updates[group[0]])


def test_a_member_does_not_hide_among_too_few() -> None:
    there = Round()
    with pytest.raises(NotSafe, match="keys of 2 of 4"):
        there.members[0].hide(there.adverts([0, 1]), there.updates[0])


def test_a_member_does_not_unmask_a_sum_of_too_few() -> None:
    there = Round()
    adverts = there.adverts()
    for act in (there.members[0].agree, lambda a, s: there.members[0].reveal(a, s, {}, {})):
        with pytest.raises(NotSafe, match="a sum of 2 updates"):
            act(adverts, [0, 1])


@pytest.mark.parametrize("survivors", [[1, 2, 3], [0, 2, 1], [0, 1, 1], [0, 1, 9]])
def test_survivors_are_members_with_keys_each_once_and_this_one_among_them(survivors: list[int]) -> None:
    there = Round()
    with pytest.raises(NotSafe, match="survivors"):
        there.members[0].agree(there.adverts(), survivors)


def test_nobody_is_missing_until_all_survivors_have_signed_that_it_is() -> None:
    there = Round()
    adverts, survivors = there.adverts(), [0, 1, 3]
    _, sealed = there.hidden(adverts)
    agreements = there.agreements(adverts, survivors)
    shares = {1: sealed[1][0], 3: sealed[3][0]}
    for spoilt in ({0: agreements[0], 1: agreements[1]}, agreements | {3: agreements[1]}):
        with pytest.raises(NotSafe, match="member 3 has not signed"):
            there.members[0].reveal(adverts, survivors, shares, spoilt)
    assert set(there.members[0].reveal(adverts, survivors, shares, agreements).seeds) == {2}


def test_of_nobody_a_member_tells_both_the_share_and_the_mask_that_they_have_in_common() -> None:
    there = Round()
    adverts = there.adverts()
    _, sealed = there.hidden(adverts)
    for survivors in ([0, 1, 2, 3], [0, 1, 2], [0, 2, 3]):
        told = there.reveals(adverts, survivors, sealed)[0]
        assert set(told.shares) | set(told.seeds) == {1, 2, 3}
        assert not set(told.shares) & set(told.seeds)


def test_a_member_whose_secret_is_another_than_when_it_showed_its_key_does_not_go_on() -> None:
    there = Round()
    changed = replace(there.members[0], secret=RoundSecret(bytes([77]) * 32, there.draw.digest))
    with pytest.raises(NotSafe, match="not the one that it showed"):
        changed.hide(there.adverts(), there.updates[0])
