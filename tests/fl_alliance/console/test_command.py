"""`fl-alliance console` as a person starts it: what it serves, and what it says where it cannot."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import console_stage
import players
import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.cli import console
from fl_alliance.cli.main import main
from fl_alliance.console import rounds
from fl_alliance.console.sources import open_sources
from fl_alliance.market.config import load_settings


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder as far as a console looks at one: a chain file, the manifest, the task."""
    folder = tmp_path / "runs" / "20260101-000000-digits"
    folder.mkdir(parents=True)
    with connected(f"file://{folder / 'chain.db'}") as w3:
        ledger = Alliance(w3, deploy(Sender(w3, players.DEVELOPER)), players.DEVELOPER)
        task = ledger.create_task(players.task_params(ledger.sender.address), 1000 * WEI_PER_FML)
        federation = players.Federation(ledger, task)
        ledger.send(*(federation.registration(NodeKey.derive(7, index)) for index in range(7)))
        ledger.send(Start(task))
        federation.run_round()
        ledger.deployment.save(folder / "manifest.json")
        (folder / "deployment.json").write_text(f'{{"task": {task}}}')
    (folder / "config.yaml").write_text("chain: {url: ''}\n")
    (folder / "metrics.jsonl").touch()
    return folder


@contextmanager
def started(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, once it says where it serves."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    process = subprocess.Popen(
        [sys.executable, "-m", "fl_alliance.cli.main", "console", "--port", "0", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.fullmatch(r"serving (http://127\.0\.0\.1:\d+)/\n", first)
        assert found, first or process.communicate()[1]
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_a_run_from_its_chain_file_and_stops_when_asked(run: Path, tmp_path: Path, stop: int) -> None:
    with started(tmp_path) as (process, url):
        for _ in range(100):
            answer = console_stage.ask(f"{url}/alliance/{run.name}/1/rounds/1")
            if answer.code == 200:
                break
            time.sleep(0.1)  # it is being read
        assert "accepted" in answer.text
        arena = console_stage.ask(f"{url}/arena")
        assert arena.code == 200
        assert "fl-alliance arena deploy" in arena.text
        assert process.stdout is not None
        assert process.stdout.readline().startswith("run      20260101-000000-digits, ")
        assert process.stdout.readline().startswith("market   none: no market is known here")
        process.send_signal(stop)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert list((tmp_path / "cache" / "fl-alliance" / "console").glob("alliance-*.db"))


@pytest.mark.slow
def test_it_serves_a_market_that_was_played_in_a_folder_from_its_chain_file(tmp_path: Path) -> None:
    folder = tmp_path / "markets" / "played"
    folder.mkdir(parents=True)
    with connected(f"file://{folder / 'chain.db'}") as w3:
        sender = Sender(w3, players.DEVELOPER)
        deploy_market(sender, sender.rpc.second() + 60).save(folder / "market.json")
    with started(tmp_path, str(folder)) as (process, url):
        answer = console_stage.ask(f"{url}/arena")
        for _ in range(100):
            if answer.code == 200:
                break
            time.sleep(0.1)  # it is being read
            answer = console_stage.ask(f"{url}/arena")
        assert "No task yet" in answer.text
        assert process.stdout is not None
        assert process.stdout.readline() == f"market   file://{folder / 'chain.db'}\n"


def test_two_runs_of_one_seed_are_two(run: Path, tmp_path: Path) -> None:
    twin = shutil.copytree(run, tmp_path / "elsewhere" / run.name)
    settings = load_settings([f"folder={tmp_path / 'nothing'}"])
    with open_sources([str(run), str(twin)], settings, tmp_path / "indexes") as sources:
        console_stage.read_all(sources)
        assert list(sources.alliances) == [run.name, f"{run.name}-2"]
        assert [rounds.tasks(source.feed.index)[0].ended for source in sources.alliances.values()] == [1, 1]
        assert "there is no file" in sources.no_market


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to show: no market is known here: there is no file market/market.json"),
        (("nowhere",), "nowhere"),
        (("--port", "99999"), "needed 0 to 65535"),
        (("task.days=3",), "this command has no use for it"),
        (("foldr=x",), "did you mean folder?"),
        (("one", "other"), "one and other: are folders of markets, needed one of them"),
        (("--host", "192.0.2.1"), "serve at 192.0.2.1 port 0: found"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for market in ("one", "other"):
        (tmp_path / market).mkdir()
        (tmp_path / market / "market.json").touch()
    try:
        code = main(["console", "--port", "0", *words])
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    error = capsys.readouterr().err
    assert code == 2
    assert said in error
    assert error.count("\n") == 1


def test_a_port_that_is_taken_is_named_with_what_helps(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert main(["console", "--port", str(other.getsockname()[1])]) == 2
    assert "a free port (--port 0 takes any)" in capsys.readouterr().err


def test_a_market_whose_chain_does_not_answer_is_named(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "market").mkdir()
    (tmp_path / "market" / "market.json").write_text((run / "manifest.json").read_text())
    assert main(["console", "--port", "0", "chain.url=http://127.0.0.1:9"]) == 2
    assert "no chain answers at http://127.0.0.1:9; start one" in capsys.readouterr().err


def test_a_package_that_is_missing_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "find_spec", lambda name: None if name == "jinja2" else object())
    assert main(["console"]) == 2
    assert "the package jinja2 is missing; install the extra: pip install 'fl-alliance[console]'" in (
        capsys.readouterr().err
    )
