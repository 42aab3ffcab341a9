"""Giving up, in the process that calls, everything that scoring a model does not need.

Several guards, each of which holds where another is missing: resource limits everywhere; on Linux namespaces (no
network devices), Landlock (files) and a filter of system calls. There is no way back.
"""

import contextlib
import os
import pwd
import resource
import signal
import site
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.arena import landlock, libc, seccomp

GUARDS = ("namespaces", "landlock", "seccomp")
AGAINST_NETWORK = frozenset({"namespaces", "seccomp"})
"""Guards of which each alone keeps a process from every network; Landlock knows TCP only."""

_NEW_USER, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000
_MOST_THREADS = 128
_OPEN_FILES = 256
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/opt", "/nix/store", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu"),
    *("/dev/zero", "/dev/urandom"),
)
"""What the interpreter and numerical libraries read of the system."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What came of it.

    Attributes
    ----------
    held : tuple of str
        The guards that are up.
    missing : tuple of str
        The others that were asked for, each with the kernel's reason.
    """

    held: tuple[str, ...]
    missing: tuple[str, ...]


def isolate(
    guards: Sequence[str], memory_bytes: int, cpu_s: int, file_bytes: int, readable: Iterable[str]
) -> Isolation:
    """Put the guards up that the kernel allows; the process must have one thread.

    Parameters
    ----------
    guards : sequence of str
        Of `GUARDS`.
    memory_bytes : int
        Address space.
    cpu_s : int
        Seconds of CPU time of all threads; one more kills what ignores the signal.
    file_bytes : int
        Size that a file may be written to; 0 keeps anything from being written anywhere.
    readable : iterable of str
        Files and folders that it may read beside the interpreter's own.
    """
    paths = [*_SYSTEM, *_interpreter(), *readable]
    takes: dict[str, Callable[[], object]] = {
        "namespaces": _enter_namespaces,
        "landlock": lambda: landlock.restrict(paths),
        "seccomp": seccomp.install,
    }
    held, missing = [], []
    _limit(memory_bytes, cpu_s, file_bytes)
    for guard in GUARDS:  # the filter last: the others need calls that it refuses
        if guard in guards:
            try:
                takes[guard]()
                held.append(guard)
            except (OSError, AttributeError) as error:  # AttributeError: a libc without that call, off Linux
                missing.append(f"{guard}: {error}")
    return Isolation(tuple(held), tuple(missing))


def _limit(memory_bytes: int, cpu_s: int, file_bytes: int) -> None:
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        most = resource.getrlimit(kind)[1]
        allowed = [value if most == resource.RLIM_INFINITY else min(value, most) for value in (soft, hard)]
        with contextlib.suppress(ValueError, OSError):  # macOS does not take every limit
            resource.setrlimit(kind, (allowed[0], allowed[1]))


def _enter_namespaces() -> None:
    user, group = os.getuid(), os.getgid()
    libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_IPC)
    for file, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with contextlib.suppress(OSError), open(f"/proc/self/{file}", "w") as out:  # unmapped it works as well
            out.write(line)
    # Counted within the new namespace only, where this process is the first; threads count too.
    resource.setrlimit(resource.RLIMIT_NPROC, (_MOST_THREADS, _MOST_THREADS))


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process as soon as the one that started it is gone; at once if it is gone already."""
    with contextlib.suppress(OSError, AttributeError):
        libc.prctl(libc.SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _interpreter() -> list[str]:
    """Return where the interpreter, this package and what `sys.path` names are."""
    package = Path(__file__).resolve().parent.parent
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()]
    return [*prefixes, *(path for path in sys.path if path and not _holds_home(path)), str(package)]


def _holds_home(path: str) -> bool:
    """Whether a folder is the user's home or above it, as the folder is from which `python -m` was called there."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    return Path(path) in (home, *home.parents)
