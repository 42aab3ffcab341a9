"""How a payment for a model's calls is split, as `Revenue.sol` does it."""

from dataclasses import dataclass

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """Parts of a payment, of 10,000; what they leave is burned.

    Attributes
    ----------
    host_bps, contributors_bps : int
        Together `BPS` at most.
    """

    host_bps: int = 7_000
    contributors_bps: int = 2_000


@dataclass(frozen=True, slots=True)
class Parts:
    """A payment's parts, in wei."""

    host_wei: int
    contributors_wei: int
    burned_wei: int


def split_payment(amount_wei: int, split: Split, has_documents: bool) -> Parts:
    """Return the parts of a payment, of which the host's and the contributors' are rounded down.

    Where a model answers with no documents their share is the host's. What is left over by rounding is burned.
    """
    contributors = amount_wei * split.contributors_bps // BPS
    host = amount_wei * split.host_bps // BPS
    if not has_documents:
        host, contributors = host + contributors, 0
    return Parts(host, contributors, amount_wei - host - contributors)


def credit_shares(pool_wei: int, uses: list[int]) -> list[int]:
    """Return what each document's contributor gets of a pool, by uses, rounded down; the rest waits in the pool."""
    return [pool_wei * each // sum(uses) for each in uses]
