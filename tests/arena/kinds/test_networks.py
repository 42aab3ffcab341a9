"""Small networks as submissions: glucose by its error in mg/dL, digits by how many are misread."""

import numpy as np
import pytest
from safetensors.numpy import save

from fl_alliance.arena.copies import SIMILARITY_LIMIT, cosine
from fl_alliance.arena.errors import NotFinite, NotSafetensors, TensorsForeign
from fl_alliance.arena.kinds.base import WORST, Budget, Datasets, Progress
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.networks import NetworkKind
from fl_alliance.arena.parameters import pack_parameters
from fl_alliance.arena.sandbox import Status, run
from fl_alliance.learners import WorkloadLearner, network_kind
from fl_alliance.workloads.errors import WorkloadError

WORKLOADS = {"tabular": "glucose", "classify": "digits"}
QUICK = Budget(steps=200, batch_size=64, learning_rate=0.05)


@pytest.fixture(scope="module", params=WORKLOADS)
def kind(request: pytest.FixtureRequest) -> NetworkKind:
    return network_kind(request.param, WORKLOADS[request.param])


@pytest.fixture(scope="module")
def data(kind: NetworkKind) -> Datasets:
    return kind.datasets(seed=0)


@pytest.fixture(scope="module")
def untrained(kind: NetworkKind) -> bytes:
    return kind.initial(seed=0)


@pytest.fixture(scope="module")
def tabular() -> NetworkKind:
    return network_kind("tabular", "glucose")


@pytest.fixture(scope="module")
def classify() -> NetworkKind:
    return network_kind("classify", "digits")


def test_training_lowers_the_loss_on_both_sets_that_score(kind: NetworkKind, data: Datasets, untrained: bytes) -> None:
    learned = kind.train(untrained, data.train, kind.budget, seed=0)
    for unseen in (data.a, data.b):
        assert kind.score(kind.load(learned), unseen) < 0.92 * kind.score(kind.load(untrained), unseen)


def test_two_runs_with_one_seed_give_the_same_bytes(kind: NetworkKind, data: Datasets, untrained: bytes) -> None:
    first = kind.train(untrained, data.train, QUICK, seed=3)
    assert kind.train(untrained, data.train, QUICK, seed=3) == first
    assert kind.train(untrained, data.train, QUICK, seed=4) != first


def test_training_reports_every_pass_and_makes_at_least_the_steps_of_its_budget(
    kind: NetworkKind, data: Datasets, untrained: bytes
) -> None:
    told: list[Progress] = []
    kind.train(untrained, data.train, QUICK, 0, told.append)
    assert [progress.step for progress in told] == sorted({progress.step for progress in told})
    assert told[-1].step == told[-1].steps >= QUICK.steps
    assert told[-1].steps - QUICK.steps < told[0].step


def test_a_submission_is_exactly_the_models_parameters(kind: NetworkKind, untrained: bytes) -> None:
    arrays = kind.load(untrained)
    assert kind.parameters(arrays) == kind.limits.parameters == sum(array.size for array in arrays.values())
    assert len(untrained) <= kind.limits.file_bytes
    first = next(iter(arrays))
    with pytest.raises(TensorsForeign):
        kind.load(save({name: array for name, array in arrays.items() if name != first}))
    with pytest.raises(TensorsForeign):
        kind.load(save({**arrays, "extra": np.zeros(1, np.float32)}))
    with pytest.raises(NotFinite):
        kind.load(save({**arrays, first: np.full_like(arrays[first], np.nan)}))
    with pytest.raises(NotSafetensors, match="pickle"):
        kind.load(b"\x80\x04" + untrained)


def test_a_model_whose_outputs_overflow_gets_the_worst_score(
    kind: NetworkKind, data: Datasets, untrained: bytes
) -> None:
    giant = {name: np.full_like(array, 3e38) for name, array in kind.load(untrained).items()}
    assert kind.score(giant, data.a) == WORST


def test_no_example_of_a_set_is_in_another(kind: NetworkKind, data: Datasets) -> None:
    rows = [{row.tobytes() for row in kind.read(part).x} for part in (data.train, data.a, data.b)]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]


def test_the_untrained_glucose_model_scores_what_persistence_errs_by(tabular: NetworkKind) -> None:
    part = tabular.read(tabular.datasets(0).a)
    rmse = float(np.sqrt(np.mean((part.x[:, -1].astype(np.float64) - part.y) ** 2)))
    score = tabular.score(tabular.load(tabular.initial(0)), tabular.datasets(0).a)
    assert score == pytest.approx(rmse * 1000, abs=1)  # thousandths of a mg/dL
    assert 10_000 < score < 20_000


