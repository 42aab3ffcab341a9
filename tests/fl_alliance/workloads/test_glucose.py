from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from fl_alliance.workloads import WorkloadError, get
from fl_alliance.workloads.base import Examples, HasErrorGrid, HasPredictions, HasReferences, Site
from fl_alliance.workloads.baselines import fedavg
from fl_alliance.workloads.glucose import GAP_MIN, MOST_SPELLS, Glucose

Readings = list[tuple[str, float, float]]


@pytest.fixture(scope="module")
def sites() -> list[Site]:
    return [Glucose().load(node, 10, 0) for node in range(10)]


def places(part: Examples) -> set[int]:
    """Place of every reading that the part touches, in data where reading i is 50 + i / 4 mg/dL."""
    touched = np.concatenate([part.x.ravel(), part.y])
    return {round(value) for value in (touched - 50) * 4}


@pytest.mark.parametrize("left_out", [[], [100, 350, 351], range(590, 615), range(560, 640)])
def test_three_hours_lie_between_training_voting_and_test_data(
    days_of: Callable[..., Readings], write_csv: Callable[[Readings], Path], left_out: Sequence[int]
) -> None:
    site = Glucose(data=str(write_csv(days_of("p", 1000, left_out)))).load(0, 1, 0)
    train, heldout, test = (places(part) for part in (site.train, site.heldout, site.test))
    assert min(heldout) - max(train) >= GAP_MIN / 5
    assert min(test) - max(heldout) >= GAP_MIN / 5


def test_a_long_pause_between_two_wearings_does_not_empty_a_part(
    days_of: Callable[..., Readings], write_csv: Callable[[Readings], Path]
) -> None:
    readings = [
        (patient, minute + (500_000 if place > 400 else 0), value)
        for place, (patient, minute, value) in enumerate(days_of("p", 1000))
    ]
    site = Glucose(data=str(write_csv(readings))).load(0, 1, 0)
    assert min(len(site.train), len(site.heldout), len(site.test)) > 50


def test_every_patient_is_at_one_hospital() -> None:
    workload = get("glucose")
    for num_nodes in (1, 7, 19):
        sites = [workload.load(node, num_nodes, 3) for node in range(num_nodes)]
        assert sum(int(site.about.split()[0]) for site in sites) == 19
        assert sum(len(site.train) for site in sites) == 14_901


def test_more_hospitals_than_patients_share_patients_time_and_no_window() -> None:
    workload = get("glucose")
    assert workload.nodes() == 76
    for num_nodes in (20, 40, 76):
        sites = [workload.load(node, num_nodes, 3) for node in range(num_nodes)]
        assert sum(len(site.train) for site in sites) <= 14_901
        assert min(min(len(site.train), len(site.heldout), len(site.test)) for site in sites) >= 12


def test_persistence_has_the_error_it_is_known_for(sites: list[Site]) -> None:
    workload = Glucose()
    assert isinstance(workload, HasReferences)
    figures = workload.references(sites)
    assert figures["persistence"]["rmse"] == pytest.approx(14.756, abs=0.001)
    assert figures["local ridge"]["rmse"] < 13.2 < figures["persistence"]["rmse"]
    assert figures["pooled ridge"]["rmse"] == pytest.approx(13.035, abs=0.001)


def test_persistence_is_worse_an_hour_ahead() -> None:
    workload = Glucose(horizon_min=60)
    sites = [workload.load(node, 10, 0) for node in range(10)]
    assert workload.references(sites)["persistence"]["rmse"] == pytest.approx(23.090, abs=0.001)


def test_the_untrained_model_is_persistence(sites: list[Site]) -> None:
    workload = Glucose()
    untrained = workload.evaluate(workload.initial_arrays(0), sites)
    assert untrained == pytest.approx(workload.references(sites)["persistence"])


def test_federated_averaging_beats_persistence_by_a_tenth(sites: list[Site]) -> None:
    workload = Glucose()
    arrays = fedavg(workload, sites, 8, workload.defaults)
    persistence = workload.references(sites)["persistence"]["rmse"]
    assert workload.evaluate(arrays, sites)["rmse"] < 0.9 * persistence


def test_the_error_grid_holds_every_test_window_and_few_are_harmful(sites: list[Site]) -> None:
    workload = Glucose()
    assert isinstance(workload, HasErrorGrid)
    grid = workload.error_grid(workload.initial_arrays(0), sites)
    windows = sum(len(site.test) for site in sites)
    assert len(grid.reference) == len(grid.predicted) == len(grid.zones) == windows
    assert isinstance(workload, HasPredictions)
    measured, predicted = workload.predictions(workload.initial_arrays(0), sites[0].test)
    assert np.array_equal(measured, grid.reference[: len(measured)])
    assert np.allclose(predicted, grid.predicted[: len(predicted)])
    assert grid.shares["A"] + grid.shares["B"] > 0.98
    assert grid.shares["A"] == pytest.approx(float(np.mean(grid.zones == "A")))


def test_losing_5_percent_of_the_score_is_an_error_grown_by_5_percent_of_persistences(sites: list[Site]) -> None:
    workload = Glucose()
    for arrays in (workload.initial_arrays(0), fedavg(workload, sites[:2], 2, workload.defaults)):
        for site in sites[:3]:
            score = workload.score(arrays, site)
            yardstick = workload.score(workload.initial_arrays(0), site).metrics["rmse"]
            grown = score.metrics["rmse"] + 0.0513 * yardstick
            assert np.exp(-grown / yardstick) / score.score == pytest.approx(0.95, abs=1e-4)


def test_a_site_whose_glucose_never_moves_still_has_a_score(write_csv: Callable[[Readings], Path]) -> None:
    workload = Glucose(data=str(write_csv([("p", 5.0 * i, 100.0) for i in range(600)])))
    assert workload.score(workload.initial_arrays(0), workload.load(0, 1, 0)).score == 1.0


def test_data_of_ones_own_is_used_and_an_edited_file_is_read_again(
    days_of: Callable[..., Readings], write_csv: Callable[[Readings], Path]
) -> None:
    workload = Glucose(data=str(write_csv(days_of("p", 800) + days_of("q", 800))))
    assert workload.nodes() == 2 * MOST_SPELLS
    write_csv(days_of("p", 801))
    assert workload.nodes() == MOST_SPELLS


def test_a_site_without_a_whole_window_is_refused_with_what_is_needed(
    days_of: Callable[..., Readings], write_csv: Callable[[Readings], Path]
) -> None:
    path = write_csv(days_of("p", 60))
    with pytest.raises(WorkloadError, match=r"readings\.csv: site 0 \(patients p\).*0 to vote with.*150 min"):
        Glucose(data=str(path)).load(0, 1, 0)


def test_readings_a_quarter_of_an_hour_apart_are_refused(write_csv: Callable[[Readings], Path]) -> None:
    path = write_csv([("p", 15.0 * i, 100.0) for i in range(600)])
    with pytest.raises(WorkloadError, match="5 min apart without a gap"):
        Glucose(data=str(path)).load(0, 1, 0)


def test_a_missing_file_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    workload = get("glucose", data=str(tmp_path / "nowhere.csv"))
    with pytest.raises(WorkloadError, match=r"nowhere\.csv: no such file"):
        workload.nodes()
