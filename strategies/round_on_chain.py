"""One round as the chain sees it: what to send next, whom to ask for it, and what to do when nobody answers.

Everything that is decided is read from the task's model, which the ledger keeps in step with the contract. Each
method does nothing where the chain is already past it, so a run that was interrupted goes through the same calls.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flwr.app import Message

from fl_alliance.chain.alliance_refusals import TooLate
from fl_alliance.chain.ballot import ballot_hash
from fl_alliance.chain.batches import Evidence, Listed, SignedProposal, VoteRecord, list_hash, pack_list
from fl_alliance.chain.committee import DIGEST_BYTES
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.reasons import by_member
from fl_alliance.chain.rules.settlement import Line
from fl_alliance.chain.steps import (
    CommitVotes,
    Propose,
    ProveWithheld,
    SkipRound,
    Step,
)
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Tag
from fl_alliance.strategies import events, replies, wire
from fl_alliance.strategies.choices import choice_of
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.exchange import Exchange, Replies
from fl_alliance.strategies.leaders import Leaders
from fl_alliance.strategies.rules.base import Motion
from fl_alliance.strategies.updates import Update
from fl_alliance.strategies.windows import Windows
from fl_alliance.strategies.wire import Place


@dataclass(frozen=True, slots=True)
class Promise:
    """A voter's commitment and its signature on it."""

    commitment: bytes
    signature: bytes


