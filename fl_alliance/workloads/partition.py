"""Spread the examples of one pool unevenly over sites."""

import numpy as np
from numpy.typing import NDArray

MIN_EXAMPLES = 10
"""What every site gets at least: 6 to train, 2 to vote with, 2 to test."""


def dirichlet_partition(
    labels: NDArray[np.int64], num_nodes: int, alpha: float, rng: np.random.Generator
) -> tuple[tuple[int, ...], ...]:
    """Return every site's example numbers, shuffled; each example is at one site.

    Each class is spread by shares from a Dirichlet distribution with concentration `alpha` (Hsu et al. 2019): .1 gives
    most sites few classes, 100 gives all the same mix. The largest sites then fill up those below `MIN_EXAMPLES`.
    """
    sites: list[list[int]] = [[] for _ in range(num_nodes)]
    for label in range(int(labels.max()) + 1):
        members = rng.permutation(np.flatnonzero(labels == label))
        shares = rng.dirichlet(np.full(num_nodes, alpha))
        cuts = np.floor(np.cumsum(shares)[:-1] * len(members)).astype(np.int64)
        for site, part in zip(sites, np.split(members, cuts), strict=True):
            site.extend(part.tolist())
    shuffled = [rng.permutation(np.array(site, dtype=np.int64)).tolist() for site in sites]
    return tuple(map(tuple, _filled_up(shuffled)))


def _filled_up(sites: list[list[int]]) -> list[list[int]]:
    for site in sites:
        while len(site) < MIN_EXAMPLES:
            site.append(max(sites, key=len).pop())
    return sites
