"""e to the power of minus x, in integers.

    s = floor(x 2^110 / 10^18)                                        x / 1024, in 2^-120
    y = 2^120;  for k = 8, 7, ..., 1:  y <- 2^120 - floor(s y / (k 2^120))
    10 times:   y <- floor(y^2 / 2^120)
    result = floor(y 10^18 / 2^120);  0 where x > 60

The series of order 8 at x / 1024 by Horner, then ten squarings. Cutting the series adds less than 10^-24, and roundings
before the last change it by less than 2^-108: the result is e^-x rounded down, but for one unit where e^-x lies that
near to a whole number of them. It never rises with x: one unit of x adds 2^50 to s and takes nearly as much off the
series, whose roundings are below 2^4; squaring and rounding down keep an order. Every product fits 256 bits.
"""

from fl_alliance.chain.rules.units import WAD, require_range

MAX_X_WAD = 60 * WAD
"""Above it nothing is computed: the result is 0, as it is from 41.45 on."""

_ONE = 1 << 120
_SQUARINGS = 10
_TERMS = 8


def exp_neg_wad(x_wad: int) -> int:
    """Return e^-x, rounded down; x, 0 or more, and the result are in parts of `WAD`.

    `WAD` at 0, 0 from 41.45 `WAD` on; never rises with x.
    """
    require_range("x_wad", x_wad, 0, 2**256 - 1)
    if x_wad > MAX_X_WAD:
        return 0
    small = x_wad * (_ONE >> _SQUARINGS) // WAD
    power = _ONE
    for term in range(_TERMS, 0, -1):
        power = _ONE - small * power // (term * _ONE)
    for _ in range(_SQUARINGS):
        power = power * power // _ONE
    return power * WAD // _ONE
