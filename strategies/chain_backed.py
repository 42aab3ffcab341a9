"""A Flower strategy that lets a chain draw, judge and pay every round of any other Flower strategy.

The base class' loop adopts an aggregate before anyone has judged it. This one follows the task's phase on chain
instead, so it also goes on where an interrupted run stopped: what the chain already has is not sent again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Result, Strategy
from numpy.typing import NDArray

from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.steps import Finish
from fl_alliance.chain.types import Phase
from fl_alliance.strategies import events, inner, replies, wire
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.exchange import Exchange
from fl_alliance.strategies.guarded import guarded
from fl_alliance.strategies.round_on_chain import RoundOnChain, Update, Votes, has_committee
from fl_alliance.strategies.stopwatch import Stopwatch

EvaluateFn = Callable[[int, ArrayRecord], MetricRecord | None]


class Store(Protocol):
    """Where a candidate waits, with the strategy's state, until the chain has adopted it."""

    def save(self, arrays: dict[str, NDArray[np.float32]], state: bytes) -> bytes:
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
    store : Store, optional
        Keeps candidates for a resume.

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
        listener: events.Listener = lambda _: None,
        store: Store | None = None,
    ) -> None:
        params = ledger.params(task)
        inner.check_committee(strategy, params.proposers, params.voters)
        self.strategy = strategy
        self._ledger = ledger
        self._task = task
        self._node_ids = node_ids
        self._listener = listener
        self._store = store

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
        chain, watch = RoundOnChain(self._ledger, self._task), Stopwatch()
        with guarded(self.strategy, "copying its state", chain.model.committee.number + 1):
            before = inner.snapshot(self.strategy)
        candidate, votes = self._judged(run, chain, arrays, watch)
        if not chain.has_begun:
            return arrays
        is_adopted = candidate is not None and chain.outcome is Outcome.ACCEPTED
        if not is_adopted:
            inner.restore(self.strategy, before)
        adopted = candidate if candidate is not None and is_adopted else arrays
        if self._store:
            self._store.keep_only(chain.model.model)
        self._tell(run, chain, adopted, votes, watch)
        return adopted

    def _judged(
        self, run: _Run, chain: RoundOnChain, arrays: ArrayRecord, watch: Stopwatch
    ) -> tuple[ArrayRecord | None, Votes]:
        """Take one round from its draw to its settlement; without a candidate where it ended before there was one."""
        with watch("chain"):
            opened = chain.open(run.nodes)
        if opened is None:
            return None, Votes()
        self._listener(opened)
        with watch("train"):
            updates, dropped = self._train(run, chain, arrays)
        with watch("chain"):
            proposed = chain.propose(updates)
        with watch("aggregate"):
            candidate, metrics = self._aggregate(chain, arrays, updates, proposed)
        self._listener(events.ProposalsLocked(chain.number, proposed, dropped, _floats(metrics)))
        if metrics is not None:
            run.result.train_metrics_clientapp[chain.number] = metrics
        if candidate is None:
            with watch("chain"):
                drawn = chain.void(run.nodes)
            if drawn is not None:
                self._listener(drawn)
            return None, Votes()
        return candidate, self._judge(run, chain, arrays, candidate, watch)

    def _train(
        self, run: _Run, chain: RoundOnChain, arrays: ArrayRecord
    ) -> tuple[Mapping[int, Update], Mapping[int, str]]:
        """Return the proposers' good updates, and why the others' are missing."""
        committee = run.nodes.committee(chain.proposers)
        with guarded(self.strategy, "configure_train", chain.number):
            messages = list(self.strategy.configure_train(chain.number, arrays, run.train_config, committee))
        model, answers = wire.to_arrays(arrays), run.nodes.ask(messages, chain.place)
        updates, dropped = {}, dict.fromkeys(chain.proposers, "no reply")
        for member, reply in answers.items():
            try:
                digest, signature = replies.check_update(reply, chain.place, chain.address(member), model)
                chain.check_update(member, digest)
            except BadReply as error:
                dropped[member] = str(error)
            else:
                updates[member] = Update(reply, digest, signature)
                dropped.pop(member, None)
        for member in replies.unusual({member: update.reply for member, update in updates.items()}):
            del updates[member]
            dropped[member] = "its metrics have other names than most members'"
        return updates, dropped

    def _aggregate(
        self, chain: RoundOnChain, arrays: ArrayRecord, updates: Mapping[int, Update], proposed: Sequence[int]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Aggregate what is proposed on chain, in member order: the result does not depend on who was fast."""
        good = [replies.without_alliance(updates[member].reply) for member in sorted(proposed) if member in updates]
        if not good:
            return None, None
        with guarded(self.strategy, "aggregate_train", chain.number):
            aggregate, metrics = self.strategy.aggregate_train(chain.number, good)
            return (_in_form_of(arrays, aggregate) if aggregate is not None else None), metrics

    def _judge(
        self, run: _Run, chain: RoundOnChain, arrays: ArrayRecord, candidate: ArrayRecord, watch: Stopwatch
    ) -> Votes:
        """Let the voters score both models, and settle the round by their votes."""
        digest, votes = self._keep(candidate), Votes()
        with watch("chain"):
            drawn = chain.draw_voters(run.nodes)
        if drawn is None:
            return votes
        self._listener(drawn)
        if drawn.voters:
            with watch("vote"):
                answers = run.nodes.ask(self._ballots(run, chain, arrays, candidate), chain.place)
            with watch("chain"):
                votes, committed = chain.commit(digest, answers)
                self._listener(committed)
                chain.reveal(run.nodes, digest, votes)
        with watch("chain"):
            chain.settle(run.nodes, digest, votes)
        return votes

    def _ballots(
        self, run: _Run, chain: RoundOnChain, arrays: ArrayRecord, candidate: ArrayRecord
    ) -> Iterable[Message]:
        """Yield a message to every voter with both models, as the inner strategy configures it where it does."""
        committee = run.nodes.committee(chain.voters)
        with guarded(self.strategy, "configure_evaluate", chain.number):
            configured = list(self.strategy.configure_evaluate(chain.number, candidate, run.evaluate_config, committee))
        messages = {message.metadata.dst_node_id: message for message in configured}
        for node_id in committee.get_node_ids():
            content = RecordDict({wire.ARRAYS: candidate, "config": run.evaluate_config})
            message = messages.get(node_id) or Message(content, node_id, MessageType.EVALUATE)
            message.content[wire.PREVIOUS] = arrays
            yield message

    def _keep(self, candidate: ArrayRecord) -> bytes:
        """Put the candidate and the strategy's state where a resume finds them; return the candidate's digest."""
        arrays = wire.to_arrays(candidate)
        return self._store.save(arrays, inner.dump(self.strategy)) if self._store else model_digest(arrays)

    def _tell(self, run: _Run, chain: RoundOnChain, adopted: ArrayRecord, votes: Votes, watch: Stopwatch) -> None:
        """Put the round's metrics into the result and tell the listener how it ended."""
        odd = replies.unusual(votes.replies)
        good = [replies.without_alliance(reply) for member, reply in votes.replies.items() if member not in odd]
        judged = self._evaluated(chain.number, good)
        if judged is not None:
            run.result.evaluate_metrics_clientapp[chain.number] = judged
        central = run.evaluate_fn(chain.number, adopted) if run.evaluate_fn else None
        if central is not None:
            run.result.evaluate_metrics_serverapp[chain.number] = central
        self._listener(chain.told(votes, _floats(central), _floats(judged), watch.seconds))

    def _evaluated(self, number: int, good: Sequence[Message]) -> MetricRecord | None:
        """Return the inner strategy's summary of the voters' metrics."""
        if not good:
            return None
        with guarded(self.strategy, "aggregate_evaluate", number):
            return self.strategy.aggregate_evaluate(number, good)


def _in_form_of(model: ArrayRecord, aggregate: ArrayRecord) -> ArrayRecord:
    """Return the aggregate in the model's dtypes: FedAdam and its kin return float64 for a float32 model."""
    known, found = wire.to_arrays(model), wire.to_arrays(aggregate)
    shapes, needed = ({name: array.shape for name, array in arrays.items()} for arrays in (found, known))
    if list(shapes.items()) != list(needed.items()):
        raise ValueError(f"returned arrays {shapes}, needed the model's, {needed}")
    return wire.to_record({name: array.astype(known[name].dtype, copy=False) for name, array in found.items()})


def _floats(metrics: MetricRecord | None) -> dict[str, float]:
    return {name: float(value) for name, value in (metrics or {}).items() if isinstance(value, int | float)}
