"""The figures that a run is compared with, computed beside it in a process of their own."""

import multiprocessing
import signal
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from fl_alliance.config import JobConfig
from fl_alliance.training import train_config
from fl_alliance.workloads import get
from fl_alliance.workloads.baselines import compare

Figures = dict[str, dict[str, float]]


class References:
    """Compute the workload's own references, local and pooled training on the other core while the run goes on.

    The process is ended with the `with` block, however it is left.
    """

    def __init__(self, config: JobConfig) -> None:
        self._config = config
        self._process: multiprocessing.process.BaseProcess | None = None
        self._receive: Connection | None = None

    def __enter__(self) -> Self:
        if self._config.baselines:
            context = multiprocessing.get_context("spawn")
            self._receive, send = context.Pipe(duplex=False)
            self._process = context.Process(target=_compute, args=(self._config, send), daemon=True)
            self._process.start()
            send.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join()

    def result(self) -> Figures:
        """Wait for the figures: name of the method -> its metrics; empty where the process could not compute them."""
        if self._receive is None:
            return {}
        try:
            figures: Figures = self._receive.recv()
        except EOFError:
            return {}
        return figures


def _compute(config: JobConfig, send: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which then ends this process
    workload = get(config.workload.name, **config.workload.options)
    sites = [workload.load(node, config.nodes, config.seed) for node in range(config.nodes)]
    send.send(compare(workload, sites, config.rounds, train_config(config, workload)))
