"""Whatever runs in the sandbox: the validator goes on, in time, and knows in plain words what happened."""

import contextlib
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.arena import libc
from fl_alliance.arena.errors import IsolationMissing, TargetUnusable
from fl_alliance.arena.isolation import GUARDS
from fl_alliance.arena.sandbox import Limits, Outcome, Status, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the guards")

HERE = Path(__file__).parent
FIRM = Limits(memory_bytes=512 * 2**20, cpu_s=20, wall_s=60)


@pytest.fixture(autouse=True)
def hostile_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture(scope="module")
def guards() -> tuple[str, ...]:
    """The guards that this machine's kernel has; the tests of one guard need it."""
    sys.path.insert(0, str(HERE))
    try:
        held = run("hostile_scorers:honest", [b""]).guards
    finally:
        sys.path.remove(str(HERE))
    assert set(held) & {"namespaces", "seccomp"}, "CI must have a kernel that can isolate"
    return held


def only(guard: str, held: tuple[str, ...]) -> Limits:
    if guard not in held:
        pytest.skip(f"this kernel has no {guard}")
    return Limits(memory_bytes=FIRM.memory_bytes, cpu_s=20, wall_s=60, guards=(guard,), require_no_network=False)


def hostile(name: str, limits: Limits = FIRM, **arguments: object) -> Outcome:
    return run(f"hostile_scorers:{name}", (), arguments, limits=limits)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def nobody_called(server: socket.socket) -> bool:
    return not select.select([server], [], [], 0)[0]


def test_an_honest_scorer_answers_and_its_cost_is_told() -> None:
    outcome = run("hostile_scorers:honest", [b"model"], {"factor": 3}, limits=FIRM)
    assert (outcome.status, outcome.value) == (Status.FINISHED, {"loss": 15})
    assert 0 < outcome.cpu_s < 20
    assert 0 < outcome.wall_s < 60
    assert re.fullmatch(r"finished after \d+\.\d s \(\d+\.\d s of CPU time\)", outcome.words)
    assert not outcome.is_the_submissions_fault


def test_threads_of_a_scorer_work() -> None:
    assert hostile("starts_threads").value == 4


def test_a_large_model_reaches_the_scorer() -> None:
    assert run("hostile_scorers:honest", [bytes(50_000_000)], limits=FIRM).value == {"loss": 50_000_000}


@pytest.mark.parametrize("name", ["loops_for_ever", "loops_and_ignores_signals"])
def test_an_infinite_loop_is_stopped_when_its_cpu_time_is_used_up(name: str) -> None:
    outcome = hostile(name, Limits(cpu_s=1, wall_s=60))
    assert outcome.status is Status.OUT_OF_CPU
    assert "it had 1 s of CPU time" in outcome.words
    assert outcome.cpu_s < 3
    assert outcome.is_the_submissions_fault


