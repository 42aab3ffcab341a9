"""Strict loader and writer for submissions that are all parameters of a small model (`tabular`, `classify`)."""

from collections.abc import Mapping
from math import prod

import numpy as np
from safetensors.numpy import save

from fl_alliance.arena.headers import read_header
from fl_alliance.arena.tensors import Arrays, Shape, check_size, read_arrays


def load_parameters(blob: bytes, shapes: Mapping[str, Shape]) -> Arrays:
    """Return a submission's parameters as float32, in the order of `shapes`.

    Parameters
    ----------
    blob : bytes
        The submission: one safetensors file.
    shapes : mapping of str to tuple of int
        What the task's model has, to the last name.

    Raises
    ------
    SubmissionRefused
        One of its kinds, each of which says what was found and what is needed.
    """
    check_size(blob, sum(prod(shape) for shape in shapes.values()))
    return read_arrays(blob, read_header(blob), shapes)


def pack_parameters(arrays: Arrays) -> bytes:
    """Return parameters as a submission; equal parameters give equal bytes."""
    return save({name: np.ascontiguousarray(arrays[name], dtype="<f4") for name in sorted(arrays)})