@dataclass(slots=True)
class Votes:
    """What the voters of a round have sent: promises, then the votes and the replies they came in."""

    promises: dict[int, Promise] = field(default_factory=dict)
    revealed: dict[int, VoteRecord] = field(default_factory=dict)
    replies: dict[int, Message] = field(default_factory=dict)

    @property
    def pairs(self) -> tuple[Listed, ...]:
        """The list of commitments, ascending by member."""
        return tuple(Listed(member, promise.commitment) for member, promise in sorted(self.promises.items()))

    @property
    def records(self) -> tuple[VoteRecord, ...]:
        """The list with every vote that is revealed in its place."""
        return tuple(self.revealed.get(pair.member, pair) for pair in self.pairs)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The signed commitments of those who did not reveal, by their position in the list."""
        return tuple(
            Evidence(position, self.promises[pair.member].signature)
            for position, pair in enumerate(self.pairs)
            if pair.member not in self.revealed
        )


class RoundOnChain:
    """The current round of a task, or the next one where none is open.

    Parameters
    ----------
    ledger : Alliance
        The contract, with the relayer's key.
    task : int
        A started task on it.
    listener : callable, optional
        Told for what a window of the chain is waited out, and how long that takes.
    """

    def __init__(self, ledger: Alliance, task: int, listener: events.Listener = lambda _: None) -> None:
        self._ledger = ledger
        self._task = task
        self.number = self.model.round
        self._windows = Windows(ledger, task, self.number, listener)
        self._leaders = Leaders(ledger, task, self._windows)
        self.dropped: dict[int, str] = {}
        self._lines: list[Line] = []
        self._scores: Mapping[int, tuple[int, ...]] = {}

    @property
    def model(self) -> TaskModel:
        """The task as it stands."""
        return self._ledger.model(self._task)

    @property
    def place(self) -> Place:
        """What the nodes' signatures of this round are bound to."""
        return Place(self._ledger.domain, self._task, self.number)

    @property
    def proposers(self) -> tuple[int, ...]:
        """Members drawn to propose."""
        return self.model.committee.proposers

    @property
    def voters(self) -> tuple[int, ...]:
        """Members drawn to vote."""
        return self.model.committee.voters

    @property
    def time_left(self) -> float | None:
        """Seconds for which nodes can be waited for in this phase; None where its end is moved, not waited for."""
        return self._windows.left

    @property
    def turn(self) -> float | None:
        """Seconds for which nodes can be waited for before a leader is late; None as for `time_left`."""
        return self._windows.turn

    @property
    def updates(self) -> Mapping[int, bytes]:
        """The digests that are proposed on chain, by member, in the order of their commitment."""
        return self.model.committee.updates

    @property
    def averages(self) -> Mapping[int, int]:
        """Of each who proposed, ascending, what it contributed on average in the rounds before."""
        return {member: self.model.record(member).average for member in sorted(self.updates)}

    def address(self, member: int) -> str:
        """Return the account of a member."""
        return self.model.roster.nodes[member].address

    @property
    def has_begun(self) -> bool:
        """Whether there is, or was, such a round: the attempt to open it may have finished the task instead."""
        return self.model.committee.number >= self.number

    def open(self, nodes: Exchange) -> events.RoundOpened | None:
        """Get a leader's proof on chain, which draws the proposers.

        None where nobody led and the round is void, or where too few members were left and the task is finished.
        """
        if self._phase is Phase.IDLE and not self._leaders.lead(nodes, Tag.PROPOSERS):
            return None
        if self._phase is Phase.FINISHED:
            return None
        lead = self.model.committee.leads[Tag.PROPOSERS]
        return events.RoundOpened(self.number, lead.member, lead.absent, self.proposers)

    def check_updates(self, answers: Replies, old: Arrays) -> tuple[dict[int, Update], dict[int, str]]:
        """Return the proposers' updates that hold, and why the others' do not."""
        updates, dropped = {}, {}
        for member in self.proposers:
            try:
                updates[member] = self._check_update(member, _reply(answers, member), old)
            except BadReply as error:
                dropped[member] = str(error)
        return updates, dropped

    def _check_update(self, member: int, reply: Message, old: Arrays) -> Update:
        update = replies.check_update(reply, self.place, self.address(member), old)
        if self.updates.get(member, update.digest) != update.digest:
            raise BadReply("the update is not the one that this node has proposed on chain")
        return update

    def propose(self, updates: Mapping[int, Update], dropped: Mapping[int, str]) -> tuple[int, ...]:
        """Put the signed updates on chain and wait until proposals are closed; return who has proposed.

        `dropped` says why the others' are not among them.
        """
        fresh = tuple(
            SignedProposal(member, update.digest, update.signature)
            for member, update in updates.items()
            if self.model.committee.standing(member) is Standing.SILENT_PROPOSER
        )
        if self._phase is Phase.PROPOSING and fresh:
            self._sent_in_time(Propose(self._task, fresh))
        if self._phase is Phase.PROPOSING:
            silent = {
                member: dropped.get(member, "no reply") for member in self.proposers if member not in self.updates
            }
            self._windows.wait_until(self.model.deadline(self._ledger.now()), f"proposals of {_named(silent)}")
        return tuple(self.model.committee.updates)

    def draw_voters(self, nodes: Exchange) -> events.VotersDrawn | None:
        """Get the second leader's proof on chain, which draws the voters; None where nobody led: the round is void.

        A task in which nobody judges draws none.
        """
        if self.model.params.voters == 0:
            return events.VotersDrawn(self.number, -1, (), ())
        if self._phase is Phase.LOCKED and not self._leaders.lead(nodes, Tag.VOTERS):
            return None
        lead = self.model.committee.leads[Tag.VOTERS]
        return events.VotersDrawn(self.number, lead.member, lead.absent, self.voters)

    def commit(self, motion: Motion, answers: Replies) -> tuple[Votes, events.VotesCommitted]:
        """Lock the voters' commitments to votes on a motion, and wait until votes can be revealed."""
        votes, dropped = Votes(), {}
        for member in self.voters:
            try:
                reply = _reply(answers, member)
                promise = replies.check_commitment(reply, self.place, self.address(member), motion.digest)
                votes.promises[member] = Promise(*promise)
            except BadReply as error:
                dropped[member] = str(error)
        if self._phase is Phase.COMMITTING:
            self._sent_in_time(CommitVotes(self._task, _ballot_of(motion, votes), not dropped))
        ballot = self.model.committee.ballot
        if dropped and ballot is not None:
            self._windows.wait_until(ballot.omit_end, f"commitments of {_named(dropped)}")
        return votes, events.VotesCommitted(self.number, tuple(votes.promises), dropped)

    def has_committed(self, motion: Motion, votes: Votes) -> bool:
        """Return whether the chain holds this list of commitments.

        It does not where the list came too late, or where a coordinator that was started again cannot make it again.
        """
        ballot = self.model.committee.ballot
        return ballot is not None and ballot.digest == _ballot_of(motion, votes)[:DIGEST_BYTES]

    def pass_over(self) -> None:
        """End a round that cannot be settled, once the time for that is over; nobody wins or loses by it."""
        model = self.model
        ballot = model.committee.ballot
        until = model.deadline(self._ledger.now()) if ballot is None else ballot.unread_end(model.params)
        self._windows.wait_until(until, "the end of a round that cannot be settled")
        self._ledger.send(SkipRound(self._task))

    def reveal(self, nodes: Exchange, motion: Motion, votes: Votes) -> None:
        """Ask those who committed for their votes; what does not hold, or does not come, stays unrevealed."""
        request = wire.place_record(self.place, commitments=pack_list(votes.pairs))
        answers = nodes.query(wire.REVEAL, votes.promises, request, self._windows.share_of(self.model.params.reveal_s))
        for member, promise in votes.promises.items():
            try:
                reply, signer = _reply(answers, member), self.address(member)
                vote = replies.check_reveal(reply, self.place, member, signer, motion, promise.commitment)
            except BadReply as error:
                self.dropped[member] = str(error)
            else:
                votes.revealed[member] = vote
                if replies.has_good_metrics(reply):
                    votes.replies[member] = reply

    def settle(self, nodes: Exchange, motion: Motion, votes: Votes, keep: Callable[[bytes], None]) -> None:
        """Count, pay and slash, and in the same transaction open the next round where its leader answers.

        Voters who committed and do not reveal are given the time to, then proven to have withheld their vote. `keep` is
        told, before anything is sent, the digest of the model that the chain is about to hold.
        """
        records, self._lines = votes.records, self.model.lines[:]
        if votes.evidence:
            self._ledger.send(motion.reveal(self._task, records))
            self._prove_withheld(motion, votes)
        settle = motion.settle(self._task, records)
        after = self.model.copy()
        after.apply(settle, self._ledger.now(), self._ledger.sender.address)
        self._scores = dict(after.committee.scores)
        keep(after.model)
        self._ledger.send(settle, *self._next_opening(nodes, after))

    def void(self, nodes: Exchange) -> events.VotersDrawn | None:
        """End a round that has no candidate, once its time is over; return the draw of voters where there was one.

        Where there are proposals, voters are drawn all the same: only the leaders whose turn it would be pay for a
        round that stops before that.
        """
        has_judges = self.model.params.voters and self.model.committee.updates
        drawn = self.draw_voters(nodes) if has_judges else None
        if has_judges and drawn is None:
            return None
        if self.model.committee.updates:
            self._windows.wait_until(self.model.deadline(self._ledger.now()), "the end of a round without a candidate")
        self._ledger.send(SkipRound(self._task))
        return drawn

    def told(
        self,
        names: tuple[str, ...],
        metrics: dict[str, float],
        evaluated: dict[str, float],
        seconds: dict[str, float],
    ) -> events.RoundSettled:
        """Return how the round ended, with what everyone won or lost and why; `names` are those of the models."""
        settlement = self.model.settlement
        lines = [*self._lines, *settlement.lines] if settlement else self.model.lines
        deltas, reasons = by_member(lines)
        return events.RoundSettled(
            round=self.number,
            outcome=self.outcome.name.lower(),
            yes=settlement.yes if settlement else 0,
            no=settlement.no if settlement else 0,
            scores=self._scores,
            deltas=deltas,
            reasons=reasons,
            balances=tuple(self.model.balances),
            pool=self.model.pool_gwei,
            model=self.model.model,
            metrics=metrics,
            evaluate_metrics=evaluated,
            seconds=seconds,
            reward=settlement.reward_gwei if settlement else 0,
            bounty=settlement.bounty_gwei if settlement else 0,
            escrow=sum(self.model.escrow.values()),
            choice=choice_of(settlement.judgement, names) if settlement and settlement.judgement else None,
        )

    @property
    def outcome(self) -> Outcome:
        """How the round ended; call it once it has."""
        return self.model.last_outcome

    @property
    def _phase(self) -> Phase:
        return self.model.phase(self._ledger.now())

    def _prove_withheld(self, motion: Motion, votes: Votes) -> None:
        """Show who committed and did not reveal, and give them the time to answer."""
        ballot = self.model.committee.ballot
        assert ballot is not None  # noqa: S101  votes were committed
        withheld = _named({votes.pairs[one.position].member: "not revealed" for one in votes.evidence})
        self._windows.wait_until(ballot.evidence_start(self.model.params), f"votes of {withheld}")
        is_accused = self._sent_in_time(ProveWithheld(self._task, motion.digest, votes.pairs, votes.evidence))
        params = self.model.params
        until = ballot.answer_end(params) if is_accused else ballot.evidence_end(params)
        self._windows.wait_until(until, f"answers to the evidence against {withheld}")

    def _sent_in_time(self, step: Step) -> bool:
        """Send a step; return whether it came before its window closed, which it may have done on the way."""
        try:
            self._ledger.send(step)
        except TooLate:
            return False
        return True

    def _next_opening(self, nodes: Exchange, after: TaskModel) -> tuple[Step, ...]:
        """Return the opening of the next round by its first leader, to be sent with a settlement, if it answers.

        Who leads depends on the balances after the settlement, which `after` is a model of.
        """
        goes_on = after.stored_phase is Phase.IDLE and has_committee(after)
        return self._leaders.opening(nodes, after) if goes_on else ()


def _ballot_of(motion: Motion, votes: Votes) -> bytes:
    return ballot_hash(motion.digest, list_hash(votes.pairs))


def has_committee(model: TaskModel) -> bool:
    """Return whether enough members hold a seat to open another round, leaving out who waits to join."""
    return sum(1 for seats in model.roster.seats() if seats) >= model.committee_size


def _named(members: Mapping[int, str]) -> str:
    """Return members with what is the matter with each."""
    return ", ".join(f"member {member} ({why})" for member, why in sorted(members.items()))


def _reply(answers: Replies, member: int) -> Message:
    if member not in answers:
        raise BadReply("no reply")
    return answers[member]
