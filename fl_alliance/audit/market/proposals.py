"""Steps of a proposal until it is decided, and when its stake goes: made, reviewed, voted on, settled."""

from dataclasses import replace
from typing import Any

from fl_alliance.audit.market.dao_books import DaoBooks, ProposalBooks, proposal_number
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.dao import Appearance, Call, Support
from fl_alliance.chain.deploy import DAO, TREASURY
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.proposals import is_open_to, reward_wei
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.stages import Stage

_BALLOT = ("proposalId", "support")
_CAST = {
    "castVote": _BALLOT,
    "castVoteWithReason": (*_BALLOT, "reason"),
    "castVoteWithReasonAndParams": (*_BALLOT, "reason", "params"),
    "castVoteBySig": (*_BALLOT, "voter"),
    "castVoteWithReasonAndParamsBySig": (*_BALLOT, "voter", "reason", "params"),
}
"""What calls that cast a vote take, by the names of the event's fields; behind those a signature may follow."""
_APPEARANCES = {
    Appearance.PRESENT: "present_wei",
    Appearance.SCAM: "scam_wei",
    Appearance.FRIVOLOUS: "frivolous_wei",
}
_SUPPORTS = {Support.AGAINST: "against_wei", Support.FOR: "for_wei", Support.ABSTAIN: "abstain_wei"}


def made(step: Step) -> None:
    """Somebody proposes, and stakes for it."""
    dao, told = dao_of(step), step.head.values
    proposer, description = told["proposer"], told["description"]
    lists = told["targets"], told["values"], told["calldatas"]
    step.reading.called(DAO, "propose", *lists, description, by=proposer)
    step.require(len(set(map(len, lists))) == 1 and bool(lists[0]), "no calls, or not as many targets as calldata")
    step.require(is_open_to(proposer, description), f"its description reserves it for another than {proposer}")
    latest = dao.proposals.get(dao.latest.get(proposer, 0))
    is_free = latest is None or dao.stage(latest, step.now).is_final
    step.require(is_free, f"{proposer} has a proposal that is not decided")
    proposal = _new(dao, proposer, lists, description, step.now)
    step.require(proposal.number not in dao.proposals, "the same was proposed before")
    dao.proposals[proposal.number], dao.latest[proposer] = proposal, proposal.number
    step.books.counts.proposals += 1
    tell(
        step,
        "ProposalCreated",
        proposalId=proposal.number,
        proposer=proposer,
        targets=lists[0],
        values=lists[1],
        signatures=(b"",) * len(lists[0]),
        calldatas=lists[2],
        voteStart=proposal.review_ends_at,
        voteEnd=proposal.vote_ends_at,
        description=description,
    )
    step.transfer(proposer, dao.at.dao, proposal.terms.stake_wei)


def _new(dao: DaoBooks, proposer: str, lists: tuple[Any, ...], description: bytes, now: int) -> ProposalBooks:
    digest, review_ends_at = keccak(description), now + dao.review_s
    targets, values, calldatas = lists
    calls = [
        Call(checksum(target), data, value) for target, value, data in zip(targets, values, calldatas, strict=True)
    ]
    return ProposalBooks(
        number=proposal_number(targets, values, calldatas, digest),
        proposer=proposer,
        calls=calls,
        description_hash=digest,
        terms=dao.terms,
        counted_at=now - 1,
        review_ends_at=review_ends_at,
        vote_ends_at=review_ends_at + dao.vote_s,
    )


def appeared(step: Step) -> None:
    """A holder signs in to a review or flags the proposal, with what it had in the second before it was made."""
    dao, proposal, holder = dao_of(step), proposal_of(step), step.head.values["holder"]
    appearance = Appearance(step.head.values["appearance"])
    step.reading.called(DAO, "appear", proposal.number, int(appearance), by=holder)
    require_stage(step, proposal, Stage.PENDING)
    step.require(appearance is not Appearance.NONE, "it appears as nothing")
    step.require(holder not in proposal.appearances, f"{holder} has appeared")
    is_in_time = appearance is Appearance.PRESENT or step.now < proposal.flags_until
    step.require(is_in_time, f"flagged at second {step.now}, needed one before {proposal.flags_until}")
    votes_wei = dao.lock.held_wei(holder, proposal.counted_at)
    step.require(votes_wei > 0, f"{holder} had no votes when the proposal was made")
    proposal.appearances[holder] = appearance
    field = _APPEARANCES[appearance]
    proposal.appeared = replace(proposal.appeared, **{field: getattr(proposal.appeared, field) + votes_wei})
    step.books.counts.appearances += 1
    tell(step, "Appeared", proposalId=proposal.number, holder=holder, appearance=int(appearance), votesWei=votes_wei)


