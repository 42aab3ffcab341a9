"""What a wrapped strategy needs is known before a round starts, and what it learnt can be undone."""

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import (
    Bulyan,
    DifferentialPrivacyServerSideFixedClipping,
    FedAdam,
    FedAvg,
    Krum,
    Strategy,
)

from fl_alliance.strategies import inner
from fl_alliance.strategies.errors import CommitteeTooSmall
from fl_alliance.strategies.nnm import NearestNeighborMixing


@pytest.mark.parametrize(
    ("strategy", "proposers", "voters", "setting"),
    [
        (FedAvg(min_train_nodes=5), 4, 5, "min_train_nodes"),
        (FedAvg(min_available_nodes=6), 5, 6, "min_available_nodes"),
        (FedAvg(), 1, 3, "min_train_nodes"),
        (FedAvg(min_evaluate_nodes=4), 4, 3, "min_evaluate_nodes"),
        (Krum(num_malicious_nodes=2), 6, 3, "num_malicious_nodes"),
        (Bulyan(num_malicious_nodes=1), 6, 3, "num_malicious_nodes"),
        (NearestNeighborMixing(num_malicious_nodes=2), 4, 3, "num_malicious_nodes"),
        (DifferentialPrivacyServerSideFixedClipping(FedAvg(), 1.0, 1.0, 7), 6, 3, "num_sampled_clients"),
        (DifferentialPrivacyServerSideFixedClipping(FedAvg(min_train_nodes=9), 1.0, 1.0, 6), 6, 3, "min_train_nodes"),
    ],
)
def test_a_strategy_that_needs_more_nodes_is_refused_by_name(
    strategy: Strategy, proposers: int, voters: int, setting: str
) -> None:
    with pytest.raises(CommitteeTooSmall, match=setting):
        inner.check_committee(strategy, proposers, voters)


@pytest.mark.parametrize(
    ("strategy", "proposers", "voters"),
    [
        (FedAvg(), 2, 2),
        (FedAvg(), 2, 0),
        (Krum(num_malicious_nodes=1), 5, 2),
        (Bulyan(num_malicious_nodes=1), 7, 2),
        (NearestNeighborMixing(num_malicious_nodes=2), 5, 2),
    ],
)
def test_a_committee_that_is_just_large_enough_is_taken(strategy: Strategy, proposers: int, voters: int) -> None:
    inner.check_committee(strategy, proposers, voters)


def reply(value: float) -> Message:
    request = Message(RecordDict(), dst_node_id=1, message_type="train")
    content = RecordDict(
        {
            "arrays": ArrayRecord({"w": Array(np.full(3, value, dtype=np.float32))}),
            "metrics": MetricRecord({"num-examples": 1}),
        }
    )
    return Message(content, reply_to=request)


def test_restoring_undoes_an_optimiser_step_of_a_nested_strategy() -> None:
    adam = FedAdam()
    wrapped = DifferentialPrivacyServerSideFixedClipping(adam, 0.0, 1.0, 2)
    start = ArrayRecord({"w": Array(np.zeros(3, dtype=np.float32))})
    adam.current_arrays = {"w": np.zeros(3, dtype=np.float32)}
    wrapped.current_arrays = start
    before = inner.snapshot(wrapped)

    first, _ = wrapped.aggregate_train(1, [reply(1.0), reply(2.0)])
    assert adam.m_t is not None
    inner.restore(wrapped, before)
    assert wrapped.strategy is adam
    assert adam.m_t is None
    again, _ = wrapped.aggregate_train(1, [reply(1.0), reply(2.0)])
    assert first is not None
    assert again is not None
    np.testing.assert_array_equal(first["w"].numpy(), again["w"].numpy())


def test_a_dumped_state_loads_into_a_new_strategy() -> None:
    adam = FedAdam()
    adam.current_arrays = {"w": np.zeros(3, dtype=np.float32)}
    adam.aggregate_train(1, [reply(1.0), reply(2.0)])
    resumed = FedAdam()
    inner.load(resumed, inner.dump(adam))
    assert adam.m_t is not None
    assert resumed.m_t is not None
    np.testing.assert_array_equal(resumed.m_t["w"], adam.m_t["w"])
