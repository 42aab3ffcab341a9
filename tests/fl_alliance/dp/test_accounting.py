"""One accountant over a whole history: Opacus' own figures, and noise that just suffices."""

import pytest

pytest.importorskip("opacus")
from opacus.accountants import PRVAccountant, RDPAccountant

from fl_alliance.dp.accounting import merged, noise_for, spent
from fl_alliance.dp.errors import PrivacyError

DELTA = 1e-5


def test_a_history_spends_what_opacus_says_and_less_than_its_rounds_one_by_one() -> None:
    rounds = [(1.0, 0.032, 20)] * 15
    together = spent(rounds, 0.0, DELTA)
    accountant = PRVAccountant()
    for noise, rate, steps in rounds:
        for _ in range(steps):
            accountant.step(noise_multiplier=noise, sample_rate=rate)
    assert together.epsilon == accountant.get_epsilon(DELTA) == pytest.approx(3.61, abs=0.01)
    assert together.accountant == "prv"
    assert 15 * spent(rounds[:1], 0.0, DELTA).epsilon > 3 * together.epsilon


def test_composition_knows_no_order() -> None:
    one, other = (2.0, 0.1, 5), (3.0, 0.2, 7)
    assert merged([one, other, one]) == ((2.0, 0.1, 10), (3.0, 0.2, 7))
    assert spent([one, other, one], 0.0, DELTA) == spent([one, one, other], 0.0, DELTA)


def test_scores_add_their_epsilons_and_need_no_delta_of_their_own() -> None:
    steps = [(2.0, 0.1, 50)]
    assert spent(steps, 0.75, DELTA).epsilon == spent(steps, 0.0, DELTA).epsilon + 0.75
    assert spent([], 0.75, DELTA).epsilon == spent([], 0.75, 1e-9).epsilon == 0.75


def test_renyis_accountant_takes_over_where_the_other_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> float:
        raise RuntimeError("Discrete mean differs significantly from continuous mean.")

    history = [(1.7, 0.25, 40)]
    monkeypatch.setattr(PRVAccountant, "get_epsilon", fail)
    found, renyi = spent(history, 0.0, DELTA), RDPAccountant()
    renyi.history = history
    assert (found.epsilon, found.accountant) == (renyi.get_epsilon(DELTA), "rdp")


@pytest.mark.parametrize(("epsilon", "rate", "steps"), [(1.0, 1.0, 60), (8.0, 1.0, 20), (3.0, 0.1, 100)])
def test_calibrated_noise_suffices_and_a_little_less_does_not(epsilon: float, rate: float, steps: int) -> None:
    noise = noise_for(epsilon, DELTA, rate, steps)
    assert spent([(noise, rate, steps)], 0.0, DELTA).epsilon <= epsilon
    assert spent([(0.985 * noise, rate, steps)], 0.0, DELTA).epsilon > epsilon


def test_an_epsilon_that_no_noise_meets_is_refused() -> None:
    with pytest.raises(PrivacyError, match="cannot be met"):
        noise_for(0.001, 1e-12, 1.0, 10_000)
