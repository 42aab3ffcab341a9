"""Flower's robust strategies and ours give ByzFL's numbers."""

from collections.abc import Sequence
from types import ModuleType

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg, FedMedian, FedTrimmedAvg, Krum, MultiKrum
from numpy.typing import NDArray

from fl_alliance.strategies.menu import Candidates
from fl_alliance.strategies.nnm import NearestNeighborMixing
from fl_alliance.strategies.subsets import trimmed_mean

CASES = [(9, 2, 0), (20, 8, 1), (11, 0, 2), (12, 5, 3)]
"""Models, malicious ones among them, seed."""


def models(count: int, malicious: int, seed: int) -> NDArray[np.float32]:
    """Return rows of which the last are far out, each in its own direction."""
    rng = np.random.default_rng(seed)
    scale = np.where(np.arange(count) < count - malicious, 1.0, 10.0)
    return np.asarray(rng.normal(size=(count, 40)) * scale[:, None], np.float32)


def aggregated(strategy: FedAvg, rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return what a strategy makes of models that saw equally many examples."""
    replies = []
    for place, row in enumerate(rows):
        arrays = ArrayRecord({"weight": Array(row[:30].reshape(5, 6)), "bias": Array(row[30:])})
        request = Message(RecordDict(), dst_node_id=place + 1, message_type="train")
        content = RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": 7})})
        replies.append(Message(content, reply_to=request))
    made, _ = strategy.aggregate_train(1, replies)
    assert made is not None
    return np.concatenate([array.numpy().ravel() for array in made.values()])


@pytest.mark.parametrize(("count", "malicious", "seed"), CASES)
def test_nearest_neighbour_mixing_and_trimmed_mean(byzfl: ModuleType, count: int, malicious: int, seed: int) -> None:
    rows = models(count, malicious, seed)
    theirs = byzfl.TrMean(f=malicious)(byzfl.NNM(f=malicious)(rows.astype(np.float64)))
    ours = aggregated(NearestNeighborMixing(num_malicious_nodes=malicious), rows)
    assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(("count", "malicious", "seed"), CASES)
def test_what_the_inner_strategy_sees_is_clipped(byzfl: ModuleType, count: int, malicious: int, seed: int) -> None:
    rows = models(count, malicious, seed)
    old = {"weight": np.zeros(40, np.float32)}
    rule = Candidates(limits={"coordinates": 0})
    proposals = {member: {"weight": row} for member, row in enumerate(rows)}
    limit = float(np.sort(np.linalg.norm(rows, axis=1))[(count - 1) // 2])
    clipped = byzfl.Clipping(c=limit)(rows.astype(np.float64))
    prepared = np.array([arrays["weight"] for arrays in rule.prepare(old, proposals).values()])
    assert prepared == pytest.approx(clipped, abs=1e-5)


@pytest.mark.parametrize(("count", "malicious", "seed"), CASES)
def test_trimmed_mean_and_median(byzfl: ModuleType, count: int, malicious: int, seed: int) -> None:
    rows = models(count, malicious, seed)
    theirs = byzfl.TrMean(f=malicious)(rows.astype(np.float64))
    assert trimmed_mean(rows.astype(np.float64), malicious) == pytest.approx(theirs)
    assert aggregated(FedTrimmedAvg(beta=(malicious + 0.5) / count), rows) == pytest.approx(theirs, abs=1e-5)
    assert aggregated(FedMedian(), rows) == pytest.approx(byzfl.Median()(rows), abs=1e-6)


@pytest.mark.parametrize(("count", "malicious", "seed"), [case for case in CASES if case[0] >= 2 * case[1] + 3])
def test_krum_and_multi_krum_where_both_count_the_same_neighbours(
    byzfl: ModuleType, count: int, malicious: int, seed: int
) -> None:
    """The paper and Flower add up the n - f - 2 nearest, ByzFL one more: its f is ours plus 1."""
    rows = models(count, malicious, seed)
    exact = rows.astype(np.float64)
    assert aggregated(Krum(num_malicious_nodes=malicious), rows) == pytest.approx(byzfl.Krum(f=malicious + 1)(exact))
    several = MultiKrum(num_malicious_nodes=malicious, num_nodes_to_select=count - malicious - 1)
    assert aggregated(several, rows) == pytest.approx(byzfl.MultiKrum(f=malicious + 1)(exact), abs=1e-5)
