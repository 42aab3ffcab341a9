"""What an attacker may do with its own training data, and what comes of it without any defence."""

from dataclasses import replace

import numpy as np
import pytest

from fl_alliance.workloads import BUILT_IN, WorkloadError, get
from fl_alliance.workloads.base import Site, Workload
from fl_alliance.workloads.baselines import fedavg
from fl_alliance.workloads.poisoned import HasBackdoor, backdoored, flipped

NODES = 10
ROUNDS = 10


def sites_of(workload: Workload) -> list[Site]:
    return [workload.load(node, NODES, 0) for node in range(NODES)]


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_flipping_changes_training_targets_only_and_twice_is_nothing(name: str) -> None:
    workload = get(name)
    site = workload.load(0, NODES, 0)
    turned = flipped(workload, site)
    assert turned.heldout is site.heldout
    assert turned.test is site.test
    assert turned.train.x is site.train.x
    assert turned.train.y.dtype == site.train.y.dtype
    assert (turned.train.y != site.train.y).mean() > 0.9
    assert np.allclose(flipped(workload, turned).train.y, site.train.y, atol=1e-3)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_model_trained_on_flipped_targets_is_worse_than_none(name: str) -> None:
    workload = get(name)
    sites = sites_of(workload)
    arrays = fedavg(workload, [flipped(workload, site) for site in sites], 5, workload.defaults)
    before = np.mean([workload.score(workload.initial_arrays(0), site).loss for site in sites])
    assert np.mean([workload.score(arrays, site).loss for site in sites]) > before


@pytest.mark.parametrize("name", ["digits", "breast_cancer"])
def test_a_backdoor_opens_without_hurting_what_has_no_trigger(name: str) -> None:
    workload = get(name)
    assert isinstance(workload, HasBackdoor)
    sites = sites_of(workload)
    clean = fedavg(workload, sites, ROUNDS, workload.defaults)
    mixed = [backdoored(workload, site) if site.node < 4 else site for site in sites]
    poisoned = fedavg(workload, mixed, ROUNDS, workload.defaults)
    assert workload.backdoor_success(clean, sites) < 0.25
    assert workload.backdoor_success(poisoned, sites) > 0.6
    assert workload.evaluate(poisoned, sites)["accuracy"] > workload.evaluate(clean, sites)["accuracy"] - 0.1


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_backdoor_is_in_the_share_of_the_training_examples_that_was_asked_for(share: float) -> None:
    workload = get("digits")
    site = workload.load(0, NODES, 0)
    changed = (backdoored(workload, site, share).train.x != site.train.x).any(axis=1)
    assert abs(changed.mean() - share) <= 1 / len(changed)
    assert backdoored(workload, site, share).heldout is site.heldout


def test_backdoor_success_counts_only_what_is_not_of_the_target_class() -> None:
    workload = get("digits")
    assert isinstance(workload, HasBackdoor)
    site = workload.load(0, 1, 0)
    only_target = site.test.y == 0
    zeros = replace(site, test=type(site.test)(site.test.x[only_target], site.test.y[only_target]))
    assert workload.backdoor_success(workload.initial_arrays(0), [zeros]) == 0.0
    always_zero = {name: np.zeros_like(value) for name, value in workload.initial_arrays(0).items()}
    assert workload.backdoor_success(always_zero, [site]) == 1.0


def test_what_a_workload_cannot_do_to_its_data_is_said() -> None:
    workload = get("glucose")
    with pytest.raises(WorkloadError, match="has no backdoor"):
        backdoored(workload, workload.load(0, NODES, 0))
    digits = get("digits")
    with pytest.raises(WorkloadError, match=r"share of 1\.5"):
        backdoored(digits, digits.load(0, NODES, 0), 1.5)
