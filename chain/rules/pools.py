"""What a share of a delegation pool is worth: ERC-4626 with 10^6 virtual shares over one virtual wei.

    shares = assets (supply + 10^6) / (pool + 1)        assets = shares (pool + 1) / (supply + 10^6)

Every division is rounded in the pool's favour. The virtual shares belong to nobody. They bound what a first depositor
gains who sends FML to the pool to make shares dear: of every wei sent, half or more is theirs.

Source: OpenZeppelin's ERC4626 with a decimals offset of 6; mechanism.md, section 3.
"""

VIRTUAL_SHARES = 10**6
VIRTUAL_WEI = 1
WORTHLESS = 10**9
"""A pool of which slashes left less than one part in this many takes no more deposits."""


def shares_for(assets_wei: int, pool_wei: int, supply: int) -> int:
    """Return the shares that a deposit buys, rounded down."""
    return assets_wei * (supply + VIRTUAL_SHARES) // (pool_wei + VIRTUAL_WEI)


def assets_for(shares: int, pool_wei: int, supply: int) -> int:
    """Return what shares are redeemed for, in wei, rounded down."""
    return shares * (pool_wei + VIRTUAL_WEI) // (supply + VIRTUAL_SHARES)


def price_of(shares: int, pool_wei: int, supply: int) -> int:
    """Return what shares cost, in wei, rounded up."""
    return -(-shares * (pool_wei + VIRTUAL_WEI) // (supply + VIRTUAL_SHARES))


def shares_burned(assets_wei: int, pool_wei: int, supply: int) -> int:
    """Return the shares that a withdrawal of exactly `assets_wei` burns, rounded up."""
    return -(-assets_wei * (supply + VIRTUAL_SHARES) // (pool_wei + VIRTUAL_WEI))


def is_worthless(pool_wei: int, supply: int) -> bool:
    """Return whether so little is left of a share that the pool takes no more deposits."""
    return supply // VIRTUAL_SHARES > (pool_wei + VIRTUAL_WEI) * WORTHLESS
