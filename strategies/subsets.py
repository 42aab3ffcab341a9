"""Ways to choose among a round's updates, and robust means of them; all deterministic, in `geometry`'s arithmetic.

Honest updates of hospitals that differ are nearly orthogonal, with a small part in common. Distances then say little
(short updates are everybody's nearest neighbours, so an attacker needs only to be short), and angles say more.
"""

from collections.abc import Sequence

import numpy as np

from fl_alliance.strategies.geometry import Matrix, Vector, mean_of, total

_STEPS = 64
"""Of power iteration: enough to tell two sides apart, and cheap at 64 proposals."""


def keep(pool: Sequence[int], share: float) -> int:
    """Return how many of the pool stay when a share of it is left out, at least one."""
    return max(1, len(pool) - int(share * len(pool)))


def sides(cosines: Matrix, pool: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the pool in two by the sign of the leading eigenvector of the cosines, the larger part first.

    A common direction, or a coalition's, is that eigenvector; updates that turn against it are on the other side. Where
    all agree the second part is empty. Of equal parts the one that holds the earliest position is first.
    """
    places = list(pool)
    inside = cosines[np.ix_(places, places)]
    vector = np.ones(len(places)) + np.arange(len(places)) / 128  # not orthogonal to anything likely
    for _ in range(_STEPS):
        vector = total(inside * vector)
        vector = vector / max(float(np.abs(vector).max()), 1e-300)
    first = tuple(place for place, value in zip(places, vector, strict=True) if value >= 0)
    second = tuple(place for place, value in zip(places, vector, strict=True) if value < 0)
    is_second_larger = len(second) > len(first) or (len(second) == len(first) and min(second) < min(first))
    return (second, first) if is_second_larger else (first, second)


def centrality(cosines: Matrix, pool: Sequence[int]) -> dict[int, float]:
    """Return the median cosine of each of the pool to the others of it."""
    others = {place: [cosines[place, other] for other in pool if other != place] for place in pool}
    return {place: float(np.median(values)) if values else 0.0 for place, values in others.items()}


def trusted(averages: Vector, cosines: Matrix, pool: Sequence[int], size: int) -> tuple[int, ...]:
    """Return the `size` positions whose members contributed most so far, ascending; of equals the more central."""
    middle = centrality(cosines, pool)
    return tuple(sorted(sorted(pool, key=lambda place: (-averages[place], -middle[place], place))[:size]))


def shorter(lengths: Vector, pool: Sequence[int]) -> tuple[int, ...]:
    """Return the half of the pool with the shorter updates, ascending; of equals the earlier."""
    return tuple(sorted(sorted(pool, key=lambda place: (lengths[place], place))[: (len(pool) + 1) // 2]))


def nearest_mixed(rows: Matrix, gaps: Matrix, pool: Sequence[int], size: int) -> Matrix:
    """Return, for each of the pool, the mean of its `size` nearest, itself included (Allouah et al. 2023)."""
    near = [sorted(pool, key=lambda other: (gaps[centre, other], other))[:size] for centre in pool]
    return np.array([mean_of(rows, sorted(group)) for group in near])


def trimmed_mean(rows: Matrix, trim: int) -> Vector:
    """Return the mean of each coordinate without its `trim` lowest and highest values (Yin et al. 2018)."""
    ordered = np.sort(rows, axis=0)
    return mean_of(ordered, range(trim, len(rows) - trim))


def to_mean(products: Matrix, parts: Sequence[int]) -> Vector:
    """Return each position's cosine to the mean of the parts, itself left out of the mean."""
    inside = np.zeros(len(products))
    inside[list(parts)] = 1.0
    own = np.diagonal(products)
    towards = total(products * inside)
    along = towards - inside * own
    square = total(towards * inside) - inside * (2 * towards - own)
    lengths = np.sqrt(np.maximum(square, 0.0) * own)
    return np.asarray(np.divide(along, lengths, out=np.zeros(len(own)), where=lengths > 0))
