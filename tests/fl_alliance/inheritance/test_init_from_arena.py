"""A run that starts from what an Arena task found."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from market_folder import TRAINED, UNTRAINED, VALIDATOR, MarketFolder, make_market

from fl_alliance import job
from fl_alliance.arena.card import parse_lineage
from fl_alliance.arena.errors import ContentMissing
from fl_alliance.audit import audit
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.chain.alliance_refusals import UnknownTask
from fl_alliance.cli.main import main
from fl_alliance.config import ConfigError, config_digest, load_config
from fl_alliance.folders import FolderError
from fl_alliance.learners import network_kind
from fl_alliance.models import load_model
from fl_alliance.parent import first_model
from fl_alliance.records import RunFolder
from fl_alliance.strategies.digests import model_digest

SIZE = ["nodes=4", "rounds=2", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]
BASE = ["workload=digits", "workload.options.hidden=4", *SIZE]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> MarketFolder:
    return make_market(tmp_path_factory.mktemp("arena") / "market")


def words(market: MarketFolder, *more: str) -> list[str]:
    return [*BASE, "init=arena:1", f"market.folder={market.root}", *more]


def run_of(folder: Path, overrides: list[str], resume: bool = False) -> RunFolder:
    job.run(load_config(overrides), RunFolder(folder), listener=lambda _: None, overrides=overrides, resume=resume)
    return RunFolder(folder)


@pytest.fixture(scope="module")
def inherited(market: MarketFolder, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return run_of(tmp_path_factory.mktemp("run") / "run", words(market))


@pytest.fixture
def copied(inherited: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(inherited.root, tmp_path / "copy")))


def test_a_run_starts_from_the_winner_of_the_b_day(market: MarketFolder, inherited: RunFolder) -> None:
    judge = network_kind("classify", "digits", hidden=4)
    winner = judge.load(market.artifacts[TRAINED.address])
    deployed = json.loads(inherited.deployment.read_text())
    assert deployed["initial_model"] == "0x" + model_digest(winner).hex()
    told = json.loads(inherited.references.read_text())
    assert told["initial"]["accuracy"] > 0.5
    own = run_of(inherited.root.parent / "own", BASE)
    assert json.loads(own.references.read_text())["initial"]["accuracy"] < 0.3


def test_the_lineage_names_task_node_score_and_who_scored(market: MarketFolder, inherited: RunFolder) -> None:
    lineage = parse_lineage((inherited.parent / "lineage.json").read_text())
    artifact = market.artifacts[TRAINED.address]
    manifest = json.loads((market.root / "market.json").read_text())
    assert lineage.task == f"31337:{manifest['contracts']['Arena']['address']}:1"
    assert (lineage.node, lineage.day) == (TRAINED.address, 1)
    assert lineage.digest == hashlib.sha256(artifact).hexdigest()
    assert inherited.parent_model.read_bytes() == artifact
    assert [(score.validator, score.loss) for score in lineage.scores] == [(VALIDATOR.address, lineage.loss)]
    assert lineage.digest in (inherited.parent / "README.md").read_text()
    assert json.loads(inherited.deployment.read_text())["parent"]["digest"] == lineage.digest
    assert lineage.digest in inherited.report.read_text()


def test_the_audit_verifies_the_first_model_and_every_menu_from_it(inherited: RunFolder) -> None:
    agreement = audit(inherited.root, executes=False).agreement
    assert agreement is not None
    assert "parent/" in agreement.files
    assert agreement.menus == 2
    assert any("winner of Arena task 31337:0x" in note for note in agreement.notes)


def test_the_audit_finds_another_first_model(market: MarketFolder, copied: RunFolder) -> None:
    other = market.artifacts[UNTRAINED.address]
    copied.parent_model.write_bytes(other)
    with pytest.raises(DoesNotHold, match="its lineage says"):
        audit(copied.root, executes=False)
    path = copied.parent / "lineage.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"digest": hashlib.sha256(other).hexdigest()}))
    with pytest.raises(DoesNotHold, match="the task's first model"):
        audit(copied.root, executes=False)


def test_the_audit_finds_a_lineage_that_the_deployment_does_not_know(copied: RunFolder) -> None:
    path = copied.parent / "lineage.json"
    path.write_text(path.read_text().replace(TRAINED.address, UNTRAINED.address))
    with pytest.raises(DoesNotHold, match="its lineage says"):
        audit(copied.root, executes=False)


def test_the_audit_says_that_a_first_model_that_is_gone_was_not_verified(copied: RunFolder) -> None:
    shutil.rmtree(copied.parent)
    agreement = audit(copied.root, executes=False).agreement
    assert agreement is not None
    assert agreement.menus == 0
    assert any("was not verified" in note for note in agreement.notes)


def test_a_resumed_run_keeps_its_first_model_without_the_market(market: MarketFolder, tmp_path: Path) -> None:
    overrides = words(market)

    def stop_after_a_round(event: object) -> None:
        if type(event).__name__ == "RoundSettled":
            raise KeyboardInterrupt

    folder = RunFolder(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        job.run(load_config(overrides), folder, listener=stop_after_a_round, overrides=overrides)
    away = market.root.with_name("away")
    market.root.rename(away)
    try:
        run_of(folder.root, overrides, resume=True)
    finally:
        away.rename(market.root)
    assert [record.round for record in folder.rounds()] == [1, 2]
    agreement = audit(folder.root, executes=False).agreement
    assert agreement is not None
    assert agreement.menus == 2


def test_a_resumed_run_refuses_another_first_model(market: MarketFolder, copied: RunFolder) -> None:
    other = market.artifacts[UNTRAINED.address]
    copied.parent_model.write_bytes(other)
    path = copied.parent / "lineage.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"digest": hashlib.sha256(other).hexdigest()}))
    with pytest.raises(FolderError, match="needed this run's own parent/"):
        run_of(copied.root, words(market), resume=True)


def test_where_the_b_day_came_to_nothing_the_last_days_ranking_counts(tmp_path: Path) -> None:
    market = make_market(tmp_path / "market", ends="fell-back")
    overrides, folder = words(market), RunFolder(tmp_path / "run")
    job.prepare(folder, load_config(overrides), overrides)
    lineage = parse_lineage((folder.parent / "lineage.json").read_text())
    assert (lineage.node, lineage.day) == (TRAINED.address, 0)
    assert model_digest(first_model(load_config(overrides), folder)) == model_digest(
        network_kind("classify", "digits", hidden=4).load(market.artifacts[TRAINED.address])
    )


@pytest.mark.parametrize(
    ("changes", "error", "found"),
    [
        (["init=arena:2"], UnknownTask, "2"),
        (["workload.options.hidden=5"], ConfigError, "hidden=4, the run 5"),
        (["workload=breast_cancer"], ConfigError, "the task trains workload digits, the run breast_cancer"),
        (["market.folder=nowhere"], ConfigError, "nowhere/market.json: found no such file.*market.folder=FOLDER"),
        (["init=arena:zero"], ConfigError, "needs workload, or arena:TASK"),
    ],
)
def test_what_cannot_be_started_from_is_refused_and_leaves_nothing(
    market: MarketFolder, tmp_path: Path, changes: list[str], error: type[Exception], found: str
) -> None:
    overrides = words(market, *changes)
    with pytest.raises(error, match=found):
        job.prepare(RunFolder(tmp_path / "run"), load_config(overrides), overrides)
    assert not (tmp_path / "run").exists()


def test_a_task_that_still_runs_has_no_winner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    market = make_market(tmp_path / "market", ends="active")
    assert main(["run", *words(market), "--run-dir", str(tmp_path / "run")]) == 2
    assert "the task is active, needed a completed one" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_task_of_another_kind_is_refused(tmp_path: Path) -> None:
    market = make_market(tmp_path / "market", kind="lm-lora")
    with pytest.raises(ConfigError, match="of kind lm-lora, needed tabular or classify"):
        job.prepare(RunFolder(tmp_path / "run"), load_config(words(market)), [])


def test_a_store_without_the_winner_is_named(market: MarketFolder, tmp_path: Path) -> None:
    poor = tmp_path / "poor"
    shutil.copytree(market.root, poor)
    digest = hashlib.sha256(market.artifacts[TRAINED.address]).hexdigest()
    (found,) = (poor / "store").rglob(f"{digest}*")
    found.unlink()
    overrides = [*BASE, "init=arena:1", f"market.folder={poor}"]
    with pytest.raises(ContentMissing):
        job.prepare(RunFolder(tmp_path / "run"), load_config(overrides), overrides)


def test_where_the_market_is_does_not_change_what_the_task_pins(market: MarketFolder) -> None:
    here, there = load_config(words(market)), load_config([*words(market), "market.url=http://127.0.0.1:1"])
    assert config_digest(here) == config_digest(there)
    assert config_digest(here) != config_digest(load_config(BASE))


def test_the_laboratory_does_not_silently_start_from_something_else(market: MarketFolder) -> None:
    from fl_alliance.yardstick import Yardstick

    with pytest.raises(ConfigError, match="only a run with a folder"):
        _ = Yardstick(load_config(words(market))).initial_model


def test_the_final_model_of_an_inherited_run_is_a_model_of_the_workload(inherited: RunFolder) -> None:
    shapes = network_kind("classify", "digits", hidden=4).learner.shapes
    assert {name: array.shape for name, array in load_model(inherited.model).items()} == shapes
