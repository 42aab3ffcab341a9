"""Reading the header of a safetensors file that a stranger wrote.

A file is eight bytes of length, that many bytes of JSON, and the tensors' bytes. Everything the header says is checked
against the bytes that are there before anything of its size is allocated: the tensors lie one behind the other without
gap or overlap from the first byte to the last, and each is as long as its type and shape make it. Nothing is executed
or unpacked. Source: the format description of the safetensors project; stricter in that types are those a model is
trained in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from fl_alliance.arena.errors import NotSafetensors, SubmissionTooLarge, shown
from fl_alliance.chain import strict_json

MAX_HEADER_BYTES = 1_000_000
MAX_TENSORS = 10_000
MAX_DIMENSIONS = 8
ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Bytes of a value, for each type that a submission may have."""

_LENGTH_BYTES = 8
_MAGIC = (
    *((bytes([0x80, protocol]), 0, "a pickle, which would run code when loaded") for protocol in range(2, 6)),
    (b"PK", 0, "a zip archive, perhaps one of torch.save"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"BZh", 0, "a bzip2 archive"),
    (b"\xfd7zXZ", 0, "an xz archive"),
    (b"\x28\xb5\x2f\xfd", 0, "a zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive"),
    (b"Rar!", 0, "a rar archive"),
    (b"ustar", 257, "a tar archive"),
    (b"\x7fELF", 0, "a program"),
    (b"GGUF", 0, "a GGUF model"),
    (b"\x93NUMPY", 0, "a numpy file, which may hold pickles"),
    (b"\x89HDF", 0, "an HDF5 file"),
    (b"#!", 0, "a script"),
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file.

    Attributes
    ----------
    dtype : str
        A key of `ITEM_BYTES`.
    shape : tuple of int
        Sizes, none negative.
    start, end : int
        Its bytes, counted from the beginning of the file.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says it holds; all of it true of the file's size."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def read_header(blob: bytes) -> Header:
    """Return a file's header.

    Raises
    ------
    NotSafetensors
        Another format, truncated, padded, or a header that does not describe these bytes.
    SubmissionTooLarge
        A header of more than `MAX_HEADER_BYTES`, or more than `MAX_TENSORS` tensors.
    """
    text, start = _header_text(blob)
    found = _parse(text)
    metadata = _metadata(found.pop("__metadata__", {}))
    if len(found) > MAX_TENSORS:
        raise SubmissionTooLarge("tensors", len(found), MAX_TENSORS)
    tensors = {name: _tensor(name, entry, start) for name, entry in found.items()}
    _check_layout(tensors, start, len(blob))
    return Header(tensors, metadata)


def _header_text(blob: bytes) -> tuple[bytes, int]:
    """Return the JSON and where the tensors' bytes start."""
    if len(blob) < _LENGTH_BYTES:
        raise NotSafetensors(f"{len(blob)} bytes")
    if blob[_LENGTH_BYTES : _LENGTH_BYTES + 1] != b"{":
        raise NotSafetensors(_format(blob))
    length = int.from_bytes(blob[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if length > MAX_HEADER_BYTES:
        raise SubmissionTooLarge("header bytes", length, MAX_HEADER_BYTES)
    if start > len(blob):
        raise NotSafetensors(f"a header of {length} bytes in a file of {len(blob)}: truncated")
    return blob[_LENGTH_BYTES:start], start


def _format(blob: bytes) -> str:
    """Return in plain words what bytes that are no safetensors file look like."""
    for magic, at, what in _MAGIC:
        if blob[at : at + len(magic)] == magic:
            return what
    return "no JSON object after the first eight bytes"


def _parse(text: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = strict_json.parse(text.decode("utf-8"))  # an object, since it starts with a brace
    except ValueError as error:  # bad UTF-8 is one
        raise NotSafetensors(f"a header that is no JSON ({shown(str(error))})") from None
    return found


def _metadata(found: Any) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise NotSafetensors("metadata that are not texts under names")
    return found


def _tensor(name: str, entry: Any, start: int) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise NotSafetensors(f"an entry {shown(name)} without exactly dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise NotSafetensors(f"tensor {shown(name)} of type {shown(str(dtype))}, none of {', '.join(ITEM_BYTES)}")
    if not _are_sizes(shape) or len(shape) > MAX_DIMENSIONS:
        raise NotSafetensors(f"tensor {shown(name)} with a shape that is not up to {MAX_DIMENSIONS} whole numbers")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise NotSafetensors(f"tensor {shown(name)} with data_offsets that are not two whole numbers")
    begin, end = offsets
    needed = prod(shape) * ITEM_BYTES[dtype]
    if end - begin != needed:
        raise NotSafetensors(f"tensor {shown(name)} in {end - begin} bytes; its shape and type make {needed}")
    return Tensor(dtype, tuple(shape), start + begin, start + end)


def _are_sizes(found: Any) -> bool:
    return isinstance(found, list) and all(type(size) is int and size >= 0 for size in found)


def _check_layout(tensors: Mapping[str, Tensor], start: int, size: int) -> None:
    at = start
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start != at:
            raise NotSafetensors(f"tensor {shown(name)} at byte {tensor.start}, after a tensor that ends at {at}")
        at = tensor.end
    if at != size:
        state = "truncated" if at > size else "more bytes than its tensors"
        raise NotSafetensors(f"tensors that end at byte {at} in a file of {size}: {state}")
