"""A coordinator's part on its machine: a SuperLink, and on it the ServerApp that runs the task.

The app that Flower hands to the nodes holds no code: it names `fl_alliance`, which every node has installed itself.
"""

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from fl_alliance.chain import strict_json
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.rpc import Rpc
from fl_alliance.config import ConfigError, JobConfig
from fl_alliance.deployment.admitting import Admission
from fl_alliance.deployment.link import Link
from fl_alliance.deployment.processes import Supervised, environment
from fl_alliance.federation import relayer_key
from fl_alliance.folders import FolderError
from fl_alliance.market.money import how_to_get_some
from fl_alliance.records import RunFolder

_START_S, _POLL_S = 60.0, 0.3
_APP = """\
[project]
name = "fl-alliance-task"
version = "0.1.0"
description = "Names the installed fl_alliance; holds no code"
license = { text = "Apache-2.0" }
dependencies = []

[tool.flwr.app]
publisher = "fl-alliance"

[tool.flwr.app.components]
serverapp = "fl_alliance.server_app:app"
clientapp = "fl_alliance.client_app:app"

[tool.flwr.app.config]
overrides = ""
run-dir = ""
resume = false
"""
_NOISE = ("INFO", "WARNING", "DEBUG")


def require_relayer(config: JobConfig) -> None:
    """Refuse what the task could not begin with, while nothing is started and no folder is made.

    Raises
    ------
    ConfigError
        There is no chain that others could reach, or the relayer's account cannot pay for gas.
    KeyUnusable, ConnectError
        The relayer's key does not open, or the chain does not answer or is another one.
    """
    _require_shared_chain(config)
    account, chain_id = relayer_key(config).address, config.chain.chain_id
    with connected(config.chain.url, chain_id=chain_id) as w3:
        rpc = Rpc(w3)
        if not rpc.number("eth_getBalance", account, "latest") and rpc.number("eth_gasPrice"):
            how = how_to_get_some(account, chain_id)
            raise ConfigError(f"the relayer {account} has no gas on chain {chain_id}; needed some of its coin; {how}")


def coordinate(
    config: JobConfig,
    overrides: Sequence[str],
    folder: RunFolder,
    *,
    link: Link,
    resume: bool,
    say: Callable[[str], None] = print,
) -> None:
    """Run a task for hospitals that join from elsewhere, from its creation to its payout.

    Parameters
    ----------
    link : Link
        Where the SuperLink listens, and for whom.

    Raises
    ------
    ConfigError
        There is no chain that others could reach, or the SuperLink would be reached by anybody.
    FolderError
        The SuperLink did not start, or the task came to no end; the log says why.
    """
    _require_shared_chain(config)
    link.require_safe()
    side = folder.root.absolute().with_name(folder.root.name + ".flower")
    _write(side, link)
    surroundings, log = environment(side), side / "superlink.log"
    arguments = ["--isolation", "subprocess", "--disable-runtime-dependency-installation", *link.arguments]
    superlink = Supervised("superlink", arguments, surroundings, log, say)
    with ExitStack() as stack:
        stack.callback(superlink.stop)
        superlink.look()
        _wait_until_healthy(link, superlink, log)
        say(f"SuperLink on {link.local}{'' if link.root is None else ' (TLS)'}; log {log}")
        if link.node_keys is not None:
            stack.enter_context(Admission(link, say))
        while True:
            before = superlink.starts
            _run(config, overrides, folder, resume, side, surroundings, link, superlink, say)
            if folder.report.is_file() or not _has_ended(superlink, before):
                break
            # Flower forgets a run whose SuperLink ended; the chain, the journal and the hospitals do not.
            _wait_until_healthy(link, superlink, log)
            say("going on with the task")
            resume = folder.overrides.is_file()
    if not folder.report.is_file():
        raise FolderError(f"{folder.root}: the task came to no end, see {side / 'run.log'}; --resume goes on with it")


def _require_shared_chain(config: JobConfig) -> None:
    if not config.chain.url.startswith(("http://", "https://")):
        raise ConfigError(
            f"chain.url={config.chain.url}: needs a chain that the hospitals reach too, such as that of "
            "`fl-alliance chain`: http://127.0.0.1:8545"
        )


def _write(side: Path, link: Link) -> None:
    (side / "app").mkdir(parents=True, exist_ok=True)
    (side / "app" / "pyproject.toml").write_text(_APP)
    (side / "config.toml").write_text(link.connection("here"))


def _wait_until_healthy(link: Link, superlink: Supervised, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        superlink.look()
        if link.is_healthy():
            return
        time.sleep(_POLL_S)
    raise FolderError(f"the SuperLink did not start on {link.local} within {_START_S:g} s, see {log}")


def _run(
    config: JobConfig,
    overrides: Sequence[str],
    folder: RunFolder,
    resume: bool,
    side: Path,
    surroundings: dict[str, str],
    link: Link,
    superlink: Supervised,
    say: Callable[[str], None],
) -> None:
    """Start the ServerApp and repeat what it says until it ends, or the SuperLink that it runs on did."""
    settings = {"overrides": shlex.join(overrides), "run-dir": str(folder.root.absolute()), "resume": resume}
    flower = str(Path(sys.executable).parent / "flwr")
    # In a file: Flower's own reading of words on the command line stumbles over quotes in them.
    words = side / "run.toml"
    words.write_text("".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items()))
    command = [flower, "run", str(side / "app"), "here", "--run-config", str(words), "--stream"]
    with subprocess.Popen(  # noqa: S603  our own command
        command, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        watch = threading.Thread(target=_look_after, args=(superlink, process), daemon=True)
        watch.start()
        try:
            is_invited = False
            for line in _plain(process, side / "run.log"):
                say(line)
                if not is_invited and folder.deployment.is_file():
                    is_invited = True
                    say(_invitation(config, folder, link))
        finally:
            process.terminate()
    watch.join()


def _has_ended(superlink: Supervised, before: int) -> bool:
    """Return whether the SuperLink ended since it was started for the time `before`.

    What ran on it can end a moment before that is seen.
    """
    time.sleep(_POLL_S)
    superlink.look()
    return superlink.starts != before or superlink.pid is None


def _look_after(superlink: Supervised, run: "subprocess.Popen[str]") -> None:
    """Start the SuperLink again when it ends; what ran on it is over then."""
    before = superlink.starts
    while run.poll() is None:
        superlink.look()
        if superlink.starts != before:
            run.terminate()
            return
        time.sleep(_POLL_S)


def _plain(process: "subprocess.Popen[str]", log: Path) -> Iterator[str]:
    """Yield what is meant for people; everything goes into the log."""
    with log.open("a") as file:
        for line in process.stdout or ():
            file.write(line)
            file.flush()
            text = line.rstrip()
            if text and not text.startswith("\x1b[") and not text.startswith(_NOISE):
                yield text


def _invitation(config: JobConfig, folder: RunFolder, link: Link) -> str:
    task = strict_json.parse(folder.deployment.read_bytes())["task"]
    trust = " --root-certificates ca.pem" if link.root is not None else ""
    known = " --node-key FILE" if link.node_keys is not None else ""
    deployment = Deployment.load(folder.manifest)
    consortium = f" --sites {deployment.sites}" if deployment.has_sites else ""
    return (
        f"hospitals join with: fl-alliance join {task} --manifest {os.path.relpath(folder.manifest)} --chain "
        f"{config.chain.url} --superlink {link.public}{trust}{known}{consortium} --stake {config.alliance.stake} "
        "--keystore FILE and --data DIR or --site N"
    )
