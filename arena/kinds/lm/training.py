"""Training of an adapter: a plain loop, Adam (Kingma & Ba 2015) and a cosine schedule after a short rise."""

from collections.abc import Iterable, Iterator, Sequence
from math import cos, pi

import torch
from torch import Tensor, nn
from torch.nn import functional

from fl_alliance.arena.adapters import Adapter
from fl_alliance.arena.kinds.base import Budget, Progress, Reporter
from fl_alliance.arena.kinds.lm.batches import batch_of
from fl_alliance.arena.kinds.lm.examples import Encoded, Example, encode
from fl_alliance.arena.kinds.lm.lora import attached
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.seeded import derive, reproducible, stream

RISE = 0.1
"""Share of the steps in which the learning rate rises to its highest."""
LONGEST_GRADIENT = 1.0


def trained(
    base: LanguageModel, adapter: Adapter, examples: Sequence[Example], budget: Budget, seed: int, progress: Reporter
) -> Adapter:
    """Return what an adapter becomes by `budget.steps` steps on the examples' answers; questions cost nothing.

    Examples are seen in a random order, each once before any is seen again. Same arguments, same bytes on one machine.
    """
    encoded = encode(base, examples)
    with reproducible(derive(seed, "train"), budget.threads), attached(base.network, adapter) as tensors:
        optimizer = torch.optim.AdamW(tensors.values(), lr=budget.learning_rate, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, budget.steps))
        for step, chosen in enumerate(_dealt(encoded, budget, seed), 1):
            loss = _step(base.network, chosen, tensors.values(), optimizer)
            schedule.step()
            progress(Progress(step, budget.steps, loss))
        arrays = {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}
    return Adapter(adapter.rank, adapter.alpha, arrays)


def rate(step: int, steps: int) -> float:
    """Return the share of the highest learning rate at `step` (from 0): a straight rise, then half a cosine to 0."""
    rise = max(1, round(RISE * steps))
    if step < rise:
        return (step + 1) / rise
    return (1 + cos(pi * (step - rise) / max(1, steps - rise))) / 2


def _step(
    network: nn.Module, chosen: list[Encoded], tensors: Iterable[nn.Parameter], optimizer: torch.optim.Optimizer
) -> float:
    batch = batch_of(chosen)
    optimizer.zero_grad()
    loss: Tensor = functional.cross_entropy(network(batch.tokens, batch.where), batch.targets)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(tensors, LONGEST_GRADIENT)
    optimizer.step()
    return float(loss.detach())


def _dealt(encoded: Sequence[Encoded], budget: Budget, seed: int) -> Iterator[list[Encoded]]:
    """Yield one batch a step, from one random order after another."""
    order = stream(seed, "order")
    waiting: list[Encoded] = []
    for _ in range(budget.steps):
        while len(waiting) < budget.batch_size:
            waiting += [encoded[index] for index in order.permutation(len(encoded))]
        yield waiting[: budget.batch_size]
        del waiting[: budget.batch_size]
