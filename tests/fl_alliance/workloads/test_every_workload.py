"""What holds for each built-in workload alike."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from fl_alliance.workloads import BUILT_IN, ModelMismatch, WorkloadError, get
from fl_alliance.workloads.base import LOSS_LIMIT, Arrays, Examples, HasGradient, TrainConfig, Workload
from fl_alliance.workloads.baselines import compare, fedavg, fine_tuned

NODES = 4
ONE_TRAINING = """
import hashlib, sys
from fl_alliance.workloads import get
workload = get(sys.argv[1])
arrays = workload.train(workload.initial_arrays(3), workload.load(1, 4, 3), workload.defaults).arrays
print(hashlib.sha256(b"".join(value.tobytes() for value in arrays.values())).hexdigest())
"""


@pytest.fixture(params=sorted(BUILT_IN))
def workload(request: pytest.FixtureRequest) -> Workload:
    return get(request.param)


def trained(workload: Workload, seed: int = 3, number: int = 1, node: int = 1, **changes: Any) -> Arrays:
    config = replace(workload.defaults, seed=seed, round=number, **changes)
    return workload.train(workload.initial_arrays(seed), workload.load(node, NODES, seed), config).arrays


def with_value(arrays: Arrays, value: float) -> Arrays:
    return {name: np.full_like(array, value) for name, array in arrays.items()}


def test_the_same_seed_node_and_round_give_the_same_bytes(workload: Workload, digest: Callable[[Arrays], str]) -> None:
    assert digest(trained(workload)) == digest(trained(workload))
    assert digest(trained(get(workload.name))) == digest(trained(workload))


def test_another_round_node_or_seed_gives_another_model(workload: Workload, digest: Callable[[Arrays], str]) -> None:
    models = [trained(workload), trained(workload, number=2), trained(workload, node=2), trained(workload, seed=4)]
    assert len({digest(model) for model in models}) == 4


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_the_number_of_threads_does_not_change_a_bit(name: str) -> None:
    def bytes_with(threads: str) -> str:
        environment = os.environ | dict.fromkeys(
            ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads
        )
        command = [sys.executable, "-c", ONE_TRAINING, name]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert bytes_with("1") == bytes_with("3")


def test_training_in_several_threads_at_once_does_not_change_a_bit(
    workload: Workload, digest: Callable[[Arrays], str]
) -> None:
    alone = [digest(trained(workload, node=node)) for node in range(NODES)]
    with ThreadPoolExecutor(NODES) as pool:
        together = list(pool.map(lambda node: digest(trained(workload, node=node)), range(NODES)))
    assert together == alone


def test_training_neither_reads_nor_moves_the_global_generators(
    workload: Workload, digest: Callable[[Arrays], str]
) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    before, numpy_before = torch.get_rng_state(), str(np.random.get_state())
    first = digest(trained(workload))
    assert torch.equal(before, torch.get_rng_state())
    assert numpy_before == str(np.random.get_state())
    torch.manual_seed(2)
    assert digest(trained(workload)) == first


def test_training_leaves_the_given_arrays_as_they_were(workload: Workload, digest: Callable[[Arrays], str]) -> None:
    arrays = workload.initial_arrays(0)
    before = digest(arrays)
    result = workload.train(arrays, workload.load(0, NODES, 0), workload.defaults)
    assert digest(arrays) == before != digest(result.arrays)
    assert list(result.arrays) == list(arrays)
    assert {value.dtype for value in result.arrays.values()} == {np.dtype(np.float32)}


def test_training_does_not_depend_on_heldout_and_test_data(workload: Workload, digest: Callable[[Arrays], str]) -> None:
    site = workload.load(0, NODES, 0)
    blind = replace(site, heldout=Examples(site.heldout.x[:0], site.heldout.y[:0]), test=site.train)
    arrays = workload.initial_arrays(0)
    results = [workload.train(arrays, one, workload.defaults) for one in (site, blind)]
    assert digest(results[0].arrays) == digest(results[1].arrays)
    assert results[0].num_examples == len(site.train)


def test_an_example_is_in_one_part_of_one_site_only(workload: Workload) -> None:
    seen: set[bytes] = set()
    total = 0
    for node in range(NODES):
        site = workload.load(node, NODES, 5)
        for part in (site.train, site.heldout, site.test):
            seen |= {x.tobytes() + y.tobytes() for x, y in zip(part.x, part.y, strict=True)}
            total += len(part)
    # Among the digits and among flat stretches of glucose a few differ in nothing.
    assert total - len(seen) <= 5


@pytest.mark.parametrize("num_nodes", [1, 10, None])
def test_every_site_has_something_to_train_to_vote_with_and_to_test(workload: Workload, num_nodes: int | None) -> None:
    count = num_nodes or min(workload.nodes(), 200)
    sites = [workload.load(node, count, 1) for node in range(count)]
    assert min(min(len(site.train), len(site.heldout), len(site.test)) for site in sites) >= 1


def test_a_site_number_or_count_that_the_data_does_not_allow_is_refused(workload: Workload) -> None:
    with pytest.raises(WorkloadError, match=f"{workload.nodes() + 1} nodes, needed: 1 to {workload.nodes()}"):
        workload.load(0, workload.nodes() + 1, 0)
    with pytest.raises(WorkloadError, match="0 nodes"):
        workload.load(0, 0, 0)
    for node in (-1, 4):
        with pytest.raises(WorkloadError, match=f"node {node}, needed: 0 to 3"):
            workload.load(node, 4, 0)


def test_a_score_is_between_0_and_1_and_grows_with_training(workload: Workload) -> None:
    site = workload.load(0, NODES, 0)
    arrays = workload.initial_arrays(0)
    before = workload.score(arrays, site)
    after = workload.score(workload.train(arrays, site, replace(workload.defaults, local_epochs=10)).arrays, site)
    assert 0 <= before.score < after.score <= 1
    assert before.loss > after.loss >= 0
    assert before.num_examples == after.num_examples == len(site.heldout)


def test_the_gradient_is_that_of_the_loss_a_voter_reports(workload: Workload) -> None:
    assert isinstance(workload, HasGradient)
    site, arrays = workload.load(0, NODES, 0), trained(workload)
    gradient = workload.gradient(arrays, site)
    assert {name: (value.shape, value.dtype) for name, value in gradient.items()} == {
        name: (value.shape, value.dtype) for name, value in arrays.items()
    }
    rng = np.random.default_rng(1)
    for _ in range(3):
        direction = {name: rng.normal(size=value.shape).astype(np.float32) for name, value in arrays.items()}
        step = 3e-4
        ends = [{name: value + sign * step * direction[name] for name, value in arrays.items()} for sign in (1, -1)]
        up, down = (workload.score(end, site).loss for end in ends)
        slope = sum(float((gradient[name] * direction[name]).sum()) for name in arrays)
        assert slope == pytest.approx((up - down) / (2 * step), rel=0.03, abs=0.002)


def test_the_gradient_of_a_broken_model_is_zero(workload: Workload) -> None:
    assert isinstance(workload, HasGradient)
    gradient = workload.gradient(with_value(workload.initial_arrays(0), np.nan), workload.load(0, NODES, 0))
    assert all(np.isfinite(value).all() for value in gradient.values())


def test_candidate_voting_sees_a_useful_model_well_below_1_and_a_ruined_one_above_4(workload: Workload) -> None:
    sites = [workload.load(node, 10, 0) for node in range(10)]
    useful = fedavg(workload, sites, 10, workload.defaults)
    rng = np.random.default_rng(0)
    ruined = {name: (value + rng.normal(0, 10, value.shape)).astype(np.float32) for name, value in useful.items()}
    assert np.mean([workload.score(useful, site).loss for site in sites]) < 0.5
    assert np.mean([workload.score(ruined, site).loss for site in sites]) > 4


def test_training_reports_its_loss_in_the_unit_that_voters_use(workload: Workload) -> None:
    site = workload.load(0, 10, 0)
    alone = replace(site, heldout=site.train)
    result = workload.train(workload.initial_arrays(0), site, replace(workload.defaults, learning_rate=1e-9))
    reported = workload.score(workload.initial_arrays(0), alone).loss
    assert result.metrics["train_loss"] == pytest.approx(reported, rel=1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_a_broken_model_scores_0_with_a_finite_loss(workload: Workload, value: float) -> None:
    site = workload.load(0, NODES, 0)
    broken = with_value(workload.initial_arrays(0), value)
    score = workload.score(broken, site)
    if not np.isfinite(value):
        assert score.score == 0.0
        assert score.loss == LOSS_LIMIT
    assert 0 <= score.score <= 1
    figures = [score.loss, *score.metrics.values(), *workload.evaluate(broken, [site]).values()]
    assert np.isfinite(figures).all()


def test_arrays_of_another_model_are_refused_by_name_and_shape(workload: Workload) -> None:
    site = workload.load(0, NODES, 0)
    arrays = workload.initial_arrays(0)
    first = next(iter(arrays))
    hostile = [
        {name: value for name, value in arrays.items() if name != first},
        arrays | {"extra": np.zeros(1, np.float32)},
        arrays | {first: np.zeros((2, 3), np.float32)},
        dict(reversed(arrays.items())),
    ]
    for model in hostile:
        for call in (
            lambda model: workload.train(model, site, workload.defaults),
            lambda model: workload.score(model, site),
            lambda model: workload.evaluate(model, [site]),
            lambda model: workload.gradient(model, site),  # type: ignore[attr-defined]
        ):
            with pytest.raises(ModelMismatch, match="needed"):
                call(model)


def test_a_proximal_term_keeps_the_model_nearer_to_where_it_started(workload: Workload) -> None:
    start = workload.initial_arrays(3)

    def distance(mu: float) -> float:
        moved = trained(workload, proximal_mu=mu, local_epochs=5)
        return sum(float(((moved[name] - start[name]) ** 2).sum()) for name in start)

    assert distance(1.0) < distance(0.1) < distance(0.0)


def test_evaluating_one_model_per_site_equals_evaluating_the_same_for_all(workload: Workload) -> None:
    sites = [workload.load(node, 3, 0) for node in range(3)]
    arrays = workload.initial_arrays(0)
    assert workload.evaluate(arrays, sites) == workload.evaluate([arrays] * 3, sites)
    with pytest.raises(WorkloadError, match="2 models for 3 sites"):
        workload.evaluate([arrays] * 2, sites)


def test_averaging_over_the_sites_beats_training_alone(workload: Workload) -> None:
    sites = [workload.load(node, 10, 0) for node in range(10)]
    rounds = 10
    arrays = fedavg(workload, sites, rounds, workload.defaults)
    figures = compare(workload, sites, rounds, workload.defaults)
    loss = {"glucose": "rmse", "linear": "rmse"}.get(workload.name, "loss")
    federated = workload.evaluate(arrays, sites)
    initial = workload.evaluate(workload.initial_arrays(0), sites)
    assert federated[loss] < 0.9 * initial[loss]
    if loss == "rmse":  # Dirichlet sites test on the few classes they have: alone is easier
        assert federated[loss] < figures["local"][loss]
    assert set(federated) == {metric.name for metric in workload.metrics}
    tuned = workload.evaluate(fine_tuned(workload, arrays, sites, rounds, workload.defaults), sites)
    assert tuned[loss] < 0.9 * initial[loss]


def test_the_published_rule_accepts_honest_rounds_and_rejects_a_flipped_update(workload: Workload) -> None:
    sites = [workload.load(node, 10, 0) for node in range(10)]
    honest = [fedavg(workload, sites, rounds, workload.defaults) for rounds in (2, 3)]
    start = workload.initial_arrays(0)
    flipped = {name: 2 * start[name] - honest[1][name] for name in start}

    def votes_for(old: Arrays, new: Arrays) -> int:
        return sum(workload.score(new, site).score >= 0.95 * workload.score(old, site).score for site in sites)

    assert votes_for(*honest) >= 7
    assert votes_for(honest[0], flipped) <= 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"local_epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"proximal_mu": -1.0},
        {"proximal_mu": float("inf")},
        {"seed": -1},
        {"round": -1},
    ],
)
def test_a_training_budget_out_of_range_is_refused_with_what_is_needed(wrong: dict[str, float]) -> None:
    with pytest.raises(WorkloadError, match=f"{next(iter(wrong))}=.*needed"):
        TrainConfig(**wrong)  # type: ignore[arg-type]
