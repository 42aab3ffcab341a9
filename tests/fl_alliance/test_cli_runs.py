"""Whole runs from the command line: what they leave behind, what the ledger says of them, stopping and going on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fl_alliance import federation
from fl_alliance.bookkeeping import read_books
from fl_alliance.books import Books
from fl_alliance.chain.node.serve import Listener
from fl_alliance.chain.node.served import open_chain
from fl_alliance.cli.main import main
from fl_alliance.records import RunFolder
from fl_alliance.strategies.wire import Registration

SMALL = ("workload=linear", "nodes=4", "alliance.proposers=2", "alliance.voters=2", "baselines=false")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return the folder of a small finished run."""
    root = tmp_path_factory.mktemp("runs") / "small"
    assert main(["run", *SMALL, "rounds=4", "--quiet", "--run-dir", str(root)]) == 0
    return RunFolder(root)


@pytest.fixture(scope="module")
def books(finished: RunFolder) -> Books:
    """Return that run's books, read from its chain."""
    return read_books(finished)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


def test_a_run_leaves_everything_a_reader_needs(finished: RunFolder) -> None:
    kept = {path.name for path in finished.root.iterdir()}
    assert {"config.yaml", "overrides.txt", "chain.db", "deployment.json", "metrics.jsonl", "report.html"} <= kept
    assert {"model.safetensors", "flower.log", "references.json"} <= kept
    assert len(list(finished.rounds())) == 4


def test_flowers_own_log_is_in_the_folder(finished: RunFolder) -> None:
    assert "configure_train" in (finished.root / "flower.log").read_text()


def test_the_chain_and_the_runs_records_tell_the_same(finished: RunFolder, books: Books) -> None:
    for record, entry in zip(finished.rounds(), books.rounds, strict=True):
        assert (record.round, record.outcome, record.yes, record.no) == (
            entry.number,
            entry.outcome,
            entry.yes,
            entry.no,
        )
        deltas: dict[str, int] = {}
        for line in entry.lines:
            deltas[str(line.member)] = deltas.get(str(line.member), 0) + line.delta_gwei
        assert record.deltas == deltas
        assert record.balances == list(entry.balances)
        assert record.pool == entry.pool_gwei
        assert record.model == entry.model.hex()
        assert {int(member): tuple(pair) for member, pair in record.scores.items()} == dict(entry.scores)


def test_the_books_come_out_even(books: Books) -> None:
    assert books.phase == "finished"
    assert books.flows.is_even
    assert sum(entry.amount_wei for entry in books.inside) == books.alliance_wei == 0
    assert sum(entry.amount_wei for entry in books.held) == books.supply_wei


def test_the_ledger_prints_balances_rounds_and_totals(
    finished: RunFolder, books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, "ledger", str(finished.root))
    assert all(member.address in shown for member in books.members)
    assert "every FML is accounted for" in shown


