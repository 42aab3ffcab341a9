import numpy as np

from fl_alliance.workloads.baselines import fedavg
from fl_alliance.workloads.linear import Linear


def test_federated_training_finds_the_weights_that_made_the_data() -> None:
    workload = Linear()
    sites = [workload.load(node, 10, 7) for node in range(10)]
    found, truth = fedavg(workload, sites, 30, workload.defaults), workload.true_weights(7)
    for name in truth:
        np.testing.assert_allclose(found[name], truth[name], atol=0.03)


def test_the_true_weights_err_by_the_noise_alone() -> None:
    workload = Linear(noise=0.2)
    sites = [workload.load(node, 50, 0) for node in range(50)]
    assert abs(workload.evaluate(workload.true_weights(0), sites)["rmse"] - 0.2) < 0.01


def test_sites_differ_in_their_inputs_unless_the_shift_is_0() -> None:
    def spread(shift: float) -> float:
        workload = Linear(shift=shift, examples=400)
        return float(np.std([workload.load(node, 20, 0).train.x.mean(axis=0) for node in range(20)]))

    assert spread(0.0) < 0.1 < 0.8 < spread(1.0)
