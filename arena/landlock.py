"""Landlock: the kernel lets this process read some folders, write nothing, and open no TCP connection.

Source: Documentation/userspace-api/landlock.rst of Linux 6.
"""

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from fl_alliance.arena import libc

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights over files each version knows; from the fifth on it is 16."""


def restrict(readable: Iterable[str], writable: Iterable[str] = ("/dev/null",)) -> int:
    """Leave this process these files and folders, with what is in them, for good; return Landlock's version.

    Raises
    ------
    OSError
        The kernel has no Landlock.
    """
    version = libc.syscall(_CREATE, 0, 0, _ASK_VERSION)
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    attributes = struct.pack("<Q", rights)
    if version >= 4:
        attributes += struct.pack("<Q", 0b11)  # TCP bind and connect
    if version >= 6:
        attributes += struct.pack("<Q", 0b11)  # abstract sockets of, and signals to, processes outside
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = libc.syscall(_CREATE, ctypes.addressof(buffer), len(attributes), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(ruleset, path, _READ_FILE | _WRITE_FILE)
        libc.prctl(libc.NO_NEW_PRIVS, 1)
        libc.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _allow(ruleset: int, path: str, rights: int) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(handle).st_mode):
                rights &= ~_READ_DIR
            rule = ctypes.create_string_buffer(struct.pack("<Qi", rights, handle), 12)
            libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.addressof(rule), 0)
        finally:
            os.close(handle)
