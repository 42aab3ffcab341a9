"""A task's state as the rules see it: what is stored, what follows from it, and the checks that steps share."""

from dataclasses import replace
from typing import Self

from fl_alliance.chain.alliance_refusals import (
    EnoughMembers,
    NotWholeGwei,
    TooEarly,
    TooFewMembers,
    TooLate,
    WrongPhase,
)
from fl_alliance.chain.ballot import VoteReader
from fl_alliance.chain.batches import VoteRecord
from fl_alliance.chain.committee import Ballot, Committee, Lead
from fl_alliance.chain.judging import Judging, VoteStep, judging
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.roster import Roster
from fl_alliance.chain.rules import seeds
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.draw import MAX_LEADERS, leader
from fl_alliance.chain.rules.penalties import absence_line, absent_leaders
from fl_alliance.chain.rules.settlement import Line, Settlement
from fl_alliance.chain.types import WEI_PER_GWEI, CandidateTerms, Phase, Record, Standing, TaskParams
from fl_alliance.chain.vrf import Proof, Tag, alpha, verify


def gwei(amount_wei: int) -> int:
    """Return an amount in whole gwei.

    Raises
    ------
    NotWholeGwei
    """
    if amount_wei % WEI_PER_GWEI:
        raise NotWholeGwei(amount_wei)
    return amount_wei // WEI_PER_GWEI


