"""A researcher's own package, with folders called `strategies` and `conf`, runs beside ours: documentation and test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from fl_alliance.records import RunFolder

APP = Path(__file__).resolve().parents[2] / "examples" / "researcher_app"
STRATEGY, ALL_THREE, LABORATORY = range(3)
PARAMETERS = "strategy.agreement=0.8 rule.menu.iterations=32 attack.update.share=0.5"
AUDIT = "PYTHONPATH=. fl-alliance audit RUN"
"""Both as the README gives them."""


def readme_command(number: int) -> str:
    """Return one of the commands that the example's README gives."""
    return (APP / "README.md").read_text().split("```bash\n")[number + 1].split("\n```")[0]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The example's folder, somewhere else: a researcher's own."""
    return Path(shutil.copytree(APP, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", "runs", "sweeps")))


def run(command: str, folder: Path) -> str:
    """Run a command from a folder; return what it prints."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def only_run(app: Path) -> RunFolder:
    """Return the run that a command has left where it leaves them."""
    (folder,) = (app / "runs").iterdir()
    return RunFolder(folder)


def test_the_readmes_command_runs_the_researchers_strategy(app: Path) -> None:
    run(f"{readme_command(STRATEGY)} baselines=false", app)
    folder = only_run(app)
    assert "strategies.majority_sign.MajoritySign" in folder.config.read_text()
    assert len(list(folder.rounds())) == 5
    assert folder.report.is_file()


def test_the_readmes_command_runs_strategy_rule_and_attack_and_the_audit_forms_their_menus_again(app: Path) -> None:
    told = run(f"{readme_command(ALL_THREE)} rounds=3 baselines=false {PARAMETERS}", app)
    folder = only_run(app)
    settings = OmegaConf.load(folder.config)
    assert settings.strategy == {"_target_": "strategies.majority_sign.MajoritySign", "agreement": 0.8}
    menu = settings.rule.menu
    assert (menu["_target_"], menu.iterations) == ("rules.geometric_median.WithGeometricMedian", 32)
    assert settings.attack["update"] == {
        "_target_": "attacks.least_agreed.LeastAgreed",
        "share": 0.5,
        "deviations": 2.0,
    }
    rounds = list(folder.rounds())
    assert len(rounds) == 3
    assert all(record.choice and "geometric median" in record.choice["entries"] for record in rounds)
    assert "fl-alliance audit" in told
    audited = run(AUDIT.replace("RUN", str(folder.root)), app)
    assert "3 menus formed again from the proposals, aggregate included, to the bit" in audited


def test_the_laboratory_tries_the_researchers_attack_beside_its_own(app: Path) -> None:
    own = {path.name for path in (app / "attacks").iterdir()} | {"__pycache__"}
    told = run(f"{readme_command(LABORATORY)} rounds=2", app)
    assert "update/least-agreed" in told
    (folder,) = (app / "sweeps").iterdir()
    assert (folder / "report.html").is_file()
    assert {path.name for path in (app / "attacks").iterdir()} <= own  # results do not land among the attacks


def test_the_readme_gives_the_words_that_are_tried_here() -> None:
    readme = (APP / "README.md").read_text()
    assert f"`{PARAMETERS}`" in readme
    assert f"`{AUDIT}`" in readme


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
