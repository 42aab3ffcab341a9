"""e to the power of minus x, against 50 digits."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fl_alliance.chain.rules.exponential import MAX_X_WAD, exp_neg_wad
from fl_alliance.chain.rules.units import WAD

X = st.integers(0, MAX_X_WAD) | st.integers(0, 10**12) | st.integers(39 * WAD, 42 * WAD)


def exact(x_wad: int) -> Decimal:
    with localcontext(prec=50):
        return (-Decimal(x_wad) / WAD).exp() * WAD


@given(X)
@example(0)
@example(WAD)
@example(MAX_X_WAD)
def test_the_result_is_the_exact_one_rounded_down(x_wad: int) -> None:
    with localcontext(prec=50):
        short = exact(x_wad) - exp_neg_wad(x_wad)
    assert Decimal("-1e-6") < short < Decimal("1.000001")


def test_known_values_to_the_last_digit() -> None:
    assert exp_neg_wad(0) == WAD
    assert exp_neg_wad(WAD) == 367_879_441_171_442_321
    assert exp_neg_wad(7 * WAD + 229) == 911_881_965_554_515  # of order 6, one too many
    assert exp_neg_wad(8 * WAD + 14_424) == 335_462_627_902_507  # of order 7, one short
    assert exp_neg_wad(10 * WAD) == 45_399_929_762_484
    assert [exp_neg_wad(percent * WAD // 100) for percent in (4144, 4145)] == [1, 0]  # 18 ln 10 is 41.4465
    assert [exp_neg_wad(x) for x in (MAX_X_WAD, MAX_X_WAD + 1, 2**256 - 1)] == [0, 0, 0]


@given(X)
def test_one_unit_further_is_never_more(x_wad: int) -> None:
    assert exp_neg_wad(x_wad + 1) <= exp_neg_wad(x_wad)


@given(X, X)
def test_a_larger_x_never_gives_more(one: int, other: int) -> None:
    near, far = sorted((one, other))
    assert 0 <= exp_neg_wad(far) <= exp_neg_wad(near) <= WAD


@given(st.integers(0, 1000))
def test_the_first_thousand_units_each_take_one_off(x_wad: int) -> None:
    assert exp_neg_wad(x_wad) == WAD - x_wad


def test_a_negative_x_is_refused() -> None:
    with pytest.raises(ValueError, match="x_wad: given -1, needed 0"):
        exp_neg_wad(-1)
