"""Whether an account has a say in a proposal now, told before it is asked to sign anything."""

from collections.abc import Sequence

from fl_alliance.chain.dao import Appearance, Call, DaoMember, Proposal
from fl_alliance.chain.stages import Stage
from fl_alliance.governance.errors import ActionRefused, WrongStage
from fl_alliance.governance.standing import stage_words
from fl_alliance.market.units import duration

_LOCK = "for the next: fl-alliance dao lock AMOUNT"


def require_free(dao: DaoMember, now: int) -> None:
    """Refuse who has a proposal that is not decided; raises `WrongStage`."""
    mine = [(number, found) for number, found in enumerate(dao.proposals(), 1) if found.proposer == dao.me]
    if not mine or (stage := dao.stage(mine[-1][1].number)).is_final:
        return
    number, proposal = mine[-1]
    back = f", or take it back: fl-alliance dao cancel {number}" if stage is Stage.PENDING else ""
    stands = stage_words(dao, proposal, stage, now)
    raise WrongStage(f"{dao.me} has proposal {number} ({stands}): one at a time; wait until it is over{back}")


def require_proposable(dao: DaoMember, calls: Sequence[Call], description: str, now: int) -> None:
    """Refuse what the DAO would not take as a proposal now; raises `WrongStage`, `Refused`."""
    require_free(dao, now)
    dao.require_proposable(calls, description)


def require_appearance(dao: DaoMember, number: int, proposal: Proposal, now: int, *, is_flag: bool) -> None:
    """Refuse who cannot appear in a review; raises `ActionRefused`, `WrongStage`."""
    if (appeared := dao.appearance(proposal.number, dao.me)) is not Appearance.NONE:
        raise ActionRefused(
            f"{dao.me} has appeared in the review of proposal {number}, as {appeared.name.lower()}: once only"
        )
    if not dao.votes_wei(dao.me, dao.review(proposal.number).counted_at):
        raise ActionRefused(f"{dao.me} had nothing locked when proposal {number} was made, and no say in it; {_LOCK}")
    if is_flag and (past_s := now - dao.flags_until(proposal.number)) >= 0:
        raise WrongStage(
            f"flags of proposal {number} ended {duration(past_s)} ago: the last third of a review is for who signs in"
        )


def require_vote(dao: DaoMember, number: int, proposal: Proposal) -> int:
    """Return an account's votes in a general meeting, in wei; raises `ActionRefused` where it has none left to cast."""
    if dao.has_voted(proposal.number, dao.me):
        raise ActionRefused(f"{dao.me} has voted on proposal {number}: once only")
    votes_wei = dao.votes_wei(dao.me, proposal.review_ends_at)
    if not votes_wei:
        raise ActionRefused(
            f"{dao.me} had nothing locked when the meeting on proposal {number} began, and no vote in it; {_LOCK}"
        )
    return votes_wei


def require_author(dao: DaoMember, number: int, proposal: Proposal) -> None:
    """Refuse who cannot take a proposal back; raises `ActionRefused`."""
    if proposal.proposer != dao.me:
        raise ActionRefused(
            f"proposal {number} is of {proposal.proposer}: its author alone takes it back, not {dao.me}"
        )
    review = dao.review(proposal.number)
    if review.scam_wei + review.frivolous_wei:
        raise ActionRefused(
            f"proposal {number} was flagged: it cannot be taken back, and its review decides on its stake"
        )
