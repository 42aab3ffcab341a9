"""The draw of groups: public, whole, never too small, another one in every round."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.strategies.masking.groups import FEWEST, Draw, draw_groups, group_count

SEEDS = st.binary(min_size=32, max_size=32)
MEMBERS = st.lists(st.integers(0, 1023), min_size=1, max_size=64, unique=True)
ADDRESS = "0x" + "ab" * 20


@given(SEEDS, MEMBERS, st.integers(3, 9))
def test_everybody_is_in_one_group_and_none_is_smaller_than_asked(seed: bytes, members: list[int], size: int) -> None:
    groups = draw_groups(seed, members, size)
    assert sorted(member for group in groups for member in group) == sorted(members)
    assert len(groups) == group_count(len(members), size)
    sizes = [len(group) for group in groups]
    assert min(sizes) >= min(size, len(members))
    assert max(sizes) - min(sizes) <= 1
    assert list(groups) == sorted(groups)
    assert all(list(group) == sorted(group) for group in groups)


@given(SEEDS, MEMBERS)
def test_the_draw_does_not_depend_on_the_order_in_which_members_are_named(seed: bytes, members: list[int]) -> None:
    assert draw_groups(seed, members, 4) == draw_groups(seed, members[::-1], 4)


def test_over_many_rounds_each_member_meets_every_other_about_equally_often() -> None:
    met: Counter[tuple[int, int]] = Counter()
    rounds = 1000
    for number in range(rounds):
        for group in draw_groups(number.to_bytes(32, "big"), range(8), 4):
            met.update(combinations(group, 2))
    expected = rounds * 3 / 7
    assert len(met) == 28
    assert all(abs(times - expected) < 5 * (expected * 4 / 7) ** 0.5 for times in met.values())


def test_another_seed_size_absence_member_or_address_is_another_draw() -> None:
    members = dict.fromkeys(range(4), ADDRESS)
    draws = [
        Draw(bytes(32), members, 4, 1),
        Draw(bytes([1] * 32), members, 4, 1),
        Draw(bytes(32), members, 3, 1),
        Draw(bytes(32), members, 4, 0),
        Draw(bytes(32), dict.fromkeys(range(5), ADDRESS), 4, 1),
        Draw(bytes(32), members | {3: "0x" + "cd" * 20}, 4, 1),
    ]
    assert len({draw.digest for draw in draws}) == len(draws)


def test_a_sum_is_of_three_updates_at_least_however_many_may_be_missing() -> None:
    draw = Draw(bytes(32), dict.fromkeys(range(4), ADDRESS), 4, 3)
    assert draw.least(draw.groups[0]) == FEWEST
