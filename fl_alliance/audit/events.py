"""The events and token transfers that a step must leave on the chain, by the rules alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.chain.committee import DIGEST_BYTES
from fl_alliance.chain.mirror import AllianceModel, settled_events
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.settlement import Line, Why
from fl_alliance.chain.steps import (
    Abandon,
    Cancel,
    CommitVote,
    CommitVotes,
    CreateCandidateTask,
    CreateTask,
    DrawVoters,
    Finish,
    Fund,
    LeaveTask,
    LeaveTaskWithSignature,
    OpenRound,
    ProveWithheld,
    Register,
    RegisterWithAuthorization,
    Settle,
    SettleMenu,
    SkipRound,
    SlashEquivocation,
    Start,
    Step,
    Withdraw,
    WithdrawCredit,
    WithdrawPool,
    WithdrawQueued,
)
from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.chain.vrf import Tag

Event = tuple[str, Mapping[str, Any]]
"""An event's name, and what the rules know about it: at least all that it tells."""
Transfer = tuple[str, str, int]
"""Sender, recipient and wei."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a step leaves on the chain: events of the Alliance, and transfers of FML, each in order."""

    events: tuple[Event, ...] = ()
    transfers: tuple[Transfer, ...] = ()


@dataclass(frozen=True, slots=True)
class Taking:
    """A step that is being taken: the models before and after it, and what it paid and took."""

    step: Any
    sender: str
    now: int
    before: AllianceModel
    after: AllianceModel
    lines: Sequence[Line]

    @property
    def was(self) -> TaskModel:
        """The task before the step."""
        return self.before.tasks[self.step.task]

    @property
    def model(self) -> TaskModel:
        """The task after the step."""
        return self.after.tasks[self.step.task]

    @property
    def contract(self) -> str:
        """The Alliance's own account."""
        return self.after.domain.contract

    def event(self, name: str, **values: Any) -> Event:
        """Return an event of the task."""
        return name, {"task": self.step.task, **values}

    def in_round(self, name: str, **values: Any) -> Event:
        """Return an event of the task's round before the step."""
        return self.event(name, round=self.was.round, **values)


def trace_of(taking: Taking) -> Trace:
    """Return what the step must leave on the chain."""
    handler = _HANDLERS.get(type(taking.step))
    return handler(taking) if handler is not None else Trace()


def _created(taking: Taking) -> Trace:
    step: CreateTask | CreateCandidateTask = taking.step
    event = ("TaskCreated", {"task": len(taking.after.tasks), "creator": taking.sender, "poolWei": step.pool_wei})
    return Trace((event,), _pulled(taking, taking.sender, step.pool_wei))


def _funded(taking: Taking) -> Trace:
    step: Fund = taking.step
    pool = taking.model.pool_gwei * WEI_PER_GWEI
    event = taking.event("TaskFunded", funder=taking.sender, amountWei=step.amount_wei, poolWei=pool)
    return Trace((event,), _pulled(taking, taking.sender, step.amount_wei))


def _registered(taking: Taking) -> Trace:
    step: Register | RegisterWithAuthorization = taking.step
    node = step.node if isinstance(step, RegisterWithAuthorization) else taking.sender
    event = taking.event(
        "Registered", node=node, vrfX=step.vrf_x, amountWei=step.amount_wei, fromRound=_from_round(taking)
    )
    return Trace((event,), ((node, taking.contract, step.amount_wei),))


def _left(taking: Taking) -> Trace:
    node = taking.was.roster.nodes[taking.step.member].address
    return Trace((taking.event("LeaveQueued", node=node, fromRound=_from_round(taking)),))


def _from_round(taking: Taking) -> int:
    """Return the round from which what was queued holds; 0 where it holds at once."""
    roster = taking.model.roster
    return roster.queue[roster.tail - 1].from_round if roster.tail > taking.was.roster.tail else 0


def _started(taking: Taking) -> Trace:
    return Trace((taking.event("TaskStarted", members=len(taking.was.roster.nodes), seed=taking.model.seed),))


def _ended(taking: Taking) -> Trace:
    return Trace((*_advanced(taking), *_finished(taking)))


def _opened(taking: Taking) -> Trace:
    ended = _finished(taking)  # where too few were left to draw
    return Trace((*_absent(taking), *_advanced(taking), *(ended or (_led(taking, "RoundOpened", Tag.PROPOSERS),))))


def _voters_drawn(taking: Taking) -> Trace:
    return Trace((*_absent(taking), _led(taking, "VotersDrawn", Tag.VOTERS)))


def _led(taking: Taking, name: str, tag: Tag) -> Event:
    lead = taking.model.committee.leads[tag]
    return taking.in_round(name, leader=lead.member, rank=lead.rank, seed=taking.model.seed)


