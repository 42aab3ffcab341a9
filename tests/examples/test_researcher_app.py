"""A researcher's own package, with folders called `strategies` and `conf`, runs beside ours: documentation and test."""

import os
import subprocess
import sys
from pathlib import Path

from fl_alliance.records import RunFolder

APP = Path(__file__).resolve().parents[2] / "examples" / "researcher_app"


def readme_command() -> str:
    """Return the command that the example's README gives."""
    return (APP / "README.md").read_text().split("```bash\n")[1].split("\n```")[0]


def test_the_readmes_command_runs_the_researchers_strategy(tmp_path: Path) -> None:
    command = readme_command() + f" baselines=false --quiet --run-dir {tmp_path / 'run'}"
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=APP, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    folder = RunFolder(tmp_path / "run")
    assert "strategies.majority_sign.MajoritySign" in folder.config.read_text()
    assert len(list(folder.rounds())) == 5
    assert folder.report.is_file()


def test_both_packages_of_one_name_load_in_one_process() -> None:
    code = (
        "import strategies.majority_sign as theirs, fl_alliance.strategies.chain_backed as ours, conf, "
        "fl_alliance.conf, sys; assert 'researcher_app' in theirs.__file__ and 'researcher_app' not in ours.__file__; "
        "assert sys.modules['strategies'] is not sys.modules['fl_alliance.strategies']"
    )
    environment = os.environ | {"PYTHONPATH": str(APP)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=APP, env=environment, timeout=60)
