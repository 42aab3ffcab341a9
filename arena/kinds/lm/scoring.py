"""How well a model answers: bits per byte over the answers' raw UTF-8, and how many it gets right to the letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import torch
from torch.nn import functional

from fl_alliance.arena.kinds.lm.batches import batch_of
from fl_alliance.arena.kinds.lm.examples import Example, encode
from fl_alliance.arena.kinds.lm.model import LanguageModel

BATCH = 16
"""Examples at a time; another number moves the result by less than one millionth."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model makes of a dataset.

    Attributes
    ----------
    nats : float
        Summed over all answers' tokens, the closing ones among them: -ln of what the model gave the right token.
    answer_bytes : int
        Summed length of the answers in UTF-8, whatever the tokens.
    exact, examples : int
        How many answers greedy decoding writes letter for letter, and of how many.
    """

    nats: float
    answer_bytes: int
    exact: int
    examples: int

    @property
    def bits_per_byte(self) -> float:
        """Bits the model needs for a byte of the answers; longer tokens do not lower it."""
        return self.nats / (log(2) * self.answer_bytes)

    @property
    def exact_match(self) -> float:
        """Share of the answers that are right, 0 to 1."""
        return self.exact / self.examples


def judge(base: LanguageModel, examples: Sequence[Example]) -> Judgement:
    """Return what the network as it is now, adapter attached or not, makes of the examples; in float32.

    Greedy decoding writes an answer, in its usual tokens, exactly if the likeliest token is the right one after every
    beginning of the answer; so one pass over question and answer tells without decoding.

    Raises
    ------
    DataUnusable
        As `encode` does.
    """
    encoded = sorted(encode(base, examples), key=lambda example: len(example.tokens))  # little padding
    nats, exact = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(encoded), BATCH):
            chosen = encoded[start : start + BATCH]
            batch = batch_of(chosen)
            logits = base.network(batch.tokens, batch.where)
            nats += float(functional.cross_entropy(logits, batch.targets, reduction="none").double().sum())
            wrong = batch.owners[logits.argmax(dim=1) != batch.targets]
            exact += len(chosen) - len(set(wrong.tolist()))
    return Judgement(nats, sum(len(example.answer.encode()) for example in examples), exact, len(examples))