def _skipped(taking: Taking) -> Trace:
    phase = int(taking.was.phase(taking.now))
    skipped = taking.in_round("RoundSkipped", phase=phase, seed=taking.model.seed)
    return Trace((*_absent(taking), skipped, *_finished(taking)))


def _committed(taking: Taking) -> Trace:
    step: CommitVotes = taking.step
    event = taking.event("VotesCommitted", ballot=step.digest[:DIGEST_BYTES], complete=step.is_complete)
    return Trace((event,))


def _vote_committed(taking: Taking) -> Trace:
    step: CommitVote = taking.step
    standing = int(taking.model.committee.standing(step.member))
    event = taking.in_round("VoteCommitted", member=step.member, commitment=step.commitment, standing=standing)
    return Trace((event,))


def _withheld(taking: Taking) -> Trace:
    step: ProveWithheld = taking.step
    shown = dict.fromkeys(step.pairs[one.position].member for one in step.evidence)
    before, after = taking.was.committee, taking.model.committee
    marked = tuple(member for member in shown if before.standing(member) is not after.standing(member))
    return Trace((taking.in_round("VotesWithheld", members=marked),))


def _settled(taking: Taking) -> Trace:
    events = (taking.in_round(name, **values) for name, values in settled_events(taking.model))
    return Trace((*events, *_finished(taking)))


def _equivocated(taking: Taking) -> Trace:
    step: SlashEquivocation = taking.step
    event = taking.event(
        "EquivocationSlashed",
        round=step.round,
        member=step.member,
        kind=int(step.kind),
        slashedGwei=_taken(taking.lines),
    )
    return Trace((event,))


def _withdrawn(taking: Taking) -> Trace:
    account, amount = _payee(taking)
    wei = amount * WEI_PER_GWEI
    return Trace((("Withdrawn", {"account": account, "amountWei": wei}),), ((taking.contract, account, wei),))


def _payee(taking: Taking) -> tuple[str, int]:
    """Return who is paid by a withdrawal, and how many gwei."""
    step = taking.step
    match step:
        case Withdraw():
            was, member = taking.was, step.member
            return was.roster.nodes[member].address, was.balances[member] + was.record(member).escrow_gwei
        case WithdrawQueued():
            waiting = taking.was.roster.queue[step.position]
            return waiting.node.address, waiting.amount_gwei
        case WithdrawPool():
            return taking.was.creator, taking.was.pool_gwei
        case _:
            return step.account, taking.before.credits[step.account]


def _absent(taking: Taking) -> tuple[Event, ...]:
    lost = [line for line in taking.lines if line.reason.why is Why.ABSENT_LEADER]
    if not lost:
        return ()
    leaders = tuple(line.member for line in lost)
    return (taking.in_round("LeadersAbsent", leaders=leaders, lostGwei=_taken(lost)),)


def _advanced(taking: Taking) -> tuple[Event, ...]:
    """Return the event of the joins and leaves that took effect, if any did."""
    worked_off = len(taking.was.roster.queue) - len(taking.model.roster.queue)
    if not worked_off:
        return ()
    roster = taking.model.roster
    head = roster.tail - len(roster.queue)
    return (taking.in_round("QueueAdvanced", queueHead=head, members=len(roster.nodes)),)


def _finished(taking: Taking) -> tuple[Event, ...]:
    if taking.model.stored_phase is not Phase.FINISHED:
        return ()
    return (taking.in_round("TaskFinished", poolGwei=taking.model.pool_gwei),)


def _pulled(taking: Taking, payer: str, amount_wei: int) -> tuple[Transfer, ...]:
    return ((payer, taking.contract, amount_wei),) if amount_wei else ()


def _taken(lines: Sequence[Line]) -> int:
    return -sum(line.total_gwei for line in lines if line.total_gwei < 0)


_HANDLERS: dict[type[Step], Callable[[Taking], Trace]] = {
    CreateTask: _created,
    CreateCandidateTask: _created,
    Fund: _funded,
    Register: _registered,
    RegisterWithAuthorization: _registered,
    LeaveTask: _left,
    LeaveTaskWithSignature: _left,
    Start: _started,
    Cancel: _ended,
    Finish: _ended,
    Abandon: _ended,
    OpenRound: _opened,
    DrawVoters: _voters_drawn,
    SkipRound: _skipped,
    CommitVotes: _committed,
    CommitVote: _vote_committed,
    ProveWithheld: _withheld,
    Settle: _settled,
    SettleMenu: _settled,
    SlashEquivocation: _equivocated,
    Withdraw: _withdrawn,
    WithdrawQueued: _withdrawn,
    WithdrawPool: _withdrawn,
    WithdrawCredit: _withdrawn,
}
