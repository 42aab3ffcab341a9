"""What `fl-alliance join` and `coordinate` refuse, before anything is signed or started."""

import time
from pathlib import Path

import pytest

from fl_alliance.cli.main import main
from fl_alliance.config import load_config
from fl_alliance.deployment.joining import Wish, join
from fl_alliance.deployment.keys import KeySource
from fl_alliance.deployment.processes import Supervised, environment, is_loopback
from fl_alliance.federation import open_federation
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.strategies.digests import model_digest
from fl_alliance.yardstick import Yardstick

WORDS = ["workload=linear", "nodes=4", "rounds=1", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A task that is open for registration."""
    folder, config = RunFolder(tmp_path_factory.mktemp("open")), load_config(WORDS)
    with open_federation(config, folder, model_digest(Yardstick(config).initial_model), resume=False):
        pass
    return folder


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_KEY", "5b" * 32)


def command(folder: RunFolder, home: Path, **changes: str) -> list[str]:
    values = {
        "--manifest": str(folder.manifest),
        "--chain": f"file://{folder.chain.resolve()}",
        "--superlink": "127.0.0.1:1",
        "--site": "0",
        "--stake": "100",
        "--key-env": "HOSPITAL_KEY",
        "--home": str(home),
    }
    values |= {f"--{name.replace('_', '-')}": value for name, value in changes.items() if name != "task"}
    return ["join", changes.get("task", "1"), *(word for item in values.items() for word in item)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"superlink": "link.example.org:9092"}, "is not on this machine, needs --root-certificates FILE (TLS)"),
        ({"superlink": "9092"}, "needs HOST:PORT"),
        ({"superlink": "link.example.org:9092", "root_certificates": "/none.pem"}, "/none.pem: no such file"),
        ({"task": "2"}, "UnknownTask"),
        ({"stake": "49"}, "the task needs at least 50.00 FML"),
        ({"stake": "much"}, "--stake='much': needs an amount of FML"),
        ({"site": "-1"}, "--site -1: needs 0 or more"),
        ({"key_env": "NO_SUCH_KEY"}, "an unset variable"),
        ({"manifest": "/none.json"}, "/none.json"),
        ({"keystore": "/none.json"}, "needs one of --keystore FILE and --key-env VARIABLE"),
        ({"data": "/"}, "needs one of --data DIR (its own) and --site N"),
        ({"node_key": "/none"}, "--node-key /none: needs --root-certificates FILE (TLS) too"),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_refused(
    opened: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], found: str
) -> None:
    assert main(command(opened, tmp_path / "home", **changes)) == 2
    assert found in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_a_task_that_is_over_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(tmp_path / "run")
    run(load_config(WORDS), folder, listener=lambda _: None, overrides=WORDS)
    assert main(command(folder, tmp_path / "home")) == 2
    assert "is finished, needed one open for registration" in capsys.readouterr().err


def test_a_folder_is_one_hospitals_in_one_task(
    opened: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = Wish(
        1,
        opened.manifest,
        f"file://{opened.chain.resolve()}",
        "127.0.0.1:1",
        0,
        "100",
        KeySource("HOSPITAL_KEY"),
        tmp_path,
    )
    told: list[str] = []

    def stop_when_told(words: str) -> None:
        told.append(words)
        if "SuperNode log" in words:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        join(wish, say=stop_when_told)
    assert any("stakes at most 100 FML" in words for words in told)
    assert any("who is slashed loses 10 %" in words for words in told)
    monkeypatch.setenv("HOSPITAL_KEY", "6c" * 32)
    assert main(command(opened, tmp_path)) == 2
    assert "give each its own --home" in capsys.readouterr().err


def test_a_coordinator_needs_a_chain_that_hospitals_reach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coordinate", *WORDS, "--run-dir", str(tmp_path / "run")]) == 2
    assert "needs a chain that the hospitals reach too" in capsys.readouterr().err
    assert not (tmp_path / "run.flower").exists()


def test_a_run_on_this_machine_does_not_wait_for_hospitals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *WORDS, "runtime.name=deployment", "--run-dir", str(tmp_path / "run")]) == 2
    assert "needs fl-alliance coordinate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1:1", True), ("localhost:1", True), ("[::1]:1", True), ("10.0.0.1:1", False), ("a.example:1", False)],
)
def test_only_this_machine_is_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_a_process_that_ends_is_started_again_after_ever_longer_pauses(tmp_path: Path) -> None:
    seconds = [0.0]
    told: list[str] = []
    surroundings, log = environment(tmp_path), tmp_path / "log"
    # With an argument that it does not know a SuperNode ends at once.
    node = Supervised("supernode", ["--no-such"], surroundings, log, told.append, lambda: seconds[0])
    node.look()
    for pause in (1, 2, 4):
        assert node.pid is not None
        wait_for_end(node)
        assert told[-1].endswith(f"starting it again in {pause} s")
        seconds[0] += pause - 0.5
        node.look()
        assert node.pid is None
        seconds[0] += 0.5
        node.look()
    node.stop()
    assert node.pid is None
    assert len(told) == 3


def wait_for_end(node: Supervised) -> None:
    end = time.monotonic() + 60
    while node.pid is not None:
        assert time.monotonic() < end
        time.sleep(0.1)
        node.look()
