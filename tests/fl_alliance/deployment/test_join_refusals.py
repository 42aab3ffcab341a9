"""What `fl-alliance join` and `coordinate` refuse, before anything is signed or started."""

import time
from pathlib import Path

import pytest

from fl_alliance.chain.node.serve import Listener
from fl_alliance.chain.node.served import open_chain
from fl_alliance.cli.main import main
from fl_alliance.code_digest import code_digest
from fl_alliance.config import load_config, to_yaml
from fl_alliance.deployment.joining import Wish, join
from fl_alliance.deployment.keys import KeySource
from fl_alliance.deployment.pinned import privacy_told
from fl_alliance.deployment.processes import Supervised, environment, is_loopback
from fl_alliance.deployment.terms import Terms
from fl_alliance.federation import open_federation
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.site.policy import parse
from fl_alliance.site.template import template
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


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("tasks: []", "tasks: []", "a task that the policy does not list"),
        ("tasks: []", "tasks: any\ncolour: red", "colour: given an unknown name"),
        ("config: any", "config: []\n", "a task that the policy does not list"),
    ],
)
def test_what_the_sites_own_policy_refuses_is_not_joined(
    opened: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, found: str
) -> None:
    policy, home = tmp_path / "policy.yaml", tmp_path / "home"
    policy.write_text(template("ab" * 32).replace(old, new))
    assert main(command(opened, home, policy=str(policy))) == 2
    assert found in capsys.readouterr().err
    assert not Terms.is_kept_in(home)


@pytest.mark.parametrize("pins", [code_digest().hex(), "config"])
def test_a_policy_lists_code_and_settings_by_their_digests(
    opened: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], pins: str
) -> None:
    policy = tmp_path / "policy.yaml"
    text = template(code_digest().hex()).replace("tasks: []", "tasks: any")
    policy.write_text(text.replace("config: any", "config: []") if pins == "config" else text.replace(pins, "00" * 32))
    assert main(command(opened, tmp_path / "home", policy=str(policy))) == 2
    assert "digest the policy does not list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (WORDS, "updates without noise, or with noise that protects less than the policy asks for"),
        ([*WORDS, "seed=9"], "the task pins"),
        (None, "--config /none.yaml: No such file"),
    ],
)
def test_a_task_that_promises_less_privacy_than_the_policy_asks_is_not_joined(
    opened: RunFolder,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str] | None,
    found: str,
) -> None:
    policy, home, config = tmp_path / "policy.yaml", tmp_path / "home", tmp_path / "config.yaml"
    text = template(code_digest().hex()).replace("tasks: []", "tasks: any")
    policy.write_text(text.replace("  unit: any", "  unit: record"))
    if words is not None:
        config.write_text(to_yaml(load_config(words)))
    given = "/none.yaml" if words is None else str(config)
    assert main(command(opened, home, policy=str(policy), config=given)) == 2
    assert found in capsys.readouterr().err
    assert not Terms.is_kept_in(home)


def test_settings_that_would_read_a_variable_of_the_environment_are_refused_without_its_value(
    opened: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(to_yaml(load_config(WORDS)).replace("name: linear", "name: ${oc.env:HOSPITAL_KEY}"))
    assert main(command(opened, tmp_path / "home", config=str(config))) == 2
    told = capsys.readouterr()
    assert "needed values" in told.err
    assert "5b" * 32 not in told.err + told.out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], "updates carry no noise|each update by itself|votes carry no noise"),
        (["privacy.masks=true", "nodes=10", "alliance.proposers=8"], "sums of 3 to 4 sites"),
        (
            ["rule.reward=stake", "rule.score_epsilon=0.5", "rounds=4"],
            "each held-out record: epsilon 0.5 a round, 2 in",
        ),
        (
            ["workload=glucose", "dp=patient", "dp.epsilon=3", "rounds=4"],
            "noise that protects each patient: epsilon 3 at delta 1e-05 over all 4 rounds; the node stops",
        ),
    ],
)
def test_what_a_task_promises_of_privacy_is_told_in_plain_words(words: list[str], found: str) -> None:
    told = "\n".join(privacy_told(load_config([*WORDS, *words]), None))
    for part in found.split("|"):
        assert part in told
    assert "no policy asks for any" in told
    policy = parse(template("ab" * 32).replace("  unit: any", "  unit: record").encode(), Path("policy.yaml"))
    asked = "\n".join(privacy_told(None, policy))
    assert "noise that protects each record" in asked
    assert "refuses a task that promises less" in asked


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
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("settings", "secret", "found"),
    [
        (["chain.relayer_key_env=RELAYER"], "", "key from $RELAYER: found an unset variable"),
        (["chain.relayer_key_env=RELAYER"], "nowhere.json", "no 64 hex digits and no $RELAYER_PASSWORD"),
        (
            ["chain.relayer_key_env=RELAYER"],
            "5c" * 32,
            "of its coin; get some with `fl-alliance arena fund",
        ),
        (["chain.chain_id=5"], "", "chain.relayer_key_env is empty"),
        (["chain.chain_id=5", "chain.relayer_key_env=RELAYER"], "5c" * 32, "31337"),
        (["chain.url=http://127.0.0.1:1"], "", "http://127.0.0.1:1"),
    ],
)
def test_a_coordinator_that_could_not_begin_is_told_so_and_leaves_nothing(
    settings: list[str],
    secret: str,
    found: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RELAYER", secret)
    listener = Listener("127.0.0.1", 0)
    with listener.serving(open_chain(None, None, 1.0, 2.0)):
        words = [*WORDS, f"chain.url={listener.url}", *settings, "--run-dir", str(tmp_path / "run")]
        assert main(["coordinate", *words]) == 2
    complaint = capsys.readouterr().err
    assert found in complaint
    assert complaint.count("\n") == 1
    assert not list(tmp_path.iterdir())


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
