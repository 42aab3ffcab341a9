"""A strategy's state as bytes that can be read back without running anything: arrays, numbers, text, records.

An .npz archive without pickled objects; its entry `tree` is JSON that says where each array belongs.
"""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord
from numpy.typing import NDArray

from fl_alliance.chain import strict_json

_DEEPEST = 256
_SCALARS = (bool, int, float, str, type(None))


class NotPlain(TypeError):
    """A value is neither an array nor a number, text, list, mapping or ArrayRecord of such."""


def pack(state: Mapping[str, Any]) -> bytes:
    """Return `state` as bytes; raises `NotPlain` on a value that has no such form."""
    arrays: list[NDArray[Any]] = []
    tree = json.dumps(_fold(state, arrays))
    buffer = io.BytesIO()
    named = {f"a{index}": array for index, array in enumerate(arrays)}
    np.savez(buffer, allow_pickle=False, tree=np.frombuffer(tree.encode(), np.uint8), **named)
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, Any]:
    """Return what `pack` was given; raises ValueError on bytes that are not from it."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        tree = strict_json.parse(archive["tree"].tobytes(), _DEEPEST, has_nan=True)
        state: dict[str, Any] = _unfold(tree, archive)
    return state


def is_plain(value: Any) -> bool:
    """Return whether `pack` has a form for this value."""
    try:
        _fold(value, [])
    except NotPlain:
        return False
    return True


def _fold(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """Return the JSON form of a value, putting its arrays aside."""
    match value:
        case np.ndarray() if not value.dtype.hasobject:
            arrays.append(value)
            return {"array": len(arrays) - 1}
        case np.generic():
            return _fold(np.asarray(value), arrays) | {"is_scalar": True}
        case ArrayRecord():
            return {"record": {name: _fold(array.numpy(), arrays) for name, array in value.items()}}
        case list() | tuple():
            return {"list": [_fold(item, arrays) for item in value], "is_tuple": isinstance(value, tuple)}
        case dict() if all(isinstance(key, str) for key in value):
            return {"map": {key: _fold(item, arrays) for key, item in value.items()}}
        case _ if isinstance(value, _SCALARS):
            return value
    raise NotPlain(type(value).__name__)


def _unfold(tree: Any, archive: Mapping[str, NDArray[Any]]) -> Any:
    match tree:
        case {"array": index, "is_scalar": True}:
            return archive[f"a{index}"][()]
        case {"array": index}:
            return archive[f"a{index}"]
        case {"record": entries}:
            return ArrayRecord({name: Array(_unfold(entry, archive)) for name, entry in entries.items()})
        case {"list": items, "is_tuple": is_tuple}:
            found = [_unfold(item, archive) for item in items]
            return tuple(found) if is_tuple else found
        case {"map": entries}:
            return {name: _unfold(entry, archive) for name, entry in entries.items()}
        case _:
            return tree
