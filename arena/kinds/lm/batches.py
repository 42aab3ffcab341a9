"""Encoded examples as the tensors of one step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fl_alliance.arena.kinds.lm.examples import Encoded


@dataclass(frozen=True, slots=True)
class Batch:
    """Some examples, padded on the right, where nothing looks.

    Attributes
    ----------
    tokens : Tensor
        (n, t) of int64: all but each example's last token.
    where : Tensor
        (n, t) of bool: the k tokens after which one of an answer comes.
    targets : Tensor
        (k,) of int64: the tokens that come there, example by example.
    owners : Tensor
        (k,) of int64: which example (0 to n - 1) each of them belongs to.
    """

    tokens: Tensor
    where: Tensor
    targets: Tensor
    owners: Tensor


def batch_of(examples: Sequence[Encoded]) -> Batch:
    """Return the examples as one batch, in their order."""
    longest = max(len(example.tokens) for example in examples)
    padded = torch.zeros(len(examples), longest, dtype=torch.int64)
    where = torch.zeros(len(examples), longest - 1, dtype=torch.bool)
    for row, example in enumerate(examples):
        padded[row, : len(example.tokens)] = torch.tensor(example.tokens)
        where[row, example.answer_at - 1 : len(example.tokens) - 1] = True
    return Batch(padded[:, :-1], where, padded[:, 1:][where], where.nonzero()[:, 0])
