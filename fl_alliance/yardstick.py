"""Judge models on the test data of all sites, which only a simulation can see and which no site trains or votes on."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
from flwr.app import ArrayRecord, MetricRecord

from fl_alliance.config import ConfigError, JobConfig
from fl_alliance.strategies import wire
from fl_alliance.validation import arena_task
from fl_alliance.workloads import WorkloadError, get
from fl_alliance.workloads.base import Arrays, HasErrorGrid, Site


class Yardstick:
    """The workload's own view of a model's quality; the chain never sees it.

    Parameters
    ----------
    initial : Arrays, optional
        The model of round 0 where it is not the workload's own.
    """

    def __init__(self, config: JobConfig, initial: Arrays | None = None) -> None:
        self._config, self._initial = config, initial
        self.workload = get(config.workload.name, **config.workload.options)

    @cached_property
    def sites(self) -> list[Site]:
        """Every site's data, loaded once; raises `WorkloadError` where a site would have none."""
        config = self._config
        return [self.workload.load(node, config.nodes, config.seed) for node in range(config.nodes)]

    @property
    def initial_model(self) -> Arrays:
        """The model of round 0; raises `ConfigError` where the configuration takes one that was not given."""
        if self._initial is not None:
            return self._initial
        if arena_task(self._config.init) is not None:
            raise ConfigError(f"init={self._config.init}: only a run with a folder can start from it; needed workload")
        return self.workload.initial_arrays(self._config.seed)

    def evaluate(self, server_round: int, arrays: ArrayRecord) -> MetricRecord:
        """Return the workload's metrics on the union of the test parts, in the form that Flower's loop expects."""
        return MetricRecord(dict(self.metrics_of(wire.to_arrays(arrays))))

    def metrics_of(self, arrays: Arrays) -> dict[str, float]:
        """Return the workload's metrics on the union of the sites' test parts."""
        with self._tried("in evaluate"):
            return self.workload.evaluate(arrays, self.sites)

    def check_sites(self) -> Site:
        """Try the workload on one site, and return it: what it cannot do is said before anything runs.

        Raises
        ------
        WorkloadError
            The data does not allow so many sites, or the workload has a defect.
        """
        config = self._config
        with self._tried("on its first site"):
            site = self.workload.load(0, config.nodes, config.seed)
            self.workload.evaluate(self.initial_model, [site])
        return site

    @contextmanager
    def _tried(self, when: str) -> Iterator[None]:
        """Say in one line what somebody's own workload raises; its traceback is in Flower's log."""
        try:
            yield
        except WorkloadError:
            raise
        except Exception as error:
            name = f"workload {self._config.workload.name}"
            logging.getLogger("flwr").exception("%s %s", name, when)
            last = traceback.extract_tb(error.__traceback__)[-1]
            raise WorkloadError(
                f"{name}: {type(error).__name__} {when}: {error} ({last.filename}:{last.lineno})"
            ) from error

    def metric_names(self) -> list[dict[str, str | bool]]:
        """Return the workload's metrics as a report shows them, the headline first."""
        return [asdict(metric) for metric in self.workload.metrics]

    def predictions(self, arrays: Arrays) -> dict[str, Any] | None:
        """Return unit, reference and prediction of every test example, where the workload has an error grid."""
        if not isinstance(self.workload, HasErrorGrid):
            return None
        grid = self.workload.error_grid(arrays, self.sites)
        reference, prediction = np.round(grid.reference, 2).tolist(), np.round(grid.predicted, 2).tolist()
        ahead = self._config.workload.options.get("horizon_min")
        return {"unit": grid.unit, "horizon_min": ahead, "reference": reference, "prediction": prediction}
