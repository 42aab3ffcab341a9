"""What a stake counts when it is locked for a time: it weighs more, and pays no more out than was put in.

    counted = n                                               for 0 to 30 days
    counted = floor(n (36,500 + 219 (days - 30)) / 36,500)    for 31 to 365 days: n (1 + 2.19 (days - 30) / 365)

Both fit 256 bits. Source: FLock white paper; mechanism.md, section 3.
"""

from fl_alliance.chain.rules.units import require_amounts, require_range

FREE_DAYS = 30
"""A lock of no more days than this counts nothing extra."""
MAX_LOCK_DAYS = 365
"""The longest lock; an amount locked for it counts 3.01 times."""

_ONE = 36_500
_EXTRA_A_DAY = 219


def counted(amount_wei: int, days: int) -> int:
    """Return what `amount_wei` counts in weights, in wei, rounded down, when locked for whole `days`, 0 to 365."""
    require_amounts(amount_wei=amount_wei)
    require_range("days", days, 0, MAX_LOCK_DAYS)
    return amount_wei * (_ONE + _EXTRA_A_DAY * max(0, days - FREE_DAYS)) // _ONE
