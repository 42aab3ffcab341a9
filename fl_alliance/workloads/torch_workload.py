"""The part of a workload that is the same for every torch model: arrays in, local training, arrays out."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fl_alliance.workloads.base import Arrays, Examples, Site, TrainConfig, TrainResult, bounded_loss, check_arrays
from fl_alliance.workloads.errors import WorkloadError
from fl_alliance.workloads.seeds import derive, stream

_generator = threading.RLock()


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Run torch on one thread with its global generator set to `seed` and put back afterwards.

    The thread count stays at 1: raising it again would change the rounding of whatever else this process trains. One
    caller at a time, because the generator belongs to the process.
    """
    torch.set_num_threads(1)
    with _generator, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed also queues calls for GPUs, for ever
        yield


class TorchWorkload(ABC):
    """Base of a workload whose model is an `nn.Module`; a subclass says which module, which loss and which data."""

    @abstractmethod
    def build(self) -> nn.Module:
        """Return the model, freshly initialised; parameters and buffers all float32."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of a batch, as training minimises it."""

    @property
    def loss_scale(self) -> float:
        """What 1 of the training loss is in the loss that is reported; see `Score.loss`."""
        return 1.0

    def optimizer(self, model: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
        """Return the local optimiser; it is new in every round."""
        return torch.optim.SGD(model.parameters(), lr=learning_rate)

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name -> shape of every array of the model, in order."""
        with reproducible(0):
            state = self.build().state_dict()
        foreign = [name for name, value in state.items() if value.dtype != torch.float32]
        if foreign:
            raise WorkloadError(f"{type(self).__name__}.build: {foreign} not float32; needed: every array float32")
        return {name: tuple(value.shape) for name, value in state.items()}

    def initial_arrays(self, seed: int) -> Arrays:
        """Return the arrays of a module initialised from `seed`."""
        with reproducible(derive(seed, "initial")):
            return arrays_of(self.build())

    def train(self, arrays: Arrays, site: Site, config: TrainConfig) -> TrainResult:
        """Return what `arrays` become by `config.local_epochs` passes over `site.train`."""
        with reproducible(derive(config.seed, "train", config.round, site.node)):
            model = self.module(arrays)
            loss = self._fit(model, site, config)
        return TrainResult(arrays_of(model), len(site.train), {"train_loss": bounded_loss(loss * self.loss_scale)})

    def gradient(self, arrays: Arrays, site: Site) -> Arrays:
        """Return the gradient of the reported loss on `site.heldout`, by one backward pass."""
        check_arrays(arrays, self.shapes)
        with reproducible(0):
            state, names = tensors(arrays), [name for name, _ in self._skeleton.named_parameters()]
            parameters = [state[name].requires_grad_() for name in names]
            outputs = torch.func.functional_call(self._skeleton, state, (torch.from_numpy(site.heldout.x),))
            loss = self.loss(outputs, torch.from_numpy(site.heldout.y)) * self.loss_scale
            found = dict(zip(names, torch.autograd.grad(loss, parameters, materialize_grads=True), strict=True))
        gradient = {name: np.zeros(shape, np.float32) for name, shape in self.shapes.items()}
        finite = {name: np.nan_to_num(found[name].numpy(), nan=0.0, posinf=0.0, neginf=0.0) for name in names}
        return gradient | finite

    def outputs(self, arrays: Arrays, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the model's outputs for `x`, without training it."""
        check_arrays(arrays, self.shapes)
        with reproducible(0), torch.inference_mode():
            outputs = torch.func.functional_call(self._skeleton, tensors(arrays), (torch.from_numpy(x),))
            result: NDArray[np.float32] = outputs.numpy()
        return result

    def losses(self, arrays: Arrays, examples: Examples) -> NDArray[np.float64]:
        """Return the reported loss of every example."""
        outputs, targets = torch.from_numpy(self.outputs(arrays, examples.x)), torch.from_numpy(examples.y)
        each = torch.func.vmap(lambda output, target: self.loss(output[None], target[None]))(outputs, targets)
        return each.double().numpy() * self.loss_scale

    @cached_property
    def _skeleton(self) -> nn.Module:
        """The module whose own arrays are never used: a voter judges a dozen models a round."""
        return self.build().eval()

    def module(self, arrays: Arrays) -> nn.Module:
        """Return the model holding a copy of `arrays`."""
        check_arrays(arrays, self.shapes)
        model = self.build()
        model.load_state_dict(tensors(arrays))
        return model

    def _fit(self, model: nn.Module, site: Site, config: TrainConfig) -> float:
        x, y = torch.from_numpy(site.train.x), torch.from_numpy(site.train.y)
        optimizer = self.optimizer(model, config.learning_rate)
        anchors = [parameter.detach().clone() for parameter in model.parameters()]
        order = stream(config.seed, "order", config.round, site.node)
        model.train()
        total = 0.0
        for _ in range(config.local_epochs):
            total = 0.0
            permutation = torch.from_numpy(order.permutation(len(y)))
            for start in range(0, len(y), config.batch_size):
                batch = permutation[start : start + config.batch_size]
                optimizer.zero_grad()
                loss = self.loss(model(x[batch]), y[batch])
                loss.backward()  # type: ignore[no-untyped-call]
                if config.proximal_mu:
                    _pull_back(model, anchors, config.proximal_mu)
                optimizer.step()
                total += float(loss.detach()) * len(batch)
        return total / len(y)


def tensors(arrays: Mapping[str, NDArray[np.floating]]) -> dict[str, Tensor]:
    """Return arrays as float32 tensors to be read only: they share the memory of what is float32 already."""
    return {name: torch.from_numpy(np.require(value, np.float32, ("C", "A", "W"))) for name, value in arrays.items()}


def arrays_of(model: nn.Module) -> Arrays:
    """Return a copy of the model's state."""
    return {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}


def _pull_back(model: nn.Module, anchors: list[Tensor], mu: float) -> None:
    """Add the gradient of mu/2 |w - anchor|^2 (FedProx, Li et al. 2020)."""
    for parameter, anchor in zip(model.parameters(), anchors, strict=True):
        if parameter.grad is not None:
            parameter.grad.add_(parameter.detach() - anchor, alpha=mu)
