"""Any Flower strategy runs under the chain unchanged; what the chain rejects leaves no trace in it."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import (
    Bulyan,
    DifferentialPrivacyClientSideAdaptiveClipping,
    DifferentialPrivacyClientSideFixedClipping,
    DifferentialPrivacyServerSideAdaptiveClipping,
    DifferentialPrivacyServerSideFixedClipping,
    FedAdagrad,
    FedAdam,
    FedAvg,
    FedAvgM,
    FedMedian,
    FedProx,
    FedTrimmedAvg,
    FedYogi,
    Krum,
    MultiKrum,
    Strategy,
)

from fl_alliance.chain.types import Phase
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.errors import CommitteeTooSmall
from fl_alliance.strategies.events import ProposalsLocked, RoundSettled, VotersDrawn

RESEARCHER = Path(__file__).resolve().parents[2] / "examples" / "researcher_app"


def own_strategy() -> Strategy:
    """Return the example's strategy, imported as its researcher would: from a folder called `strategies`."""
    sys.path.insert(0, str(RESEARCHER))
    try:
        from strategies.majority_sign import MajoritySign  # noqa: TID251  the researcher's own folder
    finally:
        sys.path.remove(str(RESEARCHER))
    return MajoritySign()


STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "FedAvg": FedAvg,
    "FedProx": lambda: FedProx(proximal_mu=0.1),
    "FedAdam": FedAdam,
    "FedAdagrad": FedAdagrad,
    "FedYogi": FedYogi,
    "FedAvgM": lambda: FedAvgM(server_momentum=0.5),
    "FedMedian": FedMedian,
    "FedTrimmedAvg": FedTrimmedAvg,
    "Krum": Krum,
    "MultiKrum": MultiKrum,
    "Bulyan": Bulyan,
    "DP server fixed": lambda: DifferentialPrivacyServerSideFixedClipping(FedAvg(), 0.01, 1.0, 3),
    "DP server adaptive": lambda: DifferentialPrivacyServerSideAdaptiveClipping(FedAvg(), 0.01, 3),
    "DP client fixed": lambda: DifferentialPrivacyClientSideFixedClipping(FedAvg(), 0.01, 1.0, 3),
    "DP client adaptive": lambda: DifferentialPrivacyClientSideAdaptiveClipping(FedAvg(), 0.01, 3),
    "a researcher's own": own_strategy,
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_any_strategy_finishes_its_task(alliance: Callable[..., Any], name: str) -> None:
    task = alliance()
    result = task.run(STRATEGIES[name]())
    assert task.model.stored_phase is Phase.FINISHED
    settled = task.told(RoundSettled)
    assert [event.round for event in settled] == [1, 2, 3]
    assert sum(event.outcome == "accepted" for event in settled) >= 2
    assert model_digest(wire.to_arrays(result.arrays)) == task.model.model
    assert set(result.evaluate_metrics_clientapp) == {1, 2, 3}


def test_with_every_member_a_proposer_the_result_is_plain_flowers_bit_for_bit(alliance: Callable[..., Any]) -> None:
    task = alliance("alliance.proposers=6", "alliance.voters=0")

    class Ordered(FedAvg):
        """Plain FedAvg whose sum does not depend on the order in which its own sampling asked the nodes."""

        def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> Any:
            return super().aggregate_train(server_round, sorted(replies, key=lambda reply: reply.metadata.src_node_id))

    elsewhere = wire.Place(task.federation.ledger.domain, 999, 0)

    class Plain(Ordered):
        """The same nodes need to be told where they sign; the plain run's signatures go nowhere."""

        def configure_train(self, server_round: int, *args: Any) -> Iterable[Message]:
            for message in super().configure_train(server_round, *args):
                message.content[wire.ALLIANCE] = wire.place_record(replace(elsewhere, round=server_round))
                yield message

        def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> Any:
            replies = list(replies)
            for reply in replies:
                del reply.content[wire.ALLIANCE]
            return super().aggregate_train(server_round, replies)

    plain = Plain(fraction_evaluate=0.0).start(task.grid, task.initial, 3)
    backed = task.run(Ordered())
    assert [event.outcome for event in task.told(RoundSettled)] == ["accepted"] * 3
    for name, array in plain.arrays.items():
        assert array.numpy().tobytes() == backed.arrays[name].numpy().tobytes()


def test_a_rejected_round_rolls_back_the_model_and_the_optimiser(
    alliance: Callable[..., Any], saboteur: Callable[[set[int]], Any]
) -> None:
    task, strategy = alliance(), saboteur({2})
    first = task.run(strategy, rounds=1)
    kept = {name: array.copy() for name, array in strategy.m_t.items()}
    second = task.run(strategy, rounds=1, initial=first.arrays)

    settled = task.told(RoundSettled)[-1]
    assert settled.outcome == "rejected"
    assert (settled.yes, settled.no) == (0, 3)
    assert model_digest(wire.to_arrays(second.arrays)) == model_digest(wire.to_arrays(first.arrays)) == settled.model
    for name, array in kept.items():
        np.testing.assert_array_equal(strategy.m_t[name], array)
    proposed = task.told(ProposalsLocked)[-1].proposed
    assert all(settled.deltas[member] < 0 for member in proposed)
    assert all(settled.deltas[member] > 0 for member in task.told(VotersDrawn)[-1].voters)

    third = task.run(strategy, rounds=1, initial=second.arrays)
    assert task.told(RoundSettled)[-1].outcome == "accepted"
    assert model_digest(wire.to_arrays(third.arrays)) == task.model.model


@pytest.mark.parametrize(
    ("strategy", "needs"), [(FedAvg(min_train_nodes=4), "min_train_nodes"), (Bulyan(num_malicious_nodes=1), "num_mal")]
)
def test_a_strategy_that_the_committee_is_too_small_for_is_refused_at_once(
    alliance: Callable[..., Any], strategy: Strategy, needs: str
) -> None:
    task = alliance()
    with pytest.raises(CommitteeTooSmall, match=needs):
        task.backed(strategy)


def node_is(context: Context, partition: int) -> bool:
    return int(context.node_config["partition-id"]) == partition


def test_an_update_that_breaks_its_promise_is_not_averaged(alliance: Callable[..., Any]) -> None:
    def attacker_swaps_its_update(message: Message, context: Context, app: ClientApp) -> Message:
        reply = app(message, context)
        if message.metadata.message_type == "train" and node_is(context, 2):
            reply.content["arrays"] = wire.to_record(
                {name: array * 1000 for name, array in wire.to_arrays(wire.single_arrays(reply)).items()}
            )
        return reply

    task = alliance("alliance.proposers=4", "alliance.voters=2", behave=attacker_swaps_its_update)
    result = task.run(FedAvg())
    attempts = [event for event in task.told(ProposalsLocked) if 2 in event.dropped]
    assert attempts
    for event in attempts:
        assert "digest differs" in event.dropped[2]
        assert 2 not in event.proposed
    assert all(np.abs(array.numpy()).max() < 100 for array in result.arrays.values())
    assert task.model.stored_phase is Phase.FINISHED
