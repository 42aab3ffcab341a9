"""Which training nodes are paid, and their shares."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.emission import MAX_HALVES, powered
from fl_alliance.chain.rules.ranking import MAX_RANKS, node_shares, rank_shares, ranking
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, WAD
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

Q = 85 * WAD // 100
Q_WAD = st.integers(0, WAD)
STAKES = st.lists(st.integers(0, MAX_STAKE_WEI // 12), max_size=12)
SCORES = st.lists(st.one_of(st.integers(0, 5), st.integers(0, WORST), st.just(WORST)), max_size=12)


def test_three_nodes_share_39_33_28() -> None:
    assert [round(Fraction(share, WAD), 2) for share in rank_shares(3, Q)] == [
        Fraction(39, 100),
        Fraction(33, 100),
        Fraction(28, 100),
    ]


def test_with_the_default_q_nothing_is_left_for_the_243rd() -> None:
    assert [share > 0 for share in rank_shares(MAX_RANKS, Q)] == [True] * 242 + [False] * (MAX_RANKS - 242)


@given(st.integers(1, 40), st.integers(WAD // 2, WAD - WAD // 100))
def test_rank_shares_are_the_published_ones(ranks: int, q_wad: int) -> None:
    q = Fraction(q_wad, WAD)
    for rank, share in enumerate(rank_shares(ranks, q_wad)):
        assert abs((1 - q) / (1 - q**ranks) * q**rank * WAD - share) < ranks + 1


def test_q_of_one_shares_alike_and_q_of_zero_gives_the_first_all() -> None:
    assert rank_shares(4, WAD) == [WAD // 4] * 4
    assert rank_shares(3, 0) == [WAD, 0, 0]
    assert rank_shares(2, 3) == [WAD - 3, 2]
    assert rank_shares(0, Q) == node_shares([], Q) == []


@given(st.integers(0, MAX_RANKS), Q_WAD)
def test_rank_shares_fall_and_never_exceed_one_together(ranks: int, q_wad: int) -> None:
    shares = rank_shares(ranks, q_wad)
    assert shares == sorted(shares, reverse=True)
    assert WAD - ranks <= sum(shares) <= WAD or not ranks


@given(SCORES, st.integers(0, 12))
def test_the_best_are_ranked_the_earlier_of_equals_first_and_the_worst_never(scores: list[int], paid: int) -> None:
    order = ranking(scores, paid)
    able = [place for place in range(len(scores)) if scores[place] != WORST]
    assert len(order) == min(paid, len(able))
    assert [(scores[place], place) for place in order] == sorted((scores[place], place) for place in able)[:paid]


def test_a_tie_goes_to_the_earlier_commitment() -> None:
    assert ranking([7, 5, WORST, 5, 6], 3) == (1, 3, 4)
    assert ranking([WORST, WORST], 2) == ()


@given(SCORES, st.integers(1, 12), st.data())
def test_a_better_score_never_ranks_lower(scores: list[int], paid: int, data: st.DataObject) -> None:
    order = ranking(scores, paid)
    for rank, place in enumerate(order):
        better = data.draw(st.integers(0, scores[place]))
        assert ranking([*scores[:place], better, *scores[place + 1 :]], paid).index(place) <= rank


@given(st.integers(1, 12), Q_WAD, st.integers(0, MAX_HALVES))
def test_with_equal_stakes_only_the_rank_counts(nodes: int, q_wad: int, halves: int) -> None:
    assert node_shares([5 * WAD] * nodes, q_wad, halves) == rank_shares(nodes, q_wad)


@given(STAKES, st.integers(WAD // 2, WAD), st.integers(0, MAX_HALVES))
def test_node_shares_are_the_published_ones(stakes: list[int], q_wad: int, halves: int) -> None:
    ranks = rank_shares(len(stakes), q_wad)
    claims = [rank * powered(stake, halves) for rank, stake in zip(ranks, stakes, strict=True)]
    for claim, share in zip(claims, node_shares(stakes, q_wad, halves), strict=True):
        assert abs(Fraction(claim * WAD, sum(claims) or 1) - share) < WAD // 10**12


@given(STAKES, Q_WAD, st.integers(0, MAX_HALVES))
def test_node_shares_never_exceed_one_together_and_leave_less_than_a_unit_each(
    stakes: list[int], q_wad: int, halves: int
) -> None:
    shares = node_shares(stakes, q_wad, halves)
    assert sum(shares) <= WAD
    assert all(share >= 0 for share in shares)
    if stakes and stakes[0] >= GWEI:
        assert sum(shares) > WAD - len(stakes)


@given(STAKES.filter(len), Q_WAD, st.integers(0, MAX_HALVES), st.integers(0, MAX_STAKE_WEI // 12), st.data())
def test_more_stake_never_lowers_a_node_s_share(
    stakes: list[int], q_wad: int, halves: int, more: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(stakes) - 1))
    larger = [*stakes[:place], stakes[place] + more, *stakes[place + 1 :]]
    assert node_shares(larger, q_wad, halves)[place] >= node_shares(stakes, q_wad, halves)[place]


@given(STAKES, Q_WAD, st.integers(0, MAX_HALVES))
def test_every_intermediate_fits_a_word(stakes: list[int], q_wad: int, halves: int) -> None:
    assert sum(WAD * powered(stake, halves) for stake in stakes) * WAD < 2**256
    assert max(node_shares(stakes, q_wad, halves), default=0) <= WAD


def test_the_largest_stake_to_the_largest_power_fits_a_word() -> None:
    assert WAD * powered(MAX_STAKE_WEI, MAX_HALVES) * WAD < 2**256
    assert node_shares([MAX_STAKE_WEI], Q, MAX_HALVES) == [WAD]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rank_shares(3, WAD + 1), f"q_wad: given {WAD + 1}, needed 0 to {WAD}"),
        (lambda: rank_shares(MAX_RANKS + 1, Q), "ranks: given 1025, needed 0 to 1024"),
        (lambda: ranking([1], -1), "paid_ranks: given -1"),
        (lambda: ranking([WORST + 1], 1), "score: given 4294967296"),
        (lambda: node_shares([-1], Q), "stake_wei: given -1"),
        (lambda: node_shares([1], Q, 5), "halves: given 5, needed 0 to 4"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
