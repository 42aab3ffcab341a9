"""Running a scorer on a stranger's model in a process of its own that can do nothing but compute and answer.

    run("fl_alliance.learners:score_submission", [blob], {"data": "..."}, readable=[folder])

The child has an empty environment, no network, limits on memory, CPU time, files and wall time, and reads only the
interpreter, this package and what it is given. Submissions are data and are checked before they are loaded
(`adapters.py`), so none of their code should ever run there; the sandbox is for the day when that is wrong, and for
models that are merely slow or large. What it cannot do: a submission that ran code in the child could answer with a
score of its choice.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from fl_alliance.arena.errors import IsolationMissing, TargetUnusable, printable, shown
from fl_alliance.arena.isolation import GUARDS
from fl_alliance.chain import strict_json

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from fl_alliance.arena.jail import main; main()"
_TAIL_BYTES = 2000
_ENVELOPE_BYTES = 4096  # what the two lines have beside the value
_POLL_S = 0.02
_MIB = 2**20


class Status(StrEnum):
    """How a run ended."""

    NOT_STARTED = "not started"
    FINISHED = "finished"
    REFUSED = "refused"
    RAISED = "raised"
    OUT_OF_MEMORY = "out of memory"
    OUT_OF_CPU = "out of cpu"
    OUT_OF_TIME = "out of time"
    TALKED_TOO_MUCH = "talked too much"
    CRASHED = "crashed"


_ANSWERS = (Status.FINISHED, Status.REFUSED, Status.RAISED, Status.OUT_OF_MEMORY)
"""What a child may say of itself; the parent finds out the rest."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scorer may use.

    Attributes
    ----------
    memory_bytes : int
        Address space; with torch loaded on two cores a process takes .8 GB of it before any model.
    cpu_s : int
        Seconds of CPU time of all its threads together.
    wall_s : float
        Seconds from start to answer.
    file_bytes : int
        Size that a file may be written to; 0: nothing can be written.
    answer_bytes : int
        Length of the answer as JSON.
    require_no_network : bool
        Refuse to run where the kernel offers no way to keep the child from the network.
    guards : tuple of str
        Which of `isolation.GUARDS` to try.
    """

    memory_bytes: int = 6144 * _MIB
    cpu_s: int = 600
    wall_s: float = 900.0
    file_bytes: int = 0
    answer_bytes: int = _MIB
    require_no_network: bool = True
    guards: tuple[str, ...] = GUARDS

    def __post_init__(self) -> None:
        """Refuse limits under which nothing could run, and guards that there are not."""
        if min(self.memory_bytes, self.cpu_s, self.answer_bytes) < 1 or self.wall_s <= 0 or self.file_bytes < 0:
            raise ValueError(f"Limits: given {self}, needed memory, CPU and wall time, and answer above 0")
        if foreign := set(self.guards) - set(GUARDS):
            raise ValueError(f"Limits: given guards {sorted(foreign)}, needed some of {', '.join(GUARDS)}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened in a sandbox.

    Attributes
    ----------
    status : Status
        How it ended.
    words : str
        The same in plain words, with the limit that was hit or the error.
    value : Any
        What the function returned, as JSON carries it; None unless finished.
    cpu_s, wall_s : float
        Seconds used.
    guards : tuple of str
        Which guards were up.
    """

    status: Status
    words: str
    value: Any
    cpu_s: float
    wall_s: float
    guards: tuple[str, ...]

    @property
    def is_the_submissions_fault(self) -> bool:
        """Whether the submission should score worst; an error of the scorer itself is the validator's own affair."""
        return self.status not in (Status.NOT_STARTED, Status.FINISHED, Status.RAISED)


@dataclass(slots=True)
class _Watch:
    """What the parent saw of the child."""

    said: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    stopped_for: Status | None = None
    code: int | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0


