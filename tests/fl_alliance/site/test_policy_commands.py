"""`fl-alliance policy`: a file to begin with, what it allows in words, and a log that is shown and verified."""

from pathlib import Path

import pytest

from fl_alliance.cli.main import main
from fl_alliance.site.decisions import Decision
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.policy import Policy

WORDS = ("workload=linear", "nodes=4", "rounds=2", "alliance.proposers=2", "alliance.voters=2", "baselines=false")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    assert main(["policy", "init", str(tmp_path / "policy.yaml")]) == 0
    return tmp_path / "policy.yaml"


def write(log: Path, count: int) -> None:
    for number in range(count):
        verdict, reason = ("allowed", "") if number else ("refused", "outside the site's hours")
        with DecisionLog(log).held() as writer:
            writer.append(
                Decision(
                    1_796_040_000 + number, "0xsite", "train", "1:0xa:2", 3, verdict, reason, 77, "d" * 64, "", 0.0, ""
                )
            )


def test_a_new_policy_is_explained_and_never_overwritten(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(policy)]) == 0
    said = capsys.readouterr().out
    assert "no task at all" in said
    assert "not listed" not in said
    assert main(["policy", "init", str(policy)]) == 2
    assert "exists" in capsys.readouterr().err


def test_a_task_is_found_by_its_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *WORDS, "--quiet", "--run-dir", str(tmp_path / "run")]) == 0
    task = ("--manifest", str(tmp_path / "run" / "manifest.json"), "--task", "1")
    assert main(["policy", "init", str(tmp_path / "named.yaml"), *task]) == 0
    assert main(["policy", "init", str(tmp_path / "empty.yaml")]) == 0
    capsys.readouterr()
    assert main(["policy", "check", str(tmp_path / "named.yaml"), *task]) == 0
    assert ": allowed" in capsys.readouterr().out
    assert main(["policy", "check", str(tmp_path / "empty.yaml"), *task]) == 1
    assert "refused: a task that the policy does not list" in capsys.readouterr().out
    assert main(["policy", "check", str(tmp_path / "empty.yaml"), *task[:2]]) == 2


def test_a_log_is_shown_in_words_and_holds_what_it_held(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Policy.load(policy).log
    write(log, 2)
    early = DecisionLog(log).read().head
    write(log, 1)
    assert main(["policy", "log", str(policy), "--had", f"2:0x{early}"]) == 0
    said = capsys.readouterr().out
    assert "refused, outside the site's hours" in said
    assert "allowed, 77 bytes" in said
    assert "whole: 3 lines" in said
    assert "line 2 still has head" in said
    assert main(["policy", "log", str(log), "--had", f"3:{early}"]) == 1
    assert main(["policy", "log", str(log), "--had", "3:beef"]) == 2


def test_a_changed_log_is_named_with_its_line(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Policy.load(policy).log
    write(log, 3)
    log.write_bytes(log.read_bytes().replace(b"hours", b"power", 1))
    assert main(["policy", "log", str(policy)]) == 1
    assert "line 1" in capsys.readouterr().err


def test_a_torn_end_is_shown(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Policy.load(policy).log
    write(log, 2)
    log.write_bytes(log.read_bytes()[:-9])
    assert main(["policy", "log", str(policy)]) == 0
    assert "bytes of a torn line" in capsys.readouterr().out
    write(log, 1)
    assert main(["policy", "log", str(policy)]) == 0
    assert "was torn by a stop" in capsys.readouterr().out


def test_without_a_decision_there_is_no_log(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "log", str(policy)]) == 2
    assert "nothing was decided yet" in capsys.readouterr().err
