"""Candidate voting in a round: the menu everybody forms, what of it is adopted, and what nobody can do to it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAdam, FedAvg

from fl_alliance.archive import ProposalArchive
from fl_alliance.chain.batches import SignedProposal
from fl_alliance.chain.rules.candidates import Row, decode_menu
from fl_alliance.chain.steps import Propose
from fl_alliance.chain.types import Phase
from fl_alliance.client_app import _node
from fl_alliance.judging import make_rule
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays, model_digest
from fl_alliance.strategies.errors import StrategyFailed
from fl_alliance.strategies.events import Event, ProposalsLocked, RoundSettled, VotesCommitted
from fl_alliance.strategies.menu import Candidates, Menu
from fl_alliance.strategies.rules import CandidateVoting
from fl_alliance.strategies.rules.candidates import CandidateMotion

CANDIDATES = ["rule=candidates", "nodes=8", "alliance.proposers=4", "alliance.voters=3"]


def partition(context: Context) -> int:
    return int(context.node_config["partition-id"])


def signed(context: Context, place: wire.Place, reply: Message, arrays: Arrays, metrics: dict[str, Any]) -> Message:
    """Return the reply with another update in it, which its node has signed."""
    digest, signature = _node(context).sign_update(place, arrays, metrics)
    content = RecordDict({"arrays": wire.to_record(arrays), "metrics": MetricRecord(metrics)})
    content[wire.ALLIANCE] = ConfigRecord({"update": digest, "signature": signature})
    return wire.with_content(reply, content)


@dataclass
class Watching:
    """The rule of the configuration, and every motion that it put together."""

    rule: CandidateVoting
    motions: list[CandidateMotion] = field(default_factory=list)

    def admit(self, *given: Any) -> Any:
        return self.rule.admit(*given)

    def motion(self, *given: Any) -> CandidateMotion:
        self.motions.append(self.rule.motion(*given))
        return self.motions[-1]

    def read(self, content: Any) -> CandidateMotion:
        return self.rule.read(content)


def watched(task: Any) -> Watching:
    rule = make_rule(task.config)
    assert isinstance(rule, CandidateVoting)
    return Watching(rule)


def start(task: Any, strategy: Any, rounds: int = 3, **given: Any) -> Any:
    return task.backed(strategy, **given).start(task.grid, task.initial, rounds)


def test_every_round_ends_with_an_entry_of_its_menu(alliance: Callable[..., Any]) -> None:
    task = alliance(*CANDIDATES)
    rule = watched(task)
    result = start(task, FedAvg(), rule=rule)
    settled = task.told(RoundSettled)
    assert [event.round for event in settled] == [1, 2, 3]
    assert task.model.stored_phase is Phase.FINISHED
    for event, motion in zip(settled, rule.motions, strict=True):
        assert event.choice is not None
        assert event.model == motion.menu.digest.digests[event.choice.winner]
        assert (event.outcome == "accepted") == (event.choice.winner != 0)
        assert event.choice.entries == motion.menu.names
        assert all(len(scores) == len(motion.models) for scores in event.scores.values())
    assert model_digest(wire.to_arrays(result.arrays)) == task.model.model
    assert any(event.choice.winner for event in settled)


def test_a_voter_is_sent_the_proposals_and_two_models(alliance: Callable[..., Any]) -> None:
    task = alliance(*CANDIDATES)
    start(task, FedAvg(), 1)
    (sent,) = task.told(VotesCommitted)
    (locked,) = task.told(ProposalsLocked)
    count = len(locked.proposed)
    assert sent.ballot_bytes == sent.proposal_bytes * (count + 2) // count
    assert sent.ballot_bytes < 2 * sent.proposal_bytes


class Seen(FedAvg):
    """FedAvg that remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.models: list[Arrays] = []
        self.examples: list[float] = []

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Look at the replies and aggregate them."""
        given = list(replies)
        self.models = [wire.to_arrays(wire.single_arrays(reply)) for reply in given]
        self.examples = [float(wire.single_metrics(reply)["num-examples"]) for reply in given]  # type: ignore[arg-type]
        return super().aggregate_train(server_round, given)


def test_no_update_reaches_the_strategy_that_is_longer_or_weighs_more_than_most(alliance: Callable[..., Any]) -> None:
    def behave(message: Message, context: Context, honest: ClientApp) -> Message:
        if message.metadata.message_type != "train" or partition(context) % 2:
            return honest(message, context)
        place, old = wire.read_place(wire.alliance_record(message)), wire.to_arrays(wire.single_arrays(message))
        huge = {name: array + np.float32(1e6) for name, array in old.items()}
        return signed(context, place, honest(message, context), huge, {"num-examples": 10**9, "train_loss": 0.1})

    task = alliance(*CANDIDATES, "alliance.proposers=5", behave=behave)
    strategy = Seen()
    start(task, strategy, 1)
    old = wire.to_arrays(task.initial)
    norms = [
        float(np.sqrt(sum(np.sum((arrays[name] - old[name]).astype(float) ** 2) for name in old)))
        for arrays in strategy.models
    ]
    assert len(norms) == 5
    assert max(norms) <= float(np.median(norms)) * 1.001
    assert max(strategy.examples) <= 2 * float(np.median(strategy.examples))


def test_what_the_voters_do_not_choose_leaves_no_trace_in_the_strategy(alliance: Callable[..., Any]) -> None:
    def behave(message: Message, context: Context, honest: ClientApp) -> Message:
        """Let every proposer send its model turned around, so that the old one is the best there is."""
        if message.metadata.message_type != "train":
            return honest(message, context)
        place, old = wire.read_place(wire.alliance_record(message)), wire.to_arrays(wire.single_arrays(message))
        reply = honest(message, context)
        new = wire.to_arrays(wire.single_arrays(reply))
        turned = {name: 2 * old[name] - new[name] for name in old}
        return signed(context, place, reply, turned, dict(wire.single_metrics(reply)))

    task = alliance(*CANDIDATES, behave=behave)
    strategy = FedAdam(eta=0.1)
    result = start(task, strategy, 1)
    (settled,) = task.told(RoundSettled)
    assert settled.outcome == "rejected"
    assert strategy.m_t is None
    assert model_digest(wire.to_arrays(result.arrays)) == model_digest(wire.to_arrays(task.initial))


def test_a_voter_with_another_menu_is_not_heard(alliance: Callable[..., Any]) -> None:
    class Stubborn(Candidates):
        def menu(self, *given: Any, **more: Any) -> Menu:
            menu = super().menu(*given, **more)
            return Menu(menu.names[:2], menu.models[:2], menu.members, tuple(Row(row.marks) for row in menu.rows[:2]))

    task = alliance(*CANDIDATES)
    start(task, FedAvg(), 1, rule=CandidateVoting(Stubborn()))
    (committed,) = task.told(VotesCommitted)
    assert committed.committed == ()
    assert set(committed.dropped.values()) == {"the commitment is on another motion"}
    assert task.told(RoundSettled)[0].outcome == "void"


def test_a_proposer_who_shows_nobody_its_proposal_keeps_its_place_and_stalls_nothing(
    alliance: Callable[..., Any],
) -> None:
    secretive: list[int] = []

    def behave(message: Message, context: Context, honest: ClientApp) -> Message:
        reply = honest(message, context)
        if message.metadata.message_type == "train" and not secretive:
            member = partition(context)
            words = wire.alliance_record(reply)
            signed = SignedProposal(member, wire.data(words, "update"), wire.data(words, "signature"))
            task.federation.ledger.send(Propose(task.federation.task, (signed,)))
            secretive.append(member)
            raise RuntimeError("keeps it to itself")
        return reply

    task = alliance(*CANDIDATES, behave=behave)
    rule = watched(task)
    start(task, FedAvg(), 1, rule=rule)
    (settled,), (motion,) = task.told(RoundSettled), rule.motions
    assert settled.outcome == "accepted"
    assert secretive[0] in motion.members
    assert secretive[0] not in motion.proposals
    at = motion.members.index(secretive[0])
    assert all(row.marks[at] == 0 for row in motion.rows)
    assert decode_menu(motion.encoded, 4) == motion.menu.digest


class Stopped(Exception):
    """Somebody stops the run."""


def test_a_resumed_round_needs_no_proposer_twice(alliance: Callable[..., Any], tmp_path: Path) -> None:
    archive, gone = ProposalArchive(tmp_path / "proposals"), False

    def behave(message: Message, context: Context, honest: ClientApp) -> Message:
        if message.metadata.message_type == "train" and gone:
            raise RuntimeError("gone")
        return honest(message, context)

    def stop(event: Event) -> None:
        if isinstance(event, ProposalsLocked):
            raise Stopped

    whole = alliance(*CANDIDATES)
    start(whole, FedAvg(), 1)
    task = alliance(*CANDIDATES, behave=behave)
    backed = task.backed(FedAvg(), archive=archive)
    backed._listener = stop
    with pytest.raises(Stopped):
        backed.start(task.grid, task.initial, 1)
    gone = True
    start(task, FedAvg(), 1, archive=archive)
    assert task.told(ProposalsLocked)[0].dropped == {}
    assert task.model.model == whole.model.model


class Faulty(Candidates):
    """A rule of somebody's own with a defect."""

    def menu(
        self,
        old: Arrays,
        proposals: Mapping[int, Arrays],
        aggregate: Arrays,
        members: Sequence[int] | None = None,
        averages: Mapping[int, int] | None = None,
    ) -> Menu:
        """Fail."""
        raise ZeroDivisionError("no proposals")