@pytest.mark.parametrize("name", ["sleeps_for_ever", "hides_and_sleeps"])
def test_a_scorer_that_waits_for_ever_is_stopped_when_its_time_is_up(name: str) -> None:
    began = time.monotonic()
    outcome = hostile(name, Limits(wall_s=1.5))
    assert outcome.status is Status.OUT_OF_TIME
    assert "it had 1.5 s" in outcome.words
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("name", ["eats_memory", "eats_memory_in_numpy"])
def test_a_memory_bomb_is_stopped_at_its_limit(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = hostile(name)
    assert outcome.status is Status.OUT_OF_MEMORY
    assert "it needed more than 512 MiB of memory" in outcome.words
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_no_memory_can_be_taken_that_outlives_the_scorer(guards: tuple[str, ...]) -> None:
    assert hostile("eats_memory_that_outlives_it", only("seccomp", guards)).value == {"shmget": -1, "memfd": -1}


@pytest.mark.parametrize("guard", ["namespaces", "seccomp"])
@pytest.mark.parametrize("name", ["connects", "sends_datagram"])
def test_each_guard_alone_keeps_a_scorer_from_the_network(
    guards: tuple[str, ...], listener: socket.socket, guard: str, name: str
) -> None:
    outcome = hostile(name, only(guard, guards), port=listener.getsockname()[1])
    assert outcome.status is Status.RAISED
    assert re.search(r"OSError|PermissionError|ConnectionRefused", outcome.words)
    assert nobody_called(listener)


def test_without_a_guard_the_same_scorer_would_reach_the_network(listener: socket.socket) -> None:
    outcome = hostile("connects", Limits(guards=(), require_no_network=False), port=listener.getsockname()[1])
    assert outcome.status is Status.FINISHED
    assert not nobody_called(listener)


def test_no_name_is_resolved() -> None:
    assert hostile("resolves_a_name").status is Status.RAISED


def test_no_local_socket_is_reached(guards: tuple[str, ...], tmp_path: Path) -> None:
    path = str(tmp_path / "docker.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        outcome = hostile("connects_to_a_local_socket", only("seccomp", guards), path=path)
        assert outcome.status is Status.RAISED
        assert nobody_called(server)


def test_a_validator_without_any_guard_is_told_and_the_scorer_not_called(tmp_path: Path) -> None:
    with pytest.raises(IsolationMissing, match="no way to keep a scorer from the network"):
        hostile("writes", Limits(guards=()), path=str(tmp_path / "mark"))
    assert not (tmp_path / "mark").exists()
    with pytest.raises(IsolationMissing):  # Landlock knows TCP only
        hostile("honest", Limits(guards=("landlock",)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"guards": ("secomp",)},
        {"cpu_s": 0},
        {"wall_s": 0},
        {"memory_bytes": 0},
        {"file_bytes": -1},
        {"answer_bytes": 0},
    ],
)
def test_limits_under_which_nothing_could_run_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Limits: given .*needed"):
        Limits(**wrong)


def kernel_has(guard: str) -> bool:
    """Ask the kernel in another way than the sandbox does."""
    if guard == "landlock":
        with contextlib.suppress(OSError):
            return libc.syscall(444, 0, 0, 1) > 0
        return False
    if guard == "seccomp":
        return "Seccomp:" in Path("/proc/self/status").read_text() and os.uname().machine in ("x86_64", "aarch64")
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([unshare, "-Uni", "true"], capture_output=True).returncode == 0


@pytest.mark.parametrize("guard", GUARDS)
def test_each_guard_is_up_where_the_kernel_has_it(guards: tuple[str, ...], guard: str) -> None:
    if not kernel_has(guard):
        pytest.skip(f"this kernel has no {guard}")
    assert guard in guards


def test_no_program_is_run(tmp_path: Path) -> None:
    outcome = hostile("runs_a_program", path=str(tmp_path / "touched"))
    assert outcome.status is Status.RAISED
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    "name",
    [
        "replaces_itself",
        "forks",
        "kills_its_parent",
        "kills_a_thread_of_its_parent",
        "limits_its_parent",
        "enters_another_namespace",
        "opens_io_uring",
    ],
)
def test_the_filter_alone_refuses_every_reach_beyond_the_process(guards: tuple[str, ...], name: str) -> None:
    outcome = hostile(name, only("seccomp", guards))
    assert outcome.status is Status.RAISED
    assert "PermissionError" in outcome.words


@pytest.mark.parametrize("address", [2**28, 2**32])
def test_a_limit_is_refused_wherever_it_stands_in_memory(guards: tuple[str, ...], address: int) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the scorer calls prlimit64 by its number on x86_64")
    assert "PermissionError" in hostile("limits_itself_from", only("seccomp", guards), address=address).words


def test_limits_cannot_be_raised_again() -> None:
    outcome = hostile("raises_its_limits")
    assert outcome.status is Status.RAISED
    assert re.search("PermissionError|ValueError", outcome.words)


@pytest.mark.parametrize("guard", [None, "landlock"])
def test_nothing_can_be_written(guards: tuple[str, ...], tmp_path: Path, guard: str | None) -> None:
    limits = Limits(guards=(), require_no_network=False) if guard is None else only(guard, guards)
    assert hostile("writes", limits, path=str(tmp_path / "full")).status is Status.RAISED
    assert not (tmp_path / "full").exists() or (tmp_path / "full").stat().st_size == 0


