"""Run a rule of the Alliance on a chain in memory, for what it measures alone: no folder, no report is left."""

import shlex
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from flwr.app import ArrayRecord, MetricRecord

from fl_alliance.client_app import app
from fl_alliance.config import JobConfig
from fl_alliance.federation import enrol, open_federation
from fl_alliance.judging import make_rule, make_strategy
from fl_alliance.lab.measure import Books, Gauge
from fl_alliance.lab.outcome import Outcome
from fl_alliance.masks import secure_aggregation
from fl_alliance.records import RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.chain_backed import ChainBacked
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.errors import StrategyError


def run_chained(config: JobConfig, words: Sequence[str]) -> Outcome:
    """Return what a rule came to, on the same contracts and the same apps as in any other run."""
    started, gauge = time.monotonic(), Gauge(config)
    initial = gauge.yardstick.initial_model

    def evaluate(_: int, arrays: ArrayRecord) -> MetricRecord:
        return MetricRecord(dict(gauge.measure(wire.to_arrays(arrays))))

    error = ""
    with tempfile.TemporaryDirectory() as scratch:
        folder = RunFolder(Path(scratch))
        with open_federation(config, folder, model_digest(initial), resume=False) as federation:
            grid = LocalGrid(app, config.nodes, {"overrides": shlex.join(words)})
            node_ids = enrol(federation, grid, config, folder)
            strategy, rule = make_strategy(config), make_rule(config)
            books = Books(config, lambda: federation.ledger.model(federation.task).escrow)
            backed = ChainBacked(
                strategy,
                federation.ledger,
                federation.task,
                node_ids,
                rule=rule,
                listener=books,
                masks=secure_aggregation(config.privacy),
            )
            try:
                backed.start(grid, wire.to_record(initial), config.rounds, evaluate_fn=evaluate)
            except StrategyError as failure:  # too few members are left, or the strategy gave up
                error = f"{type(failure).__name__}: {failure}"
    honest, malicious = books.sides()
    return gauge.outcome(honest, malicious, rounds=books.rounds, seconds=time.monotonic() - started, error=error)
