"""Which files of a run are evidence. What is not named here stays where it is: Flower's log, keys, models on the way.

Files are read where they lie, as often as they are needed, and never held whole: proposals of large models are many.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from fl_alliance.folders import FolderError
from fl_alliance.records import RunFolder

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: its bytes or where they are, what it is in words, and its media type."""

    source: bytes | Path
    name: str
    kind: str

    def open(self) -> BinaryIO:
        """Return its bytes to read."""
        return BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @property
    def sha256(self) -> str:
        """The sha256 of its bytes, in hex."""
        digest = hashlib.sha256()
        with self.open() as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()


_JSON, _LINES, _TEXT = "application/json", "application/jsonl", "text/plain"
_TENSORS = "application/vnd.safetensors"
_FILES = {
    "chain.db": ("the chain, every block of it (SQLite)", "application/vnd.sqlite3"),
    "config.yaml": ("the resolved configuration; its digest is on chain", "application/yaml"),
    "overrides.txt": ("the settings that compose it", _TEXT),
    "deployment.json": ("contracts, task and members", _JSON),
    "manifest.json": ("contracts and their code hashes", _JSON),
    "metrics.jsonl": ("one line a round", _LINES),
    "references.json": ("the figures that the model is compared with", _JSON),
    "receipts.jsonl": ("signed receipts of spent privacy budget", _LINES),
    "model.safetensors": ("the final model", _TENSORS),
}
_PATTERNS = {
    "transcripts/*.json": ("transcript of a round, named by its sha256", _JSON),
    "proposals/*.safetensors": ("a proposal, named by the digest that its member signed", _TENSORS),
    "masks/*.json": ("what the masks of a round left behind", _JSON),
    "parent/*": ("what the run started from", "application/octet-stream"),
    "privacy/*/*.jsonl": ("a simulated site's privacy ledger", _LINES),
    "sites/*/decisions.jsonl": ("a simulated site's log of decisions", _LINES),
}
_MANDATORY = ("config.yaml", "deployment.json", "metrics.jsonl", "model.safetensors")


def run_entries(folder: RunFolder) -> Iterator[tuple[str, Entry]]:
    """Yield a finished run's files by their path in the archive, in its order.

    Raises
    ------
    FolderError
        The run has not come to its end, has no transcripts, or its chain is elsewhere or still open.
    """
    for name in _MANDATORY:
        if not (folder.root / name).is_file():
            raise FolderError(f"{folder.root}: no {name}; needed a run that came to its end")
    if not folder.chain.is_file():
        raise FolderError(
            f"{folder.chain}: no chain file; needed the run's own, or a copy of that which `fl-alliance chain` kept"
        )
    if not any(folder.transcripts.glob("*.json")):
        raise FolderError(f"{folder.transcripts}/: no transcript in it; needed one of every round")
    log = folder.chain.with_name(folder.chain.name + "-wal")
    if log.is_file() and log.stat().st_size:
        raise FolderError(f"{log}: is not empty, so the chain is still open; needed a run that came to its end")
    for name, (what, kind) in _FILES.items():
        if _is_plain(folder.root / name):
            yield f"run/{name}", Entry(folder.root / name, what, kind)
    for pattern, (what, kind) in _PATTERNS.items():
        for path in sorted(folder.root.glob(pattern)):
            if _is_plain(path):
                yield f"run/{path.relative_to(folder.root).as_posix()}", Entry(path, what, kind)


def _is_plain(path: Path) -> bool:
    """Return whether this is a file and no link that could lead out of the run folder."""
    return path.is_file() and not path.is_symlink()
