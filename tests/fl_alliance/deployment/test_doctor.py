"""`fl-alliance doctor` finds what keeps a site from joining, says what to do, and signs and writes nothing."""

import json
import ssl
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from fl_alliance.chain.connect import connected
from fl_alliance.chain.rpc import Rpc
from fl_alliance.cli.main import main
from fl_alliance.code_digest import code_digest
from fl_alliance.config import load_config, to_yaml
from fl_alliance.deployment.certificates import CA, LINK, LINK_KEY, make_authority, make_link, make_node_key
from fl_alliance.deployment.doctor import Finding, Site, State, examine, machine
from fl_alliance.deployment.joining import Wish
from fl_alliance.deployment.keys import KeySource
from fl_alliance.federation import open_federation
from fl_alliance.records import RunFolder
from fl_alliance.site.reasons import Reason
from fl_alliance.site.template import template
from fl_alliance.strategies.digests import model_digest
from fl_alliance.yardstick import Yardstick

WORDS = ["workload=glucose", "nodes=4", "rounds=1", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]
HEADER = "Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Glucose Value (mg/dL)"
KEY = "5b" * 32
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A task that is open for registration."""
    folder, config = RunFolder(tmp_path_factory.mktemp("open")), load_config(WORDS)
    with open_federation(config, folder, model_digest(Yardstick(config).initial_model), resume=False):
        pass
    folder.config.write_text(to_yaml(config))
    return folder


@pytest.fixture(scope="module")
def now(opened: RunFolder) -> float:
    """The time of the newest block: an embedded chain's is its own."""
    with connected(f"file://{opened.chain.resolve()}") as w3:
        return float(int(Rpc(w3)("eth_getBlockByNumber", "latest", False)["timestamp"], 16))


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_authority(folder, "consortium")
    make_link(folder, [])
    make_node_key(folder / "node-key")
    return folder


@pytest.fixture(scope="module")
def superlink(tls: Path, now: float) -> Iterator[str]:
    """What a SuperLink shows to who asks whether it is healthy, with the chain's time."""

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int(now))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / LINK, tls / LINK_KEY)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital's own data: two patients, two days each."""
    folder = tmp_path_factory.mktemp("exports")
    for patient in range(2):
        wave = [round(120 + 40 * np.sin(index / 20 + patient)) for index in range(576)]
        times = [np.datetime64("2024-05-01T00:00:00") + np.timedelta64(5 * index, "m") for index in range(576)]
        rows = [f"{time},EGV,{value}" for time, value in zip(times, wave, strict=True)]
        (folder / f"p{patient}.csv").write_text("\n".join([HEADER, *rows]))
    return folder


@pytest.fixture
def site(
    opened: RunFolder,
    now: float,
    tls: Path,
    superlink: str,
    exports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    """A hospital that may join."""
    monkeypatch.setenv("HOSPITAL_KEY", KEY)
    wish = Wish(
        task=1,
        manifest=opened.manifest,
        chain=f"file://{opened.chain.resolve()}",
        superlink=superlink,
        site=None,
        stake="100",
        key=KeySource("HOSPITAL_KEY"),
        home=tmp_path / "home",
        certificates=tls / CA,
        node_key=tls / "node-key",
        data=exports,
    )
    return Site(wish, lambda: now + 1)


def found(site: Site) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(site)}


def test_a_site_that_may_join_is_told_so_and_nothing_is_written(site: Site) -> None:
    findings = found(site)
    assert {name: finding.state for name, finding in findings.items()} == dict.fromkeys(findings, State.OK)
    expected = {"account", "node key", "manifest", "chain", "contracts", "task", "code", "settings", "stake", "clock"}
    assert findings.keys() == expected | {"authority", "superlink", "its clock", "data", "disk", "policy", "privacy"}
    assert findings["data"].found.startswith("2 patients, ")
    assert not any(finding.todo for finding in findings.values())
    assert not site.wish.home.exists()
    assert not any(KEY in finding.line for finding in findings.values())


