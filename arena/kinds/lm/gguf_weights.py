"""The weights of a Llama in a GGUF file, as transformers has them."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fl_alliance.arena.kinds.lm.llama import Shape

if TYPE_CHECKING:
    from gguf import GGUFReader

_WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
_OF_A_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""llama.cpp's name of a part -> transformers'."""


def read_weights(reader: "GGUFReader", shape: Shape) -> dict[str, Tensor]:
    """Return all weights, taken out of their quantization into float32, under transformers' names and in its order."""
    from gguf.quants import dequantize

    found: dict[str, Tensor] = {}
    for tensor in reader.tensors:
        values = np.array(dequantize(tensor.data, tensor.tensor_type), np.float32)
        name, kind = _name(tensor.name)
        heads = {"attn_q": shape.heads, "attn_k": shape.kv_heads}.get(kind)
        found[name] = torch.from_numpy(_unpaired(values, heads) if heads else values)
    return found


def _name(name: str) -> tuple[str, str]:
    """Return transformers' name of a tensor, and what llama.cpp calls its kind."""
    *block, kind, suffix = name.split(".")
    if not block:
        return f"{_WHOLE[kind]}.{suffix}", kind
    return f"model.layers.{block[1]}.{_OF_A_LAYER[kind]}.{suffix}", kind


def _unpaired(weight: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Return rows in transformers' order: llama.cpp has the two channels that rotate together side by side."""
    outputs, inputs = weight.shape
    halves = weight.reshape(heads, outputs // heads // 2, 2, inputs).swapaxes(1, 2)
    return np.ascontiguousarray(halves).reshape(outputs, inputs)