class TaskBoard:
    """One task as it stands after the steps applied so far.

    Attributes
    ----------
    round : int
        The round that runs or, between rounds, the next one to open; 0 before the start.
    phase_at : int
        Second since which the task registers, waits between rounds or is finished; while a round runs, the end of its
        proposals.
    seed : bytes
        What the next leader proves over.
    model : bytes
        Digest of the model that the last accepted round left.
    named : bytes
        Digest of the model that the last settlement named, adopted or not.
    stale_previous : bytes or None
        What the last settled round was judged against where that was not the model adopted then: the relayer had put
        another old model to the vote. None where all was right.
    roster : Roster
        Members and their balances.
    committee : Committee
        The running round or, between rounds, the one before.
    judging : Judging
        The rule of the task's contract.
    records : dict of int to Record
        What is known of members from their rounds; who has none yet is missing. Always empty by majority.
    prior : tuple of int or None
        By how much each candidate beat the old model in the last judged round; None before there was one.
    lines : list of Line
        What members gained and lost since the running round began to open, with reasons.
    settlement : Settlement or None
        Of the last round that was settled.
    last_outcome : Outcome
        Of the last round that ended.
    accepted_at : int
        Second at which a round was accepted last; 0: none was.
    list_until : int or None
        Second from which the list of commitments that the relayer owes, or owed to a round since skipped, is too late;
        None where it owes none.
    ballot_at : int
        End of the time that the relayer last had for a list.
    credits : dict of str to int
        What accounts can withdraw beside balances, in gwei; shared by the tasks of one contract.
    """

    def __init__(
        self,
        domain: Domain,
        fml: Domain,
        task: int,
        creator: str,
        params: TaskParams,
        pool_gwei: int,
        now: int,
        credits_: dict[str, int],
        terms: CandidateTerms | None = None,
    ) -> None:
        self.domain, self.fml, self.task, self.creator, self.params = domain, fml, task, creator, params
        self.stored_phase, self.phase_at, self.round = Phase.REGISTRATION, now, 0
        self.seed = seeds.task_seed(domain.contract, domain.chain_id, task)
        self.pool_gwei, self.model, self.credits = pool_gwei, params.initial_model, credits_
        self.named = params.initial_model
        self.stale_previous: bytes | None = None
        self.judging: Judging = judging(params, terms)
        self.roster = Roster(task, params.min_stake_gwei)
        self.records: dict[int, Record] = {}
        self.prior: tuple[int, ...] | None = None
        self.committee = Committee(0)
        self.list_until: int | None = None
        self.ballot_at = 0
        self.lines: list[Line] = []
        self.settlement: Settlement | None = None
        self.last_outcome = Outcome.NONE
        self.accepted_at = 0
        self._step_lines: list[Line] = []

    def copy(self) -> Self:
        """Return an independent copy, to try steps on."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.roster, twin.committee = self.roster.copy(), self.committee.copy()
        twin.lines, twin.credits = self.lines[:], dict(self.credits)
        twin.records = dict(self.records)
        return twin

    # what is known

    @property
    def balances(self) -> list[int]:
        """Each member's balance in gwei."""
        return self.roster.balances

    @property
    def terms(self) -> CandidateTerms | None:
        """What the creator fixed beside the parameters; None by majority."""
        return self.judging.terms

    @property
    def averages(self) -> dict[int, int]:
        """Of members that have proposed: their average contribution, in ten-thousandths of a round."""
        return {member: record.average for member, record in self.records.items()}

    @property
    def evidence(self) -> dict[int, int]:
        """Of members that have proposed: the evidence against them, in sixteenths of a robust z."""
        return {member: record.evidence for member, record in self.records.items()}

    @property
    def escrow(self) -> dict[int, int]:
        """Of members that have proposed: what they have earned and not been paid yet, in gwei."""
        return {member: record.escrow_gwei for member, record in self.records.items()}

    @property
    def held_gwei(self) -> int:
        """What the contract holds for this task: balances, escrows, queued stakes and pool."""
        return sum(self.balances) + sum(self.escrow.values()) + self.roster.queued_gwei + self.pool_gwei

    @property
    def standings(self) -> dict[int, Standing]:
        """What each drawn member is in the running or last round, ascending by member."""
        return self.committee.standings

    def record(self, member: int) -> Record:
        """Return what is known of a member from its rounds."""
        return self.records.get(member, Record())

    def vote_records(self, step: VoteStep) -> tuple[VoteRecord, ...]:
        """Return the vote records of a step of the running or last round; raises `Refused` if they cannot be read."""
        return tuple(self.judging.records(step, self.committee))

    def phase(self, now: int) -> Phase:
        """Return the phase at second `now`; some follow from time and messages alone."""
        if self.stored_phase is not Phase.PROPOSING:
            return self.stored_phase
        if self.committee.commit_end is not None:
            return Phase.COMMITTING if self.committee.ballot is None else Phase.REVEALING
        waits = Standing.SILENT_PROPOSER in self.standings.values()
        return Phase.PROPOSING if waits and now < self.phase_at else Phase.LOCKED

    def line_seats(self, tag: Tag) -> list[int]:
        """Return the seats that the leader line of a draw runs over, by member; 0 for who cannot lead."""
        if tag is Tag.PROPOSERS:
            return self.roster.seats()
        return [0 if member in self.standings else seats for member, seats in enumerate(self.committee.seats)]

    def leader(self, tag: Tag, rank: int) -> int | None:
        """Return the member that leads a draw at this rank; None where nobody holds a seat."""
        seats = self.line_seats(tag)
        return leader(self.seed, tag, rank, seats) if any(seats) else None

    def rank(self, now: int) -> int:
        """Return the rank whose turn it is at second `now`; the last one's does not end before a skip."""
        passed = max(0, now - self.phase_at) // self.params.leader_s
        return min(passed, MAX_LEADERS - 1)

    def skip_at(self) -> int:
        """Return the second from which the leader line of the present draw can be passed over."""
        return self.phase_at + MAX_LEADERS * self.params.leader_s

    def deadline(self, now: int) -> int:
        """Return the second from which the present phase can be ended without those whom it waits for."""
        ballot = self.committee.ballot
        match self.phase(now):
            case Phase.REGISTRATION:
                return self.phase_at + self.params.registration_s
            case Phase.PROPOSING:
                return self.phase_at
            case Phase.LOCKED if self.params.voters == 0:
                return self.phase_at + self.params.commit_s
            case Phase.IDLE | Phase.LOCKED:
                return self.skip_at()
            case Phase.COMMITTING:
                return self.committee.commit_end or 0
            case Phase.REVEALING if ballot is not None:
                accused = Standing.WITHHELD in self.standings.values()
                return ballot.answer_end(self.params) if accused else ballot.evidence_end(self.params)
            case _:
                return now

    def alpha(self, tag: Tag, member: int) -> bytes:
        """Return what the member must prove to make this draw now."""
        node = self.roster.nodes[member].address
        return alpha(self.domain.contract, self.domain.chain_id, tag, self.task, self.round, node, self.seed)

    # what several steps share

    @property
    def committee_size(self) -> int:
        """Members that a round draws in all."""
        return self.params.proposers + self.params.voters

    def _lead(self, tag: Tag, proof: Proof, now: int) -> tuple[Lead, bytes]:
        """Verify the proof of the leader whose turn it is; return who led and its output, the next seed."""
        rank, seats = self.rank(now), self.line_seats(tag)
        member = leader(self.seed, tag, rank, seats)
        beta = verify(self.roster.nodes[member].vrf_x, self.alpha(tag, member), proof)
        return Lead(member, rank, absent_leaders(self.seed, tag, rank, seats)), beta

    def _penalise(self, absent: tuple[int, ...]) -> None:
        for member in absent:
            line = absence_line(member, self.balances[member], self.params.absence_bps)
            self._book(line)
            self.pool_gwei -= line.delta_gwei

    def _book(self, line: Line) -> None:
        self.balances[line.member] += line.delta_gwei
        if line.escrow_gwei:
            record = self.record(line.member)
            self.records[line.member] = replace(record, escrow_gwei=record.escrow_gwei + line.escrow_gwei)
        self.lines.append(line)
        self._step_lines.append(line)

    def _credit(self, account: str, amount_gwei: int) -> None:
        if amount_gwei:
            self.credits[account] = self.credits.get(account, 0) + amount_gwei

    def _take_escrow(self, member: int) -> int:
        """Return a member's escrow, which is then empty."""
        record = self.record(member)
        if record.escrow_gwei:
            self.records[member] = replace(record, escrow_gwei=0)
        return record.escrow_gwei

    def _reader(self) -> VoteReader:
        return VoteReader(self.domain, self.task, self.roster.nodes, self.committee)

    def _end_round(self, result: Outcome, now: int) -> None:
        self.last_outcome = result
        if result is Outcome.ACCEPTED:
            self.accepted_at = now
        if self.round == self.params.rounds:
            self._finish_at(now)
        else:
            self.stored_phase, self.phase_at, self.round = Phase.IDLE, now, self.round + 1

    def _finish_at(self, now: int) -> None:
        self.stored_phase, self.phase_at = Phase.FINISHED, now

    def _revealing(self, now: int) -> Ballot:
        self._require_phase(Phase.REVEALING, now)
        if self.committee.ballot is None:
            raise WrongPhase(self.task, Phase.COMMITTING)
        return self.committee.ballot

    def _require_running(self) -> None:
        if self.stored_phase is Phase.FINISHED:
            raise WrongPhase(self.task, Phase.FINISHED)

    def _require_phase(self, needed: Phase, now: int) -> None:
        if self.phase(now) is not needed:
            raise WrongPhase(self.task, self.phase(now))

    def _require_from(self, now: int, from_: int) -> None:
        if now < from_:
            raise TooEarly(self.task, now, from_)

    def _require_before(self, now: int, until: int) -> None:
        if now >= until:
            raise TooLate(self.task, now, until)

    def _require_due(self, ballot: Ballot, is_revealed: bool, now: int) -> None:
        """Refuse to settle while somebody drawn may still reveal."""
        held = self.standings.values()
        late = any(standing in (Standing.LATE, Standing.LATE_YES, Standing.LATE_NO) for standing in held)
        if not late and sum(standing.is_yes or standing.is_no for standing in held) >= self.params.voters:
            return
        if is_revealed and not any(standing in (Standing.COMMITTED, Standing.LATE) for standing in held):
            due = ballot.omit_end
        elif Standing.WITHHELD in held:
            due = ballot.answer_end(self.params)
        else:
            due = ballot.evidence_end(self.params)
        self._require_from(now, due)

    def _require_anybody(self) -> None:
        """Refuse where nobody holds a seat, so that there is no leader line."""
        if not any(self.roster.seats()):
            raise TooFewMembers(self.task, 0, self.committee_size)

    def _require_enough(self, able: int) -> None:
        if able < self.committee_size:
            raise TooFewMembers(self.task, able, self.committee_size)

    def _require_too_few(self, able: int) -> None:
        if able >= self.committee_size:
            raise EnoughMembers(self.task, able, self.committee_size)
