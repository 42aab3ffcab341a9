"""A filter of system calls for a process that only computes: no sockets, no new processes, no reach into others.

It works without privileges and inside containers, where namespaces are often forbidden. What it refuses answers EPERM.
Numbers are those of the kernel's system call tables; Linux keeps them for ever.
"""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

from fl_alliance.arena import libc

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF: ld abs, jeq, jge, jset, ret
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
_FILTER_MODE = 2


@dataclass(frozen=True, slots=True)
class _Table:
    """System call numbers of one architecture.

    Attributes
    ----------
    audit : int
        The architecture's AUDIT_ARCH constant.
    denied : tuple of int
        Refused whatever their arguments: sockets, programs and processes, signals to and memory of other processes,
        io_uring (which opens sockets past any filter), memory that outlives or hides from a limit (System V, memfd),
        namespaces, mounts, keys, kernel programs.
    clone, clone3, tgkill, prlimit64 : int
        Refused unless for a thread of this process, always (libc then takes clone), unless to this process, unless it
        only asks.
    """

    audit: int
    denied: tuple[int, ...]
    clone: int
    clone3: int
    tgkill: int
    prlimit64: int


_TABLES = {
    "x86_64": _Table(
        audit=0xC000003E,
        denied=(
            *(41, 53),  # socket, socketpair
            *(57, 58, 59, 322),  # fork, vfork, execve, execveat
            *(62, 200, 129, 297, 424, 434, 438),  # kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_*
            *(101, 310, 311, 160),  # ptrace, process_vm_readv, process_vm_writev, setrlimit
            *(425, 426, 427),  # io_uring_*
            *(29, 64, 68, 319),  # shmget, semget, msgget, memfd_create
            *(272, 308, 165, 166),  # unshare, setns, mount, umount2
            *(248, 249, 250, 321, 298, 323),  # add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd
        ),
        clone=56,
        clone3=435,
        tgkill=234,
        prlimit64=302,
    ),
    "aarch64": _Table(
        audit=0xC00000B7,
        denied=(
            *(198, 199),
            *(221, 281),
            *(129, 130, 138, 240, 424, 434, 438),
            *(117, 270, 271, 164),
            *(425, 426, 427),
            *(194, 190, 186, 279),
            *(97, 268, 40, 39),
            *(217, 218, 219, 280, 241, 282),
        ),
        clone=220,
        clone3=435,
        tgkill=131,
        prlimit64=261,
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install() -> None:
    """Put the filter on this process for good; it must have one thread.

    Raises
    ------
    OSError
        The kernel has no seccomp, or the architecture is none of the table's.
    """
    table = _TABLES.get(platform.machine())
    if table is None:
        raise OSError(errno.ENOSYS, f"no system call table for {platform.machine()}")
    code = b"".join(_instructions(table, os.getpid()))
    program = _Program(len(code) // 8, code)
    libc.prctl(libc.NO_NEW_PRIVS, 1)
    libc.prctl(libc.SET_SECCOMP, _FILTER_MODE, ctypes.addressof(program))


def _instructions(table: _Table, pid: int) -> list[bytes]:
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    allow = _step(_RETURN, _ALLOW)
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, table.audit, 1, 0),
        _step(_RETURN, _KILL),  # a 32-bit call: other numbers for the same doors
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _X32, 0, 1),
        refuse,
        _step(_EQUAL, table.clone3, 0, 1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),  # its flags are in memory, where a filter cannot look
    ]
    for number in table.denied:
        code += [_step(_EQUAL, number, 0, 1), refuse]
    code += _only(table.clone, [_step(_LOAD, _low(0)), _step(_ANY_BIT, _CLONE_THREAD, 0, 1), allow, refuse])
    code += _only(table.tgkill, [_step(_LOAD, _low(0)), _step(_EQUAL, pid, 0, 1), allow, refuse])
    asks_only = [_step(_LOAD, _low(2)), _step(_EQUAL, 0, 0, 3)]  # no new limit is given
    asks_only += [_step(_LOAD, _low(2) + 4), _step(_EQUAL, 0, 0, 1), allow, refuse]
    code += _only(table.prlimit64, asks_only)
    return [*code, allow]


def _only(number: int, steps: list[bytes]) -> list[bytes]:
    """Return steps that are taken for one call only; they end in returns."""
    return [_step(_EQUAL, number, 0, len(steps)), *steps]


def _low(argument: int) -> int:
    return _ARGUMENTS + 8 * argument


def _step(operation: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", operation, if_true, if_false, operand)
