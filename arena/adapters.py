"""Strict loader and writer for LoRA adapters.

A submission is one safetensors file, so that one digest covers it and nothing is ever unpacked. Its only metadata entry
`adapter` holds the JSON object `{"alpha": ..., "rank": ...}`; its tensors are named as peft names them. Which tensors
there are, and of which shape, follows from the task's base model and the rank; the submission decides nothing. No
`from_pretrained` is ever called on it: peft loads unrelated tensors and absurd ranks in silence, and transformers may
run the submitter's code.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from safetensors.numpy import save

from fl_alliance.arena.errors import TermsRefused, shown
from fl_alliance.arena.headers import Header, read_header
from fl_alliance.arena.tensors import Arrays, Shape, check_size, read_arrays
from fl_alliance.chain import strict_json

MAX_ALPHA = 1024.0
_TERMS = "adapter"


@dataclass(frozen=True, slots=True)
class AdapterSpec:
    """What the adapters of a task may be.

    Attributes
    ----------
    layers : mapping of str to (int, int)
        The linear layers of the task's base model that an adapter changes: name, (outputs, inputs).
    max_rank : int
        Largest rank, at least 1.
    """

    layers: Mapping[str, tuple[int, int]]
    max_rank: int

    def __post_init__(self) -> None:
        """Refuse a task that no adapter could fit."""
        if self.max_rank < 1 or not self.layers or min(map(min, self.layers.values())) < 1:
            raise ValueError(
                f"AdapterSpec: given {len(self.layers)} layers and max_rank {self.max_rank}, "
                "needed at least one layer, and sizes and a rank from 1"
            )

    def shapes(self, rank: int) -> dict[str, Shape]:
        """Return names and shapes of all tensors of an adapter of this rank."""
        found: dict[str, Shape] = {}
        for layer, (outputs, inputs) in self.layers.items():
            found[down_name(layer)] = (rank, inputs)
            found[up_name(layer)] = (outputs, rank)
        return found

    def parameters(self, rank: int) -> int:
        """Return how many values an adapter of this rank has."""
        return rank * sum(outputs + inputs for outputs, inputs in self.layers.values())


@dataclass(frozen=True, slots=True)
class Adapter:
    """A checked adapter: each layer's weight is to change by `alpha / rank` times up times down.

    Attributes
    ----------
    rank : int
        1 to the spec's `max_rank`.
    alpha : float
        Above 0, at most `MAX_ALPHA`.
    arrays : dict
        float32, finite, by peft's names.
    """

    rank: int
    alpha: float
    arrays: Arrays

    @property
    def parameters(self) -> int:
        """How many values it has; what the chain holds against the task's limit."""
        return sum(array.size for array in self.arrays.values())


def down_name(layer: str) -> str:
    """Return peft's name of a layer's matrix A, (rank, inputs)."""
    return f"base_model.model.{layer}.lora_A.weight"


def up_name(layer: str) -> str:
    """Return peft's name of a layer's matrix B, (outputs, rank)."""
    return f"base_model.model.{layer}.lora_B.weight"


def load_adapter(blob: bytes, spec: AdapterSpec) -> Adapter:
    """Return a submission as an adapter that fits the task's base.

    Sizes are checked first, then the header, then rank and alpha, then names and shapes, and values last.

    Raises
    ------
    SubmissionRefused
        One of its kinds, each of which says what was found and what is needed.
    """
    check_size(blob, spec.parameters(spec.max_rank))
    header = read_header(blob)
    rank, alpha = _embedded_terms(header, spec)
    return Adapter(rank, alpha, read_arrays(blob, header, spec.shapes(rank)))


def pack_adapter(adapter: Adapter) -> bytes:
    """Return an adapter as a submission; equal adapters give equal bytes."""
    terms = json.dumps({"alpha": adapter.alpha, "rank": adapter.rank}, sort_keys=True)
    arrays = {name: np.ascontiguousarray(adapter.arrays[name], dtype="<f4") for name in sorted(adapter.arrays)}
    return save(arrays, metadata={_TERMS: terms})


def read_terms(text: str, spec: AdapterSpec) -> tuple[int, float]:
    """Return rank and alpha from `{"rank": ..., "alpha": ...}`.

    Raises
    ------
    TermsRefused
        Not exactly these two, or beyond the task's limits.
    """
    needed = f"JSON with exactly rank (1 to {spec.max_rank}) and alpha (above 0, at most {MAX_ALPHA:g})"
    try:
        found = strict_json.parse(text)
    except ValueError:
        raise TermsRefused(shown(text), needed) from None
    if not isinstance(found, dict) or set(found) != {"rank", "alpha"}:
        raise TermsRefused(shown(text), needed)
    rank, alpha = found["rank"], found["alpha"]
    if type(rank) is not int or not 1 <= rank <= spec.max_rank:
        raise TermsRefused(f"rank {shown(str(rank))}", needed)
    if not _is_number(alpha) or not 0 < alpha <= MAX_ALPHA:
        raise TermsRefused(f"alpha {shown(str(alpha))}", needed)
    return rank, float(alpha)


def _embedded_terms(header: Header, spec: AdapterSpec) -> tuple[int, float]:
    if set(header.metadata) != {_TERMS}:
        raise TermsRefused(
            f"metadata {', '.join(map(shown, sorted(header.metadata)[:3])) or 'empty'}", f"exactly {_TERMS!r} in it"
        )
    return read_terms(header.metadata[_TERMS], spec)


def _is_number(found: Any) -> bool:
    return type(found) is int or (type(found) is float and isfinite(found))