def voted(step: Step) -> None:
    """A holder votes in a general meeting, with what it had when the review ended."""
    dao, proposal, told = dao_of(step), proposal_of(step), step.head.values
    voter, support, reason = told["voter"], Support(told["support"]), told["reason"]
    name = step.reading.coming(DAO, _CAST)
    if name is not None:
        fields = _CAST[name]
        given = (told.get(each, b"") for each in fields)
        step.reading.called(DAO, name, *given, by=None if "voter" in fields else voter)
        reason = reason if "reason" in fields else b""
    require_stage(step, proposal, Stage.ACTIVE)
    step.require(voter not in proposal.voters, f"{voter} has voted")
    votes_wei = dao.lock.held_wei(voter, proposal.review_ends_at)
    proposal.voters.add(voter)
    field = _SUPPORTS[support]
    proposal.tally = replace(proposal.tally, **{field: getattr(proposal.tally, field) + votes_wei})
    step.books.counts.votes += 1
    ballot = {"voter": voter, "proposalId": proposal.number, "support": int(support), "weight": votes_wei}
    with_params = {"params": told["params"]} if told.get("params") else {}
    tell(step, "VoteCastWithParams" if with_params else "VoteCast", **ballot, reason=reason, **with_params)
    for until in dao.prolonged(proposal, step.now):
        tell(step, "ProposalExtended", proposalId=proposal.number, extendedDeadline=until)


def canceled(step: Step) -> None:
    """An author takes its proposal back in its review, while nobody has flagged it."""
    proposal = proposal_of(step)
    step.reading.called(DAO, "cancel", *proposal.lists, proposal.description_hash, by=proposal.proposer)
    require_stage(step, proposal, Stage.PENDING)
    flags_wei = proposal.appeared.flags_wei
    step.require(not flags_wei, f"taken back with {flags_wei} wei of flags, needed none")
    proposal.is_canceled = True
    tell(step, "ProposalCanceled", proposalId=proposal.number)


def settled(step: Step) -> None:
    """Anybody sends a decided proposal's stake where it belongs, and has the reward of an executed one paid."""
    dao, event = dao_of(step), step.reading.ahead(DAO, "StakeSettled")
    step.require(event is not None, "a reward, and no stake that is settled")
    proposal = proposal_of(step, event.values["proposalId"] if event is not None else 0)
    step.reading.called(DAO, "settleStake", proposal.number)
    stage = dao.stage(proposal, step.now)
    step.require(stage.is_final, f"proposal {proposal.number} is {stage.name}, needed one that is decided")
    step.require(not proposal.is_settled, f"the stake of {proposal.number} is settled")
    proposal.is_settled = True
    to = dao.at.treasury if dao.is_condemned(proposal) else proposal.proposer
    held_wei = step.books.money.held(dao.at.treasury)
    paid_wei = reward_wei(proposal.terms.reward_wei, held_wei) if stage is Stage.EXECUTED else 0
    if paid_wei:
        step.reading.need(TREASURY, dao.at.treasury, "Rewarded", {"proposer": proposal.proposer, "amountWei": paid_wei})
        step.transfer(dao.at.treasury, proposal.proposer, paid_wei)
    stake_wei = proposal.terms.stake_wei
    tell(step, "StakeSettled", proposalId=proposal.number, to=to, stakeWei=stake_wei, rewardWei=paid_wei)
    step.transfer(dao.at.dao, to, stake_wei)


def dao_of(step: Step) -> DaoBooks:
    """Return the DAO's books, whose events are read only where there is one."""
    dao = step.books.dao
    if dao is None:
        raise ValueError("events of a DAO where there is none")
    return dao


def proposal_of(step: Step, number: int | None = None) -> ProposalBooks:
    """Return the proposal of this number, or the one that the next event names."""
    number = step.head.values["proposalId"] if number is None else number
    step.require(number in dao_of(step).proposals, f"proposal {number}, needed one that was made")
    return dao_of(step).proposals[number]


def require_stage(step: Step, proposal: ProposalBooks, needed: Stage) -> None:
    """Refuse a step of a proposal at another stage."""
    stage = dao_of(step).stage(proposal, step.now)
    step.require(stage is needed, f"proposal {proposal.number} is {stage.name}, needed {needed.name}")


def tell(step: Step, name: str, **values: object) -> None:
    """Take an event of the DAO's contract, which must be this one."""
    step.reading.need(DAO, dao_of(step).at.dao, name, values)
