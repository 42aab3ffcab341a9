import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.workloads import WorkloadError
from fl_alliance.workloads.clarke import ZONES, clarke_labels, clarke_zones

GLUCOSE = st.floats(20, 600)


def zone(reference: float, predicted: float) -> str:
    return str(clarke_labels(np.array([reference]), np.array([predicted]))[0])


@pytest.mark.parametrize(
    ("reference", "predicted", "expected"),
    [
        (100, 100, "A"),
        (100, 120, "A"),
        (100, 80, "A"),
        (100, 121, "B"),
        (100, 79, "B"),
        (50, 69, "A"),
        (40, 65, "A"),
        (100, 209, "B"),
        (100, 210, "C"),
        (290, 400, "C"),
        (291, 401, "B"),
        (160, 41, "C"),
        (160, 43, "B"),
        (130, 0, "C"),
        (129, 0, "B"),
        (50, 75, "D"),
        (60, 73, "D"),
        (65, 78, "A"),
        (65, 79, "D"),
        (50, 179, "D"),
        (240, 100, "D"),
        (239, 100, "B"),
        (350, 180, "D"),
        (350, 181, "B"),
        (60, 180, "E"),
        (60, 300, "E"),
        (180, 70, "E"),
        (300, 40, "E"),
        (179, 71, "B"),
    ],
)
def test_a_point_lies_in_the_zone_clarke_drew(reference: float, predicted: float, expected: str) -> None:
    assert zone(reference, predicted) == expected


@given(GLUCOSE)
def test_a_perfect_prediction_is_always_in_zone_a(reference: float) -> None:
    assert zone(reference, reference) == "A"


@given(st.lists(st.tuples(GLUCOSE, GLUCOSE), min_size=1, max_size=50))
def test_the_shares_count_the_labels_and_sum_to_1(pairs: list[tuple[float, float]]) -> None:
    reference, predicted = np.array(pairs).T
    shares, labels = clarke_zones(reference, predicted), clarke_labels(reference, predicted).tolist()
    assert list(shares) == list(ZONES)
    assert shares == {zone: labels.count(zone) / len(labels) for zone in ZONES}
    assert sum(shares.values()) == pytest.approx(1)


@given(GLUCOSE, st.floats(0, 700), st.floats(0, 700))
def test_a_prediction_further_off_in_the_same_direction_is_never_better(
    reference: float, first: float, second: float
) -> None:
    near, far = sorted((reference + first, reference + second))
    rank = {"A": 0, "B": 1, "C": 2, "D": 2, "E": 3}
    assert rank[zone(reference, near)] <= rank[zone(reference, far)]


@pytest.mark.parametrize("predicted", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_no_number_counts_as_the_worst(predicted: float) -> None:
    assert zone(100, predicted) == "E"


@pytest.mark.parametrize(
    ("reference", "predicted"),
    [([100.0], [100.0, 110.0]), ([0.0], [100.0]), ([np.nan], [100.0]), ([np.inf], [100.0]), ([[100.0]], [[100.0]])],
)
def test_values_that_cannot_be_compared_are_refused(reference: list[float], predicted: list[float]) -> None:
    with pytest.raises(WorkloadError, match="needed"):
        clarke_labels(np.array(reference), np.array(predicted))


def test_shares_of_nothing_are_refused() -> None:
    with pytest.raises(WorkloadError, match="at least one"):
        clarke_zones(np.empty(0), np.empty(0))
