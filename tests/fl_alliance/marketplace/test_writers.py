"""What engines tell of a question: how many tokens they have read, in plain answers and in streams."""

from types import SimpleNamespace

import pytest
import torch
from fairground import BackendServer

from fl_alliance.arena.adapters import AdapterSpec
from fl_alliance.arena.kinds.lm.llama import Llama, Shape
from fl_alliance.arena.kinds.lm.lora import adaptable, untrained
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.tiny import BUDGET
from fl_alliance.arena.kinds.lm.tokenizer import ByteTokenizer
from fl_alliance.marketplace.engines import Message, Read
from fl_alliance.marketplace.writers import Adapted, Remote

SHAPE = Shape(ByteTokenizer.vocabulary, width=16, layers=1, heads=2, kv_heads=1, inner=32, context=32)
ASKED = [Message("user", "ask")]


def test_an_adapter_tells_how_many_tokens_its_base_reads() -> None:
    torch.manual_seed(4)
    base = LanguageModel("test", b"", Llama(SHAPE), ByteTokenizer(), BUDGET)
    adapter = untrained(AdapterSpec(adaptable(base.network), 4), 2, 4.0, 0)
    engine = Adapted(SimpleNamespace(base=base, load=lambda _: adapter), b"")
    read, *_ = engine.answer(ASKED, 4, 0)
    assert read == Read(len(base.tokenizer.frame("ask")))


@pytest.mark.parametrize(("told", "read"), [(11, [Read(11)]), (None, []), ("many", [])])
def test_a_backend_is_asked_for_it_and_may_not_tell(told: object, read: list[Read], backend: BackendServer) -> None:
    backend.__dict__.update(asked=[], words=("Yes",), fails_after=None, pause_s=0.0, read=told)
    assert list(Remote(backend.url, "talker", "NO_KEY").answer(ASKED, 4, 0)) == ["Yes", *read]
    assert backend.asked[0]["stream_options"] == {"include_usage": True}
    backend.read = 11
