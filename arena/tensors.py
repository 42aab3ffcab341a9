"""A stranger's tensors against the names and shapes that the task gives; values only once all of these agree."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from fl_alliance.arena.errors import NotFinite, SubmissionTooLarge, TensorsForeign, shown
from fl_alliance.arena.headers import ITEM_BYTES, MAX_HEADER_BYTES, Header, Tensor

Shape = tuple[int, ...]
Arrays = dict[str, NDArray[np.float32]]

_NUMPY = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_WIDEST = max(ITEM_BYTES.values())


def check_size(blob: bytes, parameters: int) -> None:
    """Refuse a blob of more bytes than so many parameters take in the widest type, before its header is looked at."""
    most = parameters * _WIDEST + MAX_HEADER_BYTES
    if len(blob) > most:
        raise SubmissionTooLarge("bytes", len(blob), most)


def read_arrays(blob: bytes, header: Header, shapes: Mapping[str, Shape]) -> Arrays:
    """Return the tensors of a file as float32, in the order of `shapes`.

    Raises
    ------
    TensorsForeign
        Other names or shapes than `shapes`; nothing was read then.
    NotFinite
        A value is NaN or infinite, or too large for float32.
    """
    _check_names(header.tensors, shapes)
    _check_shapes(header.tensors, shapes)
    return {name: _values(blob, name, header.tensors[name]) for name in shapes}


def _check_names(tensors: Mapping[str, Tensor], shapes: Mapping[str, Shape]) -> None:
    if foreign := tensors.keys() - shapes.keys():
        raise TensorsForeign(f"foreign names {_some(foreign)}", f"the task's {len(shapes)} names only")
    if missing := shapes.keys() - tensors.keys():
        raise TensorsForeign(f"no tensors {_some(missing)}", f"all of the task's {len(shapes)} names")


def _check_shapes(tensors: Mapping[str, Tensor], shapes: Mapping[str, Shape]) -> None:
    for name, shape in shapes.items():
        if tensors[name].shape != tuple(shape):
            raise TensorsForeign(f"{shown(name)} of shape {tensors[name].shape}", f"shape {tuple(shape)}")


def _values(blob: bytes, name: str, tensor: Tensor) -> NDArray[np.float32]:
    raw = np.frombuffer(memoryview(blob)[tensor.start : tensor.end], dtype=_NUMPY[tensor.dtype])
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # a float64 beyond float32 becomes infinite, and is refused below
        values = _from_bfloat16(raw) if tensor.dtype == "BF16" else raw.astype(np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        raise NotFinite(name, int(values.size - np.count_nonzero(finite)))
    return values.reshape(tensor.shape)


def _from_bfloat16(raw: NDArray[np.uint16]) -> NDArray[np.float32]:
    """A bfloat16 is the upper half of the float32 of the same value."""
    return (raw.astype(np.uint32) << 16).view(np.float32)


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(shown(name) for name in listed[:3]) + more
