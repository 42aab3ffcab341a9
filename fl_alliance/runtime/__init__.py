"""Ways to run the two Flower apps on one machine: in this process, or on Flower's Ray simulation."""

from fl_alliance.runtime.local import run_local
from fl_alliance.runtime.ray import run_ray

RUNTIMES = {"local": run_local, "ray": run_ray}

__all__ = ["RUNTIMES", "run_local", "run_ray"]
