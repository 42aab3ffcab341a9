"""What one round of private training does, in the numbers that an accountant needs."""

from dataclasses import dataclass

from fl_alliance.dp.units import Unit


@dataclass(frozen=True, slots=True)
class Plan:
    """DP-SGD in one round at one site (Abadi et al. 2016, "Deep Learning with Differential Privacy").

    Attributes
    ----------
    unit : Unit
        Whose contribution is clipped, and protected.
    clip : float
        L2 norm that a unit's gradient has at most, in the unit of the workload's training loss.
    noise : float
        Standard deviation of the Gaussian noise on the sum of clipped gradients, in units of `clip`.
    rate : float
        Probability with which each unit takes part in a step, independently of the others (Poisson sampling); 0 < rate
        <= 1.
    steps : int
    """

    unit: Unit
    clip: float
    noise: float
    rate: float
    steps: int
