"""Commands of this project as processes that are left running, to be killed, stopped and started again."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parents[1]
PROGRAM = "fl_alliance.cli.main"
_SUPERVISED_S = 0.5


@dataclass
class Process:
    """A command of this project that is left running, and how it is started again."""

    words: tuple[str, ...]
    program: str
    secrets: dict[str, str]
    running: "subprocess.Popen[bytes]"
    again: tuple[str, ...] | None = None
    again_if: Path | None = None
    ends: int = 0


@dataclass
class Commands:
    """Processes by name, each with a log of its own in `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        self.processes: dict[str, Process] = {}
        self._supervisor: threading.Thread | None = None
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        if self._supervisor is not None:
            self._supervisor.join()
        for process in self.processes.values():
            process.running.send_signal(signal.SIGCONT)
            process.running.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.running.wait(30)
            except subprocess.TimeoutExpired:
                process.running.kill()
                process.running.wait()

    def start(
        self,
        name: str,
        *words: str,
        again: tuple[str, ...] | None = None,
        again_if: Path | None = None,
        program: str = PROGRAM,
        **secrets: str,
    ) -> None:
        """Start a command that is left running; where a file is there, it is started again by other words."""
        running = self._popen(name, program, words, secrets)
        self.processes[name] = Process(words, program, secrets, running, again, again_if)

    def restart(self, name: str) -> None:
        """Start a process that has ended again, as a supervisor would."""
        process = self.processes[name]
        is_begun = process.again_if is not None and process.again_if.is_file()
        words = process.again if is_begun and process.again is not None else process.words
        process.running = self._popen(name, process.program, words, process.secrets)

    def kill(self, name: str) -> None:
        """End a process with SIGKILL."""
        process = self.processes[name].running
        process.kill()
        process.wait()

    def kill_child(self, name: str, kind: str) -> bool:
        """End what a process has started, `supernode` or `superlink`, with SIGKILL; return whether it was there."""
        found = self.child(name, kind)
        if found is None:
            return False
        os.kill(found, signal.SIGKILL)
        return True

    def child(self, name: str, kind: str) -> int | None:
        """Return the id of the Flower process that this process has started."""
        parent = str(self.processes[name].running.pid)
        shown = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        for line in shown.splitlines():
            pid, *words = line.split()
            if "fl_alliance.deployment.tether" in words and [parent, kind] == words[words.index("-m") + 2 :][:2]:
                return int(pid)
        return None

    def freeze(self, name: str) -> None:
        """Let a process and all that it has started stand still."""
        for pid in self._tree(name):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let them go on."""
        for pid in self._tree(name):
            os.kill(pid, signal.SIGCONT)

    def _tree(self, name: str) -> list[int]:
        """Return the ids of a process and of all that it has started, and so on."""
        shown = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        pairs = [(int(pid), int(parent)) for pid, parent in (line.split() for line in shown.splitlines()[1:])]
        found = [self.processes[name].running.pid]
        for pid in found:  # grows
            found += [child for child, parent in pairs if parent == pid]
        return found

    def supervise(self) -> None:
        """Start whatever ends other than with exit code 0 again, until the end."""
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    def said(self, name: str) -> str:
        """Return all that the processes of this name have printed."""
        path = self.folder / f"{name}.log"
        return path.read_text() if path.is_file() else ""

    def await_line(self, name: str, pattern: str, seconds: float = 240) -> "re.Match[str]":
        """Wait until a process has printed something."""
        found: list[re.Match[str]] = []

        def has_said() -> bool:
            has_ended = self._supervisor is None and self.processes[name].running.poll() is not None
            match = re.search(pattern, self.said(name))
            found.extend([match] if match else [])
            assert match or not has_ended, self.logs()
            return match is not None

        self.wait(has_said, seconds)
        return found[0]

    def wait(self, holds: Callable[[], bool], seconds: float = 240, every_s: float = 0.2) -> None:
        """Wait until something holds; fail with the logs where it does not come to hold."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.logs()
            time.sleep(every_s)

    def await_end(self, *names: str, seconds: float = 400) -> None:
        """Wait until processes have ended, all with exit code 0."""
        processes = [self.processes[name] for name in names]
        self.wait(lambda: all(one.running.poll() is not None and self._is_at_rest(one) for one in processes), seconds)
        codes = {name: self.processes[name].running.returncode for name in names}
        assert not any(codes.values()), f"{codes}{self.logs()}"

    def logs(self, length: int = 1500) -> str:
        """Return the ends of all logs."""
        paths = sorted([*self.folder.glob("*.log"), *self.folder.glob("*/*.log"), *self.folder.glob("*.flower/*.log")])
        return "".join(f"\n== {path.name}\n{path.read_text()[-length:]}" for path in dict.fromkeys(paths))

    def _is_at_rest(self, process: Process) -> bool:
        return self._supervisor is None or process.running.returncode == 0

    def _supervise(self) -> None:
        while not self._is_over.wait(_SUPERVISED_S):
            for name, process in list(self.processes.items()):
                if process.running.poll() not in (None, 0) and not self._is_over.is_set():
                    process.ends += 1
                    self.restart(name)

    def _popen(
        self, name: str, program: str, words: Sequence[str], secrets: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        more = [secrets.get("PYTHONPATH", ""), os.environ.get("PYTHONPATH", "")]
        paths = os.pathsep.join(filter(None, [str(ROOT), str(BENCH), *more]))
        surroundings = os.environ | secrets | {"PYTHONPATH": paths}
        command = [sys.executable, "-m", program, *words]
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, env=surroundings, stdout=log, stderr=log)
