"""Adapters of a language model: what training brings, what everybody who scores agrees on, and what gains nothing."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from fl_alliance.arena.adapters import Adapter, down_name, pack_adapter, up_name
from fl_alliance.arena.copies import SIMILARITY_LIMIT, cosine
from fl_alliance.arena.errors import SubmissionRefused
from fl_alliance.arena.kinds.base import WORST, Budget, Datasets, Progress
from fl_alliance.arena.kinds.lm import scoring
from fl_alliance.arena.kinds.lm.examples import Example, read, write
from fl_alliance.arena.kinds.lm.lora import attached
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.scoring import judge
from fl_alliance.arena.kinds.lm.tiny import tiny
from fl_alliance.arena.kinds.lm_lora import LmLora
from fl_alliance.arena.sandbox import Status, run

SHORT = Budget(steps=5, batch_size=4, learning_rate=1e-2)
TOLERANCE = 2_000
"""Millionths by which two honest validators may differ."""


def digest_of(base: LanguageModel) -> str:
    hasher = hashlib.sha256()
    for name, value in base.network.state_dict().items():
        hasher.update(name.encode() + value.numpy().tobytes())
    return hasher.hexdigest()


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def changed(kind: LmLora, artifact: bytes, factor: float, noise: float = 0.0) -> Adapter:
    rng = np.random.default_rng(0)
    adapter = kind.load(artifact)
    arrays = {
        name: (array * factor + noise * rng.normal(size=array.shape)).astype(np.float32)
        for name, array in adapter.arrays.items()
    }
    return Adapter(adapter.rank, adapter.alpha, arrays)


def test_training_lowers_bits_per_byte_on_unseen_prompts_at_least_five_times(
    kind: LmLora, untrained: bytes, honest: bytes, data: Datasets
) -> None:
    for unseen in (data.a, data.b):
        assert kind.score(kind.load(honest), unseen) * 5 <= kind.score(kind.load(untrained), unseen)


def test_two_runs_with_one_seed_give_the_same_digest_and_another_seed_another(
    kind: LmLora, untrained: bytes, data: Datasets
) -> None:
    first = kind.train(untrained, data.train, SHORT, seed=7)
    torch.manual_seed(123)  # what else the process draws does not matter
    assert kind.train(untrained, data.train, SHORT, seed=7) == first
    assert kind.train(untrained, data.train, SHORT, seed=8) != first


def test_training_reports_every_step(kind: LmLora, untrained: bytes, data: Datasets) -> None:
    told: list[Progress] = []
    kind.train(untrained, data.train, SHORT, 0, told.append)
    assert [(progress.step, progress.steps) for progress in told] == [(step, 5) for step in range(1, 6)]
    assert told[-1].loss < told[0].loss


def test_training_goes_on_from_an_earlier_submission(kind: LmLora, honest: bytes, data: Datasets) -> None:
    told: list[Progress] = []
    further = kind.train(honest, data.train, SHORT, 0, told.append)
    assert further != honest
    assert told[0].loss < 1.0  # an untrained adapter starts above 3


def test_whoever_has_not_trained_scores_as_the_base_does(kind: LmLora, untrained: bytes, data: Datasets) -> None:
    alone = judge(kind.base, read(data.a))
    assert kind.judge(kind.load(untrained), data.a) == alone
    assert alone.bits_per_byte > 4


def test_an_adapter_adds_alpha_over_rank_times_up_times_down_to_every_weight(
    kind: LmLora, honest: bytes, data: Datasets, base_file: bytes
) -> None:
    adapter, merged = kind.load(honest), tiny(base_file)
    for layer in kind.spec.layers:
        up, down = adapter.arrays[up_name(layer)], adapter.arrays[down_name(layer)]
        merged.network.get_submodule(layer).weight.add_(torch.from_numpy(adapter.alpha / adapter.rank * up @ down))
    assert (adapter.alpha, adapter.rank, len(kind.spec.layers)) == (32, 16, 3 * 7)
    assert judge(merged, read(data.a)).nats == pytest.approx(kind.judge(adapter, data.a).nats, rel=1e-4)


def test_neither_training_nor_scoring_changes_the_base(
    kind: LmLora, untrained: bytes, honest: bytes, data: Datasets
) -> None:
    before, score = digest_of(kind.base), judge(kind.base, read(data.a))
    kind.train(untrained, data.train, SHORT, seed=0)
    kind.score(kind.load(honest), data.a)
    assert digest_of(kind.base) == before
    assert judge(kind.base, read(data.a)) == score


def test_validators_with_other_threads_and_batches_agree(
    kind: LmLora, honest: bytes, data: Datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = []
    for count, batch in ((1, 16), (2, 16), (1, 3), (2, 48)):
        monkeypatch.setattr(scoring, "BATCH", batch)
        with threads(count):
            scores.append(kind.score(kind.load(honest), data.a))
    assert max(scores) - min(scores) <= TOLERANCE // 100


def test_a_poisoned_adapter_scores_worse_than_none(
    kind: LmLora, untrained: bytes, honest: bytes, data: Datasets
) -> None:
    base = kind.score(kind.load(untrained), data.a)
    assert kind.score(changed(kind, honest, 1.0, noise=0.5), data.a) > base
    assert kind.score(changed(kind, honest, -1.0, noise=0.2), data.a) > base


def test_an_adapter_that_makes_the_outputs_overflow_gets_the_worst_score(
    kind: LmLora, honest: bytes, data: Datasets
) -> None:
    giant = kind.load(pack_adapter(changed(kind, honest, 1e30)))
    assert kind.score(giant, data.a) == WORST


def test_a_sandbox_gives_the_same_score_and_refuses_a_malformed_adapter(
    kind: LmLora, honest: bytes, data: Datasets, base_file: bytes
) -> None:
    target = "fl_alliance.arena.kinds.lm.targets:score_on_tiny"
    outcome = run(target, [honest, data.a, base_file])
    assert outcome.status == Status.FINISHED
    assert abs(outcome.value - kind.score(kind.load(honest), data.a)) <= TOLERANCE // 100
    refused = run(target, [honest[:-4], data.a, base_file])
    assert refused.status == Status.REFUSED
    assert refused.is_the_submissions_fault


def test_a_copy_with_noise_is_found_and_another_nodes_adapter_is_not(
    kind: LmLora, untrained: bytes, honest: bytes, data: Datasets
) -> None:
    origin, original = kind.load(untrained), kind.load(honest)
    copy = changed(kind, honest, 1.5, noise=1e-3)
    another = kind.load(kind.train(kind.initial(seed=2), data.train, Budget(100, 8, 1e-2), seed=2))
    assert cosine(kind.update(copy, origin), kind.update(original, origin)) > SIMILARITY_LIMIT
    assert cosine(kind.update(another, origin), kind.update(original, origin)) < SIMILARITY_LIMIT - 0.1


def test_an_adapter_of_the_largest_rank_is_within_the_limits_and_a_larger_one_is_refused(kind: LmLora) -> None:
    largest = LmLora(kind.base, rank=64).initial(0)
    assert kind.parameters(kind.load(largest)) == kind.limits.parameters
    assert len(largest) <= kind.limits.file_bytes
    with pytest.raises(SubmissionRefused, match="rank"):
        kind.load(LmLora(kind.base, rank=65).initial(0))


def test_exact_matches_are_what_greedy_decoding_writes(kind: LmLora, untrained: bytes) -> None:
    known = [Example(f"ask {word}", answer) for word, answer in (("one", "yes!"), ("two", "no"), ("six", "maybe so"))]
    unknown = [Example("ask ten", "zebra"), Example("ask one", "yes")]
    learned = kind.load(kind.train(untrained, write(known), Budget(60, 3, 1e-2), seed=0))
    written = {example.prompt: greedy(kind, learned, example.prompt) for example in known + unknown}
    judged = kind.judge(learned, write(known + unknown))
    assert judged.exact == sum(written[example.prompt] == example.answer for example in known + unknown)
    assert judged.exact == 3
    assert judged.exact_match == 3 / 5


def greedy(kind: LmLora, adapter: Adapter, prompt: str) -> str:
    tokens = kind.base.tokenizer.frame(prompt)
    start = len(tokens)
    with attached(kind.base.network, adapter), torch.inference_mode():
        while len(tokens) < start + 20:
            given = torch.tensor([tokens])
            last = torch.zeros_like(given, dtype=torch.bool)
            last[0, -1] = True
            tokens.append(int(kind.base.network(given, last).argmax()))
            if tokens[-1] == kind.base.tokenizer.end:
                return bytes(token % 256 for token in tokens[start:-1]).decode(errors="replace")
    return ""