def bad_certificate(site: Site, tmp_path: Path) -> dict[str, object]:
    make_authority(tmp_path / "other", "consortium")
    return {"certificates": tmp_path / "other" / CA}


def bad_file(site: Site, tmp_path: Path) -> dict[str, object]:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "p9.csv").write_text(f"{HEADER}\n2024-05-01T00:00:00,EGV,5.5\n")
    return {"data": folder}


@pytest.mark.parametrize(
    ("change", "name", "words", "todo"),
    [
        ({"stake": "10"}, "stake", "10.00 FML", "the task needs 50.00 or more"),
        ({"task": 7}, "task", "UnknownTask", "ask the coordinator for the task's number"),
        ({"manifest": Path("/none.json")}, "manifest", "/none.json", "manifest.json of its run folder"),
        ({"chain": "http://127.0.0.1:1"}, "chain", "127.0.0.1:1", "check --chain and the firewall"),
        ({"key": KeySource("NO_SUCH")}, "account", "an unset variable", "fl-alliance keystore FILE"),
        ({"node_key": Path("/none")}, "node key", "/none: no such file", "send FILE.pub to the coordinator"),
        ({"certificates": Path("/none")}, "authority", "/none", "ask the coordinator for ca.pem"),
        ({"superlink": "127.0.0.1:1"}, "superlink", "127.0.0.1:1", "through the firewall"),
        ({"data": Path("/none")}, "data", "/none: no such folder", "one export per patient"),
        (bad_certificate, "superlink", "certificate", "else do not join"),
        (bad_file, "data", "p9.csv, line 2: glucose '5.5'; needed: 20 to 600 mg/dL", "put the file right"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    site: Site,
    tmp_path: Path,
    change: dict[str, object] | Callable[[Site, Path], dict[str, object]],
    name: str,
    words: str,
    todo: str,
) -> None:
    changes = change(site, tmp_path) if callable(change) else change
    site.wish = replace(site.wish, **changes)  # type: ignore[arg-type]
    finding = found(site)[name]
    assert finding.state is State.WRONG
    assert words in finding.found
    assert todo in finding.todo


@pytest.mark.parametrize(
    ("seconds", "name", "words"),
    [
        (3600, "its clock", "3600 s ahead of the SuperLink's"),
        (-3600, "its clock", "3600 s behind the SuperLink's"),
        (3600, "clock", "the newest block is 3600 s old"),
        (-3600, "clock", "of 3600 s from now"),
        (500 * 86_400, "superlink", "valid until"),
    ],
)
def test_a_wrong_clock_and_a_late_certificate_are_found(
    site: Site, now: float, tls: Path, seconds: int, name: str, words: str
) -> None:
    base = time.time() if name == "superlink" else now  # certificates are of the real time
    site.clock = lambda: base + seconds
    finding = found(site)[name]
    assert finding.state is State.WRONG
    assert words in finding.found


def test_another_version_other_settings_and_a_full_disk_are_found(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.yaml").write_text(to_yaml(load_config([*WORDS, "seed=9"])))
    site.wish = replace(site.wish, config=tmp_path / "other.yaml")
    monkeypatch.setattr("fl_alliance.deployment.doctor.chain.code_digest", lambda: bytes(32))
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: Usage(10**10, 10**10, 10**8))
    findings = found(site)
    assert {name for name, finding in findings.items() if finding.state is State.WRONG} == {"code", "settings", "disk"}
    assert "0.1 GB free" in findings["disk"].found
    assert findings["code"].todo == "install the coordinator's version"


def test_the_command_says_it_with_its_exit_code_and_as_json(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = site.wish
    words = ["doctor", "1", "--manifest", str(wish.manifest), "--chain", wish.chain, "--superlink", wish.superlink]
    words += ["--stake", "100", "--key-env", "HOSPITAL_KEY", "--data", str(wish.data), "--home", str(tmp_path / "home")]
    words += ["--root-certificates", str(wish.certificates), "--node-key", str(wish.node_key)]
    assert main(words) == 1  # an embedded chain's newest block is years old
    told = capsys.readouterr().out
    assert "wrong   clock         the newest block is" in told
    assert "ok      data          2 patients" in told
    assert main([*words, "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is False
    assert {check["name"] for check in content["checks"] if check["state"] == "wrong"} >= {"clock"}


# the site's own policy


@pytest.fixture
def policy(site: Site, tmp_path: Path) -> Path:
    """A policy that lets the hospital join; the site names it."""
    path = tmp_path / "policy.yaml"
    path.write_text(template(code_digest().hex()).replace("tasks: []", "tasks: any"))
    site.wish = replace(site.wish, policy=path)
    return path


def test_a_policy_that_lets_the_hospital_join_is_told_with_what_is_promised(site: Site, policy: Path) -> None:
    findings = found(site)
    assert findings["policy"].state is findings["privacy"].state is findings["decisions"].state is State.OK
    assert findings["policy"].found == f"{policy} lets this node take part"
    assert "updates carry no noise" in findings["privacy"].found
    assert "no masks" in findings["privacy"].found
    assert "The policy asks: updates need no noise; votes need no noise" in findings["privacy"].found
    assert not policy.with_name("policy.decisions.jsonl").exists(), "nothing is written"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("tasks: any", "tasks: []", Reason.TASK),
        (code_digest().hex(), "00" * 32, Reason.CODE),
        ("config: any", "config: []", Reason.CONFIG),
        ("  unit: any", "  unit: patient", Reason.UNIT),
        ("  masks: any", "  masks: yes", Reason.MASKS),
        ("score_epsilon: any", "score_epsilon: 1", Reason.SCORES),
        ("contributions: yes", "contributions: no", Reason.CONTRIBUTIONS),
        ("  examples: 100", "  examples: 1000000", Reason.EXAMPLES),
        ("  patients: 0", "  patients: 3", Reason.PATIENTS),
    ],
)
def test_what_the_policy_refuses_is_found_before_anything_is_staked(
    site: Site, policy: Path, old: str, new: str, reason: Reason
) -> None:
    assert old in policy.read_text()
    policy.write_text(policy.read_text().replace(old, new))
    finding = found(site)["policy"]
    assert finding.state is State.WRONG
    assert finding.found == f"{policy} refuses: {reason}"
    assert finding.todo == "do not join, or let whoever answers for it change it"


@pytest.mark.parametrize("content", ["version: 9", "", "tasks: [", None])
def test_a_policy_that_cannot_be_read_is_found(site: Site, policy: Path, content: str | None) -> None:
    if content is None:
        policy.unlink()
    else:
        policy.write_text(content)
    finding = found(site)["policy"]
    assert finding.state is State.WRONG
    assert str(policy) in finding.found
    assert "put the file right" in finding.todo


def test_a_damaged_log_of_decisions_is_found(site: Site, policy: Path) -> None:
    policy.with_name("policy.decisions.jsonl").write_text('{"n":7}\n')
    finding = found(site)["decisions"]
    assert finding.state is State.WRONG
    assert "line 1" in finding.found
    assert "put the log back" in finding.todo


def test_without_the_settings_the_promise_is_unknown_and_so_said(site: Site, opened: RunFolder, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(opened.manifest.read_bytes())
    site.wish = replace(site.wish, manifest=manifest)
    findings = found(site)
    assert findings["settings"].state is findings["privacy"].state is State.UNKNOWN
    manifest.with_name("config.yaml").write_text(to_yaml(load_config([*WORDS, "seed=9"])))
    assert found(site)["settings"].state is State.UNKNOWN, "whatever lies beside the manifest need not be the task's"
