"""Whether a study's statements hold of what was measured."""

import math

import pytest

from fl_alliance.lab.bars import Bar, Table, judge
from fl_alliance.lab.cell import Cell
from fl_alliance.lab.outcome import Outcome, Results, Side


def cell(attack: str, method: str, seed: int = 1, data: str = "digits") -> Cell:
    return Cell("s", data, attack, method, seed, (attack, method, str(seed), data))


def outcome(final: float, higher: bool = True, **more: object) -> Outcome:
    sides = {"honest": Side(10), "malicious": Side(5)}
    return Outcome("accuracy", higher, (0.0, final), **{**sides, **more})  # type: ignore[arg-type]


@pytest.fixture
def results() -> Results:
    """Two attacks and two seeds; twice the last of two rounds is the mean that counts."""
    figures = {("alie", 1): 1.70, ("alie", 2): 1.76, ("ipm", 1): 1.60, ("ipm", 2): 1.78}
    made = {cell(attack, "candidates", seed): outcome(value) for (attack, seed), value in figures.items()}
    made |= {cell("none", "fedavg", seed): outcome(1.80) for seed in (1, 2)}
    made |= {cell(attack, "krum", seed): outcome(1.50) for attack, seed in figures}
    return made


def test_points_lost_against_clean_averaging(results: Results) -> None:
    verdict = judge(Bar("close", "gap", 0.06), Table(results))
    assert (verdict.attack, verdict.worst) == (pytest.approx(0.055), pytest.approx(0.10))
    assert verdict.median == pytest.approx(0.035)
    assert verdict.runs == 4
    assert "ipm candidates seed 1" in verdict.where
    assert verdict.holds is True
    assert judge(Bar("closer", "gap", 0.06, of="worst"), Table(results)).holds is False


def test_an_error_is_lost_as_a_share_of_the_clean_one() -> None:
    results = {
        cell("alie", "candidates"): outcome(22.0, higher=False),
        cell("none", "fedavg"): outcome(20.0, higher=False),
    }
    assert judge(Bar("near", "gap", 0.1), Table(results)).worst == pytest.approx(0.10)


def test_a_diverged_run_is_infinitely_bad() -> None:
    results = {
        cell("alie", "candidates"): outcome(math.nan, higher=False),
        cell("none", "fedavg"): outcome(20.0, higher=False),
    }
    assert judge(Bar("near", "gap", 0.1), Table(results)).worst == math.inf


def test_better_than_every_other_method_under_the_same_attack(results: Results) -> None:
    assert judge(Bar("better", "behind", 0.0, below=True), Table(results)).worst == pytest.approx(-0.05)
    results[cell("ipm", "majority")] = outcome(1.62)
    verdict = judge(Bar("better", "behind", 0.0, below=True), Table(results))
    assert verdict.worst == pytest.approx(0.01)
    results[cell("ipm", "candidates-stake")] = outcome(2.0)
    assert judge(verdict.bar, Table(results)).worst == pytest.approx(0.01)


def test_what_members_own_earn_and_lose() -> None:
    honest, malicious = Side(10, (64.0, 70.0), (0, 1), 1.0, 0.5), Side(5, (64.0, 60.0), (0, 5), 0.0, 0.2)
    results = {cell("alie", "candidates"): outcome(1.0, honest=honest, malicious=malicious)}
    results[cell("alie", "majority")] = outcome(
        1.0, honest=Side(10, (64.0, 69.0), (0, 9)), malicious=Side(5, (64.0, 65.0), (0, 5))
    )

    def worst(measure: str) -> float:
        return judge(Bar("x", measure), Table(results)).worst

    assert worst("wronged") == pytest.approx(0.1)
    assert worst("tokens") == pytest.approx(-10)
    assert worst("voting") == pytest.approx(-0.3)
    assert worst("honest-below-majority") == pytest.approx(-1)
    assert worst("malicious-above-majority") == pytest.approx(-5)


def test_what_was_not_run_has_no_verdict() -> None:
    assert judge(Bar("x", "gap", data=["glucose"]), Table({})).holds is None


def test_a_bar_of_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="needs one of gap"):
        Bar("x", "speed")
    with pytest.raises(ValueError, match="needs worst, attack or median"):
        Bar("x", "gap", of="best")
