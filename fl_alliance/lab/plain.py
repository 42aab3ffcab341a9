"""Run a baseline: a Flower strategy without a chain, on the same ClientApp with the same attackers."""

import random
import shlex
import time
from collections.abc import Iterable, Sequence

from flwr.app import ArrayRecord, Message, MetricRecord
from flwr.serverapp import Grid

from fl_alliance.client_app import app
from fl_alliance.coalition import coalition
from fl_alliance.config import JobConfig
from fl_alliance.lab.measure import Gauge, is_attacked
from fl_alliance.lab.methods import BASELINES, hostile_proposers
from fl_alliance.lab.outcome import Outcome, Side
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.committee_grid import CommitteeGrid


class DrawnGrid(CommitteeGrid):
    """Shows a strategy the nodes that are drawn for the round, and tells these who was drawn, as the chain does.

    A round ends with the replies; the seed decides all draws.
    """

    def __init__(self, grid: Grid, size: int, seed: int) -> None:
        self._everybody, self._size = list(grid.get_node_ids()), size
        self._chance = random.Random(f"draw {seed}")  # noqa: S311  reproducible, no secret
        super().__init__(grid, self._draw())

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Exchange messages through the grid behind this view, and draw the next round's committee."""
        outgoing = list(messages)
        committee = wire.committee_record(node_id - 1 for node_id in self.get_node_ids())
        for message in outgoing:
            message.content[wire.COMMITTEE] = committee
        self._node_ids = self._draw()
        return super().send_and_receive(outgoing, timeout=timeout)

    def _draw(self) -> tuple[int, ...]:
        return tuple(sorted(self._chance.sample(self._everybody, self._size)))


def run_plain(config: JobConfig, method: str, words: Sequence[str]) -> Outcome:
    """Return what a baseline came to; where its strategy gives up, with what it had reached by then."""
    started, gauge = time.monotonic(), Gauge(config)
    members = len(coalition(config)) if is_attacked(config) else 0
    grid = LocalGrid(app, config.nodes, {"overrides": shlex.join(words)})
    strategy = BASELINES[method](config.alliance.proposers, hostile_proposers(config))
    initial = wire.to_record(gauge.yardstick.initial_model)
    random.seed(config.seed)  # Flower's strategies sample by it
    error = ""

    def evaluate(_: int, arrays: ArrayRecord) -> MetricRecord:
        return MetricRecord(dict(gauge.measure(wire.to_arrays(arrays))))

    try:
        drawn = DrawnGrid(grid, config.alliance.proposers, config.seed)
        strategy.start(drawn, initial, config.rounds, evaluate_fn=evaluate)
    except Exception as failure:  # whatever somebody's strategy raises is this run's result
        error = f"{type(failure).__name__}: {failure}"
    return gauge.outcome(Side(config.nodes - members), Side(members), seconds=time.monotonic() - started, error=error)
