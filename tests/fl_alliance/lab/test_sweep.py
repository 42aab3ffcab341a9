"""A tiny sweep from the command line to its report, stopped, gone on with and refused."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from fl_alliance.cli.main import main
from fl_alliance.folders import FolderError
from fl_alliance.lab.cell import Cell
from fl_alliance.lab.estimate import seconds_of
from fl_alliance.lab.methods import RULES
from fl_alliance.lab.outcome import Outcome, Side, append, read
from fl_alliance.lab.plan import Plan
from fl_alliance.lab.runner import run_cell
from fl_alliance.lab.sweep import RESULTS
from fl_alliance.lab.tables import Grid, grids, print_grids

TINY = ["workload=linear", "nodes=8", "rounds=2", "alliance.proposers=4", "alliance.voters=4", "attack.share=0.5"]
CELL = Cell("s", "d", "alie", "majority", 1, (*TINY, "chain.url=memory://", "baselines=false", "attack/update=ipm"))


def sweep(folder: Path, *words: str) -> int:
    return main(["attack", *TINY, *words, "--run-dir", str(folder)])


def test_a_sweep_leaves_results_tables_and_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lab"
    assert sweep(folder, "attack=none,ipm,collusion", "rule=candidates,majority", "baselines=fedavg,krum") == 0
    said = capsys.readouterr()
    assert "10/10" in said.err
    assert "worst attack" in said.out
    assert "malicious" in said.out
    results = read(folder / RESULTS)
    assert len(results) == 10
    owners = [outcome for cell, outcome in results.items() if cell.method in RULES]
    assert all(len(outcome.honest.tokens) == 3 for outcome in owners)
    report = (folder / "report.html").read_text()
    assert report.count("<svg") == 3 * 3  # the figure, tokens and slashes under each attack
    assert report.count("fedavg without attack") == 2 * 2  # in legend and description, where there is an attack
    assert "fl-alliance attack workload=linear" in report
    assert "http" not in report.replace("http-equiv", "")


def test_a_stopped_sweep_goes_on_where_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lab"
    assert sweep(folder, "attack=none,ipm", "rule=majority", "baselines=none") == 0
    lines = (folder / RESULTS).read_text().splitlines(keepends=True)
    (folder / RESULTS).write_text("".join(lines[:-1]) + lines[-1][:40])  # stopped in the middle of a line
    capsys.readouterr()
    assert main(["attack", "--resume", str(folder)]) == 0
    said = capsys.readouterr().err
    assert said.count("seed 1") == 1
    assert "3/3" in said


def test_ctrl_c_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[Cell] = []

    def interrupted(cell: Cell) -> Outcome:
        if done:
            raise KeyboardInterrupt
        done.append(cell)
        return run_cell(cell)

    monkeypatch.setattr("fl_alliance.lab.sweep.run_cell", interrupted)
    assert sweep(tmp_path / "lab", "attack=ipm", "rule=majority") == 130
    said = capsys.readouterr()
    assert f"--resume {tmp_path / 'lab'}" in said.err
    assert "1 of 2 runs are done" in said.err
    assert len(read(tmp_path / "lab" / RESULTS)) == 1


def test_two_processes_measure_the_same_as_one(tmp_path: Path) -> None:
    words = ("attack=ipm", "rule=majority", "baselines=median")
    sweep(tmp_path / "one", *words)
    sweep(tmp_path / "two", *words, "--workers", "2")
    one, two = read(tmp_path / "one" / RESULTS), read(tmp_path / "two" / RESULTS)
    assert {cell: outcome.values for cell, outcome in one.items()} == {
        cell: outcome.values for cell, outcome in two.items()
    }


def test_a_run_is_a_function_of_its_cell() -> None:
    first, second = run_cell(CELL), run_cell(CELL)
    assert first.values == second.values
    assert first.malicious == second.malicious
    assert first.malicious.members == 4


def test_a_strategy_that_gives_up_is_a_result_with_a_reason() -> None:
    words = (*CELL.words[:-1], "attack/protocol=hostile-shape")
    outcome = run_cell(Cell("s", "d", "hostile-shape", "fedavg", 1, words))
    assert "Error" in outcome.error
    assert len(outcome.values) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["attack=alei"], "no such attack"),
        (["attack"], "needs NAME=VALUE"),
        (["--study", "absent"], "no such study"),
        (["--workers", "0"], "needs at least 1"),
        (["rule=none"], "rule=none: needs one of"),
        (["rounds=0"], "rounds=0"),
        (["--resume", "absent"], "no sweep to go on with"),
        (["--resume", "absent", "seed=1"], "takes no settings"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["attack", *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "something").touch()
    assert sweep(tmp_path) == 2
    assert "is in use" in capsys.readouterr().err


GLUCOSE = ("--study", "f4", "data=glucose", "attack=ipm", "seed=1")


def test_every_run_of_a_sweep_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attack", *GLUCOSE, "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 2 + 7
    assert all("workload=glucose" in line and "seed=1" in line for line in lines)


def test_a_dry_run_counts_what_would_run_and_says_how_long_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attack", *TINY, "attack=ipm", "rule=majority", "seed=1,2", "--dry-run"]) == 0
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()] == [
        "data 1 linear",
        "attacks 2 none, ipm: 2 runs each",
        "methods 2 fedavg, majority: 2 runs each",
        "seeds 2 1, 2: 2 runs each",
        "runs 4 less than a minute on one process; --list says each",
    ]


def test_an_estimate_grows_with_rounds_and_with_what_voters_do() -> None:
    def about(rounds: int, rule: str) -> float:
        return seconds_of(Plan("s", data={"d": (*TINY, f"rounds={rounds}")}, rules=[rule], clean=False))

    assert 0 < about(20, "majority") < about(2000, "majority") < about(2000, "candidates")


def test_no_figure_is_cut_off_in_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    figures = [f"{number}.123456" for number in range(9)]
    grid = Grid("title " * 30, ["attack", *("malicious own" for _ in figures)], [["none", *figures]])
    print_grids([grid], Console(width=40))
    said = capsys.readouterr().out
    assert all(figure in said for figure in figures)
    assert "…" not in said


def test_why_a_run_stopped_early_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome("rmse", False, (1.0,), Side(1), Side(0), error="BadReply: no number")
    data = {CELL.data: CELL.words}
    figures, stopped = (grid for grid in grids(Plan("s", data=data), {CELL: outcome}) if grid.title)
    assert figures.title.endswith("* stopped early")
    assert list(stopped.rows) == [["d", "alie", "majority", "BadReply: no number", "1"]]


def test_the_help_names_the_studies_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["attack", "--help"])
    assert "fl-alliance attack --study f4" in capsys.readouterr().out
    assert main(["attack", "--study", "list"]) == 0
    assert "f3q3" in capsys.readouterr().out


def test_what_is_no_result_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / RESULTS
    append(path, CELL, Outcome("rmse", False, (1.0,), Side(1), Side(0)))
    assert read(path)[CELL].final == 1.0
    path.write_text(path.read_text() + json.dumps({"cell": {}}) + "\n")
    with pytest.raises(FolderError, match=r"results\.jsonl:2: no result"):
        read(path)
