"""What a run's sites have spent of their privacy budgets is on its task's page, as their ledgers say it."""

import re
import shlex
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import console_stage
import pytest

pytest.importorskip("opacus", reason="needs the extra: pip install 'fl-alliance[dp]'")
pytest.importorskip("fastapi", reason="needs the extra: pip install 'fl-alliance[console]'")

from fl_alliance import job
from fl_alliance.config import load_config
from fl_alliance.console.serving import served
from fl_alliance.console.sources import open_sources
from fl_alliance.dp.ledger import Ledger
from fl_alliance.market.config import load_settings
from fl_alliance.records import RunFolder

WORDS = (
    "nodes=4 alliance.proposers=2 alliance.voters=2 baselines=false workload.options.hidden=4 "
    "dp=patient dp.epsilon=3 dp.rounds=2 rounds=3"
)
CELL = r'<td(?: class="n")?>([^<]*)</td>'
ROW = re.compile(r'<tr><th scope="row"><code>(\S+)</code></th>' + r"\s*".join([CELL] * 7) + "</tr>")
MOST_MS = 200


@pytest.fixture(scope="module")
def private_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Three rounds in which two of four sites train: one of them trains twice at least, or has spent its budget."""
    folder, overrides = RunFolder(tmp_path_factory.mktemp("private") / "run"), shlex.split(WORDS)
    job.run(load_config(overrides), folder, listener=lambda _: None, overrides=overrides)
    return folder


@pytest.fixture
def page(private_run: RunFolder, tmp_path: Path) -> Iterator[str]:
    """The address of the task's page."""
    settings = load_settings([f"folder={tmp_path / 'nothing'}"])
    with open_sources([str(private_run.root)], settings, tmp_path / "indexes") as sources:
        console_stage.read_all(sources)
        with served(sources) as url:
            yield f"{url}alliance/run/1"


def test_the_page_shows_what_each_ledger_adds_up_to(private_run: RunFolder, page: str) -> None:
    shown = {row[0]: row[1:] for row in ROW.findall(unescape(console_stage.ask(page).text))}
    paths = sorted(private_run.privacy.rglob("*.jsonl"))
    assert len(paths) == 4
    spent = []
    for path in paths:
        book, (unit, said, limit, left, delta, releases, _) = Ledger(path).read(), shown[path.parent.name]
        assert (unit, int(releases)) == ("patient", len(book.spendings))
        if book.limit is None:  # it was never drawn to train
            assert (said, limit) == ("0.0000", "none")
            continue
        epsilon = book.spent(book.limit.delta).epsilon
        assert (said, limit, float(delta)) == (f"{epsilon:.4f}", "3", book.limit.delta)
        assert float(left) == pytest.approx(3 - epsilon, abs=1e-4)
        spent.append(epsilon)
    assert len(spent) >= 2
    assert min(spent) > 0


def test_a_ledger_that_cannot_be_read_hides_no_other_and_is_told(private_run: RunFolder, page: str) -> None:
    path = sorted(private_run.privacy.rglob("*.jsonl"))[0]
    whole = path.read_bytes()
    try:
        path.write_bytes(b"{\n")
        text = unescape(console_stage.ask(page).text)
    finally:
        path.write_bytes(whole)
    assert len(ROW.findall(text)) == 3
    assert f"<code>{path.parent.name}</code></th><td colspan" in text


def test_adding_budgets_up_does_not_hold_the_page_up(page: str) -> None:
    console_stage.ask(page)
    began = time.perf_counter()
    console_stage.ask(page)
    assert (time.perf_counter() - began) * 1000 < MOST_MS
