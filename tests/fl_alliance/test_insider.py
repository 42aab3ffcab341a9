"""A malicious node is a Flower client whose configuration replaces how it trains, judges or answers."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MessageType, RecordDict
from flwr.serverapp.strategy import FedAvg
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance import job
from fl_alliance.behaviour import Case, Judge, Metrics, Trainer
from fl_alliance.client_app import app
from fl_alliance.config import ConfigError, load_config
from fl_alliance.insider import Insider, coalition
from fl_alliance.records import RoundRecord, RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.workloads.base import Arrays, Score, TrainConfig
from fl_alliance.yardstick import Yardstick

BASE = ["workload=linear", "chain.url=memory://", "baselines=false", "nodes=6", "rounds=2"]
BASE += ["rule=majority"]  # what an attack does is told from yes and no
BASE += ["alliance.proposers=3", "alliance.voters=3"]


@dataclass
class Flip:
    """Proposes the opposite of what it learned, `scale` times."""

    honest: Trainer
    insider: Insider
    scale: float = 1.0

    def train(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int] = ()) -> tuple[Arrays, Metrics]:
        trained, metrics = self.honest.train(arrays, config)
        return {
            name: arrays[name] - np.float32(self.scale) * (trained[name] - arrays[name]) for name in arrays
        }, metrics


@dataclass
class Naysayer:
    """Gives every new model the worst score."""

    honest: Judge
    insider: Insider

    def assess(self, case: Case) -> Sequence[Score]:
        old, *new = self.honest.assess(case)
        return [old, *(Score(0.0, 1e9, score.num_examples) for score in new)]


class Mute:
    """Answers nothing but an error when it is asked to train."""

    def __init__(self, insider: Insider) -> None:
        self.insider = insider

    def __call__(self, message: Message, context: Context, honest: Callable[[Message, Context], Message]) -> Message:
        if message.metadata.message_type.startswith("train"):
            raise RuntimeError(f"site {self.insider.site} strikes")
        return honest(message, context)


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """A researcher's own module with attacks."""
    module = ModuleType("lab")
    for attack in (Flip, Naysayer, Mute):
        setattr(module, attack.__name__, attack)
    monkeypatch.setitem(sys.modules, "lab", module)


def rounds_of(tmp_path: Path, *overrides: str) -> list[RoundRecord]:
    words = [*BASE, *overrides]
    folder = RunFolder(tmp_path / "run")
    job.run(load_config(words), folder, listener=lambda event: None, overrides=words)
    return list(folder.rounds())


def test_the_seed_draws_the_coalition_and_its_share_is_rounded_down() -> None:
    drawn = coalition(load_config([*BASE, "attack.share=0.4"]))
    assert len(drawn) == 2
    assert drawn == coalition(load_config([*BASE, "attack.share=0.4"]))
    assert coalition(load_config([*BASE, "nodes=10", "attack.share=0.3"])) != ()
    assert len(coalition(load_config(["nodes=10", "attack.share=0.3"]))) == 3
    assert coalition(load_config([*BASE, "attack.share=0.4", "attack.nodes=[5,0]"])) == (0, 5)


def test_without_an_attack_a_coalition_is_as_honest_as_everybody(tmp_path: Path) -> None:
    honest = rounds_of(tmp_path / "honest")
    named = rounds_of(tmp_path / "named", "attack.share=1")
    assert [record.model for record in honest] == [record.model for record in named]


def test_an_update_attack_changes_what_a_malicious_node_proposes(tmp_path: Path) -> None:
    attack = ["+attack.update._target_=lab.Flip", "+attack.update.scale=30", "attack.share=1"]
    records = rounds_of(tmp_path, *attack)
    assert {record.outcome for record in records} == {"rejected"}, records[0].dropped


def test_a_vote_attack_changes_what_a_malicious_node_says_of_models(tmp_path: Path) -> None:
    records = rounds_of(tmp_path, "+attack.vote._target_=lab.Naysayer", "attack.nodes=[2,3]")
    liars = {str(member) for record in records for member in record.scores if member in ("2", "3")}
    assert liars
    for record in records:
        for member, (_, new) in record.scores.items():
            assert (new == 0) == (member in ("2", "3"))


def test_a_protocol_attack_answers_in_the_apps_place(tmp_path: Path) -> None:
    records = rounds_of(tmp_path, "+attack.protocol._target_=lab.Mute", "attack.nodes=[0,1,2,3]")
    drawn = {member for record in records for member in record.proposers if member < 4}
    told = {int(member) for record in records for member, why in record.dropped.items() if "strikes" in why}
    assert told == drawn != set()


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        ("+attack.update._target_=lab.Absent", "attack.update lab.Absent"),
        ("+attack.vote={_target_:lab.Naysayer,loud:1}", "attack.vote lab.Naysayer.*loud"),
    ],
)
def test_an_attack_that_cannot_be_made_is_refused_before_anything_runs(
    tmp_path: Path, attack: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        rounds_of(tmp_path, attack, "attack.share=0.5")
    assert not (tmp_path / "run").exists()


def test_a_plain_strategy_runs_on_the_same_app() -> None:
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
    config = load_config(BASE)
    yardstick, grid = Yardstick(config), LocalGrid(app, config.nodes, {"overrides": " ".join(BASE)})
    initial = yardstick.initial_model
    result = FedAvg().start(grid, wire.to_record(initial), num_rounds=3)
    before, after = (yardstick.metrics_of(model) for model in (initial, wire.to_arrays(result.arrays)))
    assert after["rmse"] < before["rmse"]
    assert result.evaluate_metrics_clientapp[3]["loss"] > 0


def test_a_plain_reply_carries_no_word_of_an_alliance() -> None:
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
    config = load_config(BASE)
    grid = LocalGrid(app, config.nodes, {"overrides": " ".join(BASE)})
    arrays: ArrayRecord = wire.to_record(Yardstick(config).initial_model)
    content = RecordDict({"arrays": arrays, "config": ConfigRecord({"server-round": 1})})
    (reply,) = grid.send_and_receive([Message(content, 1, MessageType.TRAIN)])
    assert set(reply.content) == {"arrays", "metrics"}
