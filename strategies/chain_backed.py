"""A Flower strategy that lets a chain draw, judge and pay every round of any other Flower strategy.

The base class' loop adopts an aggregate before anyone has judged it. This one follows the task's phase on chain
instead, so it also goes on where an interrupted run stopped: what the chain already has is not sent again.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from flwr.app import ArrayRecord, ConfigRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Result, Strategy

from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.steps import Finish
from fl_alliance.chain.types import Phase
from fl_alliance.strategies import events, inner, replies, wire
from fl_alliance.strategies.digests import Arrays, model_digest
from fl_alliance.strategies.errors import BadReply, RunStalled
from fl_alliance.strategies.exchange import Exchange
from fl_alliance.strategies.guarded import guarded
from fl_alliance.strategies.masking.groups import group_count
from fl_alliance.strategies.masking.rounds import MaskedRound, SecureAggregation
from fl_alliance.strategies.masking.sums import masked_form
from fl_alliance.strategies.motions import put_to_the_vote
from fl_alliance.strategies.round_on_chain import RoundOnChain, Votes, has_committee
from fl_alliance.strategies.rules import Groups, Majority, Motion, Rule
from fl_alliance.strategies.stopwatch import Stopwatch
from fl_alliance.strategies.updates import Archive, Receipts, Update

Ballot = Mapping[str, ArrayRecord | ConfigRecord]
EvaluateFn = Callable[[int, ArrayRecord], MetricRecord | None]


class Store(Protocol):
    """Where a model waits, with the strategy's state, until the chain has adopted it."""

    def save(self, arrays: Arrays, state: bytes) -> bytes:
        """Keep a model and a state under the model's digest."""

    def keep_only(self, digest: bytes) -> None:
        """Forget every model but this one."""


@dataclass(slots=True)
class _Run:
    """What stays the same over the rounds of one `start`."""

    nodes: Exchange
    train_config: ConfigRecord
    evaluate_config: ConfigRecord
    evaluate_fn: EvaluateFn | None
    result: Result = field(default_factory=Result)


