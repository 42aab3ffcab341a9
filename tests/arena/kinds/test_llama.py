"""The network: what padding, neighbours and later tokens must not change."""

import hashlib

import pytest
import torch

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
