"""The example: four hospitals with exports of their own, over TLS, from first key to payout; nothing left running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fl_alliance.cli.main import main
from fl_alliance.records import RunFolder

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "hospitals" / "run.py"
HOSPITALS = ("north", "south", "east", "west")


def start(folder: Path, *settings: str) -> "subprocess.Popen[str]":
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    # Without anvil, so that the audit can execute the chain's file; a fresh HOME shows what is written there.
    environment = os.environ | {"PYTHONPATH": paths, "PATH": "/usr/bin:/bin", "HOME": str(folder.parent)}
    environment.pop("FL_ALLIANCE_ANVIL", None)
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), *settings],
        cwd=folder.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def started() -> Iterator[list["subprocess.Popen[str]"]]:
    """Scripts that a test starts; ended with it."""
    scripts: list[subprocess.Popen[str]] = []
    yield scripts
    for script in scripts:
        if script.poll() is None:
            script.send_signal(signal.SIGINT)
            script.wait(120)


def left_over(folder: Path) -> list[str]:
    """Return the command lines of processes that still work in the folder; Flower's children end a bit later."""
    end = time.monotonic() + 20
    while True:
        shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        found = [line for line in shown.splitlines() if str(folder) in line]
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.5)


@pytest.mark.slow
def test_four_hospitals_are_paid_out_for_a_model_of_their_own_data(
    tmp_path: Path, started: list["subprocess.Popen[str]"], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "town"
    script = start(folder, "rounds=2")
    started.append(script)
    told, _ = script.communicate(timeout=900)
    assert script.returncode == 0, told[-4000:]
    for name in HOSPITALS:
        assert any(line.strip().startswith(name) and "FML paid out to" in line for line in told.splitlines()), told
        assert f"data in {name}/exports" in told
    assert "everything holds" in told
    run = RunFolder(folder / "coordinator" / "run")
    assert [record.round for record in run.rounds()] == [1, 2]
    assert not left_over(folder)
    passwords = [(folder / name / "password").read_bytes().strip() for name in (*HOSPITALS, "coordinator")]
    names = [path.stem.encode() for path in (folder / "west" / "exports").iterdir()]
    assert names
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "password":
            assert not any(password in path.read_bytes() for password in passwords), path
    assert not any(password.decode() in told for password in passwords)
    assert not any(name in path.read_bytes() for path in run.root.rglob("*") if path.is_file() for name in names)
    # The run folder is enough for who wants to look later.
    assert main(["ledger", str(run.root)]) == 0
    assert main(["audit", str(run.root)]) == 0
    assert "everything holds" in capsys.readouterr().out


@pytest.mark.slow
def test_ctrl_c_takes_everything_down(tmp_path: Path, started: list["subprocess.Popen[str]"]) -> None:
    folder = tmp_path / "town"
    script = start(folder)
    started.append(script)
    end = time.monotonic() + 300
    for line in script.stdout or ():
        assert time.monotonic() < end
        if "SuperNode log" in line:
            break
    script.send_signal(signal.SIGINT)
    told, _ = script.communicate(timeout=180)
    assert "stopped; nothing is left running" in told
    assert script.returncode == 1
    assert not left_over(folder)
