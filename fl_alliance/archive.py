"""Proposals on disk under the digests that are on chain, so that anybody can form a round's models again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from fl_alliance.chain import strict_json
from fl_alliance.records import write_whole
from fl_alliance.strategies.digests import Arrays, update_digest
from fl_alliance.strategies.masking.transcript import Transcript, from_json, to_json


class ProposalDamaged(ValueError):
    """A kept proposal is not the one that its name says."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(f"{path.parent.name}/{path.name}: found {found}, needed the proposal of that digest")


class ProposalArchive:
    """A folder with a file for every proposal."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def size_bytes(self) -> int:
        """What all proposals take on disk."""
        return sum(path.stat().st_size for path in self._root.glob("*.safetensors"))

    def put(self, digest: bytes, arrays: Arrays, metrics: Mapping[str, Any]) -> None:
        """Write a proposal, whole or not at all; JSON keeps every bit of its metrics."""
        path = self.path(digest)
        self._root.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        # One entry only: safetensors writes several in an order that changes from run to run.
        save_file(dict(arrays), part, metadata={"update": json.dumps([list(arrays), dict(metrics)])})
        part.replace(path)

    def get(self, digest: bytes) -> tuple[Arrays, Mapping[str, Any]] | None:
        """Return a proposal, None where it is not here.

        Raises
        ------
        ProposalDamaged
            The file holds something else.
        """
        path = self.path(digest)
        if not path.is_file():
            return None
        try:
            arrays, metrics = _read(path)
        except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
            raise ProposalDamaged(path, f"what cannot be read ({' '.join(str(error).split())})") from error
        found = update_digest(arrays, metrics)
        if found != digest:
            raise ProposalDamaged(path, f"a proposal of digest {found.hex()}")
        return arrays, metrics

    def path(self, digest: bytes) -> Path:
        """Return where the proposal with this digest is kept."""
        return self._root / f"{digest.hex()}.safetensors"


def _read(path: Path) -> tuple[Arrays, Mapping[str, Any]]:
    with safe_open(path, framework="numpy") as file:
        names, metrics = strict_json.parse(file.metadata()["update"], has_nan=True)
        return {name: file.get_tensor(name) for name in names}, metrics


class MaskArchive:
    """A folder with the transcript of every round's masks."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, number: int, transcript: Transcript) -> None:
        """Write a round's transcript, whole or not at all."""
        self._root.mkdir(parents=True, exist_ok=True)
        write_whole(self.path(number), to_json(transcript).encode())

    def get(self, number: int) -> Transcript | None:
        """Return a round's transcript, None where it is not here; raises ValueError on another file."""
        path = self.path(number)
        return from_json(path.read_text()) if path.is_file() else None

    def path(self, number: int) -> Path:
        """Return where a round's transcript is kept."""
        return self._root / f"{number:05}.json"
