"""What a step would do if it were sent now: what it pays and takes, why it is refused, what could be held against whom.

A member asks here before it signs or sends: nothing leaves, and the model that it asks stays as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fl_alliance.chain.ballot import require_ballot, require_signer
from fl_alliance.chain.batches import RevealedVote
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.judging import VoteStep
from fl_alliance.chain.messages import Commitment, Proposal
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.settlement import Line, slash_amount
from fl_alliance.chain.steps import CommitVote, Propose, ProveWithheld, Statement, TaskStep


@dataclass(frozen=True, slots=True)
class Exposure:
    """A second, different statement that a member signed on one matter: whoever shows both takes all it has.

    `loss_gwei` is its balance and escrow.
    """

    member: int
    kind: Statement
    loss_gwei: int


@dataclass(frozen=True, slots=True)
class Duty:
    """What a member owes once the step is taken: to reveal its vote by second `until_at`, or lose `loss_gwei`."""

    member: int
    until_at: int
    loss_gwei: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would come of a step.

    Attributes
    ----------
    lines : tuple of Line
        What it pays and takes at once, with reasons; nothing where it is refused.
    refusal : ChainError or None
        Why the contract would refuse it.
    exposures : tuple of Exposure
        Whom it shows to have signed two different statements, refused or not: what is sent is public.
    duties : tuple of Duty
        What it binds members to.
    """

    lines: tuple[Line, ...]
    refusal: ChainError | None
    exposures: tuple[Exposure, ...]
    duties: tuple[Duty, ...]

    @property
    def is_slashable(self) -> bool:
        """Whether somebody loses by it at once, or can be made to by whoever has seen it."""
        return bool(self.exposures) or any(line.total_gwei < 0 for line in self.lines)


def forecast(model: TaskModel, step: TaskStep, now: int, sender: str) -> Forecast:
    """Return what would come of `sender` taking a step at second `now`."""
    lines: tuple[Line, ...] = ()
    refusal: ChainError | None = None
    try:
        lines = model.copy().apply(step, now, sender)
    except ChainError as reason:
        refusal = reason
    exposures = tuple(
        Exposure(member, kind, _held(model, member)) for member, kind in _contradicted(model, step, refusal is None)
    )
    duties = tuple(_duties(model, step)) if refusal is None else ()
    return Forecast(lines, refusal, exposures, duties)


def _held(model: TaskModel, member: int) -> int:
    return model.balances[member] + model.record(member).escrow_gwei


def _duties(model: TaskModel, step: TaskStep) -> Iterator[Duty]:
    ballot = model.committee.ballot
    if isinstance(step, CommitVote) and ballot is not None:
        params = model.params
        slash = slash_amount(model.balances[step.member], params.slash_bps, params.slash_gwei)
        loss = slash + model.record(step.member).escrow_gwei
        yield Duty(step.member, ballot.evidence_start(params), loss)


def _contradicted(model: TaskModel, step: TaskStep, is_taken: bool) -> Iterator[tuple[int, Statement]]:
    """Yield whose statements in a step differ from those on record, and what kind they are."""
    committee = model.committee
    match step:
        case Propose():
            for one in step.proposals:
                recorded = committee.updates.get(one.member, one.update)
                message = Proposal(model.task, model.round, one.update)
                if recorded != one.update and _is_signed(model, message, one.member, one.signature):
                    yield one.member, Statement.PROPOSAL
        case CommitVote():
            promised = committee.own.get(step.member, step.commitment)
            if promised != step.commitment and _is_promise(model, step):
                yield step.member, Statement.COMMITMENT
        case ProveWithheld() if is_taken:
            for evidence in step.evidence:
                pair = step.pairs[evidence.position]
                if committee.own.get(pair.member, pair.commitment) != pair.commitment:
                    yield pair.member, Statement.COMMITMENT
        case _:
            if isinstance(step, VoteStep) and is_taken:
                yield from _second_votes(model, step)


def _is_signed(model: TaskModel, message: Proposal | Commitment, member: int, signature: bytes) -> bool:
    try:
        require_signer(message, model.domain, model.roster.nodes, member, signature)
    except Refused:
        return False
    return True


def _is_promise(model: TaskModel, step: CommitVote) -> bool:
    """Return whether the commitment is signed, and to the ballot that the one on record is for."""
    ballot = model.committee.ballot
    if ballot is None:
        return False
    try:
        require_ballot(model.task, ballot, step.motion, step.list_hash)
    except Refused:
        return False
    message = Commitment(model.task, model.round, step.motion, step.commitment)
    return _is_signed(model, message, step.member, step.signature)


def _second_votes(model: TaskModel, step: VoteStep) -> Iterator[tuple[int, Statement]]:
    """Yield who has revealed another vote before; the contract passes over the second."""
    committee, paper = model.committee, model.judging.paper(step, model.committee)
    for record in model.vote_records(step):
        if not isinstance(record, RevealedVote) or record.member not in committee.scores:
            continue
        try:
            scores, contributions, _ = paper.read(record)
            message = record.message(model.task, model.round, paper.motion)
            require_signer(message, model.domain, model.roster.nodes, record.member, record.signature)
        except Refused:
            continue
        if (scores, contributions) != (committee.scores[record.member], committee.contributions[record.member]):
            yield record.member, Statement.VOTE
