"""A run whose sites keep a policy goes through, and every site's log says what left it."""

from pathlib import Path

import pytest

from fl_alliance.cli.main import main
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.template import template
from fl_alliance.strategies import wire

WORDS = ("workload=linear", "nodes=5", "rounds=2", "alliance.proposers=3", "alliance.voters=2", "baselines=false")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    text = template("ab" * 32).replace("tasks: []", "tasks: any").replace("examples: 100", "examples: 1")
    path.write_text(text.replace("code:\n  - " + "ab" * 32, "code: any"))
    return path


@pytest.mark.parametrize("rule", ["majority", "candidates"])
def test_every_message_of_a_run_is_in_a_log_and_the_run_is_whole(policy: Path, tmp_path: Path, rule: str) -> None:
    root = tmp_path / "run"
    assert main(["run", *WORDS, f"rule={rule}", f"runtime.policy={policy}", "--quiet", "--run-dir", str(root)]) == 0
    assert main(["audit", str(root)]) == 0
    decisions = [
        each
        for site in range(5)
        for each in DecisionLog(root / "sites" / f"site-{site}" / "decisions.jsonl").read().decisions
    ]
    assert {each.verdict for each in decisions} == {"allowed"}
    counts = {
        kind: sum(each.kind == kind for each in decisions) for kind in (wire.JOIN, "train", "evaluate", wire.REVEAL)
    }
    assert counts == {wire.JOIN: 5, "train": 6, "evaluate": 4, wire.REVEAL: 4}


def test_a_run_with_a_policy_that_cannot_be_read_does_not_begin(
    policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy.write_text("version: 3")
    assert main(["run", *WORDS, f"runtime.policy={policy}", "--quiet", "--run-dir", str(tmp_path / "run")]) == 2
    assert "policy.yaml:1" in capsys.readouterr().err
