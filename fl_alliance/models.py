"""Models on disk, named by their digest, so that a crash at any point leaves the one that the chain adopted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from fl_alliance.records import write_whole
from fl_alliance.strategies.digests import model_digest
from fl_alliance.workloads.base import Arrays


class ModelMissing(FileNotFoundError):
    """The run folder lacks the model that the chain names, or its bytes are not that model's."""

    def __init__(self, path: Path, digest: bytes) -> None:
        super().__init__(f"{path}: needs the model with digest {digest.hex()}, which the chain adopted last")


class ModelStore:
    """A folder of models and of the strategy state that belongs to each."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, arrays: Mapping[str, NDArray[Any]], state: bytes) -> bytes:
        """Write a model and the strategy's state beside it, both whole or not at all; return the digest."""
        self._root.mkdir(parents=True, exist_ok=True)
        digest = model_digest(arrays)
        write_whole(self._state(digest), state)
        save_model(self._model(digest), arrays)
        return digest

    def load(self, digest: bytes) -> tuple[Arrays, bytes]:
        """Return the model with this digest and the strategy's state.

        Raises
        ------
        ModelMissing
            No such file, or another content.
        """
        path = self._model(digest)
        if not path.is_file():
            raise ModelMissing(path, digest)
        arrays = load_model(path)
        if model_digest(arrays) != digest:
            raise ModelMissing(path, digest)
        state = self._state(digest)
        return arrays, state.read_bytes() if state.is_file() else b""

    def keep_only(self, digest: bytes) -> None:
        """Delete every model but this one."""
        kept = {self._model(digest), self._state(digest)}
        for path in self._root.glob("*"):  # none before the first save
            if path not in kept:
                path.unlink()

    def _model(self, digest: bytes) -> Path:
        return self._root / f"{digest.hex()}.safetensors"

    def _state(self, digest: bytes) -> Path:
        return self._root / f"{digest.hex()}.state"


def save_model(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as safetensors; the order of names, which safetensors does not keep, is in the metadata."""
    part = path.with_suffix(".part")
    # One entry only: safetensors writes several in an order that changes from run to run.
    save_file(dict(arrays), part, metadata={"order": "\n".join(arrays)})
    part.replace(path)


def load_model(path: Path) -> Arrays:
    """Read arrays written by `save_model`, in their order."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        order = file.metadata()["order"].split("\n")
    content = load_file(path)
    return {name: content[name] for name in order}
