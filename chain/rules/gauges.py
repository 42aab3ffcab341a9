"""What gauge votes move, as `Gauges.sol` does it: shares of a kind, what a task weighs, what a model is paid."""

from dataclasses import dataclass

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.emission import WHOLE
from fl_alliance.chain.types import WEI_PER_FML

EPOCH_S = 7 * 86_400
"""Seconds of an epoch."""
MAX_CHOICES = 32
"""Gauges of one ballot at most."""


@dataclass(frozen=True, slots=True)
class GaugeTerms:
    """What ballots move; a proposal can change all of it.

    Attributes
    ----------
    voter_bps : int
        Of a voter's votes that it may give one gauge, of 10,000, above 0.
    gauge_bps : int
        Share of its kind that counts of a gauge at most, of 10,000, above 0.
    floor_bps : int
        Of all locked FML, of 10,000: a share is of so many votes at least.
    boost : int
        Percent that a task at `gauge_bps` weighs more, 100 at most.
    budget_wei : int
        Of an epoch for models, as far as the contract holds it.
    """

    voter_bps: int = 2_500
    gauge_bps: int = 3_000
    floor_bps: int = 2_000
    boost: int = 50
    budget_wei: int = 10_000 * WEI_PER_FML


def ballot_votes(held_wei: int, bps: int) -> int:
    """Return the votes that a voter gives a gauge, rounded down."""
    return held_wei * bps // BPS


def share_bps(votes_wei: int, cast_wei: int, locked_wei: int, terms: GaugeTerms) -> int:
    """Return what counts of a gauge in its kind, of 10,000, rounded down.

    Parameters
    ----------
    votes_wei, cast_wei : int
        Votes for the gauge, and for all gauges of its kind.
    locked_wei : int
        All votes there were in the second by which the epoch is counted.
    """
    of_wei = max(cast_wei, locked_wei * terms.floor_bps // BPS)
    return min(votes_wei * BPS // of_wei, terms.gauge_bps) if of_wei else 0


def task_percent(share: int, terms: GaugeTerms) -> int:
    """Return what of 100 a task's powered stake weighs with a share of so many of 10,000, rounded down."""
    return WHOLE + share * terms.boost // terms.gauge_bps


def epoch_budget(held_wei: int, spent_wei: int, terms: GaugeTerms) -> int:
    """Return what models share of an epoch: its budget, or what is there and was paid of it where that is less."""
    return min(terms.budget_wei, held_wei + spent_wei)


def model_pay(budget_wei: int, share: int) -> int:
    """Return what a model is paid of an epoch's budget, in wei, rounded down."""
    return budget_wei * share // BPS
