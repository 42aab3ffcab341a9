"""Nearest-neighbour mixing and trimmed mean as a Flower strategy."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from numpy.typing import NDArray

from fl_alliance.strategies.nnm import NearestNeighborMixing, mixed_and_trimmed

Replies = Callable[[Sequence[NDArray[np.float32]]], list[Message]]


@pytest.fixture
def replies() -> Replies:
    """One reply a row: a model of two arrays, and ten examples more than the one before."""

    def make(rows: Sequence[NDArray[np.float32]]) -> list[Message]:
        made = []
        for place, row in enumerate(rows):
            arrays = ArrayRecord({"weight": Array(row[:4].reshape(2, 2)), "bias": Array(row[4:])})
            metrics = MetricRecord({"num-examples": 10 * place + 10, "train_loss": float(place)})
            request = Message(RecordDict(), dst_node_id=place + 1, message_type="train")
            made.append(Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=request))
        return made

    return make


def test_the_aggregate_has_the_models_names_shapes_and_dtype(replies: Replies) -> None:
    rows = list(np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32))
    arrays, metrics = NearestNeighborMixing(num_malicious_nodes=1).aggregate_train(1, replies(rows))
    assert arrays is not None
    assert metrics is not None
    assert {name: (array.shape, array.dtype) for name, array in arrays.items()} == {
        "weight": ((2, 2), "float32"),
        "bias": ((2,), "float32"),
    }
    assert metrics["train_loss"] == pytest.approx(np.average(range(5), weights=range(10, 60, 10)))


def test_without_malicious_nodes_it_is_the_plain_mean(replies: Replies) -> None:
    rows = list(np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32))
    arrays, _ = NearestNeighborMixing().aggregate_train(1, replies(rows))
    assert arrays is not None
    flat = np.concatenate([array.numpy().ravel() for array in arrays.values()])
    assert flat == pytest.approx(np.mean(rows, axis=0), abs=1e-6)


def test_a_minority_of_wild_models_has_no_say(replies: Replies) -> None:
    honest = np.random.default_rng(2).normal(size=(5, 6)).astype(np.float32)
    wild = np.full((2, 6), 1e6, np.float32) * np.array([[1], [-1]], np.float32)
    arrays, _ = NearestNeighborMixing(num_malicious_nodes=2).aggregate_train(1, replies([*honest, *wild]))
    assert arrays is not None
    flat = np.concatenate([array.numpy().ravel() for array in arrays.values()])
    assert (honest.min(axis=0) <= flat).all()
    assert (flat <= honest.max(axis=0)).all()


def test_nothing_is_aggregated_where_the_malicious_could_be_a_majority(replies: Replies) -> None:
    rows = list(np.zeros((4, 6), np.float32))
    assert NearestNeighborMixing(num_malicious_nodes=2).aggregate_train(1, replies(rows)) == (None, None)


def test_the_result_moves_with_the_models_and_does_not_depend_on_their_order() -> None:
    rows = np.random.default_rng(3).normal(size=(7, 20))
    mixed = mixed_and_trimmed(rows, 2)
    assert mixed_and_trimmed(rows + 1000.0, 2) == pytest.approx(mixed + 1000.0)
    assert mixed_and_trimmed(rows[::-1], 2) == pytest.approx(mixed)
