"""Majority rule: how a voter's two scores become a vote, and votes an outcome.

Source: FLock litepaper v1.1, FL Alliance; ties accept.
"""

import math
from enum import IntEnum

BPS = 10_000
"""Basis points in the whole: 10,000 = 100 %."""
SCORE_ONE = 1_000_000
"""The best score, 1.0, in micro-units."""


class Outcome(IntEnum):
    """How a round ended."""

    NONE = 0
    """Not settled."""
    ACCEPTED = 1
    """The candidate is the new model."""
    REJECTED = 2
    """The old model stays; those who proposed the candidate and those who voted for it lose."""
    VOID = 3
    """Too few acted to judge: the old model stays and nobody is paid."""


def score_micro(score: float) -> int:
    """Return the on-chain form of a score, 0..1,000,000: clipped to [0, 1], then rounded half to even.

    Higher is better. What is not a finite number (a diverged model's) is the worst score, 0.
    """
    if not math.isfinite(score):
        return 0
    return round(min(max(score, 0.0), 1.0) * SCORE_ONE)


def is_yes(score_old: int, score_new: int, tolerance_bps: int) -> bool:
    """Return whether two micro-scores vote for the candidate: new >= (1 - tolerance) old, compared exactly."""
    return score_new * BPS >= score_old * (BPS - tolerance_bps)


def quorum(voters: int) -> int:
    """Return how many of the drawn voters must have revealed for the round to count: half, rounded up."""
    return (voters + 1) // 2


def outcome(yes: int, no: int, voters: int) -> Outcome:
    """Return the outcome of the revealed votes; `voters` are those the task draws, 0 where nobody judges."""
    if yes + no < quorum(voters):
        return Outcome.VOID
    return Outcome.ACCEPTED if yes >= no else Outcome.REJECTED
