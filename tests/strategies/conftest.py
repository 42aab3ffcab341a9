"""A small federation on the embedded chain, with a real contract, in this process."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAdam, Result, Strategy
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.chain.replay import TaskModel
from fl_alliance.client_app import app as honest_app
from fl_alliance.config import JobConfig, load_config
from fl_alliance.federation import Federation, enrol, open_federation
from fl_alliance.judging import make_rule
from fl_alliance.masks import secure_aggregation
from fl_alliance.records import RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.chain_backed import ChainBacked
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.events import Event
from fl_alliance.strategies.rules import Rule
from fl_alliance.strategies.updates import Archive
from fl_alliance.yardstick import Yardstick

BASE = ["rule=majority", "workload=linear", "chain.url=memory://", "baselines=false", "nodes=6", "rounds=3"]
SIX = ["alliance.proposers=3", "alliance.voters=3"]
Behaviour = Callable[[Message, Context, ClientApp], Message]


@pytest.fixture(autouse=True)
def identity() -> None:
    """Let messages be made outside a run: Flower's runtimes set this as they start."""
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


class Nodes(ClientApp):
    """The ClientApp of every node; `behave` may answer in an honest node's place, or pass on to it."""

    def __init__(self, behave: Behaviour | None) -> None:
        super().__init__()
        self._behave = behave

    def __call__(self, message: Message, context: Context) -> Message:
        return self._behave(message, context, honest_app) if self._behave else honest_app(message, context)


@dataclass
class Alliance:
    """A started task, its nodes, and everything that happened in it."""

    config: JobConfig
    grid: Grid
    federation: Federation
    node_ids: dict[str, int]
    initial: ArrayRecord
    events: list[Event] = field(default_factory=list)

    @property
    def model(self) -> TaskModel:
        return self.federation.ledger.model(self.federation.task)

    def backed(self, strategy: Strategy, rule: Rule | None = None, archive: Archive | None = None) -> ChainBacked:
        federation = self.federation
        return ChainBacked(
            strategy,
            federation.ledger,
            federation.task,
            self.node_ids,
            rule=rule or make_rule(self.config),
            listener=self.events.append,
            archive=archive,
            masks=secure_aggregation(self.config.privacy),
        )

    def run(self, strategy: Strategy, rounds: int | None = None, initial: ArrayRecord | None = None) -> Result:
        start = self.initial if initial is None else initial
        return self.backed(strategy).start(self.grid, start, rounds or self.config.rounds)

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Callable[..., Alliance]]:
    """Return a function that starts a task: hydra overrides, and how nodes behave that are not honest."""
    with ExitStack() as stack:

        def start(*overrides: str, behave: Behaviour | None = None) -> Alliance:
            words = [*BASE, *(overrides or SIX)]
            config = load_config(words)
            initial = Yardstick(config).initial_model
            grid = LocalGrid(Nodes(behave), config.nodes, {"overrides": shlex.join(words)})
            folder = RunFolder(tmp_path)
            federation = stack.enter_context(open_federation(config, folder, model_digest(initial), resume=False))
            node_ids = enrol(federation, grid, config, folder)
            return Alliance(config, grid, federation, node_ids, wire.to_record(initial))

        yield start


class Saboteur(FedAdam):
    """FedAdam with a coordinator's fault: in some rounds its aggregate is useless."""

    def __init__(self, bad_rounds: set[int]) -> None:
        super().__init__(eta=0.1)
        self.bad_rounds = bad_rounds

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Aggregate as FedAdam does; turn a bad round's result around and blow it up."""
        arrays, metrics = super().aggregate_train(server_round, replies)
        if server_round in self.bad_rounds and arrays is not None:
            arrays = ArrayRecord({name: Array(-50 * array.numpy()) for name, array in arrays.items()})
        return arrays, metrics


@pytest.fixture
def saboteur() -> type[Saboteur]:
    """A strategy that spoils the rounds it is told to."""
    return Saboteur
