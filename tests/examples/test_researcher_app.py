"""A researcher's own package, with folders called `strategies` and `conf`, runs beside ours: documentation and test."""

import os
import subprocess
import sys
from pathlib import Path

from fl_alliance.records import RunFolder

APP = Path(__file__).resolve().parents[2] / "examples" / "researcher_app"
STRATEGY, ALL_THREE, LABORATORY = range(3)


def readme_command(number: int) -> str:
    """Return one of the commands that the example's README gives."""
    return (APP / "README.md").read_text().split("```bash\n")[number + 1].split("\n```")[0]


def run(command: str) -> str:
    """Run a command from the example's folder; return what it prints."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=APP, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readmes_command_runs_the_researchers_strategy(tmp_path: Path) -> None:
    run(f"{readme_command(STRATEGY)} baselines=false --quiet --run-dir {tmp_path / 'run'}")
    folder = RunFolder(tmp_path / "run")
    assert "strategies.majority_sign.MajoritySign" in folder.config.read_text()
    assert len(list(folder.rounds())) == 5
    assert folder.report.is_file()


def test_the_laboratory_tries_the_researchers_attack_beside_its_own(tmp_path: Path) -> None:
    told = run(f"{readme_command(LABORATORY)} rounds=2 --run-dir {tmp_path / 'lab'}")
    assert "update/least-agreed" in told
    assert (tmp_path / "lab" / "report.html").is_file()


def test_both_packages_of_one_name_load_in_one_process() -> None:
    code = (
        "import strategies.majority_sign as theirs, fl_alliance.strategies.chain_backed as ours, conf, "
        "fl_alliance.conf, sys; assert 'researcher_app' in theirs.__file__ and 'researcher_app' not in ours.__file__; "
        "assert sys.modules['strategies'] is not sys.modules['fl_alliance.strategies']"
    )
    environment = os.environ | {"PYTHONPATH": str(APP)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=APP, env=environment, timeout=60)


def test_the_researchers_candidate_is_the_point_nearest_to_all_updates() -> None:
    code = """
import numpy as np
from rules.geometric_median import WithGeometricMedian, geometric_median
rows = np.random.default_rng(0).normal(size=(9, 30))
rows[8] *= 100
middle = geometric_median(rows, 200)
far = lambda point: np.linalg.norm(rows - point, axis=1).sum()
rng = np.random.default_rng(1)
assert all(far(middle) <= far(middle + 0.01 * rng.normal(size=30)) for _ in range(100))
assert np.linalg.norm(middle) < np.linalg.norm(rows.mean(axis=0)) / 2
old = {"weight": np.zeros(30, np.float32)}
proposals = {member: {"weight": row.astype(np.float32)} for member, row in enumerate(rows)}
menu = WithGeometricMedian().menu(old, proposals, old)
assert "geometric median" in menu.names[:len(menu.rows)]
assert menu.encoded == WithGeometricMedian().menu(old, proposals, old).encoded
"""
    environment = os.environ | {"PYTHONPATH": str(APP)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=APP, env=environment, timeout=60)
