"""Steps that set how the DAO decides: at its construction, and by its proposals."""

from collections.abc import Callable

from fl_alliance.audit.market.dao_books import DaoBooks
from fl_alliance.audit.market.emission import at
from fl_alliance.audit.market.proposals import dao_of
from fl_alliance.audit.market.roles import decided
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.deploy import DAO, TIMELOCK
from fl_alliance.chain.rules.proposals import (
    MAX_DELAY_S,
    MAX_QUORUM_PERCENT,
    MAX_STAGE_S,
    MIN_STAGE_S,
    ReviewTerms,
)
from fl_alliance.chain.rules.words import ZERO_ADDRESS

_SETTERS = {
    "VotingDelaySet": "setVotingDelay",
    "VotingPeriodSet": "setVotingPeriod",
    "LateQuorumVoteExtensionSet": "setLateQuorumVoteExtension",
    "ProposalThresholdSet": "setProposalThreshold",
    "QuorumNumeratorUpdated": "updateQuorumNumerator",
    "MinDelayChange": "updateDelay",
}
"""Functions that set one figure, by the event that tells the former one and the new one."""


def review_s_set(step: Step) -> None:
    """Seconds of later reviews."""
    dao = dao_of(step)
    dao.review_s = _change(step, dao.review_s, MIN_STAGE_S, MAX_STAGE_S)


def vote_s_set(step: Step) -> None:
    """Seconds of later proposals' meetings."""
    dao = dao_of(step)
    dao.vote_s = _change(step, dao.vote_s, MIN_STAGE_S, MAX_STAGE_S)


def late_s_set(step: Step) -> None:
    """Seconds that a meeting lasts at least after its quorum was reached, or its outcome has turned."""
    dao = dao_of(step)
    dao.late_s = _change(step, dao.late_s, 0, dao.vote_s)


def threshold_set(step: Step) -> None:
    """A proposal takes a stake, and no votes."""
    _change(step, 0, 0, 0)


def percent_set(step: Step) -> None:
    """Percent of the locked FML that meetings take whose review is not over."""
    percents = dao_of(step).percents
    percents[step.now] = _change(step, at(percents, step.now), 0, MAX_QUORUM_PERCENT)


def delay_set(step: Step) -> None:
    """Seconds of the time lock for what is queued later; that of its construction has no bound."""
    dao, new = dao_of(step), step.head.values["newDuration"]
    dao.delay_s = _change(step, dao.delay_s, 0, new if step.reading.taken.to is None else MAX_DELAY_S)


def review_terms_set(step: Step) -> None:
    """The terms of later proposals' reviews, and the votes that meetings take at least whose review is not over."""
    dao, given = dao_of(step), step.head.values["terms"]
    decided(step, DAO, "setReviewTerms", given)
    terms = ReviewTerms(*given)
    step.require(terms.are_allowed, f"terms {given}, under which nothing passes, or everything is condemned")
    dao.terms, dao.floors[step.now] = terms, terms.floor_wei
    step.reading.need(DAO, dao.at.dao, "ReviewTermsSet", {"terms": given})


def timelock_set(step: Step) -> None:
    """The time lock is named at the DAO's construction."""
    dao, new = dao_of(step), step.head.values["newTimelock"]
    decided(step, DAO, "updateTimelock", new)
    step.require(new == dao.at.timelock, f"the time lock becomes {new}, needed {dao.at.timelock} for good")
    former = ZERO_ADDRESS if step.reading.taken.to is None else new
    step.reading.need(DAO, dao.at.dao, "TimelockChange", {"oldTimelock": former, "newTimelock": new})


def _change(step: Step, former: int, least: int, most: int) -> int:
    """Take the event of a figure that is set, and return the new one."""
    event = step.head
    old, new = event.values
    decided(step, event.source, _SETTERS[event.name], event.values[new])
    step.require(least <= event.values[new] <= most, f"{event.values[new]}, needed {least} to {most}")
    address = _address(dao_of(step), event.source)
    step.reading.need(event.source, address, event.name, {old: former, new: event.values[new]})
    return int(event.values[new])


def _address(dao: DaoBooks, source: str) -> str:
    return dao.at.timelock if source == TIMELOCK else dao.at.dao


HANDLERS: dict[tuple[str, str], Callable[[Step], None]] = {
    (DAO, "VotingDelaySet"): review_s_set,
    (DAO, "VotingPeriodSet"): vote_s_set,
    (DAO, "LateQuorumVoteExtensionSet"): late_s_set,
    (DAO, "ProposalThresholdSet"): threshold_set,
    (DAO, "QuorumNumeratorUpdated"): percent_set,
    (DAO, "ReviewTermsSet"): review_terms_set,
    (DAO, "TimelockChange"): timelock_set,
    (TIMELOCK, "MinDelayChange"): delay_set,
}
"""What takes an event that sets a term."""
