"""Seats, the leader line and the draw."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.draw import MAX_SEATS, draw, leader, seat_count, seat_owners
from fl_alliance.chain.rules.words import hash_words, keccak, label
from fl_alliance.chain.vrf import Tag

seeds = st.binary(min_size=32, max_size=32)
seat_lists = st.lists(st.integers(0, MAX_SEATS), min_size=1, max_size=40)


def test_a_member_holds_one_seat_for_each_whole_minimum_stake() -> None:
    assert [seat_count(balance, 100) for balance in (0, 99, 100, 199, 200)] == [0, 0, 1, 1, 2]


def test_seats_are_capped() -> None:
    assert seat_count(10**18, 1) == MAX_SEATS


def test_seats_stand_in_member_order() -> None:
    assert seat_owners([2, 0, 1]) == [0, 0, 2]


def test_nobody_leads_without_seats() -> None:
    with pytest.raises(ValueError, match="nobody can lead"):
        leader(bytes(32), Tag.PROPOSERS, 0, [0, 0])


def test_the_leader_owns_the_seat_that_the_seed_points_at() -> None:
    seed = keccak(b"seed")
    number = int.from_bytes(hash_words(label("leader"), seed, 1, 3), "big")
    assert leader(seed, Tag.PROPOSERS, 3, [1, 4, 2]) == [0, 1, 1, 1, 1, 2, 2][number % 7]


def test_too_few_members_with_seats_cannot_be_drawn_from() -> None:
    with pytest.raises(ValueError, match="2 members hold seats, needed 3"):
        draw(bytes(32), Tag.VOTERS, [5, 0, 1], 3)


@given(seeds, seat_lists, st.data())
def test_exactly_the_asked_number_of_distinct_members_with_seats_is_drawn(
    seed: bytes, seats: list[int], data: st.DataObject
) -> None:
    able = [member for member, count in enumerate(seats) if count]
    count = data.draw(st.integers(0, len(able)))
    drawn = draw(seed, Tag.PROPOSERS, seats, count)
    assert len(drawn) == count
    assert list(drawn) == sorted(set(drawn))
    assert set(drawn) <= set(able)


@given(seeds, seat_lists)
def test_everyone_with_seats_is_drawn_when_everyone_is_needed(seed: bytes, seats: list[int]) -> None:
    able = tuple(member for member, count in enumerate(seats) if count)
    assert draw(seed, Tag.VOTERS, seats, len(able)) == able


def test_members_are_drawn_in_proportion_to_their_seats() -> None:
    seats = [1, 2, 3, 4]
    drawn = Counter(draw(keccak(i.to_bytes(4, "big")), Tag.PROPOSERS, seats, 1)[0] for i in range(5000))
    for member, held in enumerate(seats):
        assert abs(drawn[member] - 500 * held) < 150


def test_the_two_draws_of_a_seed_are_independent() -> None:
    seed, seats = keccak(b"both"), [1] * 40
    assert draw(seed, Tag.PROPOSERS, seats, 10) != draw(seed, Tag.VOTERS, seats, 10)
