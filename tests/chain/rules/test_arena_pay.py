"""How an Arena task's reward is parted, and what validators earn of it."""

from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.arena_pay import (
    MAX_DECAY_WAD,
    SCORE_ONE,
    fits,
    held,
    paid,
    task_pools,
    validator_shares,
    validator_weight,
)
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.delegation import delegate_keeps, effective
from fl_alliance.chain.rules.emission import MAX_HALVES, daily_wei, powered
from fl_alliance.chain.rules.ranking import node_shares, rank_shares
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, MAX_WEI, WAD

AMOUNT = st.integers(0, MAX_WEI)
STAKE = st.integers(0, MAX_STAKE_WEI // 2)
FLOOR = st.integers(0, BPS // 2)
SCORE = st.one_of(st.integers(0, 9), st.integers(0, 3 * SCORE_ONE), st.just(WORST))
COLUMN = st.lists(st.tuples(SCORE, st.integers(0, MAX_STAKE_WEI // 8)), max_size=8)
DECAY = st.one_of(st.integers(0, 100 * WAD), st.integers(0, MAX_DECAY_WAD))
WEIGHTS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, WAD)), max_size=10)


def fml(wei: int, digits: int) -> Fraction:
    return round(Fraction(wei, WAD), digits)


def column_fits(rows: list[tuple[int, int]], agreed: int, decay: int, halves: int = 2) -> list[int]:
    return fits([score for score, _ in rows], agreed, [stake for _, stake in rows], decay, halves)


def test_the_published_day_pays_the_published_figures() -> None:
    nodes, validators = task_pools(daily_wei(0), (3000 + 3500) * WAD, (3000 + 6000 + 3000) * WAD, 0)
    assert fml(nodes, 2) == Fraction("108622.97")
    assert nodes + validators in (daily_wei(0), daily_wei(0) - 1)
    q_wad = 498_565 * WAD // 501_435
    assert [fml(share, 6) for share in rank_shares(2, q_wad)] == [Fraction("0.501435"), Fraction("0.498565")]
    shares = node_shares([effective(3000 * WAD, 1000 * WAD), 3500 * WAD], q_wad)
    with_delegators = paid(nodes, shares[0])
    assert fml(with_delegators, 1) == Fraction("58087.4")
    kept = delegate_keeps(with_delegators, 4000, 3000 * WAD, 1000 * WAD)
    assert fml(kept, 1) == Fraction("49374.3")  # .4 + .6 * 3/4 = .85 of it
    assert fml(with_delegators - kept, 1) == Fraction("8713.1")


def test_five_days_of_200_pay_the_published_rewards_a_and_b() -> None:
    nodes, validators = task_pools(200 * WAD, 7 * WAD, 7 * WAD, 0)
    assert nodes == validators == 100 * WAD
    now, later = held(nodes, 1000)
    published = [round(Fraction(share, WAD), 2) for share in rank_shares(3, 85 * WAD // 100)]
    shares = [int(share * WAD) for share in published]
    assert [paid(now, share) for share in shares] == [39 * WAD // 10, 33 * WAD // 10, 28 * WAD // 10]
    assert [paid(5 * later, share) for share in shares] == [351 * WAD // 2, 297 * WAD // 2, 252 * WAD // 2]


@given(AMOUNT, STAKE, STAKE, FLOOR)
def test_the_two_pools_are_the_reward_but_for_a_wei_and_neither_is_below_the_floor(
    reward: int, nodes: int, validators: int, floor: int
) -> None:
    pools = task_pools(reward, nodes, validators, floor)
    if nodes + validators:
        assert reward - 1 <= sum(pools) <= reward
        assert min(pools) >= reward * floor // BPS
    else:
        assert pools == (0, 0)


@given(AMOUNT, STAKE, STAKE, FLOOR)
def test_the_pools_are_the_published_ones_rounded_down(reward: int, nodes: int, validators: int, floor: int) -> None:
    g, staked = Fraction(floor, BPS), nodes + validators or 1
    exact = [reward * (g + (1 - 2 * g) * Fraction(side, staked)) for side in (nodes, validators)]
    assert task_pools(reward, nodes, validators, floor) == (tuple(map(int, exact)) if nodes + validators else (0, 0))


def test_a_floor_of_a_half_shares_alike_whatever_is_staked() -> None:
    assert task_pools(1001, 1, 999, BPS // 2) == (500, 500)


@given(AMOUNT, st.integers(0, BPS))
def test_what_is_held_and_what_is_paid_now_are_the_whole(amount: int, delta: int) -> None:
    now, later = held(amount, delta)
    assert now + later == amount
    assert now == int(Fraction(amount * delta, BPS))


def test_a_validator_at_the_consensus_fits_and_one_far_away_does_not() -> None:
    made = fits([1_000_000, 2_000_000, WORST], 1_000_000, [WAD] * 3, WAD)
    assert made == [731_058_578_630_004_879, 268_941_421_369_995_120, 0]  # 1 / (1 + 1/e) and the rest


def test_those_who_refuse_what_is_refused_fit() -> None:
    assert fits([WORST, WORST, 5], WORST, [WAD, 3 * WAD, 8 * WAD], WAD) == [WAD // 4, 3 * WAD // 4, 0]


def test_where_all_are_too_far_away_nobody_fits() -> None:
    assert fits([0, WORST], WORST // 2, [WAD, WAD], WAD) == [0, 0]


@given(COLUMN, SCORE, DECAY, st.integers(0, MAX_HALVES))
def test_fits_never_exceed_one_together(rows: list[tuple[int, int]], agreed: int, decay: int, halves: int) -> None:
    made = column_fits(rows, agreed, decay, halves)
    assert sum(made) <= WAD
    assert all(fit >= 0 for fit in made)
    assert sum(made) > WAD - len(rows) or not any(made)


@given(COLUMN.filter(len), SCORE, DECAY, st.data())
def test_a_score_nearer_to_the_consensus_never_fits_less(
    rows: list[tuple[int, int]], agreed: int, decay: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    score, stake = rows[place]
    nearer = data.draw(st.integers(min(score, agreed), max(score, agreed)))
    moved = [*rows[:place], (nearer, stake), *rows[place + 1 :]]
    assert column_fits(moved, agreed, decay)[place] >= column_fits(rows, agreed, decay)[place]


@given(st.lists(st.integers(0, MAX_STAKE_WEI // 8), max_size=8), SCORE, DECAY, st.integers(0, MAX_HALVES))
def test_validators_who_say_the_same_share_by_powered_stake(
    stakes: list[int], score: int, decay: int, halves: int
) -> None:
    weights = [powered(stake, halves) for stake in stakes]
    expected = [weight * WAD // sum(weights) if any(weights) else 0 for weight in weights]
    assert fits([score] * len(stakes), score, stakes, decay, halves) == expected


@given(COLUMN, SCORE, DECAY, st.randoms(use_true_random=False))
def test_the_order_of_the_validators_changes_no_fit(
    rows: list[tuple[int, int]], agreed: int, decay: int, random: Random
) -> None:
    order = random.sample(range(len(rows)), len(rows))
    plain = column_fits(rows, agreed, decay)
    assert column_fits([rows[at] for at in order], agreed, decay) == [plain[at] for at in order]


def test_every_intermediate_of_a_fit_fits_a_word() -> None:
    assert MAX_DECAY_WAD * WORST < 2**256
    assert WAD * powered(MAX_STAKE_WEI, MAX_HALVES) * WAD < 2**256
    assert fits([0], 0, [MAX_STAKE_WEI], MAX_DECAY_WAD, MAX_HALVES) == [WAD]


def test_a_weight_is_the_mean_of_the_fits_rounded_down() -> None:
    assert validator_weight([1, 2, 6]) == 3
    assert validator_weight([1, 2, 5]) == 2
    assert validator_weight([]) == 0


@given(WEIGHTS, st.integers(0, 12))
def test_validator_shares_never_exceed_one_together_and_only_the_first_are_paid(weights: list[int], ranks: int) -> None:
    made = validator_shares(weights, ranks)
    assert sum(made) <= WAD
    assert sum(made) > WAD - len(made) or not any(made)
    assert sum(1 for share in made if share) <= ranks
    lowest = min((weight for weight, share in zip(weights, made, strict=True) if share), default=0)
    assert all(weight <= lowest for weight, share in zip(weights, made, strict=True) if not share) or not any(made)


def test_of_equal_weights_the_earlier_validator_is_paid() -> None:
    assert validator_shares([3, 5, 3], 2) == [3 * WAD // 8, 5 * WAD // 8, 0]
    assert validator_shares([0, 0], 2) == [0, 0]


@given(AMOUNT, WEIGHTS, st.integers(0, 12))
def test_what_is_paid_never_exceeds_the_pool(pool: int, weights: list[int], ranks: int) -> None:
    assert sum(paid(pool, share) for share in validator_shares(weights, ranks)) <= pool


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: task_pools(1, 1, 1, 5001), "floor_bps: given 5001, needed 0 to 5000"),
        (lambda: task_pools(-1, 1, 1, 0), "reward_wei: given -1"),
        (lambda: held(1, BPS + 1), "delta_bps: given 10001"),
        (lambda: fits([1], 1, [1, 2], WAD), "given 1 scores and 2 stakes"),
        (lambda: fits([1], WORST + 1, [1], WAD), "agreed: given 4294967296"),
        (lambda: fits([1], 1, [1], MAX_DECAY_WAD + 1), "decay_wad: given"),
        (lambda: validator_weight([WAD + 1]), "fit: given"),
        (lambda: validator_shares([WAD + 1], 1), "weight: given"),
        (lambda: validator_shares([1], -1), "paid_ranks: given -1"),
        (lambda: paid(1, WAD + 1), "share_wad: given"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
