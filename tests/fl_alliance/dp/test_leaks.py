"""What attackers get from an update, and how much less where it is private: each with its margin.

`tests/bench/dp_leaks.py` draws the same with more trials. Areas under the ROC curve are over trials and candidates:
16 x 80 images, whose standard error by guessing is .016, and 16 x 19 patients, .033. Of two attacks the better counts.
"""

import numpy as np
import pytest

pytest.importorskip("opacus")

from leaks import (
    CHANCE,
    PATIENT,
    PLAIN,
    RECORD,
    STRICT,
    SUMMED,
    digits_inverted,
    digits_members,
    glucose_inverted,
    glucose_members,
)

from fl_alliance.dp.checks.inversion import analytic, recovered
from fl_alliance.dp.checks.membership import auc, membership

TRIALS = 16


@pytest.fixture(scope="module")
def images() -> dict[str, dict[str, float]]:
    return digits_members(TRIALS)


@pytest.fixture(scope="module")
def patients() -> dict[str, dict[str, float]]:
    return glucose_members(TRIALS, (PLAIN, STRICT))


def best(found: dict[str, float]) -> float:
    return max(found.values())


def test_a_plain_update_tells_whose_images_were_trained_on(images: dict[str, dict[str, float]]) -> None:
    assert best(images[PLAIN]) > 0.66


@pytest.mark.parametrize("mode", [RECORD, SUMMED])
def test_private_training_and_a_masked_sum_take_much_of_that_away(
    mode: str, images: dict[str, dict[str, float]]
) -> None:
    assert best(images[mode]) < 0.64
    assert best(images[PLAIN]) - best(images[mode]) > 0.05


def test_patient_level_privacy_hides_a_patient_whom_a_plain_update_shows(patients: dict[str, dict[str, float]]) -> None:
    assert best(patients[PLAIN]) > 0.63
    assert best(patients[STRICT]) < 0.62
    assert best(patients[PLAIN]) - best(patients[STRICT]) > 0.05


def test_one_image_is_computed_back_whole_from_a_plain_step_and_not_at_all_from_a_private_one() -> None:
    found = digits_inverted(2, steps=150)
    assert min(found["plain, 1 image"].values()) > 0.95
    assert max(found[f"{RECORD}, 1 image"].values()) < 0.1
    assert min(found["plain, 8 images"].values()) > 0.2
    assert max(found[f"{RECORD}, 8 images"].values()) < 0.1


def test_a_window_of_glucose_is_computed_back_whole_from_a_plain_step_and_not_from_a_private_one() -> None:
    found = {mode: values["quotient of gradients"] for mode, values in glucose_inverted(4).items()}
    assert found["plain, 1 window"] > 0.95
    assert found[f"{RECORD}, 1 window"] < 0.4
    assert found[f"{PATIENT}, 1 window"] < 0.4
    assert found[f"{PATIENT}, all windows"] < found[CHANCE] + 0.15  # no more than noise would hit by itself


def test_the_area_under_the_curve_counts_pairs_and_equal_signals_half() -> None:
    assert auc(np.array([3.0, 1.0]), np.array([0.0, 1.0])) == (2 + 1.5) / 4


def test_an_attacker_without_a_signal_guesses_and_one_who_sees_membership_is_always_right() -> None:
    noise = np.random.default_rng(0)
    blind = membership(50, 40, lambda inside, trial: noise.normal(size=50), 1)
    seeing = membership(50, 40, lambda inside, trial: inside + 0.01 * noise.normal(size=50), 1)
    assert (blind.threshold, blind.likelihood) == pytest.approx((0.5, 0.5), abs=0.04)
    assert (seeing.threshold, seeing.likelihood) == (1.0, 1.0)


def test_the_quotient_of_gradients_is_the_input_and_no_nearer_than_typical_counts_nothing() -> None:
    before = {"w": np.zeros((2, 3), np.float32), "b": np.zeros(2, np.float32)}
    after = {"w": np.array([[-1, -2, -3], [0, 0, 0]], np.float32), "b": np.array([-0.5, 0], np.float32)}
    candidates = analytic(before, after, "w", "b")
    assert candidates.tolist() == [[2.0, 4.0, 6.0]]
    assert recovered(candidates, np.array([[2.0, 4.0, 6.0]]), np.zeros(3)) == 1.0
    assert recovered(candidates, np.array([[-2.0, -4.0, -6.0]]), np.zeros(3)) == 0.0
