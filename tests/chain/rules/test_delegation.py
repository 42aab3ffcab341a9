"""What a delegate keeps, what its delegators get, and what both lose."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.delegation import delegate_keeps, effective, slash_split
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, MAX_WEI

AMOUNT = st.integers(0, MAX_WEI)
STAKE = st.integers(0, MAX_STAKE_WEI)
SIGMA = st.integers(0, BPS)


def test_a_delegate_keeps_its_cut_and_its_part_of_the_rest() -> None:
    assert delegate_keeps(1000, 4000, 3000, 1000) == 850  # .4 + .6 * 3/4
    assert delegate_keeps(1000, 0, 3000, 1000) == 750
    assert delegate_keeps(1000, BPS, 3000, 1000) == 1000
    assert delegate_keeps(1000, 4000, 0, 1000) == 400


def test_whoever_has_no_delegators_keeps_everything() -> None:
    assert delegate_keeps(1001, 3333, 7, 0) == delegate_keeps(1001, 0, 0, 0) == 1001


@given(AMOUNT, SIGMA, STAKE, STAKE)
def test_a_delegate_keeps_the_published_share_rounded_down(share: int, sigma: int, own: int, delegated: int) -> None:
    kept = delegate_keeps(share, sigma, own, delegated)
    cut = Fraction(sigma, BPS)
    part = Fraction(own, own + delegated) if delegated else Fraction(1)
    assert kept == int(share * (cut + (1 - cut) * part))
    assert share - kept >= share * (1 - cut) * (1 - part)


@given(AMOUNT, STAKE, STAKE, SIGMA, SIGMA)
def test_a_larger_cut_never_keeps_less(share: int, own: int, delegated: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert delegate_keeps(share, low, own, delegated) <= delegate_keeps(share, high, own, delegated) <= share


@given(AMOUNT, AMOUNT, AMOUNT)
def test_a_slash_takes_own_stake_first_and_never_more_than_is_there(loss: int, own: int, delegated: int) -> None:
    from_own, from_delegated = slash_split(loss, own, delegated)
    assert from_own + from_delegated == min(loss, own + delegated)
    assert from_own <= own
    assert 0 <= from_delegated <= delegated
    assert from_delegated == 0 or from_own == own


@given(STAKE, STAKE, SIGMA)
def test_delegated_stake_adds_at_most_itself(own: int, delegated: int, eps: int) -> None:
    assert own <= effective(own, delegated, eps) <= effective(own, delegated) == own + delegated


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: delegate_keeps(1, BPS + 1, 1, 1), "sigma_bps: given 10001, needed 0 to 10000"),
        (lambda: delegate_keeps(-1, 0, 1, 1), "share_wei: given -1"),
        (lambda: effective(1, 1, -1), "eps_bps: given -1"),
        (lambda: slash_split(1, -1, 1), "own_wei: given -1"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