def run(
    target: str,
    blobs: Sequence[bytes] = (),
    arguments: Mapping[str, Any] | None = None,
    readable: Sequence[Path] = (),
    limits: Limits | None = None,
) -> Outcome:
    """Call a function in a sandbox and return what happened; it returns within the limits, whatever the function does.

    Parameters
    ----------
    target : str
        `MODULE:FUNCTION`, importable with this process's `sys.path`.
    blobs : sequence of bytes
        Its positional arguments.
    arguments : mapping, optional
        Its keyword arguments: what JSON carries.
    readable : sequence of Path
        Files and folders that it may read: the task's data and base model.
    limits : Limits, optional
        What it may use.

    Raises
    ------
    TargetUnusable
        `target` has another form.
    IsolationMissing
        No guard against the network could be put up, and `limits` require one; the function was not called.
    """
    limits = limits or Limits()
    module, colon, function = target.partition(":")
    if not (colon and function.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise TargetUnusable(target)
    with tempfile.TemporaryFile() as request:
        _write_request(request, target, blobs, arguments or {}, readable, limits)
        watch = _watch(request, limits)
    return _outcome(watch, limits)


def _write_request(
    file: IO[bytes],
    target: str,
    blobs: Sequence[bytes],
    arguments: Mapping[str, Any],
    readable: Sequence[Path],
    limits: Limits,
) -> None:
    line = {
        "target": target,
        "arguments": dict(arguments),
        "sizes": [len(blob) for blob in blobs],
        "readable": [str(path.resolve()) for path in readable],
        "guards": limits.guards,
        "memory_bytes": limits.memory_bytes,
        "cpu_s": limits.cpu_s,
        "file_bytes": limits.file_bytes,
        "require_no_network": limits.require_no_network,
        "parent": os.getpid(),
    }
    file.write(json.dumps(line).encode() + b"\n")
    for blob in blobs:
        file.write(blob)
    file.seek(0)


def _watch(request: IO[bytes], limits: Limits) -> _Watch:
    """Start the child, read what it says, and see to its end."""
    watch, began = _Watch(), time.monotonic()
    child = subprocess.Popen(  # noqa: S603 - the interpreter that runs this, and a constant
        [sys.executable, "-I", "-B", "-c", _START, json.dumps(sys.path)],
        stdin=request,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
    )
    try:
        watch.stopped_for = _listen(child, watch, limits, began + limits.wall_s)
    finally:
        _kill(child)  # whatever is left of it, and of the group it leads
        _reap(child, watch)
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    watch.wall_s = time.monotonic() - began
    return watch


def _listen(child: subprocess.Popen[bytes], watch: _Watch, limits: Limits, deadline: float) -> Status | None:
    """Read until the child is done; return why it must be stopped, if it must."""
    with selectors.DefaultSelector() as selector:
        for pipe, said in ((child.stdout, watch.said), (child.stderr, watch.tail)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, said)
        while selector.get_map() or not _reap(child, watch, os.WNOHANG):
            if time.monotonic() > deadline:
                return Status.OUT_OF_TIME
            for key, _ in selector.select(timeout=_POLL_S):
                data = os.read(key.fd, 65536)
                key.data.extend(data)
                if not data:
                    selector.unregister(key.fileobj)
            if len(watch.said) > limits.answer_bytes + _ENVELOPE_BYTES:
                return Status.TALKED_TOO_MUCH
            del watch.tail[:-_TAIL_BYTES]
    return None


def _reap(child: subprocess.Popen[bytes], watch: _Watch, options: int = 0) -> bool:
    """Note how the child ended and what it used; return whether it has ended."""
    if watch.code is None:
        pid, status, usage = os.wait4(child.pid, options)
        if pid:
            child.returncode = watch.code = os.waitstatus_to_exitcode(status)
            watch.cpu_s = usage.ru_utime + usage.ru_stime
    return watch.code is not None


def _kill(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # nobody left; macOS says the second of a group of zombies
        child.kill()


def _outcome(watch: _Watch, limits: Limits) -> Outcome:
    first, second = _lines(watch.said)
    if first.get("unguarded"):
        raise IsolationMissing("; ".join(map(str, first.get("missing", ()))) or "no guard asked for")
    status = _status(watch, bool(first), second.get("status"), limits)
    return Outcome(
        status=status,
        words=_words(status, watch, second, limits),
        value=second.get("value") if status is Status.FINISHED else None,
        cpu_s=watch.cpu_s,
        wall_s=watch.wall_s,
        guards=tuple(map(str, first.get("held", ()))),
    )


def _lines(said: bytearray) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the child's two lines, empty where one is not there or not readable."""
    first, _, second = said.partition(b"\n")
    return _object(first), _object(second)


def _object(line: bytearray) -> dict[str, Any]:
    try:
        found = strict_json.parse(line.decode("utf-8"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _status(watch: _Watch, has_started: bool, answered: object, limits: Limits) -> Status:
    if not has_started:
        return Status.NOT_STARTED
    if watch.stopped_for:
        return watch.stopped_for
    if watch.code == -signal.SIGXCPU or (watch.code == -signal.SIGKILL and watch.cpu_s >= limits.cpu_s):
        return Status.OUT_OF_CPU
    if watch.code == 0 and isinstance(answered, str) and answered in _ANSWERS:
        return Status(answered)
    return Status.CRASHED


def _words(status: Status, watch: _Watch, answer: Mapping[str, Any], limits: Limits) -> str:
    used = f"after {watch.wall_s:.1f} s ({watch.cpu_s:.1f} s of CPU time)"
    said = shown(watch.tail.decode("utf-8", "replace").strip()[-200:], 300)
    return {
        Status.NOT_STARTED: f"the sandbox did not start {used}; {_end(watch.code)}, its last words were {said}",
        Status.FINISHED: f"finished {used}",
        Status.REFUSED: f"refused: {printable(str(answer.get('words')))}",
        Status.RAISED: f"the scorer failed: {printable(str(answer.get('words')))}",
        Status.OUT_OF_MEMORY: f"stopped {used}: it needed more than {limits.memory_bytes // _MIB} MiB of memory",
        Status.OUT_OF_CPU: f"stopped {used}: it had {limits.cpu_s} s of CPU time",
        Status.OUT_OF_TIME: f"stopped {used}: it had {limits.wall_s:g} s",
        Status.TALKED_TOO_MUCH: f"stopped {used}: its answer is longer than {limits.answer_bytes} bytes",
        Status.CRASHED: f"crashed {used}; {_end(watch.code)}, its last words were {said}",
    }[status]


def _end(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code} without an answer"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
