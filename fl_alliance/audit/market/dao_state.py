"""What the DAO's contracts say of themselves at the end, beside what the books have."""

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

from fl_alliance.audit.finding import Where
from fl_alliance.audit.market.alliance_state import Fact
from fl_alliance.audit.market.dao_books import DaoBooks, ProposalBooks
from fl_alliance.audit.market.emission import at
from fl_alliance.audit.market.source import Source, view
from fl_alliance.chain.deploy import DAO, TIMELOCK

_DONE = 1
"""What the time lock keeps of an operation that was executed, in place of its second."""


def dao_facts(source: Source, dao: DaoBooks, where: Where | str) -> Iterator[Fact]:
    """Yield every figure that the DAO's contract and its time lock keep."""
    now = source.head[2]

    def told(name: str, *args: Any) -> Any:
        return view(source, where, DAO, dao.at.dao, name, *args)

    yield "the DAO's time lock", told("timelock"), dao.at.timelock
    yield "the DAO's treasury", told("treasury"), dao.at.treasury
    yield "terms of reviews", tuple(told("reviewTerms")), astuple(dao.terms)
    yield "seconds of a review", told("votingDelay"), dao.review_s
    yield "seconds of a meeting", told("votingPeriod"), dao.vote_s
    yield "seconds after a late quorum", told("lateQuorumVoteExtension"), dao.late_s
    yield "percent of a quorum", told("quorumNumerator"), at(dao.percents, now)
    yield "seconds of the time lock", view(source, where, TIMELOCK, dao.at.timelock, "getMinDelay"), dao.delay_s
    for proposal in dao.proposals.values():
        name = f"proposal {proposal.number}"
        for what, found, needed in _proposal(source, dao, proposal, where):
            yield f"{what} of {name}", found, needed


def _proposal(source: Source, dao: DaoBooks, proposal: ProposalBooks, where: Where | str) -> Iterator[Fact]:
    number, now = proposal.number, source.head[2]

    def told(name: str, *args: Any) -> Any:
        return view(source, where, DAO, dao.at.dao, name, number, *args)

    yield "the stage", told("state"), int(dao.stage(proposal, now))
    yield "the proposer", told("proposalProposer"), proposal.proposer
    yield "the end of the review", told("proposalSnapshot"), proposal.review_ends_at
    yield "the end of the meeting", told("proposalDeadline"), proposal.deadline
    yield "the end of the time lock", told("proposalEta"), proposal.executable_at
    yield "the votes", tuple(told("proposalVotes")), astuple(proposal.tally)
    yield "the review", tuple(told("reviewOf")), _review(proposal)
    for holder, appearance in proposal.appearances.items():
        yield f"the appearance of {holder} in the review", told("appearanceOf", holder), int(appearance)
    for voter in proposal.voters:
        yield f"the ballot of {voter}", told("hasVoted", voter), True
    if now > proposal.review_ends_at:
        quorum = view(source, where, DAO, dao.at.dao, "quorum", proposal.review_ends_at)
        yield "the quorum", quorum, dao.quorum_wei(proposal)
    waits = _DONE if proposal.is_executed else proposal.executable_at
    yield (
        "the operation",
        view(source, where, TIMELOCK, dao.at.timelock, "getTimestamp", proposal.operation(dao.at.dao)),
        waits,
    )


def _review(proposal: ProposalBooks) -> tuple[Any, ...]:
    terms, appeared = proposal.terms, proposal.appeared
    return (
        proposal.counted_at,
        proposal.is_settled,
        terms.presence_bps,
        terms.flag_bps,
        terms.floor_wei,
        terms.stake_wei,
        terms.reward_wei,
        appeared.scam_wei,
        appeared.frivolous_wei,
        appeared.present_wei,
    )
