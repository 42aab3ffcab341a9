"""How a day's share of an Alliance task is parted between its pool and its members' delegators."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.alliance_pay import RewardParts, delegated_weight, delegators_share, reward_parts
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.delegation import delegate_keeps
from fl_alliance.chain.rules.units import MAX_WEI, WAD
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

MEMBER = st.tuples(st.integers(1, 10**6 * WAD), st.integers(0, 10**6 * WAD), st.integers(0, BPS))
"""Own stake, delegated stake, sigma."""
MEMBERS = st.lists(MEMBER, min_size=1, max_size=6)
SHARE = st.integers(0, MAX_WEI // GWEI).map(lambda gwei: gwei * GWEI)


def parted(share: int, members: list[tuple[int, int, int]]) -> tuple[RewardParts, list[int]]:
    """Part a share as the market does; return the parts, and what each member's delegators get."""
    staked = sum(own + delegated for own, delegated, _ in members) // GWEI
    weights = [delegated_weight(delegated, sigma) for _, delegated, sigma in members]
    parts = reward_parts(share, max(1, staked), sum(weights))
    return parts, [delegators_share(parts.delegated_wei, weight, sum(weights)) for weight in weights]


def test_a_member_with_a_quarter_delegated_at_sigma_40_percent_leaves_15_percent_to_its_delegators() -> None:
    """As `delegate_keeps`: 850 of 1,000 for own stake 3,000, delegated 1,000."""
    parts, shares = parted(1_000 * WAD, [(3_000 * WAD, 1_000 * WAD, 4_000)])
    assert (parts.pool_wei, shares) == (850 * WAD, [150 * WAD])
    assert delegate_keeps(1_000 * WAD, 4_000, 3_000 * WAD, 1_000 * WAD) == 850 * WAD


def test_where_nothing_is_delegated_all_is_the_pools() -> None:
    assert parted(777 * GWEI, [(WAD, 0, 0), (5, 0, 9_999)])[0] == RewardParts(777 * GWEI, 0)


def test_a_member_that_takes_everything_leaves_nothing_to_its_delegators() -> None:
    parts, shares = parted(WAD, [(WAD, WAD, BPS), (WAD, WAD, 0)])
    assert shares == [0, parts.delegated_wei]
    assert parts.delegated_wei == WAD // 4


@given(SHARE, MEMBERS)
def test_no_wei_is_lost_or_made(share: int, members: list[tuple[int, int, int]]) -> None:
    parts, shares = parted(share, members)
    assert parts.pool_wei + parts.delegated_wei == share
    assert parts.pool_wei % GWEI == 0
    assert sum(shares) <= parts.delegated_wei
    if any(shares):
        assert parts.delegated_wei - sum(shares) < len(members)


@given(SHARE, MEMBERS)
def test_delegators_get_the_published_share_at_least_and_a_gwei_more_at_most(
    share: int, members: list[tuple[int, int, int]]
) -> None:
    """f_i (1 - sigma_i) del_i / (own_i + del_i), with stakes in whole gwei."""
    staked = sum(own + delegated for own, delegated, _ in members) // GWEI
    _, shares = parted(share, members)
    for (_, delegated, sigma), found in zip(members, shares, strict=True):
        due = Fraction(share * (delegated // GWEI) * (BPS - sigma), max(1, staked) * BPS)
        assert int(due) <= found <= due + GWEI


@given(SHARE, MEMBERS, st.integers(0, BPS))
def test_a_larger_sigma_never_pays_delegators_more(share: int, members: list[tuple[int, int, int]], sigma: int) -> None:
    (own, delegated, before), *others = members
    low, high = sorted((before, sigma))
    _, more = parted(share, [(own, delegated, low), *others])
    _, less = parted(share, [(own, delegated, high), *others])
    assert less[0] <= more[0] + GWEI  # a gwei is how far all delegators' part is rounded up


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: delegated_weight(-1, 0), "delegated_wei: given -1"),
        (lambda: delegated_weight(1, BPS + 1), "sigma_bps: given 10001"),
        (lambda: reward_parts(GWEI + 1, 1, 0), "whole|in a gwei: given 1"),
        (lambda: reward_parts(GWEI, 0, 0), "staked_gwei: given 0"),
        (lambda: reward_parts(GWEI, 1, BPS + 1), "weight: given 10001, needed 0 to 10000"),
        (lambda: delegators_share(GWEI, 2, 1), "weight: given 2, needed 0 to 1"),
    ],
)
def test_what_is_out_of_range_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
