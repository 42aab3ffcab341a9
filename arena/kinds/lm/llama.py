"""A Llama in plain torch: what the tiny model of the tests and SmolLM2 both are, with one file to read.

Modules are named as transformers names them, so that adapters trained with peft fit without a change. Source: Touvron
et al. 2023; grouped queries: Ainslie et al. 2023; rotary positions in transformers' layout (halves, not pairs).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a Llama whose output layer is its embedding.

    `heads` divides `width`, `kv_heads` divides `heads`, and `width / heads` is even. `inner` is the width within a
    feed-forward layer; `context` is the longest sequence, in tokens.
    """

    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    context: int
    rotary_base: float = 10_000.0
    epsilon: float = 1e-5


class Llama(nn.Module):
    """A decoder; in training and scoring logits are wanted at the answers only, so it takes where."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Decoder(shape)

    def forward(self, tokens: Tensor, where: Tensor) -> Tensor:
        """Return logits (k, vocabulary) after each of the k tokens that `where` (n, t), of bools, picks from (n, t)."""
        return functional.linear(self.model(tokens)[where], self.model.embed_tokens.weight)


class Decoder(nn.Module):
    """Embedding, layers and the last norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.epsilon)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return hidden states (n, t, width); what follows a token does not touch its state, so padding goes right."""
        rotation = _rotation(self.shape, tokens.shape[1])
        hidden: Tensor = self.embed_tokens(tokens)
        for layer in self.layers:
            hidden = layer(hidden, rotation)
        normed: Tensor = self.norm(hidden)
        return normed


class Layer(nn.Module):
    """Attention, then the feed-forward part, each added to what came in."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.mlp = FeedForward(shape)

    def forward(self, hidden: Tensor, rotation: Tensor) -> Tensor:
        """Return (n, t, width) from the same."""
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), rotation)
        added: Tensor = hidden + self.mlp(self.post_attention_layernorm(hidden))
        return added


class Attention(nn.Module):
    """Causal attention, several query heads to one key and value head."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads = shape.heads, shape.kv_heads
        size = shape.width // shape.heads
        self.q_proj = nn.Linear(shape.width, shape.heads * size, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.kv_heads * size, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.kv_heads * size, bias=False)
        self.o_proj = nn.Linear(shape.heads * size, shape.width, bias=False)

    def forward(self, hidden: Tensor, rotation: Tensor) -> Tensor:
        """Return (n, t, width) from the same."""
        queries = _rotated(_split(self.q_proj(hidden), self.heads), rotation)
        keys = _rotated(_split(self.k_proj(hidden), self.kv_heads), rotation)
        values = _split(self.v_proj(hidden), self.kv_heads)
        shared = self.heads // self.kv_heads
        mixed = functional.scaled_dot_product_attention(
            queries, keys.repeat_interleave(shared, 1), values.repeat_interleave(shared, 1), is_causal=True
        )
        out: Tensor = self.o_proj(mixed.transpose(1, 2).flatten(2))
        return out


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return (n, t, width) from the same."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(hidden)) * self.up_proj(hidden))
        return out


def _split(projected: Tensor, heads: int) -> Tensor:
    """Return (n, heads, t, size) from (n, t, heads * size)."""
    return projected.view(*projected.shape[:2], heads, -1).transpose(1, 2)


def _rotation(shape: Shape, length: int) -> Tensor:
    """Return cosine and sine (2, t, size) of the angle of each position and channel."""
    size = shape.width // shape.heads
    frequencies = shape.rotary_base ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
    angles = torch.outer(torch.arange(length, dtype=torch.float32), frequencies).repeat(1, 2)
    return torch.stack([angles.cos(), angles.sin()])


def _rotated(heads: Tensor, rotation: Tensor) -> Tensor:
    first, second = heads.chunk(2, dim=-1)
    return heads * rotation[0] + torch.cat([-second, first], dim=-1) * rotation[1]
