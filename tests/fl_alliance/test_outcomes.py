"""What became of the model is said in the same words by the terminal, the board, the report, the ledger and a sweep."""

import json
import re
from pathlib import Path

import pytest

from fl_alliance.cli.main import main
from fl_alliance.records import RunFolder

WORDS = ("workload=linear", "nodes=6", "rounds=20", "alliance.proposers=3", "alliance.voters=3", "baselines=false")
COUNTED = re.compile(r"(\d+) adopted a new model, (\d+) kept the old one, 0 void")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


def test_the_old_model_is_kept_and_not_rejected_wherever_a_default_run_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "run"
    terminal = printed(capsys, "run", *WORDS, "--run-dir", str(root))
    ended = [record.outcome for record in RunFolder(root).rounds()]
    adopted, kept = ended.count("accepted"), ended.count("rejected")
    assert adopted > 0 < kept, ended
    found = COUNTED.search(terminal)
    assert found
    assert (int(found[1]), int(found[2])) == (adopted, kept)
    assert len(re.findall(r"^round ../20  adopted  \w.*, loss [-+]0\.0*[1-9]", terminal, re.MULTILINE)) == adopted
    assert len(re.findall(r"^round ../20  kept     old model  ", terminal, re.MULTILINE)) == kept

    ledger = printed(capsys, "ledger", str(root))
    assert len(re.findall(r"^ +\d+  adopted  candidate \d, loss [-+]0\.0*[1-9]", ledger, re.MULTILINE)) == adopted
    assert len(re.findall(r"^ +\d+  kept     old model ", ledger, re.MULTILINE)) == kept
    number = str(ended.index("rejected") + 1)
    assert f"round {number} of 20: kept the old model" in printed(capsys, "ledger", str(root), "--round", number)

    page = (root / "report.html").read_text()
    assert f"{kept} kept the old one, 0 void" in page
    assert COUNTED.search(page)
    for shown in (terminal, ledger, re.sub("<style>.*?</style>", "", page, flags=re.DOTALL)):
        assert not re.search("reject|accept", shown)


def test_the_published_rule_is_told_in_its_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "run"
    terminal = printed(capsys, "run", *WORDS, "rule=majority", "rounds=2", "--run-dir", str(root))
    assert re.search(r"rounds: \d accepted, \d rejected, 0 void; paid", terminal)
    assert len(re.findall(r"^round ./2  (?:accepted|rejected) \d:\d  ", terminal, re.MULTILINE)) == 2
    page = (root / "report.html").read_text()
    assert "rounds accepted" in page
    assert "kept the old" not in page
    cells = re.search(r'id="cells">(.*?)</script>', page)
    assert cells
    assert all(re.match(r"(accepted|rejected) \d to \d", cell["how"]) for cell in json.loads(cells[1]))


def test_a_sweep_over_both_rules_heads_its_columns_with_both_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (*WORDS, "rounds=1", "--quiet", "--run-dir")
    both = printed(capsys, "run", "-m", "rule=candidates,majority", *words, str(tmp_path / "both"))
    assert re.search(r"accepted/adopted \W+ rejected/kept \W+ void", both)
    one = printed(capsys, "run", "-m", "seed=1,2", *words, str(tmp_path / "one"))
    assert re.search(r" adopted \W+ kept \W+ void", one)


def test_the_report_says_what_each_entry_of_the_menu_is(tmp_path: Path) -> None:
    root = tmp_path / "run"
    assert main(["run", *WORDS, "rounds=2", "strategy=fedadam", "--quiet", "--run-dir", str(root)]) == 0
    page = (root / "report.html").read_text()
    (choice,) = {tuple(record.choice["entries"]) for record in RunFolder(root).rounds() if record.choice}
    menu = page.partition("What the voters chose from the menu")[2].partition("</table>")[0]
    rows = re.findall(r'<tr><td class="n">(\d)</td><td>(.*?)</td><td>(.*?)</td>', menu)
    assert [(int(number), name) for number, name, _ in rows] == list(enumerate(choice))
    assert all(about for *_, about in rows)
    assert {name: about for _, name, about in rows}["aggregate"] == "what FedAdam makes of the proposals"
