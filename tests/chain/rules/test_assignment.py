"""How many submissions a validator scores, and which."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.assignment import MAX_SUBMISSIONS, places, validator_quota
from fl_alliance.chain.rules.units import MAX_STAKE_WEI, WAD
from fl_alliance.chain.rules.words import keccak

STAKE = st.integers(0, MAX_STAKE_WEI)
LIMIT = st.integers(0, MAX_SUBMISSIONS)
BETA = st.binary(min_size=32, max_size=32)


def beta(start: int, stride: int) -> bytes:
    return (start << 128 | stride).to_bytes(32, "big")


def test_one_two_and_four_minimum_stakes_score_119_500_and_982_of_1000() -> None:
    assert [validator_quota(times * WAD, WAD, 1000) for times in (1, 2, 4)] == [119, 500, 982]


def test_below_the_minimum_stake_nothing_is_scored_and_far_above_it_the_limit() -> None:
    assert validator_quota(WAD - 1, WAD, 1000) == 0
    assert validator_quota(100 * WAD, WAD, 1000) == 1000


@given(st.integers(100, 10_000), LIMIT)
def test_the_quota_is_the_published_one(percent: int, limit: int) -> None:
    real = limit / (1 + math.exp(-2 * (percent / 100 - 2)))
    assert -1e-6 < real - validator_quota(percent * WAD, 100 * WAD, limit) < 1 + 1e-6


@given(STAKE, STAKE, st.integers(1, MAX_STAKE_WEI), LIMIT)
def test_more_stake_never_scores_less_nor_anybody_more_than_the_limit(
    one: int, other: int, minimum: int, limit: int
) -> None:
    small, large = sorted((one, other))
    assert 0 <= validator_quota(small, minimum, limit) <= validator_quota(large, minimum, limit) <= limit


@given(BETA, st.integers(0, 2000), LIMIT)
def test_places_are_different_ones_as_many_as_asked_or_all(output: bytes, submissions: int, quota: int) -> None:
    drawn = places(output, submissions, quota)
    assert len(set(drawn)) == len(drawn) == min(quota, submissions)
    assert all(0 <= place < submissions for place in drawn)


def test_the_upper_half_of_the_output_starts_and_the_lower_half_strides() -> None:
    assert places(beta(13, 23), 10, 4) == (3, 6, 9, 2)
    assert places(beta(0, 4), 10, 3) == (0, 7, 4)  # 4, 5 and 6 have a divisor in common with 10
    assert places(beta(2, 10), 10, 3) == (2, 3, 4)
    assert places(beta(5, 5), 1, 9) == (0,)


def test_a_stride_is_found_within_22_numbers_for_every_number_of_submissions() -> None:
    def longest(submissions: int) -> int:
        coprime = [n for n in range(1, 2 * submissions) if math.gcd(n, submissions) == 1]
        return max((b - a for a, b in pairwise(coprime)), default=1)

    # the gap depends on the prime divisors alone and is longest for the product of the first six
    assert longest(30_030) == 22
    assert max(map(longest, range(1, 700))) < 22


def test_each_submission_is_scored_as_often_as_any_other() -> None:
    drawn = Counter(place for i in range(4000) for place in places(keccak(i.to_bytes(4, "big")), 12, 3))
    assert all(abs(drawn[place] - 1000) < 150 for place in range(12))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: places(bytes(31), 1, 1), "beta: given 31 bytes, needed 32"),
        (lambda: places(bytes(32), MAX_SUBMISSIONS + 1, 1), "submissions: given 65536, needed 0 to 65535"),
        (lambda: validator_quota(1, 0, 1), "min_stake_wei: given 0, needed 1"),
        (lambda: validator_quota(1, 1, -1), "limit: given -1"),
        (lambda: validator_quota(-1, 1, 1), "stake_wei: given -1"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
