"""What a Flower app is, by content: the digest that a consortium approves, taken again before it is imported.

It is over the names and bytes of the files that travel, so it is the same of an app's folder, of the bundle (FAB) that
Flower makes of it, and of that bundle unpacked at a site; when it was packed, and by whom, changes nothing.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from fl_alliance.validation import ConfigError

_PREFIX = b"fl-alliance/bundle/1"
_INFO, _CACHE = ".info", "__pycache__"


class BundleError(ConfigError):
    """There is no Flower app; the message names the file and what is needed."""


def content_digest(files: Mapping[str, bytes]) -> bytes:
    """Return sha256 over names and contents, framed by their lengths, in the order of the names."""
    sha = hashlib.sha256(_PREFIX)
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            sha.update(len(part).to_bytes(8, "big") + part)
    return sha.digest()


def bundle_digest(content: bytes) -> bytes:
    """Return the digest of a bundle (FAB) by its files.

    Raises
    ------
    BundleError
        These bytes are no bundle, or name a file twice or outside of the app's folder.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            files = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise BundleError(f"a bundle of {len(content)} bytes: {error}; needed a FAB, which is a zip archive") from error
    outside = [name for name in names if name.startswith("/") or ".." in Path(name).parts or "\\" in name]
    if outside or len(files) != len(names):
        raise BundleError(f"a bundle with {(outside or names)[0]!r}: needed each file once, inside of the app's folder")
    return content_digest({name: data for name, data in files.items() if name.split("/")[0] != _INFO})


def unpacked_digest(folder: Path) -> bytes:
    """Return the digest of an unpacked bundle: of every file in its folder but Python's own caches.

    Raises
    ------
    BundleError
        No such folder, or something in it is a link, whose bytes could be anybody's.
    """
    if not folder.is_dir():
        raise BundleError(f"{folder}: no such folder, needed that of a Flower app")
    files = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_symlink():
            raise BundleError(f"{path}: is a link, needed files alone")
        if path.is_file() and _CACHE not in relative.parts:
            files[relative.as_posix()] = path.read_bytes()
    return content_digest(files)


def app_digest(path: Path) -> bytes:
    """Return the digest of an app: of its folder, as Flower would bundle it, or of its FAB file.

    Raises
    ------
    BundleError
        This is neither.
    """
    from flwr.cli.build import build_fab_from_disk

    try:
        return bundle_digest(build_fab_from_disk(path) if path.is_dir() else path.read_bytes())
    except BundleError:
        raise
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: {error}; needed the folder of a Flower app, or a FAB") from error


def settings_digest(run_config: Mapping[str, Any]) -> bytes:
    """Return sha256 of a Flower run's resolved configuration (flat scalars), as canonical JSON."""
    return hashlib.sha256(json.dumps(dict(run_config), sort_keys=True, separators=(",", ":")).encode()).digest()
