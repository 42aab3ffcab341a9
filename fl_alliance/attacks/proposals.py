"""Attacks on what a proposer sends, as a configuration names them: `attack/update=alie`."""

from dataclasses import dataclass, field, replace

import numpy as np

from fl_alliance.attacks import updates
from fl_alliance.attacks.craft import Crafted, View
from fl_alliance.strategies.geometry import Vector
from fl_alliance.workloads.base import Site
from fl_alliance.workloads.poisoned import backdoored, flipped


@dataclass
class LabelFlip(Crafted):
    """Trains honestly on labels turned into their opposites (Biggio et al. 2012; Fung et al. 2018)."""

    def craft(self, view: View) -> Vector:
        """Return the update that training on the flipped labels gives."""
        return trained_on(view, flipped(self.insider.workload, self.insider.data))


@dataclass
class ModelReplacement(Crafted):
    """Trains on flipped labels and makes the result `factor` times as long (Bagdasaryan et al. 2020)."""

    factor: float = 10.0

    def craft(self, view: View) -> Vector:
        """Return the longer update."""
        poisoned = trained_on(view, flipped(self.insider.workload, self.insider.data))
        return updates.model_replacement(poisoned, self.factor)


@dataclass
class Backdoor(Crafted):
    """Trains a trigger into a `share` of its examples; the result `factor` times as long (Bagdasaryan et al. 2020)."""

    share: float = 0.5
    factor: float = 1.0

    def craft(self, view: View) -> Vector:
        """Return the update that training with the trigger gives."""
        poisoned = trained_on(view, backdoored(self.insider.workload, self.insider.data, self.share))
        return updates.model_replacement(poisoned, self.factor)


@dataclass
class SignFlip(Crafted):
    """Sends the opposite of its honest update."""

    scale: float = 1.0

    def craft(self, view: View) -> Vector:
        """Return the opposite update."""
        return updates.sign_flip(view.own, self.scale)


@dataclass
class Noise(Crafted):
    """Sends Gaussian noise, `scale` times as long as its honest update."""

    scale: float = 3.0

    def craft(self, view: View) -> Vector:
        """Return the noise."""
        return updates.noise(view.own, view.own_chance, self.scale)


@dataclass
class Alie(Crafted):
    """A little is enough: all accomplices send the honest mean moved by `z` deviations, by default the paper's z."""

    z: float | None = None

    def craft(self, view: View) -> Vector:
        """Return the accomplices' common update."""
        return updates.alie(view.honest, len(view.accomplices), self.z)


@dataclass
class InnerProduct(Crafted):
    """Inner product manipulation: all accomplices send the honest mean turned around, `epsilon` times as long."""

    epsilon: float = 0.5

    def craft(self, view: View) -> Vector:
        """Return the accomplices' common update."""
        return updates.inner_product(view.honest, self.epsilon)


@dataclass
class MinMax(Crafted):
    """Min-Max: as far against the honest mean as two honest updates are apart."""

    direction: updates.Direction = "mean"

    def craft(self, view: View) -> Vector:
        """Return the accomplices' common update."""
        return updates.min_max(view.honest, self.direction)


@dataclass
class MinSum(Crafted):
    """Min-Sum: as far out, in sum of squares, as any honest update is."""

    direction: updates.Direction = "mean"

    def craft(self, view: View) -> Vector:
        """Return the accomplices' common update."""
        return updates.min_sum(view.honest, self.direction)


@dataclass
class FreeRider(Crafted):
    """Trains nothing: resends the model, or noise `disguise` times as long as an honest update."""

    disguise: float = 0.0

    def craft(self, view: View) -> Vector:
        """Return nothing, or noise."""
        return updates.free_ride(view.own, view.own_chance, self.disguise)


@dataclass
class StepRepeater(Crafted):
    """Trains nothing: resends the model's last step, with noise of `disguise` times its length (Lin et al. 2019).

    Sends noise as long as an honest update when it does not know of a last step.
    """

    disguise: float = 0.3
    _seen: dict[int, Vector] = field(default_factory=dict, init=False)

    def craft(self, view: View) -> Vector:
        """Return the last step, disguised."""
        number = view.config.round
        before = max((seen for seen in self._seen if seen < number), default=None)
        step = np.zeros_like(view.old) if before is None else view.old - self._seen[before]
        self._seen = {number: view.old}
        if not step.any():
            return updates.free_ride(view.own, view.own_chance, 1.0)
        return step + updates.free_ride(step, view.own_chance, self.disguise)


@dataclass
class Clone(Crafted):
    """Sends what the first honest proposer sends, with noise of `noise` times its length."""

    noise: float = 0.0

    def craft(self, view: View) -> Vector:
        """Return the copy."""
        return updates.clone(view.honest, 0, view.own_chance, self.noise)


def trained_on(view: View, data: Site) -> Vector:
    """Return the update that honest training on other data gives."""
    insider = view.insider
    result = insider.workload.train(view.shapes.arrays(view.old), replace(data, node=insider.site), view.config)
    return view.shapes.flat(result.arrays) - view.old
