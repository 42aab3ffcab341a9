"""Where proposals stand: facts, and their words."""

from dataclasses import dataclass

from fl_alliance.arena.events import fml
from fl_alliance.chain.dao import Appearance, DaoView, Proposal
from fl_alliance.chain.rules.proposals import LAPSE_S
from fl_alliance.chain.stages import Stage
from fl_alliance.governance.decoding import ALARM, Decoder
from fl_alliance.governance.errors import WrongStage
from fl_alliance.market.units import duration


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """A proposal as it stands; times are seconds of the chain's clock, votes wei of locked FML.

    Attributes
    ----------
    number : int
        From 1 on, in the order in which they were made; `id` is the Governor's.
    stage : str
        Of `Stage`, in small letters.
    does : list of str
        What its calls do.
    changed : list of str
        What it takes for granted and is no longer so, as long as it is not over: its calls will not be made.
    until : int or None
        When the stage ends by itself.
    flags_until : int
        When flags end: the last third of a review is for who signs in.
    """

    number: int
    id: str
    proposer: str
    says: str
    does: list[str]
    changed: list[str]
    stage: str
    until: int | None
    flags_until: int
    is_settled: bool
    present_wei: int
    scam_wei: int
    frivolous_wei: int
    all_wei: int
    needed_present_wei: int
    is_condemned: bool
    for_wei: int
    against_wei: int
    abstain_wei: int
    quorum_wei: int | None
    appeared: str
    has_voted: bool


def facts_of(view: DaoView, decoder: Decoder, number: int, proposal: Proposal, holder: str, now: int) -> ProposalFacts:
    """Return how a proposal stands, and what a holder has done about it."""
    stage, review, tally = view.stage(proposal.number), view.review(proposal.number), view.tally(proposal.number)
    all_wei = view.all_votes_wei(review.counted_at)
    return ProposalFacts(
        number=number,
        id=str(proposal.number),
        proposer=proposal.proposer,
        says=proposal.description,
        does=[decoder.words(call) for call in proposal.calls],
        changed=[] if stage.is_final else decoder.changed(proposal.calls),
        stage=stage.name.lower(),
        until=_until(view, proposal, stage),
        flags_until=view.flags_until(proposal.number),
        is_settled=review.is_settled,
        present_wei=review.present_wei,
        scam_wei=review.scam_wei,
        frivolous_wei=review.frivolous_wei,
        all_wei=all_wei,
        needed_present_wei=max(review.floor_wei, -(-all_wei * review.presence_bps // 10_000)),
        is_condemned=view.is_condemned(proposal.number),
        for_wei=tally.for_wei,
        against_wei=tally.against_wei,
        abstain_wei=tally.abstain_wei,
        quorum_wei=view.quorum_wei(proposal.review_ends_at) if now > proposal.review_ends_at else None,
        appeared=view.appearance(proposal.number, holder).name.lower(),
        has_voted=view.has_voted(proposal.number, holder),
    )


def facts_words(found: ProposalFacts, now: int) -> list[str]:
    """Return a proposal in lines, with what can be done next."""
    lines = [
        f"proposal {found.number}: {_STAGES[found.stage]}{_left(found.until, now)}",
        f"  its author says: {quoted(found.says)}",
    ]
    lines += does_words(found.does) + changed_words(found.changed)
    appeared_wei = found.present_wei + found.scam_wei + found.frivolous_wei
    lines.append(
        f"  review: {fml(appeared_wei)} appeared of {fml(found.needed_present_wei)} needed; flagged as a scam by "
        f"{fml(found.scam_wei)}, as frivolous by {fml(found.frivolous_wei)}"
        + (": condemned" if found.is_condemned else "")
    )
    if found.quorum_wei is not None and found.stage not in ("canceled",):
        lines.append(
            f"  vote: {fml(found.for_wei)} for, {fml(found.against_wei)} against, {fml(found.abstain_wei)} abstain; "
            f"quorum {fml(found.quorum_wei)}"
        )
    return [*lines, f"    next: {_next(found, now)}"]


def require_stage(view: DaoView, number: int, proposal: Proposal, now: int, *needed: Stage) -> None:
    """Refuse a proposal that is at none of these stages; raises `WrongStage`."""
    stage = view.stage(proposal.number)
    if stage not in needed:
        wanted = "over" if needed[0].is_final else _STAGES[needed[0].name.lower()]
        stands = stage_words(view, proposal, stage, now)
        raise WrongStage(f"proposal {number}: {stands}; needed: {wanted}; see `fl-alliance dao status {number}`")


def stage_words(view: DaoView, proposal: Proposal, stage: Stage, now: int) -> str:
    """Return a proposal's stage in words, with how long it lasts."""
    return _STAGES[stage.name.lower()] + _left(_until(view, proposal, stage), now)


def does_words(does: list[str]) -> list[str]:
    """Return what calls do in lines."""
    return [f"  {words}" if words.startswith(ALARM) else f"  it {words}" for words in does]


def changed_words(changed: list[str]) -> list[str]:
    """Return in lines why a proposal's calls will not be made."""
    return [f"  {ALARM}{what} has changed since: none of this will be done; propose it anew" for what in changed]


def quoted(says: str) -> str:
    """Return a stranger's text in one line, without what would move a terminal's cursor, cut where it is long."""
    plain = " ".join("".join(each if each.isprintable() else " " for each in says).split())
    return f'"{plain[:_LONGEST]}{"..." if len(plain) > _LONGEST else ""}"'


_LONGEST = 300
_STAGES = {
    "pending": "in review",
    "active": "in its general meeting",
    "canceled": "taken back by its author",
    "defeated": "failed",
    "succeeded": "passed",
    "queued": "in the time lock",
    "expired": "expired: nobody executed it in time",
    "executed": "executed",
}


def _left(until: int | None, now: int) -> str:
    return f", for {duration(until - now)} more" if until is not None and until > now else ""


def _next(found: ProposalFacts, now: int) -> str:
    command, number = "fl-alliance dao", found.number
    if found.stage == "pending":
        if found.appeared != Appearance.NONE.name.lower():
            return f"wait; you have appeared as {found.appeared}"
        flag = f", or {command} flag {number} scam, or frivolous" if now < found.flags_until else ""
        return f"sign in with {command} attend {number}{flag}"
    if found.stage == "active":
        return "wait; you have voted" if found.has_voted else f"{command} vote {number} for, against or abstain"
    if found.stage == "succeeded":
        return f"{command} queue {number}; it expires {duration(LAPSE_S)} after its meeting"
    if found.stage == "queued":
        is_ready = found.until is None or found.until <= now
        execute = f"{command} execute {number}; it expires {duration(LAPSE_S)} after its time lock"
        return execute if is_ready else "wait for the time lock"
    return "nothing, it is over" if found.is_settled else f"{command} settle {number}: its stake goes where it belongs"


def _until(view: DaoView, proposal: Proposal, stage: Stage) -> int | None:
    if stage is Stage.PENDING:
        return proposal.review_ends_at
    if stage is Stage.ACTIVE:
        return view.vote_ends_at(proposal.number)
    return view.executable_at(proposal.number) if stage is Stage.QUEUED else None