def test_the_ledger_explains_a_round_and_a_member(
    finished: RunFolder, books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    member = books.rounds[1].lines[0].member
    assert "round 2 of 4" in said(capsys, "ledger", str(finished.root), "--round", "2")
    why = said(capsys, "ledger", str(finished.root), "--why", books.members[member].address, "2")
    assert f"member {member}, " in why
    assert "gwei" in why


@pytest.mark.parametrize(
    "words",
    [["--round", "9"], ["--why", "99", "1"], ["--why", "0", "9"], ["--why", "0", "x"], ["--why", "0", "9" * 5000]],
)
def test_the_ledger_refuses_what_is_not_there(
    finished: RunFolder, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", str(finished.root), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_sweep_leaves_a_folder_a_run_and_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "run", "-m", *SMALL, "rounds=1", "seed=1,2", "--quiet", "--run-dir", str(tmp_path / "sweep"))
    assert [path.name for path in sorted((tmp_path / "sweep").iterdir())] == ["0", "1"]
    table = shown.partition("sweep")[2]
    assert "seed=1" in table
    assert "seed=2" in table


def test_a_sweep_goes_on_after_a_combination_that_cannot_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (*SMALL, "rounds=1", "+strategy.fraction_train=2.0,1.0", "--quiet", "--run-dir", str(tmp_path / "sweep"))
    assert main(["run", "-m", *words]) == 2
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert "run 0: FedAvg: fraction_train=2.0" in shown.err
    assert "failed" in shown.out
    assert [path.name for path in (tmp_path / "sweep").iterdir()] == ["1"]


@pytest.mark.parametrize("command", ["run", "coordinate"])
def test_a_finished_run_is_said_to_be_finished_and_nothing_changes(
    command: str, finished: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.root.rglob("*")}
    told = said(capsys, command, "--resume", str(finished.root))
    assert told == f"{finished.root}: finished after round 4, nothing is left to do; its report is {finished.report}\n"
    assert {path: path.stat().st_mtime_ns for path in finished.root.rglob("*")} == before


@pytest.mark.parametrize("name", ["report.html", "references.json", "model.safetensors"])
def test_a_run_that_was_stopped_on_its_last_steps_takes_them(name: str, finished: RunFolder, tmp_path: Path) -> None:
    folder = RunFolder(Path(shutil.copytree(finished.root, tmp_path / "copy")))
    (folder.root / name).unlink()
    assert main(["run", "--resume", str(folder.root), "--quiet"]) == 0
    assert (folder.root / name).is_file()


def test_ctrl_c_says_how_to_go_on_and_resume_finishes_the_task(tmp_path: Path) -> None:
    root = tmp_path / "stopped"
    words = ["run", *SMALL, "rounds=60", "--run-dir", str(root)]
    with command(words) as run:
        wait_for(root / "metrics.jsonl", lines=3)
        run.send_signal(signal.SIGINT)
        _, complaint = run.communicate(timeout=60)
    # Python ends itself by the signal where it was in code run from C; a shell reports 130 either way.
    assert run.returncode in (130, -signal.SIGINT)
    stopped = re.fullmatch(r"fl-alliance run: stopped after round (\d+); go on with: (.*)\n", complaint)
    assert stopped, complaint
    assert stopped[2] == f"fl-alliance run --resume {root}"
    settled = int(stopped[1])
    assert 3 <= settled < 60
    assert main(["run", "--resume", str(root), "--quiet"]) == 0
    assert [record.round for record in RunFolder(root).rounds()] == list(range(1, 61))
    assert read_books(RunFolder(root)).flows.is_even


def test_a_run_whose_chain_went_away_says_how_to_go_on(tmp_path: Path) -> None:
    root = tmp_path / "cut-off"
    listener = Listener("127.0.0.1", 0)
    words = [*SMALL, "rounds=60", f"chain.url={listener.url}", "chain.patience_s=0.2", "--run-dir", str(root)]
    with listener.serving(open_chain(None, None, 1.0, 2.0)):
        run = command(["run", *words])
        wait_for(root / "metrics.jsonl", lines=1)
    _, complaint = run.communicate(timeout=60)
    assert run.returncode == 2
    stopped, reason = complaint.splitlines()
    assert re.fullmatch(
        rf"fl-alliance run: stopped after round \d+; go on with: fl-alliance run --resume {root}", stopped
    )
    assert reason.startswith("fl-alliance run: ")


def test_nodes_whose_authorizations_were_over_before_they_were_on_chain_sign_again_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four hours pass in a second: registration, which is open for one, is over before a node has signed."""
    tries, register = [], federation.register

    def counted(place: federation.Federation, nodes: list[Registration], stake_wei: int, valid_before: int) -> None:
        tries.append((len(nodes), valid_before))
        register(place, nodes, stake_wei, valid_before)

    monkeypatch.setattr(federation, "register", counted)
    windows = [f"alliance.{name}=864000" for name in ("leader_s", "propose_s", "commit_s", "reveal_s", "evidence_s")]
    listener = Listener("127.0.0.1", 0)
    words = [*SMALL, "rounds=1", "alliance.registration_s=1", *windows, f"chain.url={listener.url}"]
    with listener.serving(open_chain(None, None, 14_400.0, 0.1)):
        assert main(["run", *words, "--quiet", "--run-dir", str(tmp_path / "fast")]) == 0
    assert [count for count, _ in tries] == [4, 4]
    assert tries[1][1] > tries[0][1] + 1
    assert [record.outcome for record in RunFolder(tmp_path / "fast").rounds()] == ["accepted"]


def command(words: list[str]) -> "subprocess.Popen[str]":
    # A shell that starts a job in the background has it ignore Ctrl-C; a user's terminal does not.
    return subprocess.Popen(
        [sys.executable, "-m", "fl_alliance.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(path: Path, lines: int, timeout_s: float = 90) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if path.is_file() and path.read_text().count("\n") >= lines:
            return
        time.sleep(0.05)
    raise TimeoutError(f"{path} has no {lines} lines")
