"""Every formula of the Arena gives in the contract what it gives in the rules, over all its range."""

from math import gcd

import pytest
from arena_town import Handle, Town
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.chain.rules.arena_consensus import WORST, consensus
from fl_alliance.chain.rules.arena_pay import MAX_DECAY_WAD, fits, task_pools
from fl_alliance.chain.rules.assignment import places, validator_quota
from fl_alliance.chain.rules.delegation import delegate_keeps
from fl_alliance.chain.rules.emission import powered
from fl_alliance.chain.rules.exponential import MAX_X_WAD, exp_neg_wad
from fl_alliance.chain.rules.locks import counted
from fl_alliance.chain.rules.ranking import node_shares
from fl_alliance.chain.rules.units import MAX_WEI, WAD
from fl_alliance.chain.types import WEI_PER_GWEI as GWEI

AMOUNTS = st.integers(0, MAX_WEI)
STAKES = st.integers(1, MAX_WEI // GWEI)
SCORES = st.one_of(st.integers(0, WORST), st.integers(0, 5), st.integers(100_000, 101_000), st.just(WORST))


@pytest.fixture(scope="session")
def integers(deployed_arena: Town) -> Handle:
    """The libraries' functions, each by itself."""
    return deployed_arena.deploy("ArenaMathHarness")


def compare(examples: int = 60) -> settings:
    return settings(max_examples=examples, deadline=None)


@compare(200)
@given(x=st.one_of(st.integers(0, MAX_X_WAD + 2), st.integers(0, 10 * WAD), st.integers(0, 10**6)))
def exponentials_agree(integers: Handle, x: int) -> None:
    assert integers.read("expNeg", x) == exp_neg_wad(x)


def test_the_exponential_is_the_rules(integers: Handle) -> None:
    exponentials_agree(integers)
    for x in (0, 1, WAD, MAX_X_WAD, MAX_X_WAD + 1, 2**256 - 1):
        assert integers.read("expNeg", x) == exp_neg_wad(x)


@compare()
@given(gwei=STAKES, least=st.integers(1, MAX_WEI), limit=st.integers(0, 65_535))
def quotas_agree(integers: Handle, gwei: int, least: int, limit: int) -> None:
    for least_wei in (least, gwei * GWEI // 2 + 1, gwei * GWEI, gwei * GWEI + 1):
        expected = validator_quota(gwei * GWEI, min(least_wei, MAX_WEI), limit)
        assert integers.read("quota", gwei, min(least_wei, MAX_WEI), limit) == expected


def test_the_quota_is_the_rules(integers: Handle) -> None:
    quotas_agree(integers)
    found = [integers.read("quota", 250 * times * 10**9, 250 * WAD, 1_000) for times in (1, 2, 4)]
    assert found == [119, 500, 982]


@compare()
@given(beta=st.binary(min_size=32, max_size=32), commits=st.integers(1, 4_096), quota=st.integers(1, 4_096))
def places_agree(integers: Handle, beta: bytes, commits: int, quota: int) -> None:
    start, stride, inverse = integers.read("assigned", beta, commits)
    assert gcd(stride, commits) == 1
    expected = places(beta, commits, quota)
    assert tuple((start + i * stride) % commits for i in range(min(quota, commits))) == expected
    for number, place in enumerate(expected[:20]):
        assert (place - start) * inverse % commits == number


def test_places_are_the_rules(integers: Handle) -> None:
    places_agree(integers)


@compare()
@given(amount=AMOUNTS, days=st.integers(0, 365))
def locks_agree(integers: Handle, amount: int, days: int) -> None:
    assert integers.read("counted", amount, days) == counted(amount, days)


def test_locks_are_the_rules(integers: Handle) -> None:
    locks_agree(integers)


@compare()
@given(amount=AMOUNTS, sigma=st.integers(0, 10_000), own=AMOUNTS, delegated=AMOUNTS)
def delegation_agrees(integers: Handle, amount: int, sigma: int, own: int, delegated: int) -> None:
    for put in (delegated, 0):
        assert integers.read("delegateKeeps", amount, sigma, own, put) == delegate_keeps(amount, sigma, own, put)


def test_what_a_delegate_keeps_is_the_rules(integers: Handle) -> None:
    delegation_agrees(integers)


@compare()
@given(reward=AMOUNTS, nodes=AMOUNTS, validators=AMOUNTS, floor=st.integers(0, 5_000))
def pools_agree(integers: Handle, reward: int, nodes: int, validators: int, floor: int) -> None:
    assert integers.read("taskPools", reward, nodes, validators, floor) == task_pools(reward, nodes, validators, floor)


def test_pools_are_the_rules(integers: Handle) -> None:
    pools_agree(integers)
    assert integers.read("taskPools", WAD, 0, 0, 5_000) == (0, 0)


@compare(100)
@given(judges=st.lists(st.tuples(SCORES, STAKES), min_size=1, max_size=12), decay=st.integers(0, MAX_DECAY_WAD))
def judgements_agree(integers: Handle, judges: list[tuple[int, int]], decay: int) -> None:
    scores, stakes = [score for score, _ in judges], [gwei for _, gwei in judges]
    wei = [gwei * GWEI for gwei in stakes]
    agreed = integers.read("consensus", scores, stakes)
    assert agreed == consensus(scores, wei)
    for halves in range(5):
        powers = [powered(stake, halves) for stake in wei]
        expected = fits(scores, agreed, wei, decay, halves)
        assert list(integers.read("fit", scores, agreed, powers, decay)) == expected


def test_consensus_and_fits_are_the_rules(integers: Handle) -> None:
    judgements_agree(integers)


@compare()
@given(stakes=st.lists(STAKES, max_size=64), q=st.integers(0, WAD), halves=st.integers(0, 4))
def shares_agree(integers: Handle, stakes: list[int], q: int, halves: int) -> None:
    assert list(integers.read("shares", stakes, q, halves)) == node_shares([s * GWEI for s in stakes], q, halves)


def test_node_shares_are_the_rules(integers: Handle) -> None:
    shares_agree(integers)
