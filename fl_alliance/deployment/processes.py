"""Flower's processes on this machine: where they listen, their environment, and starting them again when they end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path

from fl_alliance.config import ConfigError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
STEADY_S = 60.0
"""A process that lived so long was not at fault from the start: the next pause is the first again."""
_STOP_S = 10.0


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def is_loopback(address: str) -> bool:
    """Return whether HOST:PORT is on this machine; raises `ConfigError` where it is no such address."""
    host, colon, port = address.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not port.isdecimal():
        raise ConfigError(f"SuperLink {address}: needs HOST:PORT")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def environment(home: Path, without: Collection[str] = ()) -> dict[str, str]:
    """Return this process' environment, less the variables `without`, with Flower's home in `home`.

    Flower reports and installs nothing.
    """
    return {
        **{name: value for name, value in os.environ.items() if name not in without},
        "FLWR_HOME": str(home),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
        "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
        "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


class Supervised:
    """One of Flower's processes, started again after it ended, each time after a longer pause.

    Parameters
    ----------
    name : str
        `superlink` or `supernode`.
    arguments : Sequence[str]
        Its own; no secret among them.
    environment : Mapping[str, str]
        Where a secret may be.
    log : Path
        What it prints is added here.
    say : callable
        Told in words when it is started again.

    Attributes
    ----------
    starts : int
        How often it was started.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._log, self._say, self._clock = name, log, say, clock
        self._command = [sys.executable, "-m", "fl_alliance.deployment.tether", str(os.getpid()), name, *arguments]
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._pause_s, self._since, self._until = FIRST_PAUSE_S, 0.0, 0.0
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The process' id while it runs."""
        return self._process.pid if self._process is not None else None

    def look(self) -> None:
        """Start the process where it does not run and the pause is over."""
        now = self._clock()
        if self._process is not None and (code := self._process.poll()) is not None:
            self._process = None
            if now - self._since >= STEADY_S:
                self._pause_s = FIRST_PAUSE_S
            self._until, pause = now + self._pause_s, self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            self._say(f"the {self._name} ended (exit code {code}, see {self._log}); starting it again in {pause:g} s")
        if self._process is None and now >= self._until:
            self._since = now
            self.starts += 1
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603  our own command
                    self._command,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for this process, which then stops that one
                )

    def stop(self) -> None:
        """End the process, gently first. May be repeated."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