class ChainBacked(Strategy):
    """Run `strategy` under the Alliance contract.

    Parameters
    ----------
    strategy : Strategy
        Any Flower strategy; it sees only the committee that the chain drew, and only replies that hold.
    ledger : Alliance
        The contract, with the relayer's key.
    task : int
        A started task on it.
    node_ids : Mapping[str, int]
        Member address -> Flower node id.
    listener : Callable[[Event], None], optional
        Told what happens, as it happens.
    rule : Rule, optional
        How rounds are judged; the task's contract must be the one of this rule.
    store : Store, optional
        Keeps candidates for a resume.
    archive : Archive, optional
        Keeps the proposals of every round.
    masks : SecureAggregation, optional
        Hides the updates: `strategy` and the voters then see one model for each group of proposers.
    receipts : Receipts, optional
        Keeps what updates say they spent of a privacy budget; an update without a good receipt is dropped.

    Raises
    ------
    CommitteeTooSmall
        When `strategy` needs more nodes than the task draws.

    Notes
    -----
    A rejected or void round leaves the model and the state of `strategy` (optimiser moments included) as they
    were before it.
    """

    def __init__(
        self,
        strategy: Strategy,
        ledger: Alliance,
        task: int,
        node_ids: Mapping[str, int],
        *,
        rule: Rule | None = None,
        listener: events.Listener = lambda _: None,
        store: Store | None = None,
        archive: Archive | None = None,
        masks: SecureAggregation | None = None,
        receipts: Receipts | None = None,
    ) -> None:
        params = ledger.params(task)
        seen = group_count(params.proposers, masks.size) if masks else params.proposers
        inner.check_committee(strategy, params.proposers, params.voters, seen)
        self.strategy = strategy
        self._ledger = ledger
        self._task = task
        self._node_ids = node_ids
        self._rule = rule or Majority()
        self._listener = listener
        self._store = store
        self._archive = archive
        self._masks = masks
        self._receipts = receipts

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Configure training as the inner strategy does."""
        return self.strategy.configure_train(server_round, arrays, config, grid)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Aggregate training replies as the inner strategy does."""
        return self.strategy.aggregate_train(server_round, replies)

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Configure evaluation as the inner strategy does."""
        return self.strategy.configure_evaluate(server_round, arrays, config, grid)

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        """Aggregate evaluation replies as the inner strategy does."""
        return self.strategy.aggregate_evaluate(server_round, replies)

    def summary(self) -> None:
        """Log the inner strategy's configuration."""
        self.strategy.summary()

    def start(
        self,
        grid: Grid,
        initial_arrays: ArrayRecord,
        num_rounds: int = 3,
        timeout: float = 3600,
        train_config: ConfigRecord | None = None,
        evaluate_config: ConfigRecord | None = None,
        evaluate_fn: EvaluateFn | None = None,
    ) -> Result:
        """Run rounds until the task is finished, at most `num_rounds` of them.

        `initial_arrays` must be the model that the chain names: the task's initial one, or on a resume the one
        that was adopted last. The result's `arrays` are the model that the chain adopted last.
        """
        members = self._ledger.model(self._task).roster.nodes
        nodes = Exchange(grid, [self._node_ids[member.address] for member in members], timeout)
        run = _Run(nodes, train_config or ConfigRecord(), evaluate_config or ConfigRecord(), evaluate_fn)
        run.result.arrays = initial_arrays
        with guarded(self.strategy, "summary", 0):
            self.summary()
        if evaluate_fn and (metrics := evaluate_fn(0, initial_arrays)):
            run.result.evaluate_metrics_serverapp[0] = metrics
        for _ in range(num_rounds):
            if not self._goes_on():
                break
            run.result.arrays = self._round(run, run.result.arrays)
        return run.result

    def _goes_on(self) -> bool:
        """Return whether there is a round to run; end a task that has too few members left for one."""
        model = self._ledger.model(self._task)
        if model.stored_phase is Phase.IDLE and not has_committee(model):
            self._ledger.send(Finish(self._task))
        return self._ledger.model(self._task).stored_phase is not Phase.FINISHED

    def _round(self, run: _Run, arrays: ArrayRecord) -> ArrayRecord:
        """Run one round; return the model that the chain holds after it."""
        chain, watch = RoundOnChain(self._ledger, self._task, self._listener), Stopwatch()
        with guarded(self.strategy, "copying its state", chain.model.committee.number + 1):
            before = inner.snapshot(self.strategy)
        motion, votes = self._judged(run, chain, arrays, watch)
        if not chain.has_begun:
            return arrays
        is_adopted = motion is not None and chain.outcome is Outcome.ACCEPTED
        if not is_adopted:
            inner.restore(self.strategy, before)
        adopted = self._adopted(motion, chain.model.model) if motion is not None and is_adopted else arrays
        if self._store:
            self._store.keep_only(chain.model.model)
        self._tell(run, chain, adopted, motion, votes, watch)
        return adopted

    def _judged(
        self, run: _Run, chain: RoundOnChain, arrays: ArrayRecord, watch: Stopwatch
    ) -> tuple[Motion | None, Votes]:
        """Take one round from its draw to its settlement; without a motion where it ended before there was one."""
        with watch("chain"):
            opened = chain.open(run.nodes)
        if opened is None:
            return None, Votes()
        self._listener(opened)
        masked = self._masked(run, chain)
        with watch("train"):
            updates, dropped = self._train(run, chain, arrays, masked)
        with watch("chain"):
            proposed = chain.propose(updates, dropped)
        shown, groups = {m: updates[m] for m in proposed if m in updates}, None
        if masked:
            with watch("unmask"):
                shown, sums = masked.read(wire.to_arrays(arrays), shown, chain.turn)
            groups, dropped = sums.members, {**dropped, **sums.unread}
        with watch("aggregate"):
            motion, metrics = self._motion(chain, arrays, shown, groups)
        self._listener(events.ProposalsLocked(chain.number, proposed, dropped, _floats(metrics)))
        if metrics is not None:
            run.result.train_metrics_clientapp[chain.number] = metrics
        if motion is None:
            with watch("chain"):
                drawn = chain.void(run.nodes)
            if drawn is not None:
                self._listener(drawn)
            self._listener(_taken(chain, updates, dropped, None, Votes()))
            return None, Votes()
        proposal_bytes = wire.weight(
            wire.single_arrays(updates[member].reply) for member in proposed if member in updates
        )
        votes = self._judge(run, chain, motion, proposal_bytes, watch)
        self._listener(_taken(chain, updates, dropped, motion, votes))
        return motion, votes

    def _masked(self, run: _Run, chain: RoundOnChain) -> MaskedRound | None:
        """Return what hides this round's updates, None where they are not hidden."""
        if self._masks is None:
            return None
        members = {member: chain.address(member) for member in chain.proposers}
        return self._masks.begin(run.nodes, chain.place, chain.model.committee.seed, members)

    def _train(
        self, run: _Run, chain: RoundOnChain, arrays: ArrayRecord, masked: MaskedRound | None
    ) -> tuple[Mapping[int, Update], Mapping[int, str]]:
        """Return the proposers' good updates, and why the others' are missing."""
        committee = run.nodes.committee(chain.proposers)
        with guarded(self.strategy, "configure_train", chain.number):
            messages = list(self.strategy.configure_train(chain.number, arrays, run.train_config, committee))
        form: Arrays = wire.to_arrays(arrays)
        unasked: dict[int, str] = {}
        if masked:
            messages, unasked = masked.prepared(messages, chain.turn)
            form = masked_form(form)
        updates, dropped = chain.check_updates(run.nodes.ask(messages, chain.place, chain.time_left), form)
        if masked:
            dropped |= masked.keep(updates) | unasked
        dropped |= self._without_receipt(chain, updates)
        updates = {member: update for member, update in updates.items() if member not in dropped}
        if self._archive:
            for update in updates.values():
                self._archive.put(update.digest, update.arrays, update.metrics)
            updates |= self._kept(run, chain, self._archive, updates)
        return updates, {member: why for member, why in dropped.items() if member not in updates}

    def _without_receipt(self, chain: RoundOnChain, updates: Mapping[int, Update]) -> dict[int, str]:
        """Return whose updates come without the receipt that they need, and what is wrong with it."""
        refused: dict[int, str] = {}
        if self._receipts is None:
            return refused
        for member, update in updates.items():
            text = wire.alliance_record(update.reply).get(wire.RECEIPT)
            try:
                self._receipts.admit(chain.place, chain.address(member), update.digest, text)
            except BadReply as error:
                refused[member] = str(error)
        return refused

    def _kept(
        self, run: _Run, chain: RoundOnChain, archive: Archive, updates: Mapping[int, Update]
    ) -> Mapping[int, Update]:
        """Return what an interrupted run had put on chain, of members who do not answer any more."""
        silent = {member: digest for member, digest in chain.updates.items() if member not in updates}
        kept = {member: archive.get(digest) for member, digest in silent.items()}
        return {
            member: Update(run.nodes.reply_of(member, *found), found[0], silent[member], b"")
            for member, found in kept.items()
            if found is not None
        }

    def _motion(
        self, chain: RoundOnChain, arrays: ArrayRecord, updates: Mapping[int, Update], groups: Groups | None
    ) -> tuple[Motion | None, MetricRecord | None]:
        """Return what is put to the vote, made of updates in the order of their commitment, or of groups'."""
        old, members = wire.to_arrays(arrays), sorted(chain.updates)
        return put_to_the_vote(self.strategy, self._rule, chain.number, old, updates, members, chain.averages, groups)

    def _judge(self, run: _Run, chain: RoundOnChain, motion: Motion, proposal_bytes: int, watch: Stopwatch) -> Votes:
        """Let the voters judge, and settle the round by their votes."""
        votes, ballot = Votes(), motion.ballot()
        ballot_bytes = wire.weight(record for record in ballot.values() if isinstance(record, ArrayRecord))
        with watch("chain"):
            drawn = chain.draw_voters(run.nodes)
        if drawn is None:
            return votes
        self._listener(drawn)
        if drawn.voters:
            with watch("vote"):
                ballots = self._ballots(run, chain, motion, ballot)
                answers = run.nodes.ask(ballots, chain.place, chain.time_left)
            with watch("chain"):
                votes, committed = chain.commit(motion, answers)
                self._listener(replace(committed, ballot_bytes=ballot_bytes, proposal_bytes=proposal_bytes))
                if not chain.has_committed(motion, votes):
                    chain.pass_over()
                    return Votes()
                chain.reveal(run.nodes, motion, votes)
        with watch("chain"):
            chain.settle(run.nodes, motion, votes, lambda digest: self._keep(chain, motion, digest))
        return votes

    def _ballots(self, run: _Run, chain: RoundOnChain, motion: Motion, ballot: Ballot) -> Iterable[Message]:
        """Yield a message to every voter with what it judges, as the inner strategy configures it where it does."""
        committee = run.nodes.committee(chain.voters)
        aggregate = wire.to_record(motion.aggregate)
        with guarded(self.strategy, "configure_evaluate", chain.number):
            configured = list(self.strategy.configure_evaluate(chain.number, aggregate, run.evaluate_config, committee))
        messages = {message.metadata.dst_node_id: message for message in configured}
        for node_id in committee.get_node_ids():
            content = RecordDict({"config": run.evaluate_config})
            message = messages.get(node_id) or Message(content, node_id, MessageType.EVALUATE)
            message.content.update(ballot)
            yield message

    def _keep(self, chain: RoundOnChain, motion: Motion, digest: bytes) -> None:
        """Put a model that is about to be adopted, and the strategy's state, where a resume finds them."""
        model = motion.model(digest)
        if self._store and model is not None and digest != chain.model.model:
            self._store.save(model, inner.dump(self.strategy))

    def _adopted(self, motion: Motion, digest: bytes) -> ArrayRecord:
        """Return the model that the chain has adopted."""
        model = motion.model(digest)
        if model is None:
            raise RunStalled(f"the chain adopted model {digest.hex()}, which is none that this relayer put to the vote")
        return wire.to_record(model)

    def _tell(
        self,
        run: _Run,
        chain: RoundOnChain,
        adopted: ArrayRecord,
        motion: Motion | None,
        votes: Votes,
        watch: Stopwatch,
    ) -> None:
        """Put the round's metrics into the result and tell the listener how it ended."""
        odd = replies.unusual(votes.replies)
        good = [wire.without_alliance(reply) for member, reply in votes.replies.items() if member not in odd]
        judged = self._evaluated(chain.number, good)
        if judged is not None:
            run.result.evaluate_metrics_clientapp[chain.number] = judged
        central = run.evaluate_fn(chain.number, adopted) if run.evaluate_fn else None
        if central is not None:
            run.result.evaluate_metrics_serverapp[chain.number] = central
        self._listener(chain.told(motion.names if motion else (), _floats(central), _floats(judged), watch.seconds))

    def _evaluated(self, number: int, good: Sequence[Message]) -> MetricRecord | None:
        """Return the inner strategy's summary of the voters' metrics."""
        if not good:
            return None
        with guarded(self.strategy, "aggregate_evaluate", number):
            return self.strategy.aggregate_evaluate(number, good)


def _taken(
    chain: RoundOnChain,
    updates: Mapping[int, Update],
    dropped: Mapping[int, str],
    motion: Motion | None,
    votes: Votes,
) -> events.MessagesTaken:
    """Return what members sent that no chain holds."""
    return events.MessagesTaken(
        chain.number,
        model_digest(motion.aggregate) if motion else None,
        {
            member: (wire.weight([wire.single_arrays(update.reply)]), update.receipt)
            for member, update in updates.items()
        },
        {member: (promise.commitment, promise.signature) for member, promise in votes.promises.items()},
        {**dropped, **chain.dropped},
    )


def _floats(metrics: MetricRecord | None) -> dict[str, float]:
    """Return the numbers among the metrics; one hostile node can make a mean of them infinite."""
    numbers = {name: float(value) for name, value in (metrics or {}).items() if isinstance(value, int | float)}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}
