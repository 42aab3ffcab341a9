"""A process that is killed, not told to stop, leaves a run that goes on and ends as if nothing had happened."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from run_steps import steps

from fl_alliance.bookkeeping import read_books
from fl_alliance.cli.main import main
from fl_alliance.records import RunFolder

WORDS = (
    "workload=linear",
    "nodes=4",
    "rounds=6",
    "alliance.proposers=2",
    "alliance.voters=2",
    "baselines=false",
    "strategy=fedadam",
)


@pytest.mark.parametrize(("rule", "kills"), [((), 4), (("rule=majority",), 2)])
def test_a_killed_run_goes_on_and_ends_with_the_same_steps_and_model(
    rule: tuple[str, ...], kills: int, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    span = seconds_at_work(whole, None, rule)
    moments = random.Random(7)
    for number in range(kills):
        folder = tmp_path / str(number)
        after = span * moments.uniform(0.05, 0.9)
        seconds_at_work(folder, after, rule)
        assert main(["run", "--resume", str(folder), "--quiet"]) == 0, f"killed after {after:.3f} s"
        assert ended(folder) == ended(whole), f"killed after {after:.3f} s"
        assert main(["audit", str(folder), "--no-execute"]) == 0
        assert read_books(RunFolder(folder)).flows.is_even
        assert [record.round for record in RunFolder(folder).rounds()] == [1, 2, 3, 4, 5, 6]


def ended(folder: Path) -> tuple[list[tuple[int, bytes, bytes]], bytes]:
    return steps(folder), (folder / "model.safetensors").read_bytes()


def seconds_at_work(folder: Path, kill_after: float | None, rule: tuple[str, ...]) -> float:
    """Run in a process of its own; return how long it took from its first file to its end, by itself or by a kill."""
    command = [sys.executable, "-m", "fl_alliance.cli.main", "run", *WORDS, *rule, "--quiet", "--run-dir"]
    command.append(str(folder))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not (folder / "config.yaml").is_file():
            assert process.poll() is None
            time.sleep(0.002)
        began = time.monotonic()
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
    return time.monotonic() - began


@pytest.mark.parametrize("cut", [1, 40])
def test_a_record_cut_off_by_a_crash_is_written_again(tmp_path: Path, cut: int) -> None:
    folder = RunFolder(tmp_path / "run")
    assert main(["run", *WORDS, "--quiet", "--run-dir", str(folder.root)]) == 0
    folder.metrics.write_bytes(folder.metrics.read_bytes()[:-cut])
    assert main(["run", "--resume", str(folder.root), "--quiet"]) == 0
    assert [record.round for record in folder.rounds()] == [1, 2, 3, 4, 5, 6]
    assert main(["audit", str(folder.root), "--no-execute"]) == 0
