"""A task as a pure state machine: what the contract does, step by step, from the rules alone.

`TaskModel.apply(step, now, sender)` checks everything that the contract checks, proofs and signatures included, and
raises the same error where something does not hold. Ledgers keep one beside the chain to know roles, leaders and
payouts without asking; tests drive it beside the contract and compare; the audit runs it over a whole chain.

What only the token knows is not modelled: balances, allowances and used authorizations of accounts outside the task.
"""

from collections.abc import Callable
from typing import Any

from fl_alliance.chain.alliance_refusals import (
    BadBatch,
    NotAllowed,
    NothingThere,
    NotMember,
    SameStatement,
    WrongPhase,
    WrongStanding,
)
from fl_alliance.chain.ballot import require_ballot, require_signer
from fl_alliance.chain.board import gwei
from fl_alliance.chain.committee import DIGEST_BYTES, Ballot, Committee
from fl_alliance.chain.judging import Purse, SettlingStep, Verdict, VoteStep
from fl_alliance.chain.membership import Membership
from fl_alliance.chain.messages import Commitment, Proposal, Scores, Vote
from fl_alliance.chain.rules import seeds
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.draw import MAX_LEADERS, draw
from fl_alliance.chain.rules.penalties import absent_leaders, equivocation_line
from fl_alliance.chain.rules.settlement import Line, slash_amount
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.steps import (
    Abandon,
    Cancel,
    CommitVote,
    CommitVotes,
    DrawVoters,
    Finish,
    Fund,
    LeaveTask,
    LeaveTaskWithSignature,
    OpenRound,
    Propose,
    ProveWithheld,
    Register,
    RegisterWithAuthorization,
    RevealScores,
    RevealVotes,
    Settle,
    SettleMenu,
    SkipRound,
    SlashEquivocation,
    Start,
    Statement,
    TaskStep,
    Withdraw,
    WithdrawPool,
    WithdrawQueued,
)
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Tag

ABANDONED_S = 7 * 86_400
"""Seconds without progress, beyond all the times of a round, after which a task can be ended."""


