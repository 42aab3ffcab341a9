"""Which files of a run are evidence. What is not named here stays where it is: logs, state of nodes, sites' own ledgers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.folders import FolderError
from fl_alliance.records import RunFolder


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: its bytes, what it is in words, and its media type."""

    data: bytes
    name: str
    kind: str


_JSON, _TEXT, _TENSORS = "application/json", "text/plain", "application/vnd.safetensors"
_FILES = {
    "chain.db": ("the chain, every block of it (SQLite)", "application/vnd.sqlite3"),
    "config.yaml": ("the resolved configuration; its digest is on chain", "application/yaml"),
    "overrides.txt": ("the settings that compose it", _TEXT),
    "deployment.json": ("contracts, task and members", _JSON),
    "manifest.json": ("contracts and their code hashes", _JSON),
    "metrics.jsonl": ("one line a round", "application/jsonl"),
    "references.json": ("the figures that the model is compared with", _JSON),
    "receipts.jsonl": ("signed receipts of spent privacy budget", "application/jsonl"),
    "model.safetensors": ("the final model", _TENSORS),
}
_FOLDERS = {
    "transcripts": ("*.json", "transcript of a round, named by its sha256", _JSON),
    "proposals": ("*.safetensors", "a proposal, named by the digest that its member signed", _TENSORS),
    "parent": ("*", "what the run started from", "application/octet-stream"),
}
_MANDATORY = ("chain.db", "config.yaml", "deployment.json", "metrics.jsonl", "model.safetensors")


def run_entries(folder: RunFolder) -> Iterator[tuple[str, Entry]]:
    """Yield a finished run's files by their path in the archive, in its order.

    Raises
    ------
    FolderError
        The run has not come to its end, its chain is elsewhere, or its chain file is still open.
    """
    for name in _MANDATORY:
        if not (folder.root / name).is_file():
            raise FolderError(f"{folder.root}: no {name}; needed a run on the embedded chain that came to its end")
    log = folder.chain.with_name(folder.chain.name + "-wal")
    if log.is_file() and log.stat().st_size:
        raise FolderError(f"{log}: is not empty, so the chain is still open; needed a run that came to its end")
    for name, (what, kind) in _FILES.items():
        if (folder.root / name).is_file():
            yield f"run/{name}", Entry((folder.root / name).read_bytes(), what, kind)
    for part, (pattern, what, kind) in _FOLDERS.items():
        for path in sorted((folder.root / part).glob(pattern)):
            if _is_plain(path):
                yield f"run/{part}/{path.name}", Entry(path.read_bytes(), what, kind)


def _is_plain(path: Path) -> bool:
    """Return whether this is a file and no link that could lead out of the run folder."""
    return path.is_file() and not path.is_symlink()
