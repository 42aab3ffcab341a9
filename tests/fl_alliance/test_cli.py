"""The command line: help that is complete, mistakes in one line with exit code 2, sweeps as hydra reads them."""

import re
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from fl_alliance.cli import run as run_command
from fl_alliance.cli.main import COMMANDS, main
from fl_alliance.cli.multirun import expand
from fl_alliance.config import ConfigError, JobConfig
from fl_alliance.folders import FolderError, default_root, new_folder, open_folder


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command that must be refused; return its one line."""
    try:
        code = main(words)
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    said = capsys.readouterr().err
    assert code == 2
    assert said.count("\n") == 1, said
    return said


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([command, "--help"])
    assert leaving.value.code == 0
    assert f"fl-alliance {command}" in capsys.readouterr().out.partition("examples:")[2]


def test_the_help_of_run_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = capsys.readouterr().out
    for name, value in OmegaConf.structured(JobConfig).items():
        for setting in value if isinstance(value, type(OmegaConf.create())) else [None]:
            told = (f"{name}.{setting}", f".{setting}", f"{name}/{setting}") if setting else (f"{name}=",)
            assert any(words in shown for words in told), (name, setting)


def test_the_help_of_run_names_every_strategy_and_workload(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = capsys.readouterr().out
    for group in ("strategy", "workload"):
        names = {path.name.removesuffix(".yaml") for path in files("fl_alliance.conf").joinpath(group).iterdir()}
        assert names
        told = shown.partition(f"\n  {group}=")[2].partition(f"\n  {group}.")[0]
        assert names <= set(re.findall(r"[\w-]+", told)), group


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == version("fl-alliance")


def test_help_loads_none_of_the_heavy_libraries() -> None:
    program = (
        "import sys; from fl_alliance.cli.main import main; main([]);"
        "heavy = {'torch', 'flwr', 'web3', 'hydra', 'numpy', 'rich'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_settings_prints_the_composed_configuration_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "rounds=7", "--settings", "workload=digits"]) == 0
    shown = OmegaConf.create(capsys.readouterr().out)
    assert (shown.rounds, shown.workload.name, shown.nodes) == (7, "digits", 10)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["rum"], "run"),
        (["run", "--fast"], "--fast"),
        (["run", "roundz=3"], "rounds"),
        (
            ["run", "rounds=many"],
            "override 'rounds=many': Value 'many' of type 'str' could not be converted",
        ),
        (["run", "roundz=3"], "Could not override 'roundz'. Did you mean 'rounds'?"),
        (["run", "strategy.agreement=1"], "use +strategy.agreement=1"),
        (["run", "strategy._target_=nowhere.Mine"], "PYTHONPATH=FOLDER"),
        (["dao", "vote"], "are required: N, SUPPORT (see"),
        (["run", "nodes=3"], "committee"),
        (["run", "alliance.stake=1"], "minimum stake"),
        (["run", "--resume", "nowhere"], "no run in this folder"),
        (["run", "--resume", "nowhere", "rounds=3"], "--resume"),
        (["report", "nowhere"], "no run in this folder"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = complaint(capsys, *words)
    assert named in said
    assert "Did you mean 'strategy'" not in said
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept.txt").write_text("not yours")
    assert "--resume" in complaint(capsys, "run", "--run-dir", str(tmp_path))
    assert (tmp_path / "kept.txt").read_text() == "not yours"


def test_an_error_nobody_expects_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(run_command, "execute", broken)
    with pytest.raises(ZeroDivisionError):
        main(["run"])


def test_ctrl_c_leaves_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_command, "execute", interrupted)
    assert main(["run"]) == 130
    assert capsys.readouterr().err == "fl-alliance run: stopped\n"


def test_a_sweep_runs_every_combination_the_last_one_varying_fastest() -> None:
    assert expand(["rounds=5,10", "workload=digits", "seed=1,2"]) == [
        ["rounds=5", "workload=digits", "seed=1"],
        ["rounds=5", "workload=digits", "seed=2"],
        ["rounds=10", "workload=digits", "seed=1"],
        ["rounds=10", "workload=digits", "seed=2"],
    ]


def test_a_sweep_understands_hydras_ranges_and_choices() -> None:
    assert expand(["seed=range(1,4)"]) == [["seed=1"], ["seed=2"], ["seed=3"]]
    assert expand(["strategy=choice(fedavg,krum)", "+strategy.mu=0.1"]) == [
        ["strategy=fedavg", "+strategy.mu=0.1"],
        ["strategy=krum", "+strategy.mu=0.1"],
    ]


@pytest.mark.parametrize("word", ["rounds=[1", "strategy=glob(fed*)"])
def test_a_sweep_that_hydra_cannot_list_is_refused(word: str) -> None:
    with pytest.raises(ConfigError):
        expand([word])


def test_a_sweep_with_a_wrong_combination_runs_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "committee" in complaint(capsys, "run", "-m", "nodes=10,3")
    assert not list(tmp_path.iterdir())


def test_the_newest_run_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FolderError):
        open_folder(None)
    for name in ("20260102-000000-digits", "20260101-000000-glucose"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.yaml").touch()
    assert open_folder(None).root.name == "20260102-000000-digits"


def test_two_runs_of_one_second_get_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    monkeypatch.chdir(tmp_path)
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    names = [new_folder(default_root("digits", now)).root.name for _ in range(3)]
    assert names == ["20260102-030405-digits", "20260102-030405-digits-2", "20260102-030405-digits-3"]
