"""What a submission would do if its code ran in the sandbox; each function is called there by the tests."""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any


def honest(blob: bytes, factor: int = 1) -> dict[str, int]:
    print("a library that talks")
    return {"loss": len(blob) * factor}


def loops_for_ever(*_: bytes) -> None:
    while True:
        pass


def loops_and_ignores_signals() -> None:
    for number in (signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    loops_for_ever()


def sleeps_for_ever() -> None:
    time.sleep(10_000)


def hides_and_sleeps() -> None:
    """Close everything that the parent listens to."""
    os.closerange(0, 256)
    time.sleep(10_000)


def eats_memory(*_: bytes) -> None:
    eaten = []
    while True:
        eaten.append(bytearray(10_000_000))


def eats_memory_in_numpy() -> None:
    import numpy as np

    np.ones((100_000, 100_000))


def eats_memory_that_outlives_it() -> Any:
    found = {}
    libc = ctypes.CDLL(None, use_errno=True)
    found["shmget"] = libc.shmget(0, 1000, 0o1600)
    try:
        found["memfd"] = os.memfd_create("hidden")
    except OSError as error:
        found["memfd"] = -error.errno
    return found


def connects(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=3)


def sends_datagram(port: int) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"stolen", ("127.0.0.1", port))


def resolves_a_name() -> Any:
    return socket.getaddrinfo("example.com", 80)


def connects_to_a_local_socket(path: str) -> None:
    socket.socket(socket.AF_UNIX).connect(path)


def opens_io_uring() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(425), 8, ctypes.create_string_buffer(120)) < 0:
        raise OSError(ctypes.get_errno(), "io_uring_setup")


def runs_a_program(path: str) -> None:
    subprocess.run(["/usr/bin/touch", path], check=True)


def replaces_itself() -> None:
    os.execv("/bin/sh", ["/bin/sh", "-c", "true"])  # noqa: S606


def forks() -> None:
    while True:
        os.fork()


def starts_threads() -> int:
    seen: list[int] = []
    threads = [threading.Thread(target=seen.append, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(seen)


def writes(path: str) -> None:
    Path(path).write_bytes(b"x" * 1000)


def reads(path: str) -> str:
    return Path(path).read_text()


def reads_the_environment() -> dict[str, str]:
    return dict(os.environ)


def reads_its_parents_environment() -> str:
    return Path(f"/proc/{os.getppid()}/environ").read_text()


def kills_its_parent() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def kills_a_thread_of_its_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    if libc.syscall(ctypes.c_long(234 if os.uname().machine == "x86_64" else 131), parent, parent, 9) < 0:
        raise OSError(ctypes.get_errno(), "tgkill")


def raises_its_limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def limits_itself_from(address: int) -> None:
    """Give the new limit at an address of which one half is zero."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    found = libc.mmap(ctypes.c_void_p(address), 4096, 3, 0x22, -1, 0)  # private and anonymous, there if it is free
    assert found == address
    ctypes.memset(found, 0, 16)
    if libc.syscall(ctypes.c_long(302), 0, 4, ctypes.c_void_p(found), 0) < 0:
        raise OSError(ctypes.get_errno(), "prlimit64")


def limits_its_parent() -> None:
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (1, 1))


def enters_another_namespace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) < 0:
        raise OSError(ctypes.get_errno(), "unshare")


def talks_too_much() -> str:
    return "x" * 10_000_000


def floods_its_output() -> str:
    for _ in range(2000):
        sys.stdout.write("x" * 10_000)
    return "done"


def floods_the_answer() -> None:
    """Write to whatever descriptor leads to the parent."""
    while True:
        for handle in range(3, 10):
            try:
                os.write(handle, b"x" * 60_000)
            except OSError:
                continue


def forges_an_answer() -> None:
    for handle in range(3, 10):
        try:
            os.write(handle, json.dumps({"status": "unguarded"}).encode())
        except OSError:
            continue
    os._exit(0)


def crashes() -> None:
    ctypes.string_at(8)


def vanishes() -> None:
    os._exit(0)


def exits() -> None:
    sys.exit("no more")


def answers_nan() -> float:
    return float("nan")


def answers_an_object() -> object:
    return object()


def fails() -> None:
    raise KeyError("\x1b[2Jlayer")


def refuses_in_colour() -> None:
    from fl_alliance.arena.errors import SubmissionRefused

    raise SubmissionRefused("\x1b[2J\n" + "x" * 10_000)


def refuses() -> None:
    from fl_alliance.arena.errors import TensorsForeign

    raise TensorsForeign("foreign names 'x'", "the task's 2 names only")
