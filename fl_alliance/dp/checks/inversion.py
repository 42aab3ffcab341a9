"""What the data was: inputs computed back from an observed update.

Two attacks. `analytic`: in a fully connected layer the gradient of a weight row is the input times the gradient of that
row's bias, so one record is their quotient, exactly (Aono et al. 2017, "Privacy-Preserving Deep Learning via Additively
Homomorphic Encryption"); of many records it is a mixture. `matched`: inputs are sought whose gradient is the observed
one (Zhu et al. 2019, "Deep Leakage from Gradients"; cosine distance after Geiping et al. 2020).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fl_alliance.workloads.base import Arrays
from fl_alliance.workloads.torch_workload import TorchWorkload, reproducible

_LEAST = 1e-12


def analytic(before: Arrays, after: Arrays, weight: str, bias: str) -> NDArray[np.float64]:
    """Return candidates for what a layer was given, one a unit of it, the most moved first."""
    rows = before[weight].astype(np.float64) - after[weight]
    shifts = before[bias].astype(np.float64) - after[bias]
    order = np.argsort(-np.abs(shifts))
    moved = order[np.abs(shifts[order]) > _LEAST]
    candidates: NDArray[np.float64] = rows[moved] / shifts[moved, None]
    return candidates


def matched(
    workload: TorchWorkload, before: Arrays, after: Arrays, labels: NDArray[np.int64], steps: int, seed: int
) -> NDArray[np.float64]:
    """Return inputs in [0, 1], one a label, whose gradient points where the model moved; the labels are known."""
    with reproducible(seed):
        model = workload.module(before)
        parameters = list(model.parameters())
        names = [name for name, _ in model.named_parameters()]
        target = [torch.from_numpy(before[name] - after[name]) for name in names]
        guess = torch.rand(len(labels), len(before[names[0]][0])).requires_grad_()
        optimizer = torch.optim.Adam([guess], lr=0.05)
        for _ in range(steps):
            optimizer.zero_grad()
            loss = workload.loss(model(guess), torch.from_numpy(labels))
            found = torch.autograd.grad(loss, parameters, create_graph=True)
            _distance(list(found), target).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            with torch.no_grad():
                guess.clamp_(0.0, 1.0)
        return guess.detach().double().numpy()


def recovered(candidates: NDArray[np.float64], truth: NDArray[np.float64], typical: NDArray[np.float64]) -> float:
    """Return how much of the true inputs the candidates show, 0 to 1: of each the best one, and the mean over all.

    It is the share of the square distance from the `typical` input that a candidate explains, 0 where it is no nearer
    to the truth than the typical input is.
    """
    if not len(candidates):
        return 0.0
    clean = np.nan_to_num(candidates, nan=0.0, posinf=0.0, neginf=0.0)
    shares = []
    for row in truth:
        apart = ((row - typical) ** 2).sum()
        best = ((clean - row) ** 2).sum(axis=1).min()
        shares.append(max(0.0, 1.0 - best / max(apart, _LEAST)))
    return float(np.mean(shares))


def _distance(found: list[Tensor], target: list[Tensor]) -> Tensor:
    """Return 1 - cosine of the angle between two gradients."""
    product = torch.stack([(a * b).sum() for a, b in zip(found, target, strict=True)]).sum()
    lengths = [torch.stack([value.square().sum() for value in side]).sum().sqrt() for side in (found, target)]
    return 1 - product / (lengths[0] * lengths[1]).clamp(min=_LEAST)
