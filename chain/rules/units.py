"""Units of the market's rules: what one is, how much FML there can be, and the refusal of what is out of range.

Amounts are wei of FML, shares and factors parts of `WAD`. With the bounds here every product in the market's rules fits
256 bits, the schedule's apart (`emission`), so that plain checked arithmetic mirrors them; no mulDiv is needed.
"""

WAD = 10**18
"""One, for shares and factors; also the wei of one FML."""
MAX_WEI = 1_000_000_000 * WAD
"""The supply cap, below 2^90: no amount is larger."""
MAX_STAKE_WEI = 4 * MAX_WEI
"""What stakes count together at most, below 2^92: locked for a year a stake counts 3.01 times."""


def require_range(name: str, given: int, low: int, high: int) -> None:
    """Refuse a number outside `low`..`high`, both included.

    Raises
    ------
    ValueError
        Names the argument, what was given and what is needed.
    """
    if not low <= given <= high:
        raise ValueError(f"{name}: given {given}, needed {low} to {high}")


def require_amounts(**amounts: int) -> None:
    """Refuse amounts below 0 or above the supply cap; raises `ValueError` as `require_range` does."""
    for name, given in amounts.items():
        require_range(name, given, 0, MAX_WEI)


def require_stakes(**stakes: int) -> None:
    """Refuse stakes below 0 or above `MAX_STAKE_WEI`; raises `ValueError` as `require_range` does."""
    for name, given in stakes.items():
        require_range(name, given, 0, MAX_STAKE_WEI)
