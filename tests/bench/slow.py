"""The linear workload, taking its time: for tests that interrupt what a hospital does."""

import time
from typing import Any

from fl_alliance.workloads.base import Arrays, Score, Site, TrainConfig, TrainResult
from fl_alliance.workloads.linear import Linear


class Slow(Linear):
    """Linear regression that trains, and judges the models of a round, for some seconds.

    Parameters
    ----------
    train_s, judge_s : float
        Seconds that training takes, and each look at a model.
    options
        Those of the linear workload.
    """

    name = "slow"

    def __init__(self, train_s: float = 0.0, judge_s: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.train_s, self.judge_s = train_s, judge_s

    def train(self, arrays: Arrays, site: Site, config: TrainConfig) -> TrainResult:
        """Train as the linear workload does, later."""
        time.sleep(self.train_s)
        return super().train(arrays, site, config)

    def score(self, arrays: Arrays, site: Site) -> Score:
        """Judge as the linear workload does, later."""
        time.sleep(self.judge_s)
        return super().score(arrays, site)
