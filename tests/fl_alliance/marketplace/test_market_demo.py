"""The whole walk as a user does it; a minute and more, so on demand: FL_ALLIANCE_WHOLE_DEMO=1."""

import os
import sys
from pathlib import Path

import pytest

from fl_alliance.chain.rules.revenue import Parts
from fl_alliance.cli.main import main
from fl_alliance.marketplace.demo.sums import Row, Sums


def test_sums_hold_to_the_wei_or_do_not() -> None:
    rows = [Row(1, Parts(70, 0, 11)), Row(2, Parts(7, 2, 1))]
    assert Sums(rows, 91, 12).holds
    assert not Sums(rows, 90, 12).holds
    assert not Sums(rows, 91, 13).holds
    assert "DIFFERENT" in Sums(rows, 90, 12).lines[-1]


def test_without_the_extra_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "x402", None)
    assert main(["market", "demo", "--run-dir", str(tmp_path / "walk")]) == 2
    assert "needed: pip install 'fl-alliance[market]'" in capsys.readouterr().err
    assert not (tmp_path / "walk").exists()


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("FL_ALLIANCE_WHOLE_DEMO"), reason="takes a minute: FL_ALLIANCE_WHOLE_DEMO=1")
def test_the_walk_ends_with_splits_and_burn_that_are_what_was_paid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["market", "demo", "--run-dir", str(tmp_path / "walk")]) == 0
    said = capsys.readouterr().out
    for step in ("train:", "rank 1", "list: model 2", "serve:", "by x402", "answer:", "by a voucher", "collected"):
        assert step in said
    assert "equal, to the wei" in said
