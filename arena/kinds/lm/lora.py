"""LoRA (Hu et al. 2021) on every linear layer: a layer's output grows by alpha / rank times up(down(input)).

The base is never changed: an adapter hangs on its layers by hooks while it is used, and is taken off afterwards. peft
computes the same (`tests/arena/kinds/test_oracles.py`) but takes transformers along: into CI, and into the
sandbox in which strangers' models are scored.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from fl_alliance.arena.adapters import Adapter, AdapterSpec, down_name, up_name
from fl_alliance.arena.kinds.seeded import stream


def adaptable(network: nn.Module) -> dict[str, tuple[int, int]]:
    """Return every linear layer's name with its outputs and inputs; the embedding, and so the output, is none."""
    return {
        name: (layer.out_features, layer.in_features)
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear)
    }


def untrained(spec: AdapterSpec, rank: int, alpha: float, seed: int) -> Adapter:
    """Return an adapter that changes nothing yet: down uniform within 1 / sqrt(inputs) as peft has it, up zero."""
    arrays = {name: torch.zeros(shape).numpy() for name, shape in spec.shapes(rank).items()}
    for layer, (_, inputs) in spec.layers.items():
        drawn = stream(seed, "untrained", layer).uniform(-1 / sqrt(inputs), 1 / sqrt(inputs), (rank, inputs))
        arrays[down_name(layer)] = drawn.astype("float32")
    return Adapter(rank, alpha, arrays)


@contextmanager
def attached(network: nn.Module, adapter: Adapter) -> Iterator[dict[str, nn.Parameter]]:
    """Let the network's layers add the adapter's part, and yield the adapter's tensors, which can be trained.

    One adapter at a time: a second one on the same network would be added to the first.
    """
    tensors = {name: nn.Parameter(torch.tensor(array)) for name, array in adapter.arrays.items()}
    scale = adapter.alpha / adapter.rank
    with ExitStack() as hooks:
        for name in adaptable(network):
            down, up = tensors[down_name(name)], tensors[up_name(name)]
            hooks.enter_context(network.get_submodule(name).register_forward_hook(_adder(down, up, scale)))
        yield tensors


def _adder(down: Tensor, up: Tensor, scale: float) -> Any:
    def add(_layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        return output + (inputs[0] @ down.T) @ up.T * scale

    return add
