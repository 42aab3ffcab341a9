"""The network: what padding, neighbours and later tokens must not change."""

import hashlib

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fl_alliance.arena.errors import SubmissionRefused
from fl_alliance.arena.kinds.lm.batches import batch_of
from fl_alliance.arena.kinds.lm.examples import Encoded
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.tiny import pretrained, tiny

SHORT = Encoded((256, 65, 66, 257, 67, 68, 258), 4)
LONG = Encoded((256, *range(70, 110), 257, *range(40, 60), 258), 42)


def test_an_example_is_judged_alike_alone_and_padded_beside_a_longer_one(base: LanguageModel) -> None:
    alone, together = batch_of([SHORT]), batch_of([LONG, SHORT])
    with torch.inference_mode():
        own = base.network(alone.tokens, alone.where)
        padded = base.network(together.tokens, together.where)[together.owners == 1]
    assert together.targets[together.owners == 1].tolist() == alone.targets.tolist() == [67, 68, 258]
    torch.testing.assert_close(padded, own, atol=1e-5, rtol=0)


def reference(base: LanguageModel, tokens: list[int]) -> NDArray[np.float64]:
    """Logits (t, vocabulary) of a Llama as its papers write it, position by position, rotations as complex numbers."""
    shape, w = base.network.shape, {n: v.double().numpy() for n, v in base.network.state_dict().items()}
    size = shape.width // shape.heads
    turns = shape.rotary_base ** (-2 * np.arange(size // 2) / size)

    def norm(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return w[f"{name}.weight"] * x / np.sqrt(np.mean(x * x) + shape.epsilon)

    def turned(x: NDArray[np.float64], position: int) -> NDArray[np.complex128]:
        return (x[: size // 2] + 1j * x[size // 2 :]) * np.exp(1j * position * turns)

    states = [w["model.embed_tokens.weight"][token] for token in tokens]
    for layer in range(shape.layers):
        at = f"model.layers.{layer}"
        q, k, v = (
            [
                (w[f"{at}.self_attn.{one}_proj.weight"] @ norm(x, f"{at}.input_layernorm")).reshape(-1, size)
                for x in states
            ]
            for one in "qkv"
        )
        for here in range(len(tokens)):
            mixed = []
            for head in range(shape.heads):
                group = head * shape.kv_heads // shape.heads
                query = turned(q[here][head], here)
                fits = [np.vdot(turned(k[p][group], p), query).real / np.sqrt(size) for p in range(here + 1)]
                shares = np.exp(fits) / np.sum(np.exp(fits))
                mixed.append(sum(share * v[p][group] for p, share in enumerate(shares)))
            states[here] = states[here] + w[f"{at}.self_attn.o_proj.weight"] @ np.concatenate(mixed)
            x = norm(states[here], f"{at}.post_attention_layernorm")
            gate, up = (w[f"{at}.mlp.{one}_proj.weight"] @ x for one in ("gate", "up"))
            states[here] = states[here] + w[f"{at}.mlp.down_proj.weight"] @ (gate / (1 + np.exp(-gate)) * up)
    return np.array([w["model.embed_tokens.weight"] @ norm(x, "model.norm") for x in states])


def test_the_network_computes_what_the_papers_write(base: LanguageModel) -> None:
    tokens = [256, *b"Send 5 FML to Ada.", 257, *b'{"tool"']
    given = torch.tensor([tokens])
    with torch.inference_mode():
        found = base.network(given, torch.ones_like(given, dtype=torch.bool)).numpy()
    np.testing.assert_allclose(found, reference(base, tokens), atol=1e-4)


def test_a_later_token_changes_nothing_before_it_and_something_after(base: LanguageModel) -> None:
    tokens = torch.tensor([[256, 65, 66, 67, 68, 69]])
    other = tokens.clone()
    other[0, 3] = 100
    everywhere = torch.ones_like(tokens, dtype=torch.bool)
    with torch.inference_mode():
        one, two = base.network(tokens, everywhere), base.network(other, everywhere)
    torch.testing.assert_close(one[:3], two[:3], atol=1e-6, rtol=0)
    assert (one[3:] - two[3:]).abs().max() > 0.1


def test_the_order_of_earlier_tokens_matters(base: LanguageModel) -> None:
    last = torch.tensor([[False, False, False, True]])
    with torch.inference_mode():
        one = base.network(torch.tensor([[256, 65, 66, 67]]), last)
        two = base.network(torch.tensor([[256, 66, 65, 67]]), last)
    assert (one - two).abs().max() > 0.01


def test_the_tiny_model_is_small_and_has_learned_to_read_english(base: LanguageModel) -> None:
    assert sum(parameter.numel() for parameter in base.network.parameters()) <= 500_000
    tokens = torch.tensor([[256, *b"If the expression is the name of a function"]])
    with torch.inference_mode():
        logits = base.network(tokens[:, :-1], torch.ones_like(tokens[:, :-1], dtype=torch.bool))
    nats = torch.nn.functional.cross_entropy(logits, tokens[0, 1:])
    assert float(nats) < 2.5  # letters by their frequency alone take 3.1


def test_a_base_is_known_by_the_digest_of_its_file(base_file: bytes, base: LanguageModel) -> None:
    assert base.digest == hashlib.sha256(base_file).digest()
    assert tiny(base_file).digest == base.digest


@pytest.mark.slow
def test_the_same_seed_trains_the_same_base(base_file: bytes) -> None:
    assert pretrained() == base_file


def test_a_damaged_base_is_refused(base_file: bytes) -> None:
    with pytest.raises(SubmissionRefused):
        tiny(base_file[:-4])
