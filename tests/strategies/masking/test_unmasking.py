"""Reading sums: exact to the bit whoever is missing, as long as enough are there; else not at all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masked_group import Round

from fl_alliance.strategies.masking.member import NO_SHARE, Reveal, threshold
from fl_alliance.strategies.masking.unmasking import NotRead


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 17), st.integers(3, 6), st.integers(1, 50), st.binary(min_size=32, max_size=32))
def test_with_nobody_missing_every_groups_sum_is_the_plain_sum_to_the_bit(
    proposers: int, size: int, length: int, seed: bytes
) -> None:
    there = Round(proposers=proposers, size=size, length=length, seed=seed)
    for group in there.draw.groups:
        adverts = there.adverts(group)
        hidden, sealed = there.hidden(adverts)
        reveals = there.reveals(adverts, group, sealed)
        assert (there.read(adverts, hidden, reveals) == there.plain(group)).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whoever_is_missing_the_sum_is_that_of_the_others_to_the_bit(data: st.DataObject) -> None:
    size = data.draw(st.integers(4, 7))
    absent = data.draw(st.integers(1, size - 3))
    there = Round(proposers=size, size=size, absent=absent)
    group = there.draw.groups[0]
    gone = data.draw(st.lists(st.sampled_from(group), max_size=absent, unique=True))
    keyless = data.draw(st.lists(st.sampled_from(gone), unique=True)) if gone else []
    adverts = there.adverts([member for member in group if member not in keyless])
    hidden, sealed = there.hidden(adverts)
    survivors = [member for member in group if member not in gone]
    arrived = {member: hidden[member] for member in survivors}
    reveals = there.reveals(adverts, survivors, sealed)
    assert (there.read(adverts, arrived, reveals) == there.plain(survivors)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 7), st.data())
def test_after_all_have_sent_one_may_fall_silent_before_it_tells(size: int, data: st.DataObject) -> None:
    there = Round(proposers=size, size=size)
    group = there.draw.groups[0]
    adverts = there.adverts()
    hidden, sealed = there.hidden(adverts)
    late = data.draw(st.sampled_from(group))
    tellers = [member for member in group if member != late]
    reveals = there.reveals(adverts, group, sealed, tellers)
    assert (there.read(adverts, hidden, reveals) == there.plain(group)).all()


def test_a_masked_update_does_not_resemble_the_update() -> None:
    there = Round(length=20_000)
    there.updates[0] = np.zeros(20_000, np.uint32)
    hidden, _ = there.hidden(there.adverts())
    values = hidden[0].astype(np.float64) / 2**32
    assert abs(values.mean() - 0.5) < 0.01
    assert np.histogram(values, 16, (0, 1))[0].min() > 1100  # 1,250 each, if uniform


def test_a_sum_of_too_few_is_not_read() -> None:
    there = Round()
    adverts = there.adverts()
    hidden, _ = there.hidden(adverts)
    with pytest.raises(NotRead, match="2 of the group's updates came, needed 3"):
        there.read(adverts, {0: hidden[0], 1: hidden[1]}, {})


@pytest.mark.parametrize(
    ("size", "absent", "why"),
    [(4, 1, "no 2 of 1 shares of member 0's own mask"), (6, 2, "member 2 does not tell its mask with member 5")],
)
def test_a_survivor_that_falls_silent_where_somebody_is_missing_already_costs_the_group_its_sum(
    size: int, absent: int, why: str
) -> None:
    there = Round(proposers=size, size=size, absent=absent)
    adverts, survivors = there.adverts(), list(range(size - 1))
    hidden, sealed = there.hidden(adverts)
    reveals = there.reveals(adverts, survivors, sealed, [member for member in survivors if member != 2])
    with pytest.raises(NotRead, match=why):
        there.read(adverts, {member: hidden[member] for member in survivors}, reveals)


def test_one_wrong_share_spoils_nothing() -> None:
    there = Round()
    adverts, group = there.adverts(), there.draw.groups[0]
    hidden, sealed = there.hidden(adverts)
    reveals = there.reveals(adverts, group, sealed)
    liar = there.members[0]
    shares = {member: share ^ 1 for member, share in reveals[0].shares.items()}
    reveals[0] = signed(there, liar.index, group, Reveal(shares, {}, b""))
    assert (there.read(adverts, hidden, reveals) == there.plain(group)).all()


def test_shares_that_nobody_can_read_cost_the_group_its_sum_and_name_whose_mask_it_was() -> None:
    there = Round()
    adverts, group = there.adverts(), there.draw.groups[0]
    hidden, sealed = there.hidden(adverts)
    sealed[2] = dict.fromkeys(sealed[2], bytes(48))
    reveals = there.reveals(adverts, group, sealed)
    assert reveals[0].shares[2] == NO_SHARE
    with pytest.raises(NotRead, match="of 0 shares of member 2's own mask"):
        there.read(adverts, hidden, reveals)


def test_what_a_member_did_not_sign_is_not_heard() -> None:
    there = Round()
    adverts, group = there.adverts(), there.draw.groups[0]
    hidden, sealed = there.hidden(adverts)
    reveals = there.reveals(adverts, group, sealed)
    assert threshold(there.draw, group) == 2
    forged = {m: replace(r, shares=dict.fromkeys(r.shares, 5)) for m, r in reveals.items() if m in (0, 1)}
    with pytest.raises(NotRead):
        there.read(adverts, hidden, reveals | forged)
    # What was told of other survivors is signed too, but not for these.
    other = there.reveals(adverts, [0, 1, 2], sealed)
    with pytest.raises(NotRead):
        there.read(adverts, hidden, other)


def test_an_own_mask_other_than_the_one_that_was_committed_to_is_not_taken() -> None:
    there = Round()
    adverts, group = there.adverts(), there.draw.groups[0]
    hidden, sealed = there.hidden(adverts)
    reveals = there.reveals(adverts, group, sealed)
    adverts[1] = replace(adverts[1], commitment=bytes(32))
    with pytest.raises(NotRead, match="member 1's own mask fit its commitment"):
        there.read(adverts, hidden, reveals)


def signed(there: Round, member: int, survivors: tuple[int, ...], told: Reveal) -> Reveal:
    """Return what a member tells with its signature under it."""
    from fl_alliance.strategies.masking.member import _reveal

    said = _reveal(there.place, there.draw, survivors, told.shares, told.seeds)
    return replace(told, signature=said.sign(there.members[member].key, there.place.domain))
