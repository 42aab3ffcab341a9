"""The three system calls that Python 3.11 does not wrap."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)

NO_NEW_PRIVS = 38
SET_PDEATHSIG = 1
SET_SECCOMP = 22


def prctl(option: int, *arguments: int) -> None:
    """Call prctl; raises OSError."""
    _check(_libc.prctl(option, *(ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4])))


def unshare(flags: int) -> None:
    """Call unshare; raises OSError."""
    _check(_libc.unshare(flags))


def syscall(number: int, *arguments: int) -> int:
    """Call a system call that libc has no function for; raises OSError."""
    return _check(_libc.syscall(ctypes.c_long(number), *(ctypes.c_ulong(argument) for argument in arguments)))


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
