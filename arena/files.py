"""Reading a file that a stranger may have put there, and writing one whole or not at all."""

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path

from fl_alliance.arena.errors import NotAFile, SubmissionTooLarge

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


def read_regular(path: Path, most: int) -> bytes:
    """Return a regular file's bytes, reading `most` of them at most.

    Raises
    ------
    FileNotFoundError
        Nothing is there.
    NotAFile
        It is a symbolic link, a folder, a pipe or a device; nothing was read from it.
    SubmissionTooLarge
        It has more than `most` bytes.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to must not wait. O_NOFOLLOW: the link is the check and the use.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise (NotAFile(path.name, _why_not(path, error)) if _is_special(path, error) else error) from error
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        for is_kind, kind in _KINDS:
            if is_kind(found.st_mode):
                raise NotAFile(path.name, kind)
        if found.st_size > most:
            raise SubmissionTooLarge("bytes", found.st_size, most)
        data = file.read(most + 1)  # it may grow between the two calls, and it may be a file of /proc
    if len(data) > most:
        raise SubmissionTooLarge("bytes", len(data), most)
    return data


def write_whole(path: Path, data: bytes) -> None:
    """Put a file at `path`, durable, in one step: even after a crash it holds what it held before or all of `data`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=path.name + ".", suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_special(path: Path, error: OSError) -> bool:
    return error.errno == errno.ELOOP or (error.errno == errno.ENXIO and not path.is_symlink())


def _why_not(path: Path, error: OSError) -> str:
    return "a symbolic link" if error.errno == errno.ELOOP else "a socket or a pipe that nobody serves"
