"""Where content lies: a local folder, or any place that fsspec reaches. A shelf knows names, a store what they mean."""

import ftplib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fl_alliance.arena.errors import ExtraMissing, NotAFile, StoreUrlUnusable, SubmissionTooLarge
from fl_alliance.arena.files import read_regular, write_whole

_LOST = (OSError, EOFError, ftplib.error_temp)
"""What a lost connection raises; the last two are what an FTP server that hung up leaves."""


class Oversized(Exception):
    """A shelf's item has more bytes than may be read."""


class Shelf(Protocol):
    """A place for named items that are written once and never changed."""

    @property
    def place(self) -> str:
        """What to call this place in messages; holds no credentials."""

    def write(self, name: str, data: bytes) -> None:
        """Put an item there whole; readers never see half of it under its name."""

    def read(self, name: str, most: int) -> bytes | None:
        """Return an item, None where it is not there; raises `Oversized` once more than `most` bytes came."""

    def names(self) -> Iterator[str]:
        """Return what is there, sorted; unfinished writes are among it under longer names."""


class FolderShelf:
    """A folder of this machine, with a subfolder for each first byte of a name."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def place(self) -> str:
        """The folder's path."""
        return str(self._root)

    def write(self, name: str, data: bytes) -> None:
        """Put an item there in one step, durable."""
        write_whole(self._path(name), data)

    def read(self, name: str, most: int) -> bytes | None:
        """Return an item's bytes; what is no regular file, a link to elsewhere above all, counts as absent."""
        try:
            return read_regular(self._path(name), most)
        except (FileNotFoundError, NotAFile):
            return None
        except SubmissionTooLarge as error:
            raise Oversized from error

    def names(self) -> Iterator[str]:
        """Return the names of all files."""
        yield from sorted(path.name for path in self._root.glob("??/*"))

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name


class RemoteShelf:
    """A place that fsspec reaches by a URL, such as `s3://bucket/folder` or `memory://folder`.

    A server hangs up on who was silent for a while. What fails then is an `OSError`, to be tried again; the connection
    is made anew for that, which not every file system does by itself.
    """

    def __init__(self, url: str, options: dict[str, Any] | None = None) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise ExtraMissing(f"a store at {without_credentials(url)}", "fsspec") from error
        # One of its own: a connection that broke must not be handed out again.
        self._open = partial(fsspec.core.url_to_fs, url, **{"skip_instance_cache": True, **(options or {})})
        self._fs: Any = None
        try:
            self._fs, self._root = self._open()
        except (ImportError, ValueError) as error:
            # fsspec's own words may repeat the URL, and with it a password.
            found = "a scheme whose package is not installed" if isinstance(error, ImportError) else "an unknown scheme"
            raise StoreUrlUnusable(
                without_credentials(url), found, "a folder, or a URL whose fsspec package is installed (s3fs for s3://)"
            ) from None
        self.place = without_credentials(url)

    def write(self, name: str, data: bytes) -> None:
        """Put an item there under a passing name, then rename it: not every place writes in one step."""
        path, part = self._path(name), self._path(f"{name}.{secrets.token_hex(8)}.part")
        with self._connected() as fs:
            fs.makedirs(f"{self._root}/{name[:2]}", exist_ok=True)
            fs.pipe_file(part, data)
            fs.mv(part, path)

    def read(self, name: str, most: int) -> bytes | None:
        """Return an item's bytes, never fetching more than one byte over `most` of a place that lies about sizes."""
        try:
            with self._connected() as fs, fs.open(self._path(name), "rb") as file:
                data: bytes = file.read(most + 1)
        except FileNotFoundError:
            return None
        if len(data) > most:
            raise Oversized
        return data

    def names(self) -> Iterator[str]:
        """Return the names of all that was written."""
        with self._connected() as fs:
            fs.invalidate_cache()  # others write there too
            # Folder by folder: `find` takes a lost connection for an empty place.
            found = sorted(os.path.basename(path) for folder in _in(fs, self._root) for path in _in(fs, folder))
        yield from found

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Give the file system, made anew where its connection was lost; raises `OSError` where it is lost now."""
        if self._fs is None:
            self._fs, self._root = self._open()
        try:
            yield self._fs
        except FileNotFoundError:
            raise
        except _LOST as error:
            self._fs = None
            if isinstance(error, OSError):
                raise
            raise ConnectionResetError(f"{self.place}: {type(error).__name__}") from error

    def _path(self, name: str) -> str:
        return f"{self._root}/{name[:2]}/{name}"


def _in(fs: Any, folder: str) -> list[str]:
    """Return the paths in a folder; none where nothing was ever put."""
    try:
        return [entry["name"] for entry in fs.ls(folder, detail=True)]
    except FileNotFoundError:
        return []


def open_shelf(url: str, options: dict[str, Any] | None = None) -> Shelf:
    """Return the shelf at a path or URL; `file://` and plain paths need no extra."""
    if "://" not in url:
        return FolderShelf(Path(url).expanduser())
    if url.startswith("file://"):
        return FolderShelf(Path(urlsplit(url).path))
    return RemoteShelf(url, options)


def without_credentials(url: str) -> str:
    """Return a URL's scheme, host and path only: user names, passwords and signed queries stay out of messages."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
