"""What a history of private steps has spent: one accountant run over all of it, never a sum of parts.

Opacus accounts. Neighbouring data sets differ in that one unit contributes nothing; how many units there are is taken
as known. Two kinds of releases compose:

- Gaussian steps with Poisson sampling, by their privacy loss variables (PRV: Gopi et al. 2021, "Numerical Composition
  of Differential Privacy"); where that fails numerically, by Renyi's (RDP: Mironov 2017), which is never tighter.
- scores with Laplace noise, each epsilon-differentially private: their epsilons add to the above (basic composition).
"""

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fl_alliance.dp.errors import PrivacyError
from fl_alliance.validation import LEAST_NOISE

Steps = tuple[float, float, int]
"""(noise multiplier, sampling rate, number of steps), as in the history of an Opacus accountant."""

MOST_NOISE = 1e4
_CLOSE = 0.995
_TRIALS = 40


@dataclass(frozen=True, slots=True)
class Spent:
    """What a history has spent: (`epsilon`, `delta`); `accountant` is `prv`, `rdp`, `none` without Gaussian steps."""

    epsilon: float
    delta: float
    accountant: str


def spent(steps: Iterable[Steps], pure: float, delta: float) -> Spent:
    """Return what all steps together have spent, and `pure`, the sum of the scores' epsilons, on top."""
    history = merged(steps)
    if not history:
        return Spent(pure, delta if pure else 0.0, "none")
    epsilon, accountant = _gaussian(history, delta)
    return Spent(epsilon + pure, delta, accountant)


def merged(steps: Iterable[Steps]) -> tuple[Steps, ...]:
    """Return the history with equal steps counted together, in the order of their first; composition knows no order."""
    counts: dict[tuple[float, float], int] = {}
    for noise, rate, count in steps:
        counts[noise, rate] = counts.get((noise, rate), 0) + count
    return tuple((noise, rate, count) for (noise, rate), count in counts.items() if count)


@lru_cache(maxsize=64)
def noise_for(epsilon: float, delta: float, rate: float, steps: int) -> float:
    """Return the least noise multiplier, to half a percent and rounded up, with which so many steps spend `epsilon`.

    Raises
    ------
    PrivacyError
        No multiplier up to `MOST_NOISE` suffices.
    """
    low, high = LEAST_NOISE, MOST_NOISE
    if spent([(high, rate, steps)], 0.0, delta).epsilon > epsilon:
        raise PrivacyError(
            f"dp.epsilon={epsilon}: cannot be met with {steps} steps at rate {rate}; needed more, or fewer steps"
        )
    guess = max(low, min(high, math.sqrt(2 * steps * math.log(1.25 / delta)) * rate / epsilon))
    for _ in range(_TRIALS):
        if low / high >= _CLOSE:
            break
        found = spent([(guess, rate, steps)], 0.0, delta).epsilon
        low, high = (low, guess) if found <= epsilon else (guess, high)
        # Epsilon falls about as 1 / noise: aim there, from the safe side, and halve the bracket where that leaves it.
        aimed = guess * found / epsilon * (1.001 if found > epsilon else 0.999)
        guess = aimed if low < aimed < high else math.sqrt(low * high)
    return _rounded_up(high)


@lru_cache(maxsize=256)
def _gaussian(history: tuple[Steps, ...], delta: float) -> tuple[float, str]:
    from opacus.accountants import PRVAccountant, RDPAccountant

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of RDP's orders: a bound at the edge of them is still a bound
        try:
            prv = PRVAccountant()
            prv.history = list(history)
            epsilon = float(prv.get_epsilon(delta))
            if math.isfinite(epsilon) and epsilon >= 0:
                return epsilon, "prv"
        except (ValueError, RuntimeError, ArithmeticError, MemoryError, IndexError):
            pass  # its grid does not reach: too much loss, or too little
        rdp = RDPAccountant()
        rdp.history = list(history)
        return float(rdp.get_epsilon(delta)), "rdp"


def _rounded_up(noise: float) -> float:
    """Return a multiplier with four significant digits, not below the given."""
    unit = 10.0 ** (math.floor(math.log10(noise)) - 3)
    return float(f"{math.ceil(noise / unit) * unit:.6g}")
