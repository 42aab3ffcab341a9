"""The ways in which what a site learned may leave it, each as somebody sees it who receives it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fl_alliance.dp.accounting import noise_for
from fl_alliance.dp.descent import descend
from fl_alliance.dp.noise import SecretStream
from fl_alliance.dp.plan import Plan
from fl_alliance.dp.units import Unit
from fl_alliance.workloads.base import Arrays, Examples, Site, TrainConfig
from fl_alliance.workloads.torch_workload import TorchWorkload

Others = Callable[[int], Sequence[Examples]]
"""Number of a trial -> the training data of the other members of the site's group."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What somebody who receives updates sees of one round: the model before, and what came back."""

    workload: TorchWorkload
    before: Arrays
    config: TrainConfig

    def plain(self, train: Examples, trial: int) -> Arrays:
        """Return a plain update."""
        config = TrainConfig(
            self.config.local_epochs, self.config.batch_size, self.config.learning_rate, seed=trial, round=1
        )
        return self.workload.train(self.before, Site(0, train, train, train), config).arrays

    def private(self, train: Examples, trial: int, plan: Plan, learning_rate: float) -> Arrays:
        """Return the update of private training; its noise is drawn from the trial's number."""
        config = TrainConfig(learning_rate=learning_rate, seed=trial, round=1)
        draws = SecretStream(b"check", f"{trial} {plan.unit} {plan.noise}".encode())
        return descend(self.workload, self.before, train, config, plan, draws)

    def summed(self, train: Examples, trial: int, others: Others) -> Arrays:
        """Return the mean of the site's plain update and its group's: all that a masked sum gives away."""
        parts = [self.plain(part, 1000 * (place + 1) + trial) for place, part in enumerate(others(trial))]
        told = [self.plain(train, trial), *parts]
        return {name: np.mean([one[name] for one in told], axis=0).astype(np.float32) for name in self.before}


def plan_for(unit: Unit, epsilon: float, clip: float, rate: float, steps: int, delta: float = 1e-5) -> Plan:
    """Return a plan of one round that spends `epsilon`."""
    return Plan(unit, clip, noise_for(epsilon, delta, rate, steps), rate, steps)
