"""What private training may depend on of one unit: a clipped gradient under noise, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

pytest.importorskip("opacus")

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.dp.account import Account, Promise
from fl_alliance.dp.descent import clipped_sum, descend
from fl_alliance.dp.errors import BudgetSpent, PrivacyError
from fl_alliance.dp.ledgers import Ledgers
from fl_alliance.dp.noise import SecretStream
from fl_alliance.dp.plan import Plan
from fl_alliance.dp.trainer import PrivateTrainer
from fl_alliance.dp.units import Unit, members
from fl_alliance.workloads import get
from fl_alliance.workloads.base import Arrays, Examples, TrainConfig
from fl_alliance.workloads.torch_workload import TorchWorkload

CLIP = 0.05
CONFIG = TrainConfig(learning_rate=0.1, round=1, task="task")
BY_PATIENT = Plan(Unit.PATIENT, CLIP, 0.0, 1.0, 1)
BY_RECORD = Plan(Unit.RECORD, CLIP, 0.0, 1.0, 1)


@pytest.fixture(scope="module")
def glucose() -> TorchWorkload:
    workload = get("glucose", hidden=4, start="simulated")
    assert isinstance(workload, TorchWorkload)
    return workload


@pytest.fixture(scope="module")
def model(glucose: TorchWorkload) -> Arrays:
    return glucose.initial_arrays(1)


def summed(
    workload: TorchWorkload, model: Arrays, train: Examples, plan: Plan, chosen: Sequence[int]
) -> dict[str, float]:
    units = members(train, plan.unit)
    found = clipped_sum(workload, workload.module(model), train, [units[index] for index in chosen], plan)
    return {name: value.double().numpy() for name, value in found.items()}


def length(sums: dict[str, NDArray[np.float64]]) -> float:
    return float(np.sqrt(sum((value**2).sum() for value in sums.values())))


@pytest.mark.parametrize("plan", [BY_PATIENT, BY_RECORD])
def test_one_unit_moves_the_sum_by_the_clip_at_most(plan: Plan, glucose: TorchWorkload, model: Arrays) -> None:
    train = glucose.load(0, 4, 1).train
    count = min(len(members(train, plan.unit)), 40)
    every, moved = summed(glucose, model, train, plan, range(count)), []
    for left_out in range(count):
        rest = summed(glucose, model, train, plan, [index for index in range(count) if index != left_out])
        moved.append(length({name: every[name] - rest[name] for name in every}))
    assert max(moved) <= CLIP * (1 + 1e-4)
    assert max(moved) > 0.99 * CLIP  # else nothing was clipped, and nothing shown


def test_a_patient_with_all_windows_counts_no_more_than_one_with_few(glucose: TorchWorkload, model: Arrays) -> None:
    train = glucose.load(0, 4, 1).train
    assert train.patients is not None
    mine = np.flatnonzero(train.patients == train.patients[0])
    assert len(mine) > 200
    for kept in (mine, mine[:3]):
        part = Examples(train.x[kept], train.y[kept], train.patients[kept])
        assert length(summed(glucose, model, part, BY_PATIENT, [0])) <= CLIP * (1 + 1e-4)


def test_gradients_of_records_in_one_sweep_are_those_of_one_at_a_time() -> None:
    digits = get("digits")
    assert isinstance(digits, TorchWorkload)
    model, train = digits.initial_arrays(1), digits.load(0, 4, 1).train
    together, single = summed(digits, model, train, BY_RECORD, range(20)), []
    for index in range(20):
        module = digits.module(model)
        digits.loss(
            module(torch.from_numpy(train.x[index : index + 1])), torch.from_numpy(train.y[index : index + 1])
        ).backward()
        gradient = {name: value.grad.double().numpy() for name, value in module.named_parameters()}
        single.append({name: value * min(1.0, CLIP / length(gradient)) for name, value in gradient.items()})
    for name, value in together.items():
        assert value == pytest.approx(sum(one[name] for one in single), abs=1e-5)


def test_a_broken_record_counts_as_none(glucose: TorchWorkload, model: Arrays) -> None:
    train = glucose.load(0, 4, 1).train
    broken = Examples(np.vstack([train.x[:5], np.full((1, train.x.shape[1]), np.inf, np.float32)]), train.y[:6])
    found = summed(glucose, model, broken, BY_RECORD, range(6))
    assert all(
        found[name] == pytest.approx(value)
        for name, value in summed(glucose, model, broken, BY_RECORD, range(5)).items()
    )


def test_the_noise_on_what_is_released_has_the_size_that_the_accountant_was_told(
    glucose: TorchWorkload, model: Arrays
) -> None:
    train = glucose.load(0, 4, 1).train
    plan, config = Plan(Unit.PATIENT, CLIP, 3.0, 1.0, 1), replace(CONFIG, learning_rate=1.0)
    still = descend(glucose, model, train, config, replace(plan, noise=0.0), SecretStream(b"", b""))
    drawn = []
    for number in range(40):
        noisy = descend(glucose, model, train, config, plan, SecretStream(b"secret", bytes([number])))
        drawn += [noisy[name].astype(np.float64) - still[name] for name in model]
    noise = np.concatenate([each.ravel() for each in drawn])
    patients = len(members(train, Unit.PATIENT))
    assert noise.std() == pytest.approx(3.0 * CLIP / patients, rel=0.03)
    assert abs(noise.mean()) < 0.1 * noise.std()


def test_a_step_in_which_nobody_was_drawn_is_noise_alone_and_no_error(glucose: TorchWorkload, model: Arrays) -> None:
    train = glucose.load(0, 4, 1).train
    plan = Plan(Unit.PATIENT, CLIP, 1.0, 1e-9, 3)
    moved = descend(glucose, model, train, CONFIG, plan, SecretStream(b"secret", b""))
    assert all(np.isfinite(value).all() and (value != model[name]).all() for name, value in moved.items())


def test_units_are_sampled_independently_at_the_rate_that_the_accountant_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digits, sizes = get("digits"), []
    assert isinstance(digits, TorchWorkload)
    train = digits.load(0, 4, 1).train

    def count(workload: object, model: nn.Module, train: object, chosen: Sequence[object], plan: object) -> object:
        sizes.append(len(chosen))
        return {name: torch.zeros_like(value) for name, value in model.named_parameters()}

    monkeypatch.setattr("fl_alliance.dp.descent.clipped_sum", count)
    descend(
        digits, digits.initial_arrays(1), train, CONFIG, Plan(Unit.RECORD, 1.0, 0.0, 0.1, 400), SecretStream(b"", b"")
    )
    assert np.mean(sizes) == pytest.approx(0.1 * len(train), rel=0.05)
    assert np.var(sizes) == pytest.approx(0.09 * len(train), rel=0.25)


class Normalised(get("digits").__class__):  # type: ignore[misc]
    """Digits with a layer that mixes the examples of a batch."""

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Linear(64, 10), nn.BatchNorm1d(10, track_running_stats=False))


def test_a_model_that_mixes_examples_is_refused() -> None:
    workload = Normalised()
    with pytest.raises(PrivacyError, match="batch normalisation mixes examples"):
        descend(
            workload,
            workload.initial_arrays(1),
            workload.load(0, 4, 1).train,
            CONFIG,
            BY_RECORD,
            SecretStream(b"", b""),
        )


def make_trainer(folder: Path, glucose: TorchWorkload, key: NodeKey, noise: float = 4.0) -> PrivateTrainer:
    account = Account(Ledgers(folder).opened("ab" * 32, Unit.PATIENT), Promise(Unit.PATIENT, 8.0, 1e-5))
    return PrivateTrainer(glucose, glucose.load(0, 4, 1), Plan(Unit.PATIENT, CLIP, noise, 1.0, 5), key, account)


def test_a_request_that_is_repeated_after_a_restart_gets_the_same_update_and_spends_nothing(
    tmp_path: Path, glucose: TorchWorkload, model: Arrays
) -> None:
    key = NodeKey.derive(1, 0)
    updates = [make_trainer(tmp_path, glucose, key).train(model, CONFIG)[0] for _ in range(2)]
    assert all((updates[0][name] == updates[1][name]).all() for name in model)
    assert len(Ledgers(tmp_path).of("ab" * 32).read().spendings) == 1


def test_another_node_or_another_round_gets_other_noise(tmp_path: Path, glucose: TorchWorkload, model: Arrays) -> None:
    first, other = (make_trainer(tmp_path / str(n), glucose, NodeKey.derive(1, n)) for n in (0, 1))
    updates = [
        first.train(model, CONFIG)[0],
        other.train(model, CONFIG)[0],
        first.train(model, replace(CONFIG, round=2))[0],
    ]
    weights = [update["inner.weight"] for update in updates]
    assert all((weights[a] != weights[b]).mean() > 0.99 for a, b in ((0, 1), (0, 2), (1, 2)))


def test_no_figure_of_the_data_leaves_with_an_update_but_the_number_of_units(
    tmp_path: Path, glucose: TorchWorkload, model: Arrays
) -> None:
    trainer = make_trainer(tmp_path, glucose, NodeKey.derive(1, 0))
    assert trainer.train(model, CONFIG)[1] == {"num-examples": len(members(trainer.site.train, Unit.PATIENT))}


def test_nothing_is_computed_once_the_budget_is_spent(
    tmp_path: Path, glucose: TorchWorkload, model: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, computed = make_trainer(tmp_path, glucose, NodeKey.derive(1, 0)), []
    monkeypatch.setattr("fl_alliance.dp.descent.descend", lambda *_: computed.append(1) or model)
    refused = 0
    for number in range(50):
        try:
            trainer.train(model, replace(CONFIG, round=number))
        except BudgetSpent:
            refused += 1
    assert refused + len(computed) == 50
    assert 0 < len(computed) == len(Ledgers(tmp_path).of("ab" * 32).read().spendings) < 50


def test_a_delta_that_lets_a_whole_patient_out_is_refused(
    tmp_path: Path, glucose: TorchWorkload, model: Arrays
) -> None:
    trainer = make_trainer(tmp_path, glucose, NodeKey.derive(1, 0))
    loose = Account(trainer.account.ledger, Promise(Unit.PATIENT, 8.0, 0.25))
    with pytest.raises(PrivacyError, match="far less"):
        replace(trainer, account=loose).train(model, CONFIG)