def test_files_are_read_only_where_the_caller_says_so(guards: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("wallet", "dataset"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    limits = only("landlock", guards)
    assert hostile("reads", limits, path=str(tmp_path / "wallet" / "file")).status is Status.RAISED
    allowed = run(
        "hostile_scorers:reads",
        (),
        {"path": str(tmp_path / "dataset" / "file")},
        readable=[tmp_path / "dataset"],
        limits=limits,
    )
    assert allowed.value == "dataset"


def test_the_environment_is_empty_and_that_of_the_validator_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAYER_KEY", "hunter2")
    seen = hostile("reads_the_environment").value
    assert "RELAYER_KEY" not in seen
    assert not {"PATH", "HOME", "USER"} & set(seen)
    stolen = hostile("reads_its_parents_environment")
    assert stolen.status is Status.RAISED


def test_an_answer_beyond_its_length_is_cut_off() -> None:
    for name in ("talks_too_much", "floods_the_answer"):
        outcome = hostile(name)
        assert outcome.status is Status.TALKED_TOO_MUCH
        assert "its answer is longer than 1048576 bytes" in outcome.words


def test_what_a_library_prints_is_no_answer_and_fills_no_memory() -> None:
    tracemalloc.start()
    try:
        assert hostile("floods_its_output").value == "done"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_scorer_cannot_say_that_it_ran_unguarded() -> None:
    assert hostile("forges_an_answer").status is Status.CRASHED


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("crashes", Status.CRASHED, "killed by SIGSEGV"),
        ("vanishes", Status.CRASHED, "exit code 0 without an answer"),
        ("exits", Status.RAISED, "the scorer failed: SystemExit: 'no more'"),
        ("answers_nan", Status.RAISED, "the scorer failed: ValueError"),
        ("answers_an_object", Status.RAISED, "the scorer failed: TypeError"),
        ("refuses", Status.REFUSED, "refused: tensors: found foreign names 'x'; needed the task's 2 names only"),
        ("is_not_there", Status.RAISED, "the scorer failed: AttributeError"),
    ],
)
def test_what_happened_is_told_in_plain_words(name: str, status: Status, words: str) -> None:
    outcome = hostile(name)
    assert outcome.status is status
    assert words in outcome.words
    assert outcome.value is None
    assert outcome.is_the_submissions_fault is (status is not Status.RAISED)


def test_words_from_the_sandbox_cannot_write_to_the_terminal() -> None:
    for name in ("fails", "refuses_in_colour"):
        words = hostile(name).words
        assert words.isprintable()
        assert len(words) < 600


def test_a_sandbox_that_cannot_start_is_not_the_submissions_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    outcome = hostile("honest")
    assert outcome.status is Status.NOT_STARTED
    assert re.search(r"the sandbox did not start after .*exit code 1 without an answer", outcome.words)
    assert not outcome.is_the_submissions_fault


def test_nothing_heavy_is_loaded_before_the_process_is_isolated() -> None:
    code = "import sys, fl_alliance.arena.jail; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    # numpy starts threads when it is imported, and a process with threads cannot enter a namespace.
    assert not {"numpy", "torch", "web3", "safetensors", "fsspec"} & set(loaded)


@pytest.mark.parametrize("target", ["hostile_scorers", "os:system('x')", ":f", "a.:f", "a b:f", ""])
def test_a_target_of_another_form_is_refused(target: str) -> None:
    with pytest.raises(TargetUnusable, match="needed MODULE:FUNCTION"):
        run(target)


def test_a_validator_that_is_killed_leaves_no_scorer_behind() -> None:
    validator = subprocess.Popen(
        [sys.executable, "-c", "from fl_alliance.arena.sandbox import run; run('hostile_scorers:sleeps_for_ever')"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])},
    )
    try:
        scorer = wait_for_child(validator.pid)
        validator.send_signal(signal.SIGKILL)
        validator.wait()
        assert wait_until_gone(scorer)
    finally:
        validator.kill()


def wait_for_child(parent: int) -> int:
    """Return the process that `parent` started, once its filter is up: from then on it is about to call the scorer."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                text = status.read_text()
                if f"PPid:\t{parent}\n" in text and "Seccomp:\t2\n" in text:
                    return int(status.parent.name)
        time.sleep(0.05)
    raise AssertionError("no scorer was started")


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
