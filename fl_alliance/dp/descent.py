"""DP-SGD for any torch workload and either unit: sample units, clip what each says, add noise, step.

What a step releases is `(sum of clipped gradients + noise) / (rate * units)`. The divisor is the expected number of
units, not that of this step: the latter would tell who was there. An empty sample is a step of noise alone, taken as
any other: leaving it out would tell that nobody was there.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fl_alliance.dp.errors import PrivacyError
from fl_alliance.dp.noise import SecretStream
from fl_alliance.dp.plan import Plan
from fl_alliance.dp.units import Unit, members
from fl_alliance.workloads.base import Arrays, Examples, TrainConfig
from fl_alliance.workloads.seeds import derive
from fl_alliance.workloads.torch_workload import TorchWorkload, reproducible

_CHUNK = 512
"""Records whose gradients are held at once."""

Loss = Callable[[dict[str, Tensor], Tensor, Tensor], Tensor]


def descend(
    workload: TorchWorkload, arrays: Arrays, train: Examples, config: TrainConfig, plan: Plan, draws: SecretStream
) -> Arrays:
    """Return what `arrays` become by `plan.steps` private steps.

    `config` gives the step size and FedProx's penalty, which depends on no data. The optimiser is the workload's own:
    whatever it makes of the released gradients is post-processing. Buffers stay as they are.

    Raises
    ------
    PrivacyError
        The model mixes the examples of a batch, or units are patients that the workload does not know.
    """
    units = members(train, plan.unit)
    with reproducible(derive(config.seed, "private", config.round)):
        model = workload.module(arrays)
        _refuse_mixing(model)
        optimizer = workload.optimizer(model, config.learning_rate)
        parameters = dict(model.named_parameters())
        anchors = {name: value.detach().clone() for name, value in parameters.items()}
        for _ in range(plan.steps):
            chosen = [units[index] for index in np.flatnonzero(draws.uniform(len(units)) < plan.rate)]
            summed = clipped_sum(workload, model, train, chosen, plan)
            for name, parameter in parameters.items():
                noise = torch.from_numpy(draws.normal(parameter.numel())).reshape(parameter.shape)
                noisy = summed[name].double() + noise * (plan.noise * plan.clip)
                pull = config.proximal_mu * (parameter.detach() - anchors[name])
                parameter.grad = (noisy / (plan.rate * len(units))).float() + pull
            optimizer.step()
        trained = {name: value.detach().numpy().copy() for name, value in parameters.items()}
    return {name: trained.get(name, value) for name, value in arrays.items()}


def clipped_sum(
    workload: TorchWorkload, model: nn.Module, train: Examples, chosen: Sequence[NDArray[np.int64]], plan: Plan
) -> dict[str, Tensor]:
    """Return the sum over the chosen units of their gradients, each scaled down to an L2 norm of at most `plan.clip`.

    A unit's gradient is that of its mean training loss. One that is not finite counts as none.
    """
    parameters = {name: value.detach() for name, value in model.named_parameters()}
    total = {name: torch.zeros_like(value) for name, value in parameters.items()}
    loss = _loss_of(workload, model)
    for gradients in _gradients(loss, parameters, train, chosen, plan.unit):
        squares = sum(value.double().flatten(1).square().sum(1) for value in gradients.values())
        norms = torch.as_tensor(squares).sqrt()
        scale = torch.clamp(plan.clip / norms.clamp(min=1e-12), max=1.0)
        scale = torch.where(torch.isfinite(norms), scale, torch.zeros_like(scale)).float()
        for name, value in gradients.items():
            total[name] += torch.einsum("i,i...->...", scale, torch.nan_to_num(value, 0.0, 0.0, 0.0))
    return total


def _gradients(
    loss: Loss, parameters: dict[str, Tensor], train: Examples, chosen: Sequence[NDArray[np.int64]], unit: Unit
) -> Any:
    """Yield gradients by parameter, their first axis counting units: records in chunks, patients one by one."""
    x, y = torch.from_numpy(train.x), torch.from_numpy(train.y)
    if unit is Unit.PATIENT:
        for places in chosen:
            at = torch.from_numpy(places)
            found = torch.func.grad(loss)(parameters, x[at], y[at])
            yield {name: value[None] for name, value in found.items()}
        return
    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0), randomness="different")
    for start in range(0, len(chosen), _CHUNK):
        at = torch.from_numpy(np.concatenate(chosen[start : start + _CHUNK]))
        yield each(parameters, x[at][:, None], y[at][:, None])


def _loss_of(workload: TorchWorkload, model: nn.Module) -> Loss:
    model.train()
    buffers = dict(model.named_buffers())

    def loss(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        outputs = torch.func.functional_call(model, {**buffers, **parameters}, (x,))
        return workload.loss(outputs, y)

    return loss


def _refuse_mixing(model: nn.Module) -> None:
    mixing = [name for name, part in model.named_modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    if mixing:
        raise PrivacyError(f"model parts {mixing}: batch normalisation mixes examples; needed e.g. nn.GroupNorm")
