"""Shamir's sharing: enough shares give the secret, fewer give nothing."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.strategies.masking.sharing import PRIME, join, split

SECRETS = st.integers(0, PRIME - 1)
ENTROPY = st.binary(min_size=32, max_size=32)
HOLDERS = st.lists(st.integers(0, 1023), min_size=2, max_size=6, unique=True)


@given(SECRETS, ENTROPY, HOLDERS, st.data())
def test_any_shares_that_are_enough_give_the_secret(
    secret: int, entropy: bytes, holders: list[int], data: st.DataObject
) -> None:
    threshold = data.draw(st.integers(1, len(holders)))
    shares = split(secret, threshold, holders, entropy)
    assert all(0 <= share < PRIME for share in shares.values())
    for chosen in combinations(holders, threshold):
        assert join({holder: shares[holder] for holder in chosen}) == secret


@given(SECRETS, SECRETS, ENTROPY)
def test_one_share_too_few_fits_every_other_secret_as_well(secret: int, other: int, entropy: bytes) -> None:
    shares = split(secret, 3, [4, 7, 9], entropy)
    known = {4: shares[4], 7: shares[7]}
    # The line through a third point: whatever the secret, there is a share of holder 9 that makes it so.
    at_zero = join(known | {9: 0})
    slope = (join(known | {9: 1}) - at_zero) % PRIME
    missing = (other - at_zero) * pow(slope, -1, PRIME) % PRIME
    assert join(known | {9: missing}) == other


def test_the_prime_is_prime() -> None:
    assert all(pow(base, PRIME - 1, PRIME) == 1 for base in (2, 3, 5, 7, 11, 13))