class TaskModel(Membership):
    """One task that takes steps; the base classes hold what stands after them."""

    def apply(self, step: TaskStep, now: int, sender: str) -> tuple[Line, ...]:
        """Take a step at second `now` and return what it paid and took.

        Where it raises, the model is left in between: apply to a copy what may fail.

        Raises
        ------
        Refused
            The step does not hold, for the reason that the contract gives too.
        VrfInvalid
            Its VRF proof does not hold.
        """
        self._step_lines = []
        _HANDLERS[type(step)](self, step, now, sender)
        return tuple(self._step_lines)

    # a task's life

    def _fund(self, step: Fund, now: int, sender: str) -> None:
        self._require_running()
        self.pool_gwei += gwei(step.amount_wei)

    def _start(self, step: Start, now: int, sender: str) -> None:
        self._require_phase(Phase.REGISTRATION, now)
        members = len(self.roster.nodes)
        self._require_enough(members)
        if sender not in (self.creator, self.params.relayer):
            self._require_from(now, self.phase_at + self.params.registration_s)
        self.stored_phase, self.phase_at, self.round = Phase.IDLE, now, 1

    def _cancel(self, step: Cancel, now: int, sender: str) -> None:
        self._require_phase(Phase.REGISTRATION, now)
        self._require_from(now, self.phase_at + self.params.registration_s)
        self._require_too_few(len(self.roster.nodes))
        self._finish_at(now)

    # a round

    def _open_round(self, step: OpenRound, now: int, sender: str) -> None:
        self._require_phase(Phase.IDLE, now)
        self._require_anybody()
        lead, beta = self._lead(Tag.PROPOSERS, step.proof, now)
        self.lines = []
        self._penalise(lead.absent)
        self._admit()
        seats = self.roster.seats()
        able = sum(1 for held in seats if held)
        if able < self.params.proposers + self.params.voters:
            self._finish_at(now)
            return
        self.committee = Committee(self.round, seats, leads={Tag.PROPOSERS: lead}, seed=beta)
        self.committee.give(draw(beta, Tag.PROPOSERS, seats, self.params.proposers), Standing.SILENT_PROPOSER)
        self.seed, self.stored_phase, self.phase_at = beta, Phase.PROPOSING, now + self.params.propose_s

    def _finish(self, step: Finish, now: int, sender: str) -> None:
        self._require_phase(Phase.IDLE, now)
        self._admit()
        self._require_too_few(sum(1 for held in self.roster.seats() if held))
        self._finish_at(now)

    def _skip_round(self, step: SkipRound, now: int, sender: str) -> None:
        phase = self.phase(now)
        if phase is Phase.IDLE:
            self._require_from(now, self.skip_at())
            self._require_anybody()
            self.lines, self.committee = [], Committee(self.round)
            self._penalise(absent_leaders(self.seed, Tag.PROPOSERS, MAX_LEADERS, self.roster.seats()))
        elif phase is Phase.COMMITTING:
            self._require_from(now, self.committee.commit_end or 0)
        elif phase in (Phase.PROPOSING, Phase.LOCKED):
            self._skip_proposals(now)
        elif phase is Phase.REVEALING:
            self._require_from(now, self._revealing(now).unread_end(self.params))
        else:
            raise WrongPhase(self.task, phase)
        self.seed = seeds.void_seed(self.seed, self.round)
        self.settlement = None
        self._end_round(Outcome.VOID, now)

    def _skip_proposals(self, now: int) -> None:
        """Pass over a round that nobody proposed in or, with proposals, that nobody drew voters for or settled."""
        self._require_from(now, self.phase_at)
        if not self.committee.updates:
            return
        if self.params.voters == 0:
            self._require_from(now, self.phase_at + self.params.commit_s)
            return
        self._require_from(now, self.skip_at())
        self._penalise(absent_leaders(self.seed, Tag.VOTERS, MAX_LEADERS, self.line_seats(Tag.VOTERS)))

    def _propose(self, step: Propose, now: int, sender: str) -> None:
        if self.stored_phase is not Phase.PROPOSING:
            raise WrongPhase(self.task, self.stored_phase)
        self._require_before(now, self.phase_at)
        length = 98 * len(step.proposals)
        if not step.proposals:
            raise BadBatch(length)
        for one in step.proposals:
            if one.member >= len(self.roster.nodes):
                raise BadBatch(length)
            standing = self.committee.standing(one.member)
            if standing is Standing.PROPOSED:
                continue
            if standing is not Standing.SILENT_PROPOSER:
                raise WrongStanding(one.member, standing)
            message = Proposal(self.task, self.round, one.update)
            require_signer(message, self.domain, self.roster.nodes, one.member, one.signature)
            self.committee.updates[one.member] = one.update
            self.committee.standings[one.member] = Standing.PROPOSED
        proposed, drawn = len(self.committee.updates), len(self.committee.proposers)
        if self.params.grace_s and self.params.quorum <= proposed < drawn and len(step.proposals) < drawn:
            self.phase_at = min(self.phase_at, now + self.params.grace_s)

    def _draw_voters(self, step: DrawVoters, now: int, sender: str) -> None:
        self._require_phase(Phase.LOCKED, now)
        if self.params.voters == 0 or not self.committee.updates:
            raise WrongPhase(self.task, Phase.LOCKED)
        seats = self.line_seats(Tag.VOTERS)
        lead, beta = self._lead(Tag.VOTERS, step.proof, now)
        self._penalise(lead.absent)
        self.committee.leads[Tag.VOTERS] = lead
        self.committee.give(draw(beta, Tag.VOTERS, seats, self.params.voters), Standing.SILENT_VOTER)
        self.seed, self.committee.commit_end = beta, now + self.params.commit_s
        self.ballot_at = self.list_until = self.committee.commit_end

    def _commit_votes(self, step: CommitVotes, now: int, sender: str) -> None:
        if self.list_until is None:
            raise WrongPhase(self.task, self.phase(now))
        if sender != self.params.relayer:
            raise NotAllowed(sender, self.params.relayer)
        self._require_before(now, self.list_until)
        omit_end, self.list_until = self.list_until + self.params.commit_s, None
        if self.params.grace_s and not step.is_complete:
            omit_end = min(omit_end, now + self.params.grace_s)
            self.ballot_at = omit_end - self.params.commit_s
        self.committee.ballot = Ballot(step.digest[:DIGEST_BYTES], step.is_complete, omit_end)

    def _commit_vote(self, step: CommitVote, now: int, sender: str) -> None:
        ballot = self._revealing(now)
        self._require_before(now, ballot.omit_end)
        require_ballot(self.task, ballot, step.motion, step.list_hash)
        standing = self.committee.standing(step.member)
        if standing is not Standing.SILENT_VOTER:
            raise WrongStanding(step.member, standing)
        message = Commitment(self.task, self.round, step.motion, step.commitment)
        require_signer(message, self.domain, self.roster.nodes, step.member, step.signature)
        self.committee.own[step.member] = step.commitment
        self.committee.standings[step.member] = Standing.LATE if ballot.is_complete else Standing.COMMITTED

    def _reveal_votes(self, step: RevealVotes | RevealScores, now: int, sender: str) -> None:
        self._read(step, now)

    def _read(self, step: VoteStep, now: int) -> tuple[Ballot, bool]:
        """Record the votes of a step; return the ballot, and whether everything listed is now revealed."""
        ballot = self._revealing(now)
        if not ballot.is_complete:
            self._require_from(now, ballot.omit_end)
        paper, records = self.judging.paper(step, self.committee), self.judging.records(step, self.committee)
        reading = self._reader().read(paper, records, self.judging.length(step))
        return ballot, reading.is_whole and reading.open_ == 0

    def _prove_withheld(self, step: ProveWithheld, now: int, sender: str) -> None:
        ballot = self._revealing(now)
        self._require_from(now, ballot.evidence_start(self.params))
        self._require_before(now, ballot.evidence_end(self.params))
        self._reader().accuse(step.motion, step.pairs, step.evidence)

    def _settle(self, step: SettlingStep, now: int, sender: str) -> None:
        phase = self.phase(now)
        if self.params.voters == 0 and phase is Phase.LOCKED:
            if sender != self.params.relayer:
                raise NotAllowed(sender, self.params.relayer)
            if not self.committee.updates:
                raise WrongPhase(self.task, phase)
        else:
            ballot, is_revealed = self._read(step, now)
            self._require_due(ballot, is_revealed, now)
        rounds_left = self.params.rounds - self.round + 1
        held = {member: self.balances[member] for member in self.standings}
        purse = Purse(self.pool_gwei, rounds_left, held, self.records, self.prior)
        verdict = self.judging.settle(step, self.committee, purse)
        self._carry_out(verdict, sender)
        self._end_round(verdict.settlement.outcome, now)

    def _carry_out(self, verdict: Verdict, sender: str) -> None:
        """Pay and slash, and keep what later rounds need of the verdict."""
        result, is_judged = verdict.settlement, self.params.voters > 0
        for line in result.lines:
            self._book(line)
        self._credit(sender, result.bounty_gwei)
        self.pool_gwei, self.settlement = result.pool_gwei, result
        if result.judgement is not None:
            self.records |= result.judgement.records
            self.prior = result.judgement.prior
        self.named = verdict.model
        self.stale_previous = verdict.previous if is_judged and verdict.previous != self.model else None
        if result.outcome is Outcome.ACCEPTED:
            self.model = verdict.model

    def _slash_equivocation(self, step: SlashEquivocation, now: int, sender: str) -> None:
        self._require_running()
        if self.stored_phase is Phase.IDLE:
            raise WrongPhase(self.task, Phase.IDLE)
        if step.member >= len(self.roster.nodes):
            raise NotMember(self.task, step.member, ZERO_ADDRESS)
        if step.first == step.second:
            raise SameStatement(step.member)
        for value, signature in ((step.first, step.first_signature), (step.second, step.second_signature)):
            require_signer(self._statement(step, value), self.domain, self.roster.nodes, step.member, signature)
        balance, escrow = self.balances[step.member], self.record(step.member).escrow_gwei
        if balance + escrow == 0:
            raise NothingThere
        self._book(equivocation_line(step.member, self.committee.standing(step.member), balance, escrow))
        bounty = slash_amount(balance + escrow, self.params.bounty_bps)
        self._credit(sender, bounty)
        self.pool_gwei += balance + escrow - bounty

    def _statement(self, step: SlashEquivocation, value: bytes) -> Proposal | Commitment | Vote | Scores:
        """Return the message that a value of this kind stands for."""
        if step.kind is Statement.PROPOSAL:
            return Proposal(step.task, step.round, value)
        if step.kind is Statement.COMMITMENT:
            return Commitment(step.task, step.round, step.motion, value)
        return self.judging.statement(step, value)

    # the end

    def _abandon(self, step: Abandon, now: int, sender: str) -> None:
        self._require_running()
        p = self.params
        times = p.registration_s + p.propose_s + 2 * p.commit_s + 2 * p.reveal_s + p.evidence_s
        since = max(self.phase_at, self.ballot_at)
        self._require_from(now, since + MAX_LEADERS * p.leader_s + times + ABANDONED_S)
        self._finish_at(now)

    def _withdraw(self, step: Withdraw, now: int, sender: str) -> None:
        self._require_phase(Phase.FINISHED, now)
        if step.member >= len(self.balances) or self.balances[step.member] + self._take_escrow(step.member) == 0:
            raise NothingThere
        self.balances[step.member] = 0

    def _withdraw_queued(self, step: WithdrawQueued, now: int, sender: str) -> None:
        self._require_phase(Phase.FINISHED, now)
        waiting = self.roster.queue.get(step.position)
        if waiting is None or waiting.amount_gwei == 0:
            raise NothingThere
        del self.roster.queue[step.position]

    def _withdraw_pool(self, step: WithdrawPool, now: int, sender: str) -> None:
        self._require_phase(Phase.FINISHED, now)
        if self.pool_gwei == 0:
            raise NothingThere
        self.pool_gwei = 0


