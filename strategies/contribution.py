"""What each proposal contributed to a round, as one voter's gradients tell it.

Aumann-Shapley values of the game in which a proposal takes part with any share of itself (Aumann & Shapley 1974,
"Values of Non-Atomic Games"): the loss's fall along the straight way from the old model to the new one, split by the
proposals' directions. The integral over the way is Simpson's rule, so three gradients do.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fl_alliance.chain.rules.pay import POINTS
from fl_alliance.strategies.changes import Changes
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.geometry import Matrix, Shapes

Gradient = Callable[[Arrays], Arrays]

COPY_COSINE = 0.9
"""Two updates whose cosine is above this say nearly the same; honest ones are seldom so alike."""
_TINY = 1e-30


def contributions(gradient: Gradient, old: Arrays, best: Arrays, proposals: Mapping[int, Arrays]) -> dict[int, float]:
    """Return by how much each proposal lowered the voter's loss, by member.

    Of two that say nearly the same, the later is credited only with what it adds to the earlier: a copy, or a copy
    with noise, earns next to nothing, and whoever was copied loses nothing.

    Parameters
    ----------
    gradient
        The gradient of the voter's held-out loss at a model; called three times.
    old, best
        Where the way begins and ends.
    proposals
        Member -> its proposal, no further from the old model than the rule lets it, in the order of their commitment.
    """
    halfway = {name: old[name] + (best[name] - old[name]) / 2 for name in old}
    shapes = Shapes.of(old)
    first, middle, last = (shapes.joined(gradient(model)) for model in (old, halfway, best))
    products, along = np.zeros((len(proposals), len(proposals))), np.zeros(len(proposals))
    for place, rows in Changes.of(shapes, old, proposals).blocks():
        products += rows @ rows.T
        along += rows @ (first[place] + 4.0 * middle[place].astype(np.float64) + last[place])
    falls = -(novelties(products) @ along) / (6 * max(1, len(proposals)))
    return dict(zip(proposals, falls.tolist(), strict=True))


def novelties(products: Matrix) -> Matrix:
    """Return what of each update counts, as weights of all of them, by their scalar products.

    An update counts without what the earlier one most like it says already, if their cosine is a copy's.
    """
    lengths = np.maximum(np.sqrt(np.diagonal(products)), _TINY)
    cosines = products / lengths[:, None] / lengths[None, :]
    weights = np.eye(len(products))
    for later in range(1, len(products)):
        earlier = int(np.argmax(cosines[later, :later]))
        if cosines[later, earlier] > COPY_COSINE:
            weights[later, earlier] = -products[later, earlier] / lengths[earlier] ** 2
    return weights


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
