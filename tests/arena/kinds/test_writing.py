"""Greedy decoding: what is written is the likeliest token after every beginning, and text is whole characters."""

import pytest
import torch

from fl_alliance.arena.adapters import AdapterSpec
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm import writing
from fl_alliance.arena.kinds.lm.llama import Llama, Shape
from fl_alliance.arena.kinds.lm.lora import adaptable, untrained
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.tiny import BUDGET
from fl_alliance.arena.kinds.lm.tokenizer import ByteTokenizer
from fl_alliance.arena.kinds.lm.writing import written

SHAPE = Shape(ByteTokenizer.vocabulary, width=16, layers=1, heads=2, kv_heads=1, inner=32, context=32)


def base() -> LanguageModel:
    torch.manual_seed(4)
    return LanguageModel("test", b"", Llama(SHAPE), ByteTokenizer(), BUDGET)


def test_each_token_is_the_likeliest_and_a_prompt_that_fills_the_context_is_refused() -> None:
    model = base()
    adapter = untrained(AdapterSpec(adaptable(model.network), 4), 2, 4.0, 0)
    assert len(list(written(model, adapter, "ask", 9))) <= 9
    with pytest.raises(DataUnusable, match="prompt of 34 tokens"):
        list(written(model, adapter, "x" * 32, 9))
    assert len(list(written(model, adapter, "x" * 26, 9))) <= 4


def test_text_comes_in_whole_characters_and_ends_where_the_model_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = base()
    adapter = untrained(AdapterSpec(adaptable(model.network), 4), 2, 4.0, 0)
    told = iter([*"aü€b".encode(), ByteTokenizer.end, ord("c")])
    monkeypatch.setattr(writing, "_next", lambda *_: next(told))
    pieces = list(written(model, adapter, "ask", 20))
    assert pieces == ["a", "", "ü", "", "", "€", "b"]