def test_a_score_of_digits_counts_the_misread_ones(classify: NetworkKind) -> None:
    part = classify.datasets(0).a
    table, model = classify.read(part), classify.load(classify.initial(0))
    wrong = sum(
        row.argmax() != label for row, label in zip(classify.learner.outputs(model, table.x), table.y, strict=True)
    )
    assert classify.score(model, part) == round(wrong / len(table.y) * 1e6)


def test_an_fl_alliance_task_can_start_from_a_winner(kind: NetworkKind, data: Datasets, untrained: bytes) -> None:
    assert isinstance(kind.learner, WorkloadLearner)
    winner = kind.load(kind.train(untrained, data.train, QUICK, seed=0))
    workload = kind.learner.workload
    site = workload.load(0, 3, 0)
    assert list(winner) == list(workload.initial_arrays(0))
    assert workload.score(winner, site).score > workload.score(kind.load(untrained), site).score


def test_a_sandbox_gives_the_same_score_and_refuses_a_malformed_model(
    kind: NetworkKind, data: Datasets, untrained: bytes
) -> None:
    terms = {"kind": kind.name, "workload": WORKLOADS[kind.name], "options": {}}
    outcome = run("fl_alliance.learners:score_submission", [untrained, data.a], terms)
    assert (outcome.status, outcome.value) == (Status.FINISHED, kind.score(kind.load(untrained), data.a))
    refused = run("fl_alliance.learners:score_submission", [untrained[:-4], data.a], terms)
    assert refused.status == Status.REFUSED
    assert refused.is_the_submissions_fault


def test_a_copy_with_noise_is_found_and_a_model_that_started_from_another_seed_is_not(
    kind: NetworkKind, data: Datasets, untrained: bytes
) -> None:
    origin = kind.load(untrained)
    first, other = (kind.load(kind.train(kind.initial(seed), data.train, kind.budget, seed)) for seed in (1, 2))
    rng = np.random.default_rng(0)
    noisy = {n: origin[n] + 1.3 * (a - origin[n]) + rng.normal(0, 1e-4, a.shape) for n, a in first.items()}
    noisy = {name: array.astype(np.float32) for name, array in noisy.items()}
    assert cosine(kind.update(noisy, origin), kind.update(first, origin)) > SIMILARITY_LIMIT
    assert cosine(kind.update(other, origin), kind.update(first, origin)) < SIMILARITY_LIMIT - 0.1


@pytest.mark.parametrize(
    ("kind_name", "workload", "named"),
    [
        ("lm-lora", "glucose", "tabular or classify"),
        ("tabular", "linear", "lacks outputs"),
        ("tabular", "nothing", "unknown workload"),
    ],
)
def test_a_workload_that_cannot_be_a_task_is_refused(kind_name: str, workload: str, named: str) -> None:
    with pytest.raises(WorkloadError, match=named):
        network_kind(kind_name, workload)


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"x": np.zeros((4, 64), np.float32)}, "no tensors 'y'"),
        ({"x": np.zeros((4, 63), np.float32), "y": np.zeros(4, np.float32)}, "shape"),
        ({"x": np.zeros((4, 64), np.float32), "y": np.zeros(3, np.float32)}, "shape"),
        ({"x": np.full((4, 64), np.inf, np.float32), "y": np.zeros(4, np.float32)}, "infinite"),
        ({"x": np.zeros((0, 64), np.float32), "y": np.zeros(0, np.float32)}, "no example"),
        ({"x": np.zeros((4, 64), np.float32), "y": np.full(4, 10, np.float32)}, "class 10"),
        ({"x": np.zeros((4, 64), np.float32), "y": np.full(4, 0.5, np.float32)}, "class 0.5"),
    ],
)
def test_a_dataset_that_does_not_fit_is_refused(
    classify: NetworkKind, arrays: dict[str, np.ndarray], named: str
) -> None:
    with pytest.raises(DataUnusable, match=named):
        classify.read(pack_parameters(arrays))


def test_a_dataset_that_is_no_file_of_tensors_is_refused(classify: NetworkKind) -> None:
    with pytest.raises(DataUnusable, match="pickle"):
        classify.score(classify.load(classify.initial(0)), b"\x80\x04abcdefgh")
