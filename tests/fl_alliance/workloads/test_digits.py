import numpy as np
import pytest

from fl_alliance.workloads import get
from fl_alliance.workloads.base import Site
from fl_alliance.workloads.baselines import fedavg
from fl_alliance.workloads.partition import MIN_EXAMPLES

ALL_IMAGES = 1797


def sites_of(num_nodes: int, alpha: float = 0.5) -> list[Site]:
    workload = get("digits", alpha=alpha)
    return [workload.load(node, num_nodes, 0) for node in range(num_nodes)]


@pytest.mark.parametrize("num_nodes", [1, 10, 100, 179])
def test_the_sites_share_out_all_images(num_nodes: int) -> None:
    sizes = [len(site.train) + len(site.heldout) + len(site.test) for site in sites_of(num_nodes)]
    assert sum(sizes) == ALL_IMAGES
    assert min(sizes) >= MIN_EXAMPLES


def test_a_hundred_sites_can_train_vote_and_test() -> None:
    workload, sites = get("digits"), sites_of(100)
    assert min(len(site.train) for site in sites) >= 6
    assert min(min(len(site.heldout), len(site.test)) for site in sites) >= 2
    before = workload.evaluate(workload.initial_arrays(0), sites)["accuracy"]
    assert workload.evaluate(fedavg(workload, sites, 4, workload.defaults), sites)["accuracy"] > before + 0.2


def test_a_smaller_alpha_leaves_a_site_fewer_kinds_of_digits() -> None:
    def largest_share(alpha: float) -> float:
        shares = [np.bincount(site.train.y, minlength=10).max() / len(site.train) for site in sites_of(10, alpha)]
        return float(np.mean(shares))

    assert largest_share(0.1) > largest_share(0.5) > largest_share(100.0)


def test_without_a_hidden_layer_the_model_is_logistic_regression() -> None:
    assert {name: value.shape for name, value in get("digits", hidden=0).initial_arrays(0).items()} == {
        "0.weight": (10, 64),
        "0.bias": (10,),
    }
