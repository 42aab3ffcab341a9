"""Digests that name a model or an update by its content.

A digest is sha256 over a canonical encoding: every field is preceded by its length, arrays travel as
little-endian C-order bytes with their name, dtype and shape. Two records have one digest exactly when
their names, order, dtypes, shapes and bits are equal.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Metrics = Mapping[str, Any]


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...


def model_digest(arrays: Arrays) -> bytes:
    """Return the 32-byte digest of a model's arrays, in their order."""
    sha = hashlib.sha256(b"fl-alliance/model/1")
    _feed_arrays(sha, arrays)
    return sha.digest()


def update_digest(arrays: Arrays, metrics: Metrics) -> bytes:
    """Return the 32-byte digest of an update: its arrays and every metric sent with them.

    `num-examples` is among the metrics, so a coordinator cannot reweight an update unnoticed. Metrics are
    sorted by name; a float is hashed by its 64 bits, an integer by its decimal text.
    """
    sha = hashlib.sha256(b"fl-alliance/update/1")
    _feed_arrays(sha, arrays)
    for name in sorted(metrics):
        _feed(sha, name.encode())
        _feed(sha, _metric_bytes(metrics[name]))
    return sha.digest()


def _feed_arrays(sha: _Hash, arrays: Arrays) -> None:
    _feed(sha, str(len(arrays)).encode())
    for name, array in arrays.items():
        little = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
        _feed(sha, name.encode())
        _feed(sha, f"{little.dtype.str}{list(little.shape)}".encode())
        _feed(sha, little.reshape(-1).view(np.uint8).data)


def _feed(sha: _Hash, data: bytes | memoryview) -> None:
    sha.update(len(data).to_bytes(8, "big"))
    sha.update(data)


def _metric_bytes(value: Any) -> bytes:
    if isinstance(value, list):
        return b"[" + b",".join(_metric_bytes(item) for item in value) + b"]"
    if isinstance(value, float):
        return b"f" + np.float64(value).tobytes().hex().encode()
    return f"i{value}".encode()
