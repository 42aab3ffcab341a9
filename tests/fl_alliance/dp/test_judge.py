"""A voter's mean loss moves by no more than one unit's share, however wrong a model is on it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.behaviour import Case, HonestJudge
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rules.candidates import LOSS_LIMIT
from fl_alliance.dp.errors import PrivacyError
from fl_alliance.dp.judge import BoundedJudge
from fl_alliance.dp.units import Unit
from fl_alliance.strategies.wire import Place
from fl_alliance.workloads import get
from fl_alliance.workloads.base import Examples, Site

LINEAR = get("linear", features=1)
MODEL = {"weight": np.ones(1, np.float32), "bias": np.zeros(1, np.float32)}
CASE = Case(Place(Domain(1, "0x" + "00" * 20), 1, 1), (MODEL,))


def site(errors: list[float], patients: list[int] | None = None) -> Site:
    x = np.zeros((len(errors), 1), np.float32)
    named = None if patients is None else np.array(patients)
    data = Examples(x, np.array(errors, np.float32), named)
    return Site(0, data, data, data)


def loss(errors: list[float], unit: Unit = Unit.RECORD, patients: list[int] | None = None) -> float:
    (score,) = BoundedJudge(LINEAR, site(errors, patients), unit).assess(CASE)
    assert math.isnan(score.score)
    assert not score.metrics
    return score.loss


@given(st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=20), st.floats(-1e6, 1e6, width=32))
def test_one_record_moves_the_mean_by_its_share_at_most(errors: list[float], other: float) -> None:
    moved = abs(loss(errors) - loss([other, *errors[1:]]))
    assert moved <= LOSS_LIMIT / len(errors) * (1 + 1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-50, 50, width=32)), min_size=4, max_size=30), st.floats(-1e6, 1e6)
)
def test_one_patient_moves_the_mean_by_its_share_at_most_however_many_records_it_has(
    drawn: list[tuple[int, float]], other: float
) -> None:
    patients, errors = [patient for patient, _ in drawn], [error for _, error in drawn]
    changed = [other if patient == patients[0] else error for patient, error in drawn]
    share = LOSS_LIMIT / len(set(patients))
    assert abs(loss(errors, Unit.PATIENT, patients) - loss(changed, Unit.PATIENT, patients)) <= share * (1 + 1e-6)


def test_a_mean_that_is_cut_off_only_afterwards_can_be_moved_by_one_record_as_far_as_it_goes() -> None:
    good, bad = [0.0, 0.1] + [0.0] * 98, [1e4, 0.1] + [0.0] * 98
    (before,), (after,) = (HonestJudge(LINEAR, site(errors)).assess(CASE) for errors in (good, bad))
    assert min(after.loss, LOSS_LIMIT) - before.loss == pytest.approx(LOSS_LIMIT, abs=1e-3)
    assert loss(bad) - loss(good) == pytest.approx(LOSS_LIMIT / 100)


def test_an_output_that_is_no_number_counts_as_the_worst_loss() -> None:
    broken = {"weight": np.ones(1, np.float32), "bias": np.full(1, np.nan, np.float32)}
    (score,) = BoundedJudge(LINEAR, site([0.0] * 4), Unit.RECORD).assess(Case(CASE.at, (broken,)))
    assert score.loss == LOSS_LIMIT


def test_contributions_are_not_told_since_they_carry_no_noise() -> None:
    with pytest.raises(PrivacyError, match="carry no noise"):
        BoundedJudge(LINEAR, site([0.0]), Unit.RECORD).contributions(CASE, 0)


@pytest.mark.parametrize(("name", "count"), [("digits", 4), ("glucose", 4), ("breast_cancer", 4), ("linear", 4)])
def test_the_mean_of_single_losses_is_the_loss_that_is_reported(name: str, count: int) -> None:
    workload = get(name)
    data, model = workload.load(0, count, 1), workload.initial_arrays(1)
    assert workload.losses(model, data.heldout).mean() == pytest.approx(workload.score(model, data).loss, rel=1e-4)