def test_a_defect_in_somebodys_own_rule_is_named(alliance: Callable[..., Any]) -> None:
    task = alliance(*CANDIDATES)
    with pytest.raises(StrategyFailed, match="rule Faulty: menu raised ZeroDivisionError: no proposals"):
        start(task, FedAvg(), 1, rule=CandidateVoting(Faulty()))


@pytest.mark.parametrize("reward", ["stake", "contribution"])
def test_votes_say_what_members_contributed_where_it_is_paid_for(alliance: Callable[..., Any], reward: str) -> None:
    task = alliance(*CANDIDATES, "rounds=1", f"rule.reward={reward}")
    start(task, FedAvg(), 1)
    told = task.model.committee.contributions
    assert all(len(points) == (4 if reward == "contribution" else 0) for points in told.values())
    assert bool(any(any(points) for points in told.values())) == (reward == "contribution")


def test_noise_blurs_what_is_revealed_and_is_the_same_for_a_node_asked_twice(alliance: Callable[..., Any]) -> None:
    words = (*CANDIDATES, "rule.reward=stake")
    plain, noisy, again = (alliance(*words, f"rule.score_epsilon={epsilon}") for epsilon in ("0", "50", "50"))
    settled = []
    for task in (plain, noisy, again):
        start(task, FedAvg(), 1)
        settled.append(task.told(RoundSettled)[0])
    assert settled[0].scores != settled[1].scores == settled[2].scores
    assert settled[0].evaluate_metrics["loss"] != settled[1].evaluate_metrics["loss"]
    assert set(settled[0].evaluate_metrics) > set(settled[1].evaluate_metrics) == {"loss"}