_HANDLERS: dict[type[TaskStep], Callable[[TaskModel, Any, int, str], None]] = {
    Fund: TaskModel._fund,
    Register: TaskModel._register,
    RegisterWithAuthorization: TaskModel._register_with_authorization,
    LeaveTask: TaskModel._leave,
    LeaveTaskWithSignature: TaskModel._leave_with_signature,
    Start: TaskModel._start,
    Cancel: TaskModel._cancel,
    OpenRound: TaskModel._open_round,
    Finish: TaskModel._finish,
    SkipRound: TaskModel._skip_round,
    Propose: TaskModel._propose,
    DrawVoters: TaskModel._draw_voters,
    CommitVotes: TaskModel._commit_votes,
    CommitVote: TaskModel._commit_vote,
    RevealVotes: TaskModel._reveal_votes,
    RevealScores: TaskModel._reveal_votes,
    ProveWithheld: TaskModel._prove_withheld,
    Settle: TaskModel._settle,
    SettleMenu: TaskModel._settle,
    SlashEquivocation: TaskModel._slash_equivocation,
    Abandon: TaskModel._abandon,
    Withdraw: TaskModel._withdraw,
    WithdrawQueued: TaskModel._withdraw_queued,
    WithdrawPool: TaskModel._withdraw_pool,
}
