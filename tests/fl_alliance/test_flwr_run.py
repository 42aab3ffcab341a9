"""`flwr run .` is the same job: same overrides, same model, same chain, to the last byte."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fl_alliance import job
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.config import load_config
from fl_alliance.records import RunFolder

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
OVERRIDES = "workload=linear nodes=4 rounds=2 alliance.proposers=2 alliance.voters=2 baselines=false"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def superlink(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A SuperLink of this test's own; yields the environment in which `flwr run` uses it."""
    port, control = free_port(), free_port()
    home = tmp_path / "flwr"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "127.0.0.1:{port}"\ninsecure = true\n'
    )
    environment = os.environ | {
        "FLWR_HOME": str(home),
        "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    command = [BIN / "flower-superlink", "--insecure", "--simulation", "--isolation", "subprocess"]
    command += ["--control-api-address", f"127.0.0.1:{control}", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "superlink.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until_healthy(port)
        yield environment
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the SuperLink did not start"
            time.sleep(0.2)
        else:
            return


def head(folder: Path) -> bytes:
    with ChainFile(folder / "chain.db") as chain:
        return chain.verify().hash


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["", "rule=majority"])
def test_flwr_run_gives_what_our_own_command_gives(rule: str, superlink: dict[str, str], tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    run_config = f'overrides="{OVERRIDES} {rule}" run-dir="{there}"'
    command = [BIN / "flwr", "run", ".", "--run-config", run_config, "--stream"]
    command += ["--federation-config", "num-supernodes=4"]
    done = subprocess.run(command, cwd=ROOT, env=superlink, capture_output=True, text=True, timeout=240)
    assert (there / "report.html").is_file(), done.stdout[-3000:] + done.stderr[-3000:]

    overrides = [*OVERRIDES.split(), *rule.split()]
    config = load_config(overrides)
    summary = job.run(config, RunFolder(here), listener=lambda _: None, overrides=overrides)
    assert (there / "model.safetensors").read_bytes() == (here / "model.safetensors").read_bytes()
    assert (there / "deployment.json").read_text() == (here / "deployment.json").read_text()
    assert head(there) == head(here)
    assert [record.model for record in RunFolder(there).rounds()][-1] == summary.model.hex()


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["", "rule=majority"])
def test_the_ray_runtime_gives_the_same_too(rule: str, tmp_path: Path) -> None:
    for name in ("local", "ray"):
        words = [*OVERRIDES.split(), *rule.split(), f"runtime.name={name}"]
        job.run(load_config(words), RunFolder(tmp_path / name), listener=lambda _: None, overrides=words)
    assert head(tmp_path / "local") == head(tmp_path / "ray")
