"""What each proposal contributed to a round, as one voter's gradients tell it.

Aumann-Shapley values of the game in which a proposal takes part with any share of itself (Aumann & Shapley 1974,
"Values of Non-Atomic Games"): the loss's fall along the straight way from the old model to the new one, split by the
proposals' directions. The integral over the way is Simpson's rule, so three gradients do.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fl_alliance.chain.rules.pay import POINTS
from fl_alliance.strategies.digests import Arrays

Gradient = Callable[[Arrays], Arrays]


def contributions(gradient: Gradient, old: Arrays, best: Arrays, proposals: Mapping[int, Arrays]) -> dict[int, float]:
    """Return by how much each proposal lowered the voter's loss, by member.

    Parameters
    ----------
    gradient
        The gradient of the voter's held-out loss at a model; called three times.
    old, best
        Where the way begins and ends.
    proposals
        Member -> its proposal, no further from the old model than the rule lets it.
    """
    halfway = {name: old[name] + (best[name] - old[name]) / 2 for name in old}
    first, middle, last = (gradient(model) for model in (old, halfway, best))
    slope = {name: (first[name].astype(float) + 4.0 * middle[name] + last[name]) / 6 for name in old}
    return {
        member: -sum(float(np.sum(slope[name] * (arrays[name] - old[name]))) for name in old) / len(proposals)
        for member, arrays in proposals.items()
    }


def points(shares: Mapping[int, float], members: Sequence[int]) -> tuple[int, ...]:
    """Return contributions as they are signed, one for each of `members`: at most 10,000 in all, signs aside.

    In proportion, rounded toward zero; 0 for who is not among `shares` and for what is no finite number.
    """
    known = [shares.get(member, 0.0) for member in members]
    finite = [share if math.isfinite(share) else 0.0 for share in known]
    largest = max(map(abs, finite), default=0.0)
    if not largest:
        return (0,) * len(members)
    scaled = [share / largest for share in finite]  # so that no sum overflows
    whole = math.fsum(map(abs, scaled))
    return tuple(int(POINTS * (share / whole)) for share in scaled)
