"""A submission with another tokenizer: it cannot be handed in, and if it could, it would gain nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from fl_alliance.arena.errors import TensorsForeign, TermsRefused
from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.calls import examples
from fl_alliance.arena.kinds.lm.llama import Llama, Shape
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.scoring import judge
from fl_alliance.arena.kinds.lm.tokenizer import ByteTokenizer
from fl_alliance.arena.kinds.lm_lora import LmLora

ASKED = examples("a", 30, 0)
PAIR = 259
"""The first token that stands for two bytes."""


class PairTokenizer(ByteTokenizer):
    """Two bytes a token, so half as many tokens."""

    vocabulary = PAIR + 2**16

    def encode(self, text: str) -> list[int]:
        raw = text.encode()
        pairs = [PAIR + 256 * one + two for one, two in zip(raw[::2], raw[1::2], strict=False)]
        return pairs + list(raw[len(pairs) * 2 :])

    def decode(self, tokens: Sequence[int]) -> str:
        parts = [divmod(token - PAIR, 256) if token >= PAIR else (token,) for token in tokens]
        return bytes(byte for part in parts for byte in part).decode()


class ShorteningTokenizer(ByteTokenizer):
    """Leaves out what it would have to predict."""

    def encode(self, text: str) -> list[int]:
        return super().encode(text)[:3]


def know_nothing(tokenizer: ByteTokenizer) -> LanguageModel:
    """A model to which all tokens are equally likely."""
    network = Llama(Shape(tokenizer.vocabulary, width=4, layers=1, heads=2, kv_heads=1, inner=4, context=256))
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    return LanguageModel("know-nothing", bytes(32), network, tokenizer, Budget(1, 1, 0.1))


def tokens_of(model: LanguageModel) -> int:
    return sum(len(model.tokenizer.encode(example.answer)) + 1 for example in ASKED)


def test_longer_tokens_do_not_lower_the_score_of_a_model_that_knows_nothing() -> None:
    fine, coarse = know_nothing(ByteTokenizer()), know_nothing(PairTokenizer())
    assert tokens_of(coarse) < 0.6 * tokens_of(fine)
    by_bytes = [judge(model, ASKED).bits_per_byte for model in (fine, coarse)]
    by_tokens = [judge(model, ASKED).nats / tokens_of(model) for model in (fine, coarse)]
    assert 8 < by_bytes[0] <= by_bytes[1] < 8.5  # 8 bits, and what the token that closes an answer adds
    assert by_tokens[1] / by_tokens[0] == pytest.approx(2, abs=0.01)  # a loss per token would have paid for a swap


def test_the_tokens_of_the_coarse_tokenizer_lose_nothing() -> None:
    tokenizer = PairTokenizer()
    for example in ASKED:
        assert tokenizer.decode(tokenizer.encode(example.answer)) == example.answer


def test_a_tokenizer_that_leaves_bytes_out_is_refused(base: LanguageModel) -> None:
    with pytest.raises(DataUnusable, match="gives back"):
        judge(replace(base, tokenizer=ShorteningTokenizer()), ASKED)


def test_a_submission_cannot_bring_a_vocabulary_along(kind: LmLora, untrained: bytes) -> None:
    arrays, terms = kind.load(untrained).arrays, {"adapter": '{"alpha": 32.0, "rank": 16}'}
    kind.load(save(arrays, metadata=terms))
    embedding = {"base_model.model.model.embed_tokens.weight": np.zeros((300, 64), np.float32)}
    with pytest.raises(TensorsForeign, match="embed_tokens"):
        kind.load(save(arrays | embedding, metadata=terms))
    with pytest.raises(TermsRefused, match="tokenizer"):
        kind.load(save(arrays, metadata={**terms, "tokenizer": "{}"}))
