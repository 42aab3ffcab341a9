"""Which training nodes are paid, and what share of the nodes' pool each gets: by rank and stake, not by raw score.

    order = by (score, place), without WORST, the first k1
    w_1   = 10^18,  w_(k+1) = floor(w_k q / 10^18)
    G_k   = floor(w_k 10^18 / sum of w)
    f_k   = floor(w_k powered(t_k) 10^18 / sum of w_j powered(t_j))

G_k is (1-q) / (1-q^m) q^(k-1), with the limit 1 / m for q = 1; f_k is G_k t_k^a over its sum, where what normalises G
cancels. Either sums to 10^18 at most, and less by under one unit a rank. Every product fits 256 bits: w has 60, a
powered stake, and the sum of all, 124.

Source: FLock litepaper v1.1, AI Arena; mechanism.md, section 4.
"""

from collections.abc import Sequence
from itertools import accumulate, repeat

from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.emission import powered
from fl_alliance.chain.rules.units import WAD, require_range

MAX_RANKS = 1_024
"""Nodes of a task that can be paid at most; with q = .85 and equal stakes the 243rd gets nothing."""
PLAIN = 2
"""The exponent a = 1, in halves."""


def ranking(scores: Sequence[int], paid_ranks: int) -> tuple[int, ...]:
    """Return the places of the submissions that are paid, the best first.

    Parameters
    ----------
    scores : sequence of int
        The consensus on each submission, in the order of their commitments: of equal ones the earlier ranks first.
        `WORST` is never paid.
    paid_ranks : int
        How many are paid at most, k1: 0 to 1,024.
    """
    require_range("paid_ranks", paid_ranks, 0, MAX_RANKS)
    for score in scores:
        require_range("score", score, 0, WORST)
    able = [place for place, score in enumerate(scores) if score != WORST]
    return tuple(sorted(able, key=lambda place: (scores[place], place))[:paid_ranks])


def rank_shares(ranks: int, q_wad: int) -> list[int]:
    """Return the share of each rank where stakes are equal, in parts of `WAD`, rounded down, the first rank first.

    Parameters
    ----------
    ranks : int
        How many are paid, 0 to 1,024.
    q_wad : int
        What each rank weighs of the one before, 0 (the first takes all) to 10^18 (all alike); .85 by default.
    """
    weights = _rank_weights(ranks, q_wad)
    total = sum(weights)
    return [weight * WAD // total for weight in weights]


def node_shares(stakes_wei: Sequence[int], q_wad: int, halves: int = PLAIN) -> list[int]:
    """Return each paid node's share of the nodes' pool, in parts of `WAD`, rounded down, the best first.

    Parameters
    ----------
    stakes_wei : sequence of int
        Effective stakes of the nodes in the order of their `ranking`. Who has no whole gwei gets nothing.
    q_wad : int
        As for `rank_shares`.
    halves : int
        Twice the exponent a of the stakes, 0 to 4.
    """
    ranks = _rank_weights(len(stakes_wei), q_wad)
    weights = [rank * powered(stake, halves) for rank, stake in zip(ranks, stakes_wei, strict=True)]
    total = sum(weights)
    return [weight * WAD // total if total else 0 for weight in weights]


def _rank_weights(ranks: int, q_wad: int) -> list[int]:
    require_range("ranks", ranks, 0, MAX_RANKS)
    require_range("q_wad", q_wad, 0, WAD)
    return list(accumulate(repeat(q_wad, ranks - 1), lambda weight, q: weight * q // WAD, initial=WAD)) if ranks else []
